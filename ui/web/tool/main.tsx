// The catalogue tool: stewards write datasets and publish them; everybody searches those of all domains.

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { session } from "../shared/api/session";
import { NotFound } from "../shared/page-states/NotFound";
import { Shell } from "../shared/shell/Shell";
import { type Start, start } from "../shared/start";
import { DatasetPage } from "./datasets/DatasetPage";
import { MyDatasets } from "./datasets/MyDatasets";
import { Versions } from "./datasets/Versions";
import en from "./en.json";
import { Gate } from "./Gate";
import { Home } from "./Home";
import ja from "./ja.json";
import { Search } from "./search/Search";

function Tool({ facts, connection }: Start) {
  const { t } = useTranslation();
  const { data: who } = useQuery(session(connection));
  return (
    <Shell
      facts={facts}
      connection={connection}
      server={t("tool.server")}
      session={who}
      sections={[
        { to: "/datasets", title: t("tool.mine.title") },
        { to: "/search", title: t("tool.search.title") },
      ]}
    />
  );
}

/** A page for stewards. */
function Stewards({ connection, page: Shown }: Start & { page: typeof MyDatasets }) {
  const { t } = useTranslation();
  return (
    <Gate connection={connection} title={t("tool.mine.title")}>
      {() => <Shown connection={connection} />}
    </Gate>
  );
}

start({ ja, en }, (given) => [
  {
    element: <Tool {...given} />,
    children: [
      { path: "/", element: <Home connection={given.connection} /> },
      { path: "/datasets", element: <Stewards {...given} page={MyDatasets} /> },
      { path: "/datasets/:id", element: <Stewards {...given} page={DatasetPage} /> },
      { path: "/datasets/:id/versions", element: <Stewards {...given} page={Versions} /> },
      { path: "/search", element: <Search connection={given.connection} /> },
      { path: "*", element: <NotFound /> },
    ],
  },
]);
