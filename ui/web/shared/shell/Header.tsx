import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { type Session, signInAddress } from "../api/session";
import { type Environment, LANGS } from "../facts";
import { Icon, Mark } from "../icons/Icon";
import { useLang } from "../texts/useLang";
import { Identity } from "./Identity";
import { useServer } from "./server";

/** A section of the server; `waiting` is how much of it waits for somebody. */
export interface Section {
  to: string;
  title: string;
  waiting?: number;
  /** The beginning of further addresses that belong to it. */
  also?: string;
}

function isPartOf({ to, also }: Section, pathname: string): boolean {
  const begins = [to === "/" ? undefined : `${to}/`, also];
  return begins.some((start) => start !== undefined && pathname.startsWith(start));
}

const LANGUAGE_NAMES = { ja: "日本語", en: "English" } as const;

export function Header(props: {
  environment: Environment;
  session: Session | null | undefined;
  sections: readonly Section[];
  onSignOut: () => void;
}) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const { pathname } = useLocation();
  const { sections } = props;
  return (
    <header className={isOpen ? "top" : "top folded"}>
      <div className="bar">
        <Link className="brand" to="/">
          <Mark />
          <span>
            <b>{t("shell.product")}</b>
            <span className="server">{useServer()}</span>
          </span>
        </Link>
        <span className={`environment ${props.environment}`}>{t(`environment.${props.environment}`)}</span>
        <Who session={props.session} onSignOut={props.onSignOut} />
        <Languages />
        <button
          className="button plain small menu"
          type="button"
          aria-expanded={isOpen}
          aria-controls="sections"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="menu" />
          {t("shell.menu")}
        </button>
      </div>
      {sections.length > 0 && (
        <nav id="sections" aria-label={t("shell.sections")}>
          <ul className="sections">
            {sections.map((section) => (
              <li key={section.to}>
                <Link
                  to={section.to}
                  aria-current={pathname === section.to ? "page" : isPartOf(section, pathname) ? "true" : undefined}
                  onClick={() => setOpen(false)}
                >
                  {section.title}
                  {section.waiting !== undefined && section.waiting > 0 && (
                    <span className="count bad">
                      {section.waiting}
                      <span className="spoken"> {t("shell.waiting", { count: section.waiting })}</span>
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </header>
  );
}

/** As whom one acts, or a way to sign in; neither where it isn't known, or nobody can sign in. */
function Who({ session, onSignOut }: { session: Session | null | undefined; onSignOut: () => void }) {
  const { t } = useTranslation();
  const { pathname, search } = useLocation();
  if (session === undefined) return <span className="push" />;
  if (session === null) {
    return (
      <a className="push" href={signInAddress(pathname + search)}>
        {t("shell.signIn")}
      </a>
    );
  }
  return (
    <Identity session={session}>
      <button className="button link small" type="button" onClick={onSignOut}>
        {t("shell.signOut")}
      </button>
    </Identity>
  );
}

/** Stays on the page and keeps what was entered: only texts change. */
function Languages() {
  const { t, i18n } = useTranslation();
  const current = useLang();
  return (
    <div className="languages" role="group" aria-label={t("shell.language")}>
      {LANGS.map((lang) => (
        <button
          key={lang}
          type="button"
          lang={lang}
          aria-current={lang === current ? "true" : undefined}
          onClick={() => void i18n.changeLanguage(lang)}
        >
          {LANGUAGE_NAMES[lang]}
        </button>
      ))}
    </div>
  );
}
