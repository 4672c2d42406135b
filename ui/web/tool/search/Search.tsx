import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Found } from "../../shared/api/ckan";
import { type Connection, send } from "../../shared/api/client";
import { session } from "../../shared/api/session";
import { searchParameters } from "../../shared/catalogue/asked";
import { Browse, useBrowsed } from "../../shared/catalogue/Browse";
import { Note } from "../../shared/page-states/Note";
import type { ListAddress } from "../../shared/table/address";
import { StateBadge } from "../../shared/states/StateBadge";
import { useLang } from "../../shared/texts/useLang";
import { Time } from "../../shared/Time";
import { sources } from "../api";
import { type Answer, type Harvested, pageOf, read } from "./answer";

const FACETS = ["xckan_site_name", "organization", "xckan_tags", "res_format"] as const;
const SORTS = { relevance: "score desc, metadata_modified desc", changed: "metadata_modified desc", title: "title asc" };

const found = (connection: Connection, address: ListAddress) => {
  const parameters = searchParameters(address, FACETS, SORTS);
  return queryOptions({
    queryKey: ["found", parameters],
    queryFn: async ({ signal }): Promise<Found> => {
      const { body } = await send(connection, "get", `/backend/api/package_search?${new URLSearchParams(parameters)}`, { signal });
      return read((body as { result: Answer }).result);
    },
    placeholderData: keepPreviousData,
  });
};

/** The datasets of all domains. Each is opened at its provider's site. */
export function Search({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const list = useBrowsed(FACETS);
  const query = useQuery(found(connection, list));
  return (
    <Browse
      title={t("tool.search.title")}
      list={list}
      facets={FACETS.map((name) => ({ name, title: t(`tool.search.facet.${name}`) }))}
      query={query}
      above={<Silent connection={connection} />}
      link={(dataset) => {
        const page = pageOf(dataset as Harvested);
        return page === undefined ? dataset.title : <a href={page}>{dataset.title}</a>;
      }}
      facts={(dataset) => {
        const provider = (dataset as Harvested).xckan_site_name ?? dataset.organization?.title;
        return provider === undefined || provider === null ? null : <span>{provider}</span>;
      }}
    />
  );
}

/** Sites that don't answer: what is shown of them is what they said last. Told to whoever is signed in. */
function Silent({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const lang = useLang();
  const { data: who } = useQuery(session(connection));
  const { data } = useQuery({ ...sources(connection), enabled: who !== null && who !== undefined });
  const silent = data?.filter((source) => source.state === "no-answer") ?? [];
  if (silent.length === 0) return null;
  return (
    <div className="waiting">
      <Note tone="warning" title={t("tool.search.silent", { count: silent.length })} hasIcon>
        <p className="small">{t("tool.search.silentText")}</p>
        <ul className="small">
          {silent.map((source) => (
            <li key={source.id}>
              <StateBadge of="source" state={source.state} /> {source.name?.[lang] ?? source.id}
              {source.silent_since !== undefined && (
                <>
                  {" "}
                  {t("tool.search.since")} <Time at={source.silent_since} />
                </>
              )}
              {source.problem !== undefined && <> {source.problem[lang]}</>}
            </li>
          ))}
        </ul>
      </Note>
    </div>
  );
}
