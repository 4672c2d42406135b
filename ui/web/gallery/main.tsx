// The gallery: every part of the screens in every state, for the suite and for whoever changes a part. It asks no server for anything.

import { useTranslation } from "react-i18next";
import type { Session } from "../shared/api/session";
import { Shell } from "../shared/shell/Shell";
import { type Start, start } from "../shared/start";
import en from "./en.json";
import ja from "./ja.json";
import { Draft } from "./Draft";
import { ListsAndForms } from "./ListsAndForms";
import { States } from "./States";

const SESSION: Session = {
  user_id: "cadde.1000000000011.03",
  orgs: ["cadde.1000000000011.01"],
  roles: ["steward"],
  participant: { id: "cadde.1000000000011.01", name: "A市 防災課" },
  domain: { letter: "A", name_ja: "防災", name_en: "disaster prevention" },
};

function Gallery({ facts, connection }: Start) {
  const { t } = useTranslation();
  return (
    <Shell
      facts={facts}
      connection={connection}
      server={t("gallery.server")}
      session={SESSION}
      sections={[
        { to: "/", title: t("gallery.home") },
        { to: "/second", title: t("gallery.second"), waiting: 2 },
        { to: "/draft", title: t("gallery.draft") },
      ]}
    />
  );
}

start({ ja, en }, (given) => [
  {
    element: <Gallery {...given} />,
    children: [
      { path: "/", element: <States /> },
      { path: "/second", element: <ListsAndForms /> },
      { path: "/draft", element: <Draft /> },
    ],
  },
]);
