// The API of the catalogue tool, as its pages use it.

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { address, type Answered, type Connection, send } from "../shared/api/client";
import { ProblemError } from "../shared/api/problem";
import type { Dataset } from "./form/dataset";

export interface Text {
  ja: string;
  en: string;
}

/** A provider for which one may write. */
export interface Provider {
  /** The connector's. */
  id: string;
  provider_id: string;
  name?: Text;
  release?: string;
  detail?: string;
}

export interface Finding {
  severity: "error" | "warning";
  kind: string;
  item: string | null;
  /** JSON pointer into the dataset. */
  pointer: string;
  text: Text;
}

export interface Check {
  findings: readonly Finding[];
  errors: number;
  warnings: number;
  completeness: { filled: number; of: number; missing: readonly string[] };
}

export interface Publication {
  id: string;
  version: number;
  state: "queued" | "checking" | "retrying" | "stopped" | "done";
  percent?: number;
  /** Why it waits or has stopped, and what of the content is wrong, if that is the reason. */
  problem?: { kind: string; ja: string; en: string; findings?: readonly { pointer: string; ja: string; en: string }[] };
  queued_at: string;
  queued_by: string;
  next_try_at?: string;
  ended_at?: string;
  parts?: readonly { url: string; sha256?: string; size?: number; event_id?: string }[];
  seen_at: string;
  is_stale: boolean;
}

export interface Summary {
  id: string;
  provider: string;
  title: string;
  sharing: "open" | "limited" | null;
  distributions: number;
  state: "draft" | "checking" | "published" | "withdrawn";
  has_unpublished_changes: boolean;
  version: number;
  revision: number;
  errors: number;
  warnings: number;
  saved_at: string;
  saved_by: string;
  site?: { dataset_id: string; name: string; published_version?: number; published_at?: string; withdrawn_at?: string };
  publication?: Publication;
}

export interface Saved extends Summary {
  check: Check;
}

export interface Draft extends Saved {
  dataset: Dataset;
}

export interface Version {
  number: number;
  saved_at: string;
  saved_by: string;
  title: string;
  restored_from?: number;
}

export interface Drafts {
  drafts: readonly Summary[];
  total: number;
  counts: Record<"all" | Summary["state"], number>;
}

export type Kind =
  | "line"
  | "prose"
  | "date"
  | "url"
  | "url_or_text"
  | "tags"
  | "bytes"
  | "media_type"
  | "effective_period"
  | "licence_period"
  | "geo_json"
  | "data_model";
export type Obligation = "required" | "needed" | "conditional" | "optional" | "automatic" | "not_set";
export type Case = "open" | "limited_public" | "limited";

/** An item as it stands in the form. */
export interface Item {
  key: string;
  label: Text;
  help: Text;
  kind: Kind;
  many: boolean;
  list?: string;
  /** The item that is set with it, where it is chosen from the list. */
  sets?: string;
  set_by?: string;
  obligation: Record<Case, Obligation>;
  suggested?: string;
}

export interface Section {
  group: string;
  title: Text;
  hint: Text;
  of_distribution: boolean;
  folded: boolean;
  /** The way of delivery for which alone it is shown. */
  only_for?: string;
  items: readonly Item[];
}

export interface List {
  codes: readonly { value: string; url?: string; name: Text; kana: string; aliases: readonly string[] }[];
  also: readonly string[];
  /** Whether a text of one's own may stand behind "other". */
  other: boolean;
  /** Whether nothing else is taken. */
  closed: boolean;
}

/** The form, described by the server. */
export interface Form {
  sections: readonly Section[];
  lists: Readonly<Record<string, List>>;
}

async function get<T>(connection: Connection, target: string, signal: AbortSignal): Promise<Answered<T>> {
  return (await send(connection, "get", target, { signal })) as Answered<T>;
}

