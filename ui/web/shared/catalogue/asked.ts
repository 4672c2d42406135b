// How what a reader wrote and chose is asked of a search in Solr's language. Pure.

import { quoted } from "../api/ckan";
import type { ListAddress } from "../table/address";

export const ORDERS = ["relevance", "changed", "title"] as const;

/** The words of somebody who knows no query language: each is looked for as it stands. */
export function words(text: string): string {
  return text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "")
    .map(quoted)
    .join(" ");
}

/** The parameters of the search for what the address says. `sorts` says how each order is asked for. */
export function searchParameters(
  { page, perPage, filters }: ListAddress,
  facets: readonly string[],
  sorts: Record<(typeof ORDERS)[number], string>,
): Record<string, string> {
  const narrowed = facets.flatMap((facet) => (filters[facet] ? [`${facet}:${quoted(filters[facet])}`] : []));
  const asked = words(filters.q ?? "");
  const order = ORDERS.find((order) => order === filters.order) ?? (asked === "" ? "changed" : "relevance");
  return {
    q: asked === "" ? "*:*" : asked,
    ...(narrowed.length === 0 ? {} : { fq: narrowed.join(" AND ") }),
    sort: sorts[order],
    start: String((page - 1) * perPage),
    rows: String(perPage),
    "facet.field": JSON.stringify(facets),
    "facet.limit": "12",
  };
}
