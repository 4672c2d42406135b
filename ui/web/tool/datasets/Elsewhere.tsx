import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Connection } from "../../shared/api/client";
import { Failed } from "../../shared/page-states/PageStates";
import { StateBadge } from "../../shared/states/StateBadge";
import { useLang } from "../../shared/texts/useLang";
import { Time } from "../../shared/Time";
import { create, type Provider, type SiteDataset, siteDatasets } from "../api";

/** What a provider's site has and this tool doesn't: written by other means, and taken over here to be edited. */
export function Elsewhere({ connection, provider, isNamed }: { connection: Connection; provider: Provider; isNamed: boolean }) {
  const { t } = useTranslation();
  const lang = useLang();
  const query = useQuery(siteDatasets(connection, provider.id));
  const [trouble, setTrouble] = useState<unknown>();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const name = provider.name?.[lang] ?? provider.id;
  if (query.isError) {
    return (
      <div className="section-below">
        <Failed title={t("tool.elsewhere.failed", { name })} error={query.error} onRetry={() => void query.refetch()} />
      </div>
    );
  }
  const strange = query.data?.filter((dataset) => dataset.draft === undefined) ?? [];
  if (strange.length === 0) return null;
  const take = (dataset: SiteDataset) => {
    setTrouble(undefined);
    create(connection, { provider: provider.id, site_dataset: dataset.id }).then(async (draft) => {
      await Promise.all([queries.invalidateQueries({ queryKey: ["drafts"] }), queries.invalidateQueries({ queryKey: ["site-datasets"] })]);
      await navigate(`/datasets/${draft.id}`);
    }, setTrouble);
  };
  return (
    <details className="folded section-below">
      <summary>
        <h2>{isNamed ? t("tool.elsewhere.titleOf", { name }) : t("tool.elsewhere.title")}</h2>
        <span className="small secondary">{t("tool.count", { count: strange.length })}</span>
      </summary>
      <p className="hint">{t("tool.elsewhere.text")}</p>
      {trouble !== undefined && <Failed title={t("tool.elsewhere.takeFailed")} error={trouble} level={3} />}
      <div className="card flush">
        <table className="blocks">
          <thead>
            <tr>
              <th scope="col">{t("tool.mine.name")}</th>
              <th scope="col">{t("tool.mine.state")}</th>
              <th scope="col">{t("tool.mine.saved")}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {strange.map((dataset) => (
              <tr key={dataset.id}>
                <th scope="row">{dataset.title || dataset.name}</th>
                <td>
                  <StateBadge of="dataset" state={dataset.state} />
                </td>
                <td className="unbroken" data-label={t("tool.mine.saved")}>
                  <Time at={dataset.modified_at} />
                </td>
                <td>
                  <button type="button" className="button plain small" onClick={() => take(dataset)}>
                    {t("tool.elsewhere.take")}
                    <span className="spoken">{t("tool.elsewhere.what", { title: dataset.title || dataset.name })}</span>
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
