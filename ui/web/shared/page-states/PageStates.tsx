// The five states that every page has beside its good one: nothing there, loading, something went wrong, no right, out of date.

import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { ProblemError, Unreachable, Unreadable } from "../api/problem";
import { signInAddress } from "../api/session";
import { CopyButton } from "../CopyButton";
import { Icon } from "../icons/Icon";
import { inList, time, zone } from "../time";
import { Note } from "./Note";

type Level = 2 | 3 | 4;

/** Nothing is there: what would stand here, and how to begin. */
export function Empty(props: { title: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <div className="empty stack-tight">
      <p>
        <b>{props.title}</b>
      </p>
      <p className="small">{props.children}</p>
      {props.actions !== undefined && <div className="row">{props.actions}</div>}
    </div>
  );
}

/** 0.3 s: what is quicker needs no sign that it is under way, and a sign that flashes would be worse than none. */
const QUICK_MS = 300;
/** 10 s: from here on people think that it hangs. */
const LONG_MS = 10_000;

/** Loading: nothing at first, then the outline of what comes, after ten seconds words and a way to stop. */
export function Loading(props: { onStop?: () => void; children?: ReactNode }) {
  const { t } = useTranslation();
  const [phase, setPhase] = useState<"quick" | "shown" | "long">("quick");
  useEffect(() => {
    const shown = setTimeout(() => setPhase("shown"), QUICK_MS);
    const long = setTimeout(() => setPhase("long"), LONG_MS);
    return () => {
      clearTimeout(shown);
      clearTimeout(long);
    };
  }, []);
  return (
    <div aria-busy="true">
      <p role="status" className="spoken">
        {phase !== "quick" && t("loading.busy")}
      </p>
      {phase !== "quick" && (props.children ?? <Outline />)}
      {phase === "long" && (
        <div className="row small">
          <span role="status">{t("loading.long")}</span>
          {props.onStop !== undefined && (
            <button className="button plain small" type="button" onClick={props.onStop}>
              {t("loading.stop")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** A few lines of text, as long as such lines are. */
export function Outline() {
  return (
    <div aria-hidden="true">
      {["w60", "", "w85", "w40"].map((width) => (
        <div key={width} className={`skeleton ${width}`} />
      ))}
    </div>
  );
}

/** What went wrong, in words for whoever looks at the page. */
export function useReason(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (error instanceof ProblemError) return error.message;
    if (error instanceof Unreachable) return t("failed.offline");
    return t("failed.unexpected");
  };
}

/** Something went wrong: `title` says what, the error why; with a way to try again, and the id by which it is found in logs. */
export function Failed(props: { title: string; error: unknown; level?: Level; onRetry?: () => void; children?: ReactNode }) {
  const { t } = useTranslation();
  const reason = useReason();
  const { error } = props;
  const id = error instanceof ProblemError || error instanceof Unreadable ? error.requestId : undefined;
  return (
    <div role="alert">
      <Note tone="bad" title={props.title} level={props.level ?? 2}>
        <p className="small">{reason(error)}</p>
        {props.children}
        {props.onRetry !== undefined && (
          <p className="row">
            <button className="button plain small" type="button" onClick={props.onRetry}>
              <Icon name="sync" />
              {t("failed.retry")}
            </button>
          </p>
        )}
      </Note>
      {id !== undefined && (
        <p className="small secondary">
          {t("failed.id")} <span className="mono">{id}</span> <CopyButton text={id} what={t("failed.id")} />
        </p>
      )}
    </div>
  );
}

/** No right: `title` says who may, `who` as whom one came, the rest whom to ask. */
export function NoRight(props: { title: string; who?: string | undefined; level?: Level; children?: ReactNode }) {
  const { t } = useTranslation();
  const { pathname, search } = useLocation();
  return (
    <Note tone="off" title={props.title} level={props.level ?? 2}>
      {props.who !== undefined && <p className="small">{t("noRight.as", { who: props.who })}</p>}
      {props.children}
      <p className="small">
        <a href={signInAddress(pathname + search)}>{props.who === undefined ? t("shell.signIn") : t("noRight.other")}</a>
      </p>
    </Note>
  );
}

/** What is shown is as it was at `at`; the children say why. */
export function Stale(props: { at: string; level?: Level; children: ReactNode }) {
  const { t } = useTranslation();
  const at = time(props.at);
  return (
    <Note tone="warning" title={t("stale.title", { time: at === undefined ? props.at : inList(at, new Date(), zone()) })} level={props.level ?? 2}>
      <p className="small">{props.children}</p>
    </Note>
  );
}

/** Work under way: which, how far. Told aloud at quarters only. */
export function Progress(props: { label: string; percent: number; children?: ReactNode }) {
  const percent = Math.min(100, Math.max(0, Math.round(props.percent)));
  const quarter = Math.floor(percent / 25) * 25;
  return (
    <div>
      <div
        className="progress"
        role="progressbar"
        aria-label={props.label}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <span style={{ width: `${percent}%` }} />
      </div>
      <p role="status" className="spoken">
        {quarter > 0 && `${props.label} ${quarter} %`}
      </p>
      {props.children}
    </div>
  );
}
