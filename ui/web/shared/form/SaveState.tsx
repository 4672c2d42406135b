import { useTranslation } from "react-i18next";
import { signInAddress } from "../api/session";
import { Note } from "../page-states/Note";
import { inList, time, zone } from "../time";
import { type Draft, said } from "./autosave";

/** Whether what was entered is saved, in words at the title. `before` is when it was saved before this page was opened. */
export function SaveState<T>({ draft, version, before }: { draft: Draft<T>; version?: number; before?: string }) {
  const { t } = useTranslation();
  const state = said(draft);
  const at = draft.savedAt === undefined ? "" : inList(draft.savedAt, draft.savedAt, zone()).slice(-5);
  const stored = before === undefined ? undefined : time(before);
  const words = {
    untouched: stored === undefined ? "" : t("save.before", { at: inList(stored, new Date(), zone()), version: version ?? 1 }),
    unsaved: t("save.unsaved"),
    saving: t("save.saving"),
    saved: version === undefined ? t("save.saved", { at }) : t("save.savedVersion", { at, version }),
    conflict: t("save.conflict"),
    offline: t("save.offline"),
    "signed-out": t("save.signedOut"),
    refused: draft.trouble?.kind === "refused" ? draft.trouble.reason : "",
  };
  return (
    <span role="status" className="small secondary">
      {words[state]}
    </span>
  );
}

/** What has to be done before it can be saved again. */
export function SaveTrouble<T>(props: { draft: Draft<T>; onMerge: () => void; onKeepMine: () => void }) {
  const { t } = useTranslation();
  const { trouble } = props.draft;
  if (trouble?.kind === "signed-out") {
    return (
      <Note tone="warning" title={t("save.signInAgain")} hasIcon>
        <p className="small">
          <a href={signInAddress(window.location.pathname)} target="_blank" rel="noopener">
            {t("save.signInHere")}
          </a>
        </p>
      </Note>
    );
  }
  if (trouble?.kind !== "conflict") return null;
  return (
    <div role="alert">
      <Note tone="warning" title={trouble.by === undefined ? t("save.somebody") : t("save.by", { who: trouble.by })} hasIcon>
        <p className="small">{t("save.stillHere")}</p>
        <div className="row">
          <button type="button" className="button small" onClick={props.onMerge}>
            {t("save.merge")}
          </button>
          <button type="button" className="button plain small" onClick={props.onKeepMine}>
            {t("save.keepMine")}
          </button>
        </div>
      </Note>
    </div>
  );
}
