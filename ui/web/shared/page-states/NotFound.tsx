import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Page } from "../shell/page";

/** An address that is none of this server's: reached inside of it alone, since the server itself answers 404. */
export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t("notFound.title")} hasErrors>
      <div className="stack">
        <p>{t("notFound.advice")}</p>
        <p>
          <Link to="/">{t("notFound.home")}</Link>
        </p>
      </div>
    </Page>
  );
}
