import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Session } from "../api/session";
import { useLang } from "../texts/useLang";
import { DomainLetter } from "./DomainLetter";

// The one that says most of what somebody may do here.
const ROLES = ["operator", "reviewer", "auditor", "steward"] as const;

/** As whom one acts: domain, participant, role. */
export function Identity({ session, children }: { session: Session; children?: ReactNode }) {
  const { t } = useTranslation();
  const lang = useLang();
  const { domain } = session;
  const role = t(`role.${ROLES.find((role) => session.roles.includes(role)) ?? "member"}`);
  return (
    <div className="identity">
      {domain !== undefined && <DomainLetter letter={domain.letter} />}
      <span>
        <b>{session.participant?.name ?? session.name ?? session.user_id}</b>
        <span className="role">
          {domain === undefined
            ? role
            : t("shell.identity", { letter: domain.letter, domain: lang === "ja" ? domain.name_ja : domain.name_en, role })}
        </span>
      </span>
      {children}
    </div>
  );
}
