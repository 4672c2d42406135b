// The catalogue sites of providers, by CKAN's Action API: what we read of it.

import { type Connection, send } from "./client";
import { ProblemError } from "./problem";

export interface Resource {
  id: string;
  name?: string | null;
  description?: string | null;
  format?: string | null;
  url?: string | null;
  explain_url?: string | null;
  size?: number | string | null;
  modified?: string | null;
  issued?: string | null;
  caddec_resource_type?: string | null;
  caddec_required?: string | null;
  ngsi_tenant?: string | null;
  ngsi_service_path?: string | null;
}

export interface Package {
  id: string;
  name: string;
  title: string;
  notes?: string | null;
  url?: string | null;
  license_title?: string | null;
  license_url?: string | null;
  metadata_modified: string;
  organization?: { name: string; title?: string | null } | null;
  tags?: { name: string; display_name?: string }[];
  extras?: { key: string; value: string }[];
  resources?: Resource[];
}

export interface Facet {
  title: string;
  items: { name: string; display_name: string; count: number }[];
}

export interface Found {
  count: number;
  results: Package[];
  search_facets?: Record<string, Facet>;
}

export interface Status {
  site_title?: string;
  site_description?: string;
}

/** Which of a provider's two sites: the one for everybody, or the one for its own people. */
export type Side = "release" | "detail";

/** Calls an action that changes nothing. */
export async function action<T>(
  connection: Connection,
  side: Side,
  name: string,
  parameters: Record<string, string>,
  signal?: AbortSignal,
): Promise<T> {
  const query = new URLSearchParams(parameters).toString();
  const target = `/${side}/api/3/action/${name}${query === "" ? "" : `?${query}`}`;
  try {
    const { body } = await send(connection, "get", target, signal === undefined ? {} : { signal });
    return (body as { result: T }).result;
  } catch (error) {
    throw error instanceof ProblemError ? told(error) : error;
  }
}

/** CKAN tells errors in a form of its own. */
function told(problem: ProblemError): ProblemError {
  const { error } = problem.members;
  if (typeof error !== "object" || error === null) return problem;
  const { __type, message } = error as Record<string, unknown>;
  return new ProblemError(problem.status, { type: __type, detail: message }, problem.requestId ?? null);
}

/** The value of an extra. */
export function extra(dataset: Package, key: string): string | undefined {
  const value = dataset.extras?.find((one) => one.key === key)?.value;
  return value === undefined || value === "" ? undefined : value;
}

/** A value as a literal in the query language, between quotes. */
export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** Whether what is listed can be had with a grant alone: its addresses stand in the other view then. */
export function isLimited(dataset: Package): boolean {
  return extra(dataset, "caddec_dataset_id_for_detail") !== undefined;
}

/** The number of bytes, if it is known. */
export function bytes(resource: Resource): number | undefined {
  const size = typeof resource.size === "string" && /^\d+$/.test(resource.size) ? Number(resource.size) : resource.size;
  return typeof size === "number" && Number.isFinite(size) ? size : undefined;
}

/** An address that a link may lead to. */
export function webAddress(text: unknown): string | undefined {
  return typeof text === "string" && /^https?:\/\//i.test(text) ? text : undefined;
}
