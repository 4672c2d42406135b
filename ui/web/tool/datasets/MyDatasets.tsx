import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useNavigate } from "react-router";
import type { Connection } from "../../shared/api/client";
import { Icon } from "../../shared/icons/Icon";
import { Note } from "../../shared/page-states/Note";
import { Empty, Failed, Loading } from "../../shared/page-states/PageStates";
import { RowMenu } from "../../shared/RowMenu";
import { Page } from "../../shared/shell/page";
import { StateBadge } from "../../shared/states/StateBadge";
import { STATES, word } from "../../shared/states/table";
import { useListAddress } from "../../shared/table/address";
import { FilterChips, Pager, SortHead } from "../../shared/table/parts";
import { useLang } from "../../shared/texts/useLang";
import { Time } from "../../shared/Time";
import { create, drafts, type Provider, providers, restore, type Summary } from "../api";
import { Elsewhere } from "./Elsewhere";

const CHIPS = ["draft", "checking", "published", "withdrawn"] as const;

/** The steward's datasets: what waits, what is where, a new one. */
export function MyDatasets({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const lang = useLang();
  const queries = useQueryClient();
  const list = useListAddress(["q", "state", "provider"], ["title", "saved_at"]);
  const { q = "", state = "", provider = "" } = list.filters;
  const asked = {
    q,
    state,
    provider,
    sort: list.sort === undefined ? "" : `${list.sort.descending ? "-" : ""}${list.sort.by}`,
    offset: (list.page - 1) * list.perPage,
    limit: list.perPage,
  };
  const query = useQuery(drafts(connection, asked));
  const known = useQuery(providers(connection));
  const sort = list.sort ?? { by: "saved_at", descending: true };
  const count = query.data?.counts;
  return (
    <Page title={t("tool.mine.title")} actions={<New connection={connection} providers={known.data ?? []} chosen={provider} />}>
      <Removed connection={connection} />
      {known.isError && <Failed title={t("tool.mine.providersFailed")} error={known.error} onRetry={() => void known.refetch()} />}
      {known.data?.length === 0 && (
        <Note tone="off" title={t("tool.mine.noProvider")}>
          <p className="small">{t("tool.mine.noProviderText")}</p>
        </Note>
      )}
      {query.isSuccess && <Waiting drafts={query.data.drafts} />}
      <FilterChips
        label={t("tool.mine.byState")}
        current={state}
        href={(value) => list.href({ state: value })}
        chips={[
          { value: "", title: t("tool.mine.all"), ...(count === undefined ? {} : { count: count.all }) },
          ...CHIPS.map((one) => ({ value: one, title: word(STATES.dataset[one], lang), ...(count === undefined ? {} : { count: count[one] }) })),
        ]}
      />
      <Search key={q} text={q} provider={provider} providers={known.data ?? []} onChange={list.change} />
      {query.isPending && <Loading onStop={() => void queries.cancelQueries({ queryKey: ["drafts"] })} />}
      {query.isError && <Failed title={t("tool.mine.failed")} error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && (
        <section className="card flush" aria-label={t("tool.mine.title")} aria-busy={query.isPlaceholderData}>
          {query.data.total === 0 ? (
            <Nothing isNarrowed={q !== "" || state !== "" || provider !== ""} />
          ) : (
            <>
              <table className="blocks">
                <caption className="spoken">{t("tool.mine.caption", { total: query.data.total })}</caption>
                <thead>
                  <tr>
                    <SortHead by="title" now={sort} onSort={(sort) => list.change({ sort })}>
                      {t("tool.mine.name")}
                    </SortHead>
                    <th scope="col">{t("tool.mine.state")}</th>
                    <th scope="col">{t("tool.mine.check")}</th>
                    <th scope="col">{t("tool.sharing")}</th>
                    <th scope="col" className="number">
                      {t("tool.theDistributions")}
                    </th>
                    <SortHead by="saved_at" now={sort} onSort={(sort) => list.change({ sort })}>
                      {t("tool.mine.saved")}
                    </SortHead>
                    <td className="wide-only" />
                  </tr>
                </thead>
                <tbody>
                  {query.data.drafts.map((draft) => (
                    <Row key={draft.id} connection={connection} draft={draft} />
                  ))}
                </tbody>
              </table>
              <Pager total={query.data.total} address={list} href={list.href} change={list.change} />
            </>
          )}
        </section>
      )}
      {known.data
        ?.filter((one) => provider === "" || one.id === provider)
        .map((one) => (
          <Elsewhere key={one.id} connection={connection} provider={one} isNamed={known.data.length > 1} />
        ))}
    </Page>
  );
}

function Row({ connection, draft }: { connection: Connection; draft: Summary }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const lang = useLang();
  const { publication } = draft;
  const title = draft.title || t("tool.untitled");
  const [trouble, setTrouble] = useState<unknown>();
  const copy = () => {
    create(connection, { copy_of: draft.id }).then(async (copy) => {
      await queries.invalidateQueries({ queryKey: ["drafts"] });
      await navigate(`/datasets/${copy.id}`);
    }, setTrouble);
  };
  const isStopped = publication?.state === "stopped" || publication?.state === "retrying";
  return (
    <tr>
      <th scope="row">
        <Link to={`/datasets/${draft.id}`}>{title}</Link>
        {trouble !== undefined && <Failed title={t("tool.mine.copyFailed")} error={trouble} level={3} onRetry={copy} />}
      </th>
      <td className="inline">
        <StateBadge of="dataset" state={draft.state} />
        {draft.has_unpublished_changes && <p className="small secondary">{t("tool.unpublished")}</p>}
      </td>
      <td>
        {publication !== undefined && draft.state === "checking" ? (
          <StateBadge of="publishing" state={publication.state} {...(publication.percent === undefined ? {} : { n: publication.percent })} />
        ) : isStopped ? (
          <>
            <StateBadge of="publishing" state={publication.state} />
            {publication.problem !== undefined && <p className="small secondary">{publication.problem[lang]}</p>}
          </>
        ) : (
          <span className="small secondary">{draft.errors > 0 ? t("tool.mine.toMend", { count: draft.errors }) : t("tool.mine.nothingToMend")}</span>
        )}
      </td>
      <td className="inline" data-label={t("tool.sharing")}>
        {draft.sharing === null ? <span className="secondary">{t("table.empty")}</span> : t(`tool.mine.sharing.${draft.sharing}`)}
      </td>
      <td className="number inline" data-label={t("tool.theDistributions")}>
        {draft.distributions}
      </td>
      <td className="unbroken inline" data-label={t("tool.mine.saved")}>
        <Time at={draft.saved_at} />
      </td>
      <td className="wide-only">
        <RowMenu
          name={t("tool.mine.actions", { title })}
          entries={[
            { title: t("tool.mine.edit"), onChoose: () => void navigate(`/datasets/${draft.id}`) },
            { title: t("tool.mine.copy"), onChoose: copy },
            { title: t("tool.versions.title"), onChoose: () => void navigate(`/datasets/${draft.id}/versions`) },
          ]}
        />
      </td>
    </tr>
  );
}

/** What waits for the steward, of what is listed. */
function Waiting({ drafts }: { drafts: readonly Summary[] }) {
  const { t } = useTranslation();
  const lang = useLang();
  const stopped = drafts.filter((draft) => draft.publication?.state === "stopped");
  if (stopped.length === 0) return null;
  return (
    <div className="waiting">
      <Note tone="warning" title={t("tool.mine.waiting", { count: stopped.length })} hasIcon>
        <ul className="small">
          {stopped.map((draft) => (
            <li key={draft.id}>
              <Link to={`/datasets/${draft.id}`}>{draft.title || t("tool.untitled")}</Link>
              {draft.publication?.problem !== undefined && <> {draft.publication.problem[lang]}</>}
            </li>
          ))}
        </ul>
      </Note>
    </div>
  );
}

function Search(props: { text: string; provider: string; providers: readonly Provider[]; onChange: (changes: Record<string, string>) => void }) {
  const { t } = useTranslation();
  const lang = useLang();
  const [text, setText] = useState(props.text);
  return (
    <form
      className="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        props.onChange({ q: text.trim() });
      }}
    >
      <div className="grow">
        <label htmlFor="q">{t("tool.mine.search")}</label>
        <input className="input" id="q" type="search" maxLength={200} value={text} onChange={(event) => setText(event.currentTarget.value)} />
      </div>
      {props.providers.length > 1 && (
        <div>
          <label htmlFor="provider">{t("tool.mine.provider")}</label>
          <select className="input" id="provider" value={props.provider} onChange={(event) => props.onChange({ provider: event.currentTarget.value })}>
            <option value="">{t("tool.mine.all")}</option>
            {props.providers.map((provider) => (
              <option key={provider.id} value={provider.id}>
                {provider.name?.[lang] ?? provider.id}
              </option>
            ))}
          </select>
        </div>
      )}
      <button className="button plain" type="submit">
        <Icon name="search" />
        {t("tool.mine.find")}
      </button>
    </form>
  );
}

