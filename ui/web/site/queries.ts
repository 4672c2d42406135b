// What the pages of a catalogue site ask.

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { action, type Found, type Package, quoted, type Status } from "../shared/api/ckan";
import type { Connection } from "../shared/api/client";
import type { ListAddress } from "../shared/table/address";

/** Fields by which a list can be narrowed down: parameter of the address and field of the search alike. */
export const FACETS = ["theme", "tags", "res_format"] as const;
export const ORDERS = ["relevance", "changed", "title"] as const;

const SORT = { relevance: "score desc, metadata_modified desc", changed: "metadata_modified desc", title: "title asc" } as const;

/** The words of somebody who knows no query language: each is looked for as it stands. */
export function words(text: string): string {
  return text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "")
    .map(quoted)
    .join(" ");
}

/** The parameters of the search for what the address says. */
export function searchParameters({ page, perPage, filters }: ListAddress): Record<string, string> {
  const narrowed = FACETS.flatMap((facet) => (filters[facet] ? [`${facet}:${quoted(filters[facet])}`] : []));
  const asked = words(filters.q ?? "");
  const order = ORDERS.find((order) => order === filters.order) ?? (asked === "" ? "changed" : "relevance");
  return {
    q: asked === "" ? "*:*" : asked,
    ...(narrowed.length === 0 ? {} : { fq: narrowed.join(" AND ") }),
    sort: SORT[order],
    start: String((page - 1) * perPage),
    rows: String(perPage),
    "facet.field": JSON.stringify(FACETS),
    "facet.limit": "12",
  };
}

export const found = (connection: Connection, address: ListAddress) => {
  const parameters = searchParameters(address);
  return queryOptions({
    queryKey: ["found", parameters],
    queryFn: ({ signal }) => action<Found>(connection, "release", "package_search", parameters, signal),
    // The list stays until the next one is there.
    placeholderData: keepPreviousData,
  });
};

export const shown = (connection: Connection, id: string) =>
  queryOptions({
    queryKey: ["shown", id],
    queryFn: ({ signal }) => action<Package>(connection, "release", "package_show", { id }, signal),
  });

export const status = (connection: Connection) =>
  queryOptions({
    queryKey: ["status"],
    queryFn: ({ signal }) => action<Status>(connection, "release", "status_show", {}, signal),
    staleTime: 600_000,
  });
