// Parts of lists: chips that filter, columns that sort, pages.

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Icon } from "../icons/Icon";
import { type ListAddress, namedPages, nextSort, PAGE_SIZES } from "./address";

const KEEP_FOCUS = { keepFocus: true };

export interface Chip {
  value: string;
  title: string;
  count?: number;
  /** Whether what it counts wants attention. */
  isBad?: boolean;
}

export function FilterChips(props: {
  label: string;
  chips: readonly Chip[];
  current: string;
  href: (value: string) => string;
}) {
  return (
    <nav aria-label={props.label}>
      <ul className="chips">
        {props.chips.map((chip) => (
          <li key={chip.value}>
            <Link
              to={props.href(chip.value)}
              state={KEEP_FOCUS}
              preventScrollReset
              aria-current={chip.value === props.current ? "true" : undefined}
            >
              {chip.title}
              {chip.count !== undefined && (
                <span className={chip.isBad === true && chip.count > 0 ? "count bad" : "count"}>{chip.count}</span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The head of a column by which the list can be sorted. */
export function SortHead(props: {
  by: string;
  now: ListAddress["sort"];
  onSort: (sort: string) => void;
  className?: string;
  children: ReactNode;
}) {
  const mine = props.now?.by === props.by ? props.now : undefined;
  return (
    <th
      scope="col"
      className={props.className}
      aria-sort={mine === undefined ? undefined : mine.descending ? "descending" : "ascending"}
    >
      <button className="sort" type="button" onClick={() => props.onSort(nextSort(props.now, props.by))}>
        {props.children}
        {mine !== undefined && <Icon name={mine.descending ? "down" : "up"} />}
      </button>
    </th>
  );
}

/** What was selected, and what can be done with it. */
export function SelectionBar(props: { count: number; onClear: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className="selection">
      <b role="status">{t("table.selected", { count: props.count })}</b>
      {props.children}
      <button type="button" className="button link small end" onClick={props.onClear}>
        {t("table.clear")}
      </button>
    </div>
  );
}

/** The box that selects a row, or all of a page: `name` is the row's title. */
export function SelectBox(props: { name?: string; isSelected: boolean; onChange: (isSelected: boolean) => void }) {
  const { t } = useTranslation();
  return (
    <input
      type="checkbox"
      aria-label={props.name === undefined ? t("table.selectPage") : t("table.select", { title: props.name })}
      checked={props.isSelected}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
    />
  );
}

export function Pager(props: {
  total: number;
  address: ListAddress;
  href: (changes: Record<string, string>) => string;
  change: (changes: Record<string, string>) => void;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const { page, perPage } = props.address;
  const pages = Math.max(1, Math.ceil(props.total / perPage));
  const from = Math.min(props.total, (page - 1) * perPage + 1);
  const to = Math.min(props.total, page * perPage);
  const following = Math.min(perPage, props.total - to);
  const href = (n: number) => props.href({ page: n === 1 ? "" : String(n) });
  return (
    <div className="pager">
      <span>{t("table.range", { total: props.total, from, to })}</span>
      {pages > 1 && (
        <nav className="row" aria-label={t("table.pages")}>
          {namedPages(page, pages).map((n, at) =>
            n === 0 ? (
              <span key={`gap${at}`}>…</span>
            ) : n === page ? (
              <span key={n} className="number-of-page" aria-current="page">
                {n}
              </span>
            ) : (
              <Link key={n} className="number-of-page" to={href(n)}>
                {n}
              </Link>
            ),
          )}
          {following > 0 && (
            <Link className="number-of-page" to={href(page + 1)}>
              {t("table.next", { count: following })}
            </Link>
          )}
        </nav>
      )}
      <span className="row end">
        <label htmlFor="per-page">{t("table.perPage")}</label>
        <select
          id="per-page"
          className="input"
          value={perPage}
          onChange={(event) => props.change({ per_page: event.currentTarget.value })}
        >
          {PAGE_SIZES.map((count) => (
            <option key={count} value={count}>
              {t("table.rows", { count })}
            </option>
          ))}
        </select>
        {props.children}
      </span>
    </div>
  );
}
