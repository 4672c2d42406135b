// The catalogue site of a provider: what it offers, to everybody.

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { session } from "../shared/api/session";
import { NotFound } from "../shared/page-states/NotFound";
import { Shell } from "../shared/shell/Shell";
import { type Start, start } from "../shared/start";
import { Browse } from "./Browse";
import { Dataset } from "./Dataset";
import en from "./en.json";
import ja from "./ja.json";
import { status } from "./queries";

function Site({ facts, connection }: Start) {
  const { t } = useTranslation();
  const { data: who } = useQuery(session(connection));
  const { data: site } = useQuery(status(connection));
  return (
    <Shell
      facts={facts}
      connection={connection}
      server={site?.site_title || t("site.server")}
      session={who}
      sections={[{ to: "/", title: t("site.datasets"), also: "/datasets/" }]}
    />
  );
}

start({ ja, en }, (given) => [
  {
    element: <Site {...given} />,
    children: [
      { path: "/", element: <Browse connection={given.connection} /> },
      { path: "/datasets/:id", element: <Dataset connection={given.connection} /> },
      { path: "*", element: <NotFound /> },
    ],
  },
]);
