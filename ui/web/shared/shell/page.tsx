// What a page says of itself to the shell around it.

import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { useServer } from "./server";

export interface Crumb {
  to: string;
  title: string;
}

/**
 * A page: its title in the window and as the one `h1`, which takes the focus when the page was come to from another one. `above`
 * leads back, from the second level on; `facts` is the line below the title; `actions` are at its end.
 */
export function Page(props: {
  title: string;
  above?: readonly Crumb[];
  facts?: ReactNode;
  actions?: ReactNode;
  hasErrors?: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const server = useServer();
  const heading = useRef<HTMLHeadingElement>(null);
  const { key, state } = useLocation();
  const { title, above = [] } = props;
  const full = t("shell.title", { title, server });
  useEffect(() => {
    document.title = props.hasErrors === true ? t("shell.errorTitle", { title: full }) : full;
  }, [full, props.hasErrors, t]);
  useEffect(() => {
    // "default" is the key of the address that the browser itself came to. A filter or a sort stays where it is.
    if (key === "default" || (state as { keepFocus?: boolean } | null)?.keepFocus === true) return;
    heading.current?.focus();
    window.scrollTo(0, 0);
  }, [key, state]);
  return (
    <>
      {above.length > 0 && (
        <nav className="breadcrumbs" aria-label={t("shell.breadcrumbs")}>
          <ol>
            {above.map((crumb) => (
              <li key={crumb.to}>
                <Link to={crumb.to}>{crumb.title}</Link>
              </li>
            ))}
            <li aria-current="page">{title}</li>
          </ol>
        </nav>
      )}
      <div className="heading">
        <div className="row">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {props.actions !== undefined && <div className="row end">{props.actions}</div>}
        </div>
        {props.facts !== undefined && <div className="row">{props.facts}</div>}
      </div>
      {props.children}
    </>
  );
}
