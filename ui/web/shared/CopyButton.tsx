import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "./icons/Icon";

/** Copies `text`; `what` says of what, for those who hear the button without what is beside it. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const { t } = useTranslation();
  const [outcome, setOutcome] = useState<"done" | "cannot">();
  const copy = () => {
    // Without TLS a browser has no clipboard for pages.
    const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    written.then(
      () => setOutcome("done"),
      () => setOutcome("cannot"),
    );
  };
  return (
    <>
      <button className="copy" type="button" onClick={copy} onBlur={() => setOutcome(undefined)}>
        <Icon name={outcome === "done" ? "check" : "copy"} />
        {t("copy.do")}
        <span className="spoken">{t("copy.what", { what })}</span>
      </button>
      <span role="status" className={outcome === "cannot" ? "small" : "spoken"}>
        {outcome === "done" && t("copy.done")}
        {outcome === "cannot" && t("copy.cannot")}
      </span>
    </>
  );
}
