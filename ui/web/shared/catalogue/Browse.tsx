// Browsing a catalogue: a search, facets, a list of datasets. A provider's site and the search over all domains are both this.

import { type UseQueryResult, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Found, isLimited, type Package } from "../api/ckan";
import { Icon } from "../icons/Icon";
import { Empty, Failed, Loading } from "../page-states/PageStates";
import { Page } from "../shell/page";
import { StateBadge } from "../states/StateBadge";
import { type ListAddress, useListAddress } from "../table/address";
import { Pager } from "../table/parts";
import { utc } from "../time";
import { Time } from "../Time";
import { ORDERS } from "./asked";

/** A facet: what it is called in the search, and by people. */
export interface FacetName {
  name: string;
  title: string;
}

/** The address of a list that `facets` narrow down. */
export function useBrowsed(facets: readonly string[]): List {
  return useListAddress(["q", "order", ...facets], []);
}

export function Browse(props: {
  title: string;
  list: List;
  facets: readonly FacetName[];
  query: UseQueryResult<Found>;
  /** A dataset's title, which leads to it. */
  link: (dataset: Package) => ReactNode;
  /** What is said of a dataset beside what is said of every one. */
  facts?: (dataset: Package) => ReactNode;
  /** Above the list: what keeps it from being whole. */
  above?: ReactNode;
}) {
  const { t } = useTranslation();
  const { list, query, facets } = props;
  const queries = useQueryClient();
  const isNarrowed = ["q", ...facets.map(({ name }) => name)].some((name) => list.filters[name] !== "");
  return (
    <Page title={props.title}>
      <Search key={list.filters.q} list={list} />
      {props.above}
      {query.isPending && <Loading onStop={() => void queries.cancelQueries({ queryKey: ["found"] })} />}
      {query.isError && <Failed title={t("browse.loadFailed")} error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && (
        <div className="beside">
          <div className="stack" aria-busy={query.isPlaceholderData}>
            <Narrowed list={list} facets={facets} />
            <p role="status" className="secondary">
              {t("browse.found", { count: query.data.count })}
            </p>
            {query.data.count === 0 ? (
              <Nothing isNarrowed={isNarrowed} />
            ) : (
              <section className="card flush" aria-label={props.title}>
                <ul className="results">
                  {query.data.results.map((dataset) => (
                    <Result key={dataset.id} dataset={dataset} link={props.link(dataset)} facts={props.facts?.(dataset)} />
                  ))}
                </ul>
                <Pager total={query.data.count} address={list} href={list.href} change={list.change} />
              </section>
            )}
          </div>
          <Facets found={query.data} list={list} facets={facets} />
        </div>
      )}
    </Page>
  );
}

export type List = ListAddress & ReturnType<typeof useListAddress>;

function Search({ list }: { list: List }) {
  const { t } = useTranslation();
  const [text, setText] = useState(list.filters.q ?? "");
  const order = list.filters.order ?? "";
  return (
    <form
      className="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        list.change({ q: text.trim() });
      }}
    >
      <div className="grow">
        <label htmlFor="q">{t("browse.search")}</label>
        <p className="hint" id="q-hint">
          {t("browse.searchHint")}
        </p>
        <input
          className="input"
          id="q"
          type="search"
          value={text}
          aria-describedby="q-hint"
          maxLength={500}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <div>
        <label htmlFor="order">{t("browse.order")}</label>
        <select
          className="input"
          id="order"
          value={order === "" ? (list.filters.q === "" ? "changed" : "relevance") : order}
          onChange={(event) => list.change({ order: event.currentTarget.value })}
        >
          {ORDERS.map((one) => (
            <option key={one} value={one}>
              {t(`browse.orders.${one}`)}
            </option>
          ))}
        </select>
      </div>
      <button className="button primary" type="submit">
        <Icon name="search" />
        {t("browse.find")}
      </button>
    </form>
  );
}

/** What the list is narrowed down by, each with a way back. */
function Narrowed({ list, facets }: { list: List; facets: readonly FacetName[] }) {
  const { t } = useTranslation();
  const narrowed = facets.filter(({ name }) => list.filters[name] !== "");
  if (narrowed.length === 0) return null;
  return (
    <div className="row" role="group" aria-label={t("browse.narrowed")}>
      {narrowed.map(({ name, title }) => {
        const value = list.filters[name] ?? "";
        return (
          <button key={name} type="button" className="button plain small" onClick={() => list.change({ [name]: "" })}>
            <Icon name="x" />
            <span>
              {title}: {value}
              <span className="spoken"> {t("browse.without", { value })}</span>
            </span>
          </button>
        );
      })}
    </div>
  );
}

function Nothing({ isNarrowed }: { isNarrowed: boolean }) {
  const { t } = useTranslation();
  if (!isNarrowed) return <Empty title={t("browse.none")}>{t("browse.noneText")}</Empty>;
  return (
    <Empty
      title={t("browse.noMatch")}
      actions={
        <Link className="button plain small" to="/">
          {t("browse.all")}
        </Link>
      }
    >
      {t("browse.noMatchText")}
    </Empty>
  );
}

function Result({ dataset, link, facts }: { dataset: Package; link: ReactNode; facts: ReactNode }) {
  const { t } = useTranslation();
  const formats = [...new Set((dataset.resources ?? []).map((resource) => resource.format ?? "").filter((format) => format !== ""))];
  return (
    <li>
      <h2>{link}</h2>
      {dataset.notes !== null && dataset.notes !== undefined && <p className="two-lines small">{dataset.notes}</p>}
      <div className="row small secondary">
        {facts}
        {isLimited(dataset) && <StateBadge of="viewer" state="grant-needed" />}
        {(dataset.resources?.length ?? 0) > 0 && <span>{t("browse.distributions", { count: dataset.resources?.length ?? 0 })}</span>}
        {formats.slice(0, 5).map((format) => (
          <span key={format} className="tag">
            {format}
          </span>
        ))}
        <span>
          {t("browse.changed")} <Time at={utc(dataset.metadata_modified)} />
        </span>
      </div>
    </li>
  );
}

function Facets({ found, list, facets }: { found: Found; list: List; facets: readonly FacetName[] }) {
  const { t } = useTranslation();
  const there = facets.filter(({ name }) => list.filters[name] === "" && (found.search_facets?.[name]?.items.length ?? 0) > 0);
  if (there.length === 0) return <div />;
  return (
    <aside className="card stack" aria-label={t("browse.narrow")}>
      {there.map(({ name, title }) => (
        <nav key={name} aria-label={t("browse.narrowBy", { what: title })}>
          <h2>{title}</h2>
          <ul className="facet">
            {found.search_facets?.[name]?.items.map((item) => (
              <li key={item.name}>
                <Link to={list.href({ [name]: item.name })} state={{ keepFocus: true }} preventScrollReset>
                  {item.display_name}
                </Link>
                <span className="count">{item.count}</span>
              </li>
            ))}
          </ul>
        </nav>
      ))}
    </aside>
  );
}