/** Begins a dataset; whoever writes for several providers says for which. */
function New({ connection, providers, chosen }: { connection: Connection; providers: readonly Provider[]; chosen: string }) {
  const { t } = useTranslation();
  const lang = useLang();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [trouble, setTrouble] = useState<unknown>();
  const begin = (provider: string) => {
    setTrouble(undefined);
    create(connection, { provider }).then(async (draft) => {
      await queries.invalidateQueries({ queryKey: ["drafts"] });
      await navigate(`/datasets/${draft.id}`);
    }, setTrouble);
  };
  const only = providers.find((provider) => provider.id === chosen) ?? (providers.length === 1 ? providers[0] : undefined);
  if (providers.length === 0) return null;
  return (
    <>
      <button
        type="button"
        className="button primary"
        {...(only === undefined ? { "aria-expanded": isOpen } : {})}
        onClick={() => (only === undefined ? setOpen(!isOpen) : begin(only.id))}
      >
        <Icon name="plus" />
        {t("tool.mine.create")}
      </button>
      {isOpen && only === undefined && (
        <div className="row" role="group" aria-label={t("tool.mine.for")}>
          <span>{t("tool.mine.for")}</span>
          {providers.map((provider) => (
            <button key={provider.id} type="button" className="button plain small" onClick={() => begin(provider.id)}>
              {provider.name?.[lang] ?? provider.id}
            </button>
          ))}
        </div>
      )}
      {trouble !== undefined && <Failed title={t("tool.mine.createFailed")} error={trouble} />}
    </>
  );
}