export const form = (connection: Connection) =>
  queryOptions({
    queryKey: ["form"],
    queryFn: async ({ signal }) => (await get<Form>(connection, "/v1/form", signal)).body,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const providers = (connection: Connection) =>
  queryOptions({
    queryKey: ["providers"],
    queryFn: async ({ signal }) => (await get<{ providers: readonly Provider[] }>(connection, "/v1/providers", signal)).body.providers,
    staleTime: 60_000,
  });

export interface Asked {
  state: string;
  provider: string;
  q: string;
  sort: string;
  offset: number;
  limit: number;
}

export const drafts = (connection: Connection, asked: Asked) =>
  queryOptions({
    queryKey: ["drafts", asked],
    queryFn: async ({ signal }) => (await get<Drafts>(connection, address("/v1/drafts", undefined, asked), signal)).body,
    placeholderData: keepPreviousData,
    // What is being checked is another a second later; what is written elsewhere, within minutes.
    refetchInterval: ({ state }) => ((state.data?.counts.checking ?? 0) > 0 ? 2000 : false),
  });

const path = (id: string, rest = "") => `/v1/drafts/${encodeURIComponent(id)}${rest}`;

/** A draft with its tag. */
export async function readDraft(connection: Connection, id: string, signal?: AbortSignal): Promise<{ draft: Draft; etag: string }> {
  const { body, etag } = await send(connection, "get", path(id), signal === undefined ? {} : { signal });
  return { draft: body as Draft, etag: etag ?? "" };
}

export const draft = (connection: Connection, id: string) =>
  queryOptions({
    queryKey: ["draft", id],
    queryFn: ({ signal }) => readDraft(connection, id, signal),
    // The page writes it itself, and looks again when somebody else did.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

export const versions = (connection: Connection, id: string) =>
  queryOptions({
    queryKey: ["versions", id],
    queryFn: async ({ signal }) => (await get<{ versions: readonly Version[] }>(connection, path(id, "/versions"), signal)).body.versions,
    staleTime: 0,
  });

/** What was saved as that version. */
export async function readVersion(connection: Connection, id: string, number: number): Promise<Dataset> {
  const { body } = await send(connection, "get", path(id, `/versions/${number}`));
  return (body as { dataset: Dataset }).dataset;
}

const change = (etag: string) => ({ headers: { "if-match": etag } });

export async function save(connection: Connection, id: string, etag: string, dataset: Dataset): Promise<{ saved: Saved; etag: string }> {
  const answer = await send(connection, "put", path(id), { ...change(etag), body: { dataset } });
  return { saved: answer.body as Saved, etag: answer.etag ?? etag };
}

/** A dataset as its provider has it. */
export interface SiteDataset {
  id: string;
  name: string;
  title: string;
  state: Summary["state"];
  modified_at: string;
  /** The draft that stands for it here. */
  draft?: string;
}

/** Datasets of a provider's: the newest 200. */
export const siteDatasets = (connection: Connection, provider: string) =>
  queryOptions({
    queryKey: ["site-datasets", provider],
    queryFn: async ({ signal }) =>
      (await get<{ datasets: readonly SiteDataset[] }>(connection, `/v1/providers/${encodeURIComponent(provider)}/datasets?limit=200`, signal)).body.datasets,
    staleTime: 60_000,
  });

export interface Begun {
  provider?: string;
  /** A dataset of the provider's that is taken over. */
  site_dataset?: string;
  copy_of?: string;
  dataset?: Dataset;
}

export async function create(connection: Connection, begun: Begun): Promise<Draft> {
  return (await send(connection, "post", "/v1/drafts", { body: begun })).body as Draft;
}

/** One step back, or to `version`. */
export async function undo(connection: Connection, id: string, etag: string, version?: number): Promise<{ draft: Draft; etag: string }> {
  const answer = await send(connection, "post", path(id, "/undo"), { ...change(etag), body: version === undefined ? {} : { version } });
  return { draft: answer.body as Draft, etag: answer.etag ?? etag };
}

export async function publish(connection: Connection, id: string, etag: string, isOverwriting: boolean): Promise<Publication> {
  const target = path(id, `/publication${isOverwriting ? "?overwrite=true" : ""}`);
  return (await send(connection, "post", target, change(etag))).body as Publication;
}

export async function readPublication(connection: Connection, id: string, signal: AbortSignal): Promise<Publication> {
  return (await get<Publication>(connection, path(id, "/publication"), signal)).body;
}

export async function stopPublication(connection: Connection, id: string): Promise<Publication> {
  return (await send(connection, "delete", path(id, "/publication"))).body as Publication;
}

export async function withdraw(connection: Connection, id: string, etag: string): Promise<Summary> {
  return (await send(connection, "post", path(id, "/withdrawal"), change(etag))).body as Summary;
}

export async function remove(connection: Connection, id: string, etag: string): Promise<void> {
  await send(connection, "delete", path(id), change(etag));
}

export async function restore(connection: Connection, id: string): Promise<void> {
  await send(connection, "post", path(id, "/restoration"));
}

/** The page of a dataset at its provider: at our own sites beside the one for programs, at others where CKAN has it. */
export function pageAt(release: string, name: string): string {
  const site = release.replace(/\/+$/, "");
  const own = site.replace(/\/release$/, "");
  return own === site ? `${site}/dataset/${encodeURIComponent(name)}` : `${own}/datasets/${encodeURIComponent(name)}`;
}

/** Whether it goes on by itself. */
export function isUnderWay(publication: Publication | undefined): boolean {
  return publication !== undefined && ["queued", "checking", "retrying"].includes(publication.state);
}

/** A release site that the search harvests. */
export interface Source {
  id: string;
  name?: Text;
  state: string;
  silent_since?: string;
  problem?: Text;
}

/** The sites, for whoever is signed in; nothing for others. */
export const sources = (connection: Connection) =>
  queryOptions({
    queryKey: ["sources"],
    queryFn: async ({ signal }): Promise<readonly Source[]> => {
      try {
        return (await get<{ sources: readonly Source[] }>(connection, "/v1/sources", signal)).body.sources;
      } catch (error) {
        if (error instanceof ProblemError && (error.status === 401 || error.status === 403)) return [];
        throw error;
      }
    },
    staleTime: 60_000,
  });
