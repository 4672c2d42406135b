import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Connection } from "../shared/api/client";
import { Browse as Catalogue, useBrowsed } from "../shared/catalogue/Browse";
import { FACETS, found } from "./queries";

/** All that the provider shows to everybody: search, narrow down, look. */
export function Browse({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const list = useBrowsed(FACETS);
  const query = useQuery(found(connection, list));
  return (
    <Catalogue
      title={t("site.datasets")}
      list={list}
      facets={FACETS.map((name) => ({ name, title: t(`site.facet.${name}`) }))}
      query={query}
      link={(dataset) => <Link to={`/datasets/${encodeURIComponent(dataset.name)}`}>{dataset.title}</Link>}
    />
  );
}
