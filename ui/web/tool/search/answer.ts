// What the search over all domains answers: CKAN's packages with what xckan adds, and facets as Solr has them. Pure.

import { type Found, type Package, webAddress } from "../../shared/api/ckan";
import { pageAt } from "../api";

/** A dataset with what the search says of it beside what its site says. */
export interface Harvested extends Package {
  xckan_id?: string;
  xckan_title?: string;
  xckan_description?: string;
  xckan_site_name?: string;
  xckan_site_url?: string;
}

export interface Answer {
  count: number;
  results: readonly Harvested[];
  /** Each value, and how often it was found: in one list. */
  facets?: { facet_fields?: Readonly<Record<string, readonly (string | number)[]>> };
}

export function read({ count, results, facets }: Answer): Found {
  const fields = Object.entries(facets?.facet_fields ?? {}).map(([name, flat]) => {
    const items = [];
    for (let at = 0; at + 1 < flat.length; at += 2) {
      const value = String(flat[at]);
      items.push({ name: value, display_name: value, count: Number(flat[at + 1]) });
    }
    return [name, { title: name, items }] as const;
  });
  return {
    count,
    // Ids are unique at a site, not over all.
    results: results.map((one) => ({
      ...one,
      id: one.xckan_id ?? one.id,
      title: one.xckan_title ?? one.title,
      notes: one.xckan_description ?? one.notes ?? null,
    })),
    search_facets: Object.fromEntries(fields),
  };
}

/** The page of a dataset at its provider, as CKAN has it; at our own sites it stands beside the one for programs. */
export function pageOf({ xckan_site_url: address }: Harvested): string | undefined {
  const page = webAddress(address);
  const [, site, name] = page === undefined ? [] : (/^(.*)\/dataset\/([^/?#]+)$/.exec(page) ?? []);
  if (site === undefined || name === undefined) return page;
  try {
    return pageAt(site, decodeURIComponent(name));
  } catch {
    return page;
  }
}
