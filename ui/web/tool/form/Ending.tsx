import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Connection } from "../../shared/api/client";
import { Note } from "../../shared/page-states/Note";
import { Failed } from "../../shared/page-states/PageStates";
import { remove, type Summary, withdraw } from "../api";

/** Withdraws what is published, deletes what isn't: first what that comes to, then the button that does it. */
export function Ending(props: { draft: Summary; connection: Connection; etag: () => string; settle: () => Promise<boolean>; onChanged: () => Promise<void> }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [trouble, setTrouble] = useState<unknown>();
  const { draft } = props;
  if (draft.state === "checking") return null;
  const what = draft.state === "published" ? "withdraw" : draft.site === undefined ? "remove" : "removeBoth";
  const act = async () => {
    setTrouble(undefined);
    if (!(await props.settle())) return;
    try {
      if (what === "withdraw") {
        await withdraw(props.connection, draft.id, props.etag());
        setOpen(false);
        await props.onChanged();
      } else {
        await remove(props.connection, draft.id, props.etag());
        await queries.invalidateQueries({ queryKey: ["drafts"] });
        void navigate("/datasets", { state: { removed: { id: draft.id, title: draft.title, isForGood: what === "removeBoth" } } });
      }
    } catch (error) {
      setTrouble(error);
    }
  };
  return (
    <section className="section" aria-labelledby="ending">
      <h2 id="ending">{t("tool.ending.title")}</h2>
      {!isOpen && (
        <p>
          <button type="button" className="button danger small" onClick={() => setOpen(true)}>
            {what === "withdraw" ? t("tool.ending.withdrawFirst") : t("tool.ending.removeFirst")}
          </button>
        </p>
      )}
      {isOpen && (
        <Note tone="warning" title={what === "withdraw" ? t("tool.ending.withdrawTitle") : t("tool.ending.removeTitle")} level={3} hasIcon>
          <p className="small">{t(`tool.ending.${what}Text`, { count: draft.distributions })}</p>
          <div className="row">
            <button type="button" className="button danger primary small" onClick={() => void act()}>
              {what === "withdraw" ? t("tool.ending.withdraw") : t("tool.ending.remove")}
            </button>
            <button type="button" className="button plain small" onClick={() => setOpen(false)}>
              {t("tool.ending.keep")}
            </button>
          </div>
        </Note>
      )}
      {trouble !== undefined && <Failed title={t("tool.ending.failed")} error={trouble} level={3} />}
    </section>
  );
}
