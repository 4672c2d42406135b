import { useTranslation } from "react-i18next";
import { useLang } from "../texts/useLang";
import { offset, zone, zoneName } from "../time";
import { useServer } from "./server";

export function Footer({ version }: { version: string }) {
  const { t } = useTranslation();
  const lang = useLang();
  const now = new Date();
  return (
    <footer className="foot">
      <div className="bar">
        <span>{useServer()}</span>
        <span>{t("foot.zone", { zone: zoneName(now, zone(), lang, true), offset: offset(now, zone()) })}</span>
        <span>{t("foot.version", { version })}</span>
      </div>
    </footer>
  );
}