function Nothing({ isNarrowed }: { isNarrowed: boolean }) {
  const { t } = useTranslation();
  if (!isNarrowed) return <Empty title={t("tool.mine.none")}>{t("tool.mine.noneText")}</Empty>;
  return (
    <Empty
      title={t("tool.mine.noMatch")}
      actions={
        <Link className="button plain small" to="/datasets">
          {t("tool.mine.showAll")}
        </Link>
      }
    >
      {t("tool.mine.noMatchText")}
    </Empty>
  );
}

/** What was deleted just now, and a way to have it again. */
function Removed({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { state } = useLocation();
  const [isBack, setBack] = useState(false);
  const [trouble, setTrouble] = useState<unknown>();
  const removed = (state as { removed?: { id: string; title: string; isForGood: boolean } } | null)?.removed;
  useEffect(() => setBack(false), [removed?.id]);
  if (removed === undefined) return null;
  const title = removed.title || t("tool.untitled");
  const undo = () => {
    restore(connection, removed.id).then(async () => {
      setBack(true);
      await queries.invalidateQueries({ queryKey: ["drafts"] });
    }, setTrouble);
  };
  return (
    <div role="status" className="waiting">
      <p className="row small">
        {isBack ? t("tool.mine.restored", { title }) : t("tool.mine.removed", { title })}
        {!isBack && !removed.isForGood && (
          <button type="button" className="button plain small" onClick={undo}>
            {t("groups.undo")}
          </button>
        )}
      </p>
      {trouble !== undefined && <Failed title={t("tool.mine.restoreFailed")} error={trouble} onRetry={undo} />}
    </div>
  );
}
