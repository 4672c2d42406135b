// What a list shows stands in its address, so that it can be kept, sent and gone back to.

import { useSearchParams } from "react-router";

export const PAGE_SIZES = [25, 50, 100] as const;

export interface ListAddress {
  /** Counted from 1. */
  page: number;
  perPage: number;
  sort: { by: string; descending: boolean } | undefined;
  filters: Readonly<Record<string, string>>;
}

/** Reads what the address says; what it can't say is left at what the list begins with. */
export function readAddress(params: URLSearchParams, filters: readonly string[], sorts: readonly string[]): ListAddress {
  const page = Number(params.get("page") ?? "1");
  const perPage = Number(params.get("per_page"));
  const sort = params.get("sort") ?? "";
  const by = sort.replace(/^-/, "");
  return {
    page: Number.isSafeInteger(page) && page >= 1 ? page : 1,
    perPage: PAGE_SIZES.find((size) => size === perPage) ?? PAGE_SIZES[0],
    sort: sorts.includes(by) ? { by, descending: sort.startsWith("-") } : undefined,
    filters: Object.fromEntries(filters.map((name) => [name, params.get(name) ?? ""])),
  };
}

/** `params` with `changes`; an empty text takes one away. A list that shows something else begins at its first page. */
export function changed(params: URLSearchParams, changes: Readonly<Record<string, string>>): URLSearchParams {
  const next = new URLSearchParams(params);
  if (!("page" in changes)) next.delete("page");
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") next.delete(name);
    else next.set(name, value);
  }
  return next;
}

/** The sort that a click on the column `by` leads to. */
export function nextSort(now: ListAddress["sort"], by: string): string {
  return now?.by === by && !now.descending ? `-${by}` : by;
}

/** The pages that are named: first, last, and those around the present one; 0 stands for a gap. */
export function namedPages(page: number, pages: number): number[] {
  const wanted = [...new Set([1, page - 1, page, page + 1, pages])].filter((n) => n >= 1 && n <= pages).sort((a, b) => a - b);
  return wanted.flatMap((n, at) => {
    const before = wanted[at - 1] ?? 0;
    if (n - before > 2) return [0, n];
    return n - before === 2 ? [n - 1, n] : [n];
  });
}

/** The address of a list, and how it is changed. The focus stays where it is. */
export function useListAddress(filters: readonly string[], sorts: readonly string[]) {
  const [params, setParams] = useSearchParams();
  const change = (changes: Readonly<Record<string, string>>) =>
    setParams((now) => changed(now, changes), { state: { keepFocus: true }, preventScrollReset: true });
  const href = (changes: Readonly<Record<string, string>>) => `?${changed(params, changes)}`;
  return { ...readAddress(params, filters, sorts), change, href };
}
