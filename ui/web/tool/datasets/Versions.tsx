import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import type { Connection } from "../../shared/api/client";
import { Failed, Loading } from "../../shared/page-states/PageStates";
import { Page } from "../../shared/shell/page";
import { useLang } from "../../shared/texts/useLang";
import { Time } from "../../shared/Time";
import { draft, form, type Form, readDraft, readVersion, undo, type Version, versions } from "../api";
import { type Dataset, type Json, SIDES, same } from "../form/dataset";
import { shown } from "../form/values";
import { Unshown } from "./DatasetPage";

/** What was saved when and by whom, what it changed since, and a way back to each. */
export function Versions({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const all = useQuery(versions(connection, id));
  const now = useQuery(draft(connection, id));
  const described = useQuery(form(connection));
  const [compared, setCompared] = useState<{ number: number; dataset: Dataset }>();
  const [trouble, setTrouble] = useState<unknown>();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const error = all.error ?? now.error ?? described.error;
  if (error !== null) return <Unshown error={error} onRetry={() => void Promise.all([all.refetch(), now.refetch(), described.refetch()])} />;
  const title = now.data?.draft.title || t("tool.untitled");
  const above = [
    { to: "/datasets", title: t("tool.mine.title") },
    { to: `/datasets/${id}`, title },
  ];
  if (!all.isSuccess || !now.isSuccess || !described.isSuccess) {
    return (
      <Page title={t("tool.versions.title")} above={above}>
        <Loading />
      </Page>
    );
  }
  const back = async (number: number) => {
    setTrouble(undefined);
    try {
      const { etag } = await readDraft(connection, id);
      await undo(connection, id, etag, number);
      await Promise.all([queries.invalidateQueries({ queryKey: ["drafts"] }), queries.resetQueries({ queryKey: ["draft", id] })]);
      void navigate(`/datasets/${id}`);
    } catch (error) {
      setTrouble(error);
    }
  };
  const compare = (number: number) => {
    setTrouble(undefined);
    readVersion(connection, id, number).then((dataset) => setCompared({ number, dataset }), setTrouble);
  };
  return (
    <Page title={t("tool.versions.title")} above={above}>
      <div className="stack">
        <p className="secondary">{t("tool.versions.text")}</p>
        {trouble !== undefined && <Failed title={t("tool.versions.failed")} error={trouble} />}
        <section className="card flush" aria-label={t("tool.versions.title")}>
          <table className="blocks">
            <thead>
              <tr>
                <th scope="col">{t("tool.versions.number")}</th>
                <th scope="col">{t("tool.versions.at")}</th>
                <th scope="col">{t("tool.versions.by")}</th>
                <th scope="col">{t("tool.mine.name")}</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {all.data.map((version, at) => (
                <tr key={version.number}>
                  <th scope="row">
                    {t("tool.versions.nth", { number: version.number })} <Marks version={version} isNow={at === 0} isPublished={version.number === now.data.draft.site?.published_version} />
                  </th>
                  <td className="unbroken" data-label={t("tool.versions.at")}>
                    <Time at={version.saved_at} />
                  </td>
                  <td data-label={t("tool.versions.by")}>{version.saved_by}</td>
                  <td data-label={t("tool.mine.name")}>{version.title || <span className="secondary">{t("table.empty")}</span>}</td>
                  <td>
                    {at > 0 && (
                      <span className="row">
                        <button type="button" className="button plain small" onClick={() => compare(version.number)}>
                          {t("tool.versions.compare")}
                          <span className="spoken">{t("tool.versions.what", { number: version.number })}</span>
                        </button>
                        <button type="button" className="button plain small" onClick={() => void back(version.number)}>
                          {t("tool.versions.back")}
                          <span className="spoken">{t("tool.versions.what", { number: version.number })}</span>
                        </button>
                      </span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <div role="status">
          {compared !== undefined && <Compared form={described.data} number={compared.number} then={compared.dataset} now={now.data.draft.dataset} />}
        </div>
      </div>
    </Page>
  );
}

function Marks({ version, isNow, isPublished }: { version: Version; isNow: boolean; isPublished: boolean }) {
  const { t } = useTranslation();
  return (
    <span className="small secondary">
      {isNow && t("tool.versions.now")} {isPublished && t("tool.versions.published")}{" "}
      {version.restored_from !== undefined && t("tool.versions.restored", { number: version.restored_from })}
    </span>
  );
}

/** What is another now than in that version. */
function Compared({ form, number, then, now }: { form: Form; number: number; then: Dataset; now: Dataset }) {
  const { t } = useTranslation();
  const lang = useLang();
  const items = form.sections.filter((section) => !section.of_distribution).flatMap((section) => section.items);
  const rows: { name: string; then: Json | undefined; now: Json | undefined }[] = [];
  for (const side of SIDES) {
    const keys = new Set([...Object.keys(then[side]?.fields ?? {}), ...Object.keys(now[side]?.fields ?? {})]);
    const name = (what: string) => (now.sharing === "open" && then.sharing === "open" ? what : t("tool.ofSide", { what, side: t(`tool.sides.${side}`) }));
    for (const key of keys) {
      const [was, is] = [then[side]?.fields[key], now[side]?.fields[key]];
      if (!same(was, is)) rows.push({ name: name(items.find((item) => item.key === key)?.label[lang] ?? key), then: was, now: is });
    }
    const [was, is] = [then[side]?.distributions ?? [], now[side]?.distributions ?? []];
    if (JSON.stringify(was) !== JSON.stringify(is)) {
      rows.push({ name: name(t("tool.theDistributions")), then: t("tool.count", { count: was.length }), now: t("tool.count", { count: is.length }) });
    }
  }
  if (rows.length === 0) return <p>{t("tool.versions.same", { number })}</p>;
  return (
    <section className="card flush" aria-labelledby="differences">
      <div className="caption">
        <h2 id="differences">{t("tool.versions.differences", { number })}</h2>
      </div>
      <table className="blocks dense">
        <thead>
          <tr>
            <th scope="col">{t("tool.item")}</th>
            <th scope="col">{t("tool.versions.nth", { number })}</th>
            <th scope="col">{t("tool.versions.now")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}</th>
              <td data-label={t("tool.versions.nth", { number })}>
                <del className="lines">{shown(row.then) || t("table.empty")}</del>
              </td>
              <td data-label={t("tool.versions.now")}>
                <ins className="lines">{shown(row.now) || t("table.empty")}</ins>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
