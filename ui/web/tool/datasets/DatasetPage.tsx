import { queryOptions, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { Connection } from "../../shared/api/client";
import { ProblemError } from "../../shared/api/problem";
import { session } from "../../shared/api/session";
import { kept } from "../../shared/form/kept";
import { Failed, Loading } from "../../shared/page-states/PageStates";
import { Page } from "../../shared/shell/page";
import { form, readDraft, readVersion } from "../api";
import type { Dataset } from "../form/dataset";
import { Editor, type Opened } from "../form/Editor";

/**
 * A draft with what was written in this browser and not saved. Where somebody saved since, the form begins with what it was written upon, and finds
 * out when it saves.
 */
const opened = (connection: Connection, id: string, who: string) =>
  queryOptions({
    queryKey: ["draft", id, "form"],
    queryFn: async ({ signal }): Promise<Opened> => {
      const loaded = await readDraft(connection, id, signal);
      const mine = kept<Dataset>(id, who);
      if (mine === undefined || JSON.stringify(mine.value) === JSON.stringify(loaded.draft.dataset)) return loaded;
      if (mine.version === loaded.draft.version) return { ...loaded, mine: mine.value };
      try {
        const dataset = await readVersion(connection, id, mine.version);
        return { draft: { ...loaded.draft, dataset, version: mine.version }, etag: STALE, mine: mine.value };
      } catch (error) {
        // So old that it is gone: all of it counts as changed.
        if (error instanceof ProblemError && error.status === 404) return { ...loaded, mine: mine.value };
        throw error;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

/** A tag that nothing has. */
const STALE = '"0"';

/** The form of one dataset, once it and its description are there. */
export function DatasetPage({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const who = useQuery(session(connection)).data?.user_id ?? "";
  const described = useQuery(form(connection));
  const loaded = useQuery(opened(connection, id, who));
  if (described.isSuccess && loaded.isSuccess) return <Editor key={id} connection={connection} form={described.data} loaded={loaded.data} who={who} />;
  const above = [{ to: "/datasets", title: t("tool.mine.title") }];
  const error = loaded.error ?? described.error;
  if (error === null) {
    return (
      <Page title={t("tool.dataset")} above={above}>
        <Loading />
      </Page>
    );
  }
  return <Unshown error={error} onRetry={() => void Promise.all([described.refetch(), loaded.refetch()])} />;
}

/** A dataset that isn't there, or couldn't be loaded. */
export function Unshown({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  const above = [{ to: "/datasets", title: t("tool.mine.title") }];
  const isUnknown = error instanceof ProblemError && error.status === 404;
  return (
    <Page title={isUnknown ? t("tool.unknown") : t("tool.loadFailed")} above={above} hasErrors>
      {isUnknown ? (
        <div className="stack">
          <p>{t("tool.unknownText")}</p>
          <p>
            <Link to="/datasets">{t("tool.toList")}</Link>
          </p>
        </div>
      ) : (
        <Failed title={t("tool.loadFailed")} error={error} onRetry={onRetry} />
      )}
    </Page>
  );
}
