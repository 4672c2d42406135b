import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Found, isLimited, type Package } from "../shared/api/ckan";
import type { Connection } from "../shared/api/client";
import { Icon } from "../shared/icons/Icon";
import { Empty, Failed, Loading } from "../shared/page-states/PageStates";
import { Page } from "../shared/shell/page";
import { StateBadge } from "../shared/states/StateBadge";
import { type ListAddress, useListAddress } from "../shared/table/address";
import { Pager } from "../shared/table/parts";
import { Time } from "../shared/Time";
import { FACETS, found, ORDERS } from "./queries";

const FILTERS = ["q", "order", ...FACETS];

/** All that the provider shows to everybody: search, narrow down, look. */
export function Browse({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const list = useListAddress(FILTERS, []);
  const query = useQuery(found(connection, list));
  const queries = useQueryClient();
  const isNarrowed = ["q", ...FACETS].some((name) => list.filters[name] !== "");
  return (
    <Page title={t("site.datasets")}>
      <Search key={list.filters.q} list={list} />
      {query.isPending && <Loading onStop={() => void queries.cancelQueries({ queryKey: ["found"] })} />}
      {query.isError && <Failed title={t("site.loadFailed")} error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && (
        <div className="beside">
          <div className="stack" aria-busy={query.isPlaceholderData}>
            <Narrowed list={list} />
            <p role="status" className="secondary">
              {t("site.found", { count: query.data.count })}
            </p>
            {query.data.count === 0 ? (
              <Nothing isNarrowed={isNarrowed} />
            ) : (
              <section className="card flush" aria-label={t("site.datasets")}>
                <ul className="results">
                  {query.data.results.map((dataset) => (
                    <Result key={dataset.id} dataset={dataset} />
                  ))}
                </ul>
                <Pager total={query.data.count} address={list} href={list.href} change={list.change} />
              </section>
            )}
          </div>
          <Facets found={query.data} list={list} />
        </div>
      )}
    </Page>
  );
}

type List = ListAddress & ReturnType<typeof useListAddress>;

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
        <label htmlFor="q">{t("site.search")}</label>
        <p className="hint" id="q-hint">
          {t("site.searchHint")}
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
        <label htmlFor="order">{t("site.order")}</label>
        <select
          className="input"
          id="order"
          value={order === "" ? (list.filters.q === "" ? "changed" : "relevance") : order}
          onChange={(event) => list.change({ order: event.currentTarget.value })}
        >
          {ORDERS.map((one) => (
            <option key={one} value={one}>
              {t(`site.orders.${one}`)}
            </option>
          ))}
        </select>
      </div>
      <button className="button primary" type="submit">
        <Icon name="search" />
        {t("site.find")}
      </button>
    </form>
  );
}

/** What the list is narrowed down by, each with a way back. */
function Narrowed({ list }: { list: List }) {
  const { t } = useTranslation();
  const narrowed = FACETS.filter((facet) => list.filters[facet] !== "");
  if (narrowed.length === 0) return null;
  return (
    <div className="row" role="group" aria-label={t("site.narrowed")}>
      {narrowed.map((facet) => {
        const value = list.filters[facet] ?? "";
        return (
          <button key={facet} type="button" className="button plain small" onClick={() => list.change({ [facet]: "" })}>
            <Icon name="x" />
            <span>
              {t(`site.facet.${facet}`)}: {value}
              <span className="spoken"> {t("site.without", { value })}</span>
            </span>
          </button>
        );
      })}
    </div>
  );
}

function Nothing({ isNarrowed }: { isNarrowed: boolean }) {
  const { t } = useTranslation();
  if (!isNarrowed) return <Empty title={t("site.none")}>{t("site.noneText")}</Empty>;
  return (
    <Empty
      title={t("site.noMatch")}
      actions={
        <Link className="button plain small" to="/">
          {t("site.all")}
        </Link>
      }
    >
      {t("site.noMatchText")}
    </Empty>
  );
}

function Result({ dataset }: { dataset: Package }) {
  const { t } = useTranslation();
  const formats = [...new Set((dataset.resources ?? []).map((resource) => resource.format ?? "").filter((format) => format !== ""))];
  return (
    <li>
      <h2>
        <Link to={`/datasets/${encodeURIComponent(dataset.name)}`}>{dataset.title}</Link>
      </h2>
      {dataset.notes !== null && dataset.notes !== undefined && <p className="two-lines small">{dataset.notes}</p>}
      <div className="row small secondary">
        {isLimited(dataset) && <StateBadge of="viewer" state="grant-needed" />}
        {(dataset.resources?.length ?? 0) > 0 && <span>{t("site.distributions", { count: dataset.resources?.length ?? 0 })}</span>}
        {formats.slice(0, 5).map((format) => (
          <span key={format} className="tag">
            {format}
          </span>
        ))}
        <span>
          {t("site.changed")} <Time at={utc(dataset.metadata_modified)} />
        </span>
      </div>
    </li>
  );
}

/** CKAN writes times in UTC and doesn't say so. */
export function utc(time: string): string {
  return /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`;
}

function Facets({ found, list }: { found: Found; list: List }) {
  const { t } = useTranslation();
  const there = FACETS.filter((facet) => list.filters[facet] === "" && (found.search_facets?.[facet]?.items.length ?? 0) > 0);
  if (there.length === 0) return <div />;
  return (
    <aside className="card stack" aria-label={t("site.narrow")}>
      {there.map((facet) => (
        <nav key={facet} aria-label={t("site.narrowBy", { what: t(`site.facet.${facet}`) })}>
          <h2>{t(`site.facet.${facet}`)}</h2>
          <ul className="facet">
            {found.search_facets?.[facet]?.items.map((item) => (
              <li key={item.name}>
                <Link to={list.href({ [facet]: item.name })} state={{ keepFocus: true }} preventScrollReset>
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
