import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { bytes, extra, isLimited, type Package, type Resource, webAddress } from "../shared/api/ckan";
import type { Connection } from "../shared/api/client";
import { ProblemError } from "../shared/api/problem";
import { CopyButton } from "../shared/CopyButton";
import { Empty, Failed, Loading } from "../shared/page-states/PageStates";
import { Page } from "../shared/shell/page";
import { size } from "../shared/size";
import { StateBadge } from "../shared/states/StateBadge";
import { Time } from "../shared/Time";
import { utc } from "../shared/time";
import { curl } from "./curl";
import { shown } from "./queries";

/** One dataset: what it is, what there is of it, how to get it. */
export function Dataset({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const query = useQuery(shown(connection, id));
  const above = [{ to: "/", title: t("site.datasets") }];
  if (query.isPending) {
    return (
      <Page title={t("site.datasets")}>
        <Loading />
      </Page>
    );
  }
  if (query.isError) {
    const isUnknown = query.error instanceof ProblemError && query.error.status === 404;
    return (
      <Page title={isUnknown ? t("site.unknown") : t("site.showFailed")} above={above} hasErrors>
        {isUnknown ? (
          <div className="stack">
            <p>{t("site.unknownText")}</p>
            <p>
              <Link to="/">{t("site.toList")}</Link>
            </p>
          </div>
        ) : (
          <Failed title={t("site.showFailed")} error={query.error} onRetry={() => void query.refetch()} />
        )}
      </Page>
    );
  }
  return <Shown dataset={query.data} above={above} />;
}

function Shown({ dataset, above }: { dataset: Package; above: { to: string; title: string }[] }) {
  const { t } = useTranslation();
  const resources = dataset.resources ?? [];
  const [chosen, setChosen] = useState<string>();
  const resource = resources.find((one) => one.id === chosen);
  const organization = dataset.organization?.title ?? dataset.organization?.name;
  return (
    <Page
      title={dataset.title}
      above={above}
      facts={
        <>
          <StateBadge of="dataset" state="published" />
          {isLimited(dataset) && <StateBadge of="viewer" state="grant-needed" />}
          <span className="small secondary">
            {organization} {t("browse.changed")} <Time at={utc(dataset.metadata_modified)} detail />
          </span>
        </>
      }
    >
      <div className="beside">
        <div className="stack-wide">
          {dataset.notes !== null && dataset.notes !== undefined && <p className="prose lines">{dataset.notes}</p>}
          <Distributions dataset={dataset} resources={resources} chosen={chosen} onChoose={setChosen} />
          {resource !== undefined && <How dataset={dataset} resource={resource} />}
        </div>
        <aside className="card stack" aria-labelledby="about">
          <h2 id="about">{t("site.about")}</h2>
          <Facts dataset={dataset} organization={organization} />
          <p className="small">
            <a href={`/release/api/3/action/package_show?id=${encodeURIComponent(dataset.id)}`}>{t("site.json")}</a>
          </p>
        </aside>
      </div>
    </Page>
  );
}

function Distributions(props: {
  dataset: Package;
  resources: readonly Resource[];
  chosen: string | undefined;
  onChoose: (id: string) => void;
}) {
  const { t } = useTranslation();
  const { resources } = props;
  const link = extra(props.dataset, "caddec_dataset_id_for_detail");
  return (
    <section className="card flush" aria-labelledby="distributions">
      <div className="caption">
        <h2 id="distributions">{t("site.list", { count: resources.length })}</h2>
      </div>
      {resources.length === 0 && link === undefined && <Empty title={t("site.noDistribution")}>{null}</Empty>}
      {link !== undefined && (
        <div className="inset stack-tight">
          <p className="small">{t("site.limitedText")}</p>
          <p>
            <span className="mono">{link}</span> <CopyButton text={link} what={t("site.linkId")} />
          </p>
        </div>
      )}
      {resources.length > 0 && (
        <table className="blocks">
          <thead>
            <tr>
              <th scope="col">{t("site.name")}</th>
              <th scope="col">{t("site.format")}</th>
              <th scope="col" className="number">
                {t("site.size")}
              </th>
              <th scope="col">{t("site.date")}</th>
              <th scope="col">
                <span className="spoken">{t("site.obtain")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {resources.map((resource) => {
              const name = resource.name || t("site.unnamed");
              const length = bytes(resource);
              return (
                <tr key={resource.id}>
                  <th scope="row">{name}</th>
                  <td data-label={t("site.format")}>{resource.format || <Nothing />}</td>
                  <td className="number" data-label={t("site.size")}>
                    {length === undefined ? <Nothing /> : size(length)}
                  </td>
                  <td className="unbroken" data-label={t("site.date")}>
                    {(resource.modified || resource.issued)?.slice(0, 10) || <Nothing />}
                  </td>
                  <td>
                    {resource.url ? (
                      <button
                        type="button"
                        className="button plain small"
                        aria-expanded={props.chosen === resource.id}
                        aria-controls="how"
                        aria-label={t("site.obtainOf", { name })}
                        onClick={() => props.onChoose(resource.id)}
                      >
                        {t("site.obtain")}
                      </button>
                    ) : (
                      <StateBadge of="viewer" state="grant-needed" />
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Nothing() {
  const { t } = useTranslation();
  return <span className="secondary">{t("table.empty")}</span>;
}

function How({ dataset, resource }: { dataset: Package; resource: Resource }) {
  const { t } = useTranslation();
  const command = curl(resource, extra(dataset, "caddec_provider_id") ?? "$PROVIDER");
  if (command === undefined) return null;
  return (
    <section id="how" aria-labelledby="how-title" className="stack-tight">
      <h2 id="how-title">{t("site.how", { name: resource.name || t("site.unnamed") })}</h2>
      <p className="small">{t("site.howText")}</p>
      <div className="with-copy">
        <pre tabIndex={0} role="region" aria-label={t("site.example")}>
          {command}
        </pre>
        <CopyButton text={command} what={t("site.example")} />
      </div>
    </section>
  );
}

function Facts({ dataset, organization }: { dataset: Package; organization: string | undefined }) {
  const { t } = useTranslation();
  const provider = extra(dataset, "caddec_provider_id");
  const link = extra(dataset, "caddec_dataset_id_for_detail");
  const [start, end] = [extra(dataset, "temporal_start"), extra(dataset, "temporal_end")];
  const licence = dataset.license_title ?? undefined;
  const licencePage = webAddress(dataset.license_url);
  const page = webAddress(dataset.url);
  const rows: [string, ReactNode][] = [
    [t("site.provider"), organization],
    [t("site.providerId"), provider && <Id text={provider} what={t("site.providerId")} />],
    [t("site.linkId"), link && <Id text={link} what={t("site.linkId")} />],
    [t("site.theme"), extra(dataset, "theme")?.replaceAll(",", "、")],
    [t("site.area"), extra(dataset, "spatial_text")],
    [t("site.period"), (start || end) && `${start ?? ""} 〜 ${end ?? ""}`],
    [t("site.frequency"), extra(dataset, "frequency")],
    [t("site.licence"), licence && licencePage ? <a href={licencePage}>{licence}</a> : licence],
    [t("site.contact"), extra(dataset, "contact_name")],
    [t("site.page"), page && <a href={page}>{page}</a>],
    [
      t("site.keywords"),
      (dataset.tags?.length ?? 0) > 0 && (
        <span className="row">
          {dataset.tags?.map((tag) => (
            <Link key={tag.name} className="tag" to={`/?tags=${encodeURIComponent(tag.name)}`}>
              {tag.display_name ?? tag.name}
            </Link>
          ))}
        </span>
      ),
    ],
  ];
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => Boolean(value))
        .map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Id({ text, what }: { text: string; what: string }) {
  return (
    <>
      <span className="mono">{text}</span> <CopyButton text={text} what={what} />
    </>
  );
}
