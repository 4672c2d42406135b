import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { type Connection, send } from "../api/client";
import { type Session, signOutAddress } from "../api/session";
import type { Facts } from "../facts";
import { forgetAll } from "../form/kept";
import { Footer } from "./Footer";
import { Header, type Section } from "./Header";
import { ServerName } from "./server";

/** What stands around every page of a server. */
export function Shell(props: {
  facts: Facts;
  connection: Connection;
  server: string;
  session: Session | null | undefined;
  sections: readonly Section[];
}) {
  const { t } = useTranslation();
  const signOut = async () => {
    // Where it doesn't work one stays signed in, and the page that comes says so.
    const answer = await send(props.connection, "post", "/logout").catch(() => undefined);
    // The server that one signed in at has a session of its own, which ends there. Nothing that was shown to somebody stays for whoever comes next.
    forgetAll();
    window.location.assign(signOutAddress(answer?.body) ?? "/");
  };
  return (
    <ServerName value={props.server}>
      <a className="skip" href="#main">
        {t("shell.skip")}
      </a>
      <Header environment={props.facts.environment} session={props.session} sections={props.sections} onSignOut={() => void signOut()} />
      <main className="page" id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Footer version={props.facts.version} />
    </ServerName>
  );
}
