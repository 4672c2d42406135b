import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Connection } from "../shared/api/client";
import { type Session, session } from "../shared/api/session";
import { Failed, Loading, NoRight } from "../shared/page-states/PageStates";
import { Page } from "../shared/shell/page";

/** A page for stewards: whoever else comes is told who may see it. */
export function Gate({ connection, title, children }: { connection: Connection; title: string; children: (who: Session) => ReactNode }) {
  const { t } = useTranslation();
  const query = useQuery(session(connection));
  if (query.isPending) {
    return (
      <Page title={title}>
        <Loading />
      </Page>
    );
  }
  if (query.isError) {
    return (
      <Page title={title} hasErrors>
        <Failed title={t("tool.whoFailed")} error={query.error} onRetry={() => void query.refetch()} />
      </Page>
    );
  }
  if (query.data?.roles.includes("steward") === true) return children(query.data);
  return (
    <Page title={title}>
      <NoRight title={query.data === null ? t("tool.signInFirst") : t("tool.forStewards")} who={query.data?.name ?? query.data?.user_id}>
        <p className="small">{query.data === null ? t("tool.signInText") : t("tool.forStewardsText")}</p>
      </NoRight>
    </Page>
  );
}
