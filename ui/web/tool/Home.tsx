import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, Navigate } from "react-router";
import type { Connection } from "../shared/api/client";
import { session, signInAddress } from "../shared/api/session";
import { Page } from "../shared/shell/page";

/** Stewards go on to their datasets; everybody else is told what this is. */
export function Home({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const { data: who } = useQuery(session(connection));
  if (who?.roles.includes("steward") === true) return <Navigate to="/datasets" replace />;
  return (
    <Page title={t("tool.home.title")}>
      <div className="stack prose">
        <p>{t("tool.home.text")}</p>
        <p className="row">
          {who === null && (
            <a className="button primary" href={signInAddress("/datasets")}>
              {t("shell.signIn")}
            </a>
          )}
          <Link className="button plain" to="/search">
            {t("tool.search.title")}
          </Link>
        </p>
      </div>
    </Page>
  );
}
