import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "../../shared/api/problem";
import { Icon } from "../../shared/icons/Icon";
import type { IconName } from "../../shared/icons/paths";
import { Failed, Progress, Stale } from "../../shared/page-states/PageStates";
import { StateBadge } from "../../shared/states/StateBadge";
import { useLang } from "../../shared/texts/useLang";
import { Time } from "../../shared/Time";
import { type Check, isUnderWay, pageAt, type Provider, type Publication, type Summary } from "../api";

type Tone = "good" | "warning" | "bad" | "running" | "off";
const ICON: Record<Tone, IconName> = { good: "check", warning: "alert", bad: "x", running: "sync", off: "clock" };

interface Step {
  name: string;
  tone: Tone;
  text: ReactNode;
}

/** What publishing comes to: each step with its state, and what to do where it stopped. */
export function Publishing(props: {
  draft: Summary;
  check: Check;
  publication: Publication | undefined;
  provider: Provider | undefined;
  trouble: unknown;
  /** Leads to the field of the address that a text names, where there is one. */
  leadToAddress: (text: string) => (() => void) | undefined;
  leadToPlace: (pointer: string) => void;
  onErrors: () => void;
  onRetry: () => void;
  /** Publishes over what somebody changed at the site. */
  onOverwrite: () => void;
  onStop: () => void;
}) {
  const { t } = useTranslation();
  const lang = useLang();
  const { draft, check, publication } = props;
  const steps = useSteps(props);
  const problem = publication?.problem;
  // Where it stopped, or waits for somebody's answer; what is wrong with the items is another matter.
  const stoppedAt = steps.slice(1).find((step) => step.tone === "bad" || step.tone === "warning");
  const lead = problem === undefined ? undefined : props.leadToAddress(problem.en);
  const site = draft.site;
  const page = props.provider?.release === undefined || site === undefined ? undefined : pageAt(props.provider.release, site.name);
  return (
    <section className="card stack" aria-labelledby="publishing">
      <h2 id="publishing">{t("tool.publishing")}</h2>
      {publication !== undefined && (
        <p className="row small">
          <StateBadge of="publishing" state={publication.state} {...(publication.percent === undefined ? {} : { n: publication.percent })} />
          <span>{t("tool.publishedVersion", { version: publication.version })}</span>
        </p>
      )}
      {publication?.is_stale === true && <Stale at={publication.seen_at} level={3}>{t("tool.staleText")}</Stale>}
      {isUnderWay(publication) && publication?.percent !== undefined && <Progress label={t("tool.checkingFiles")} percent={publication.percent} />}
      <ol className="checks">
        {steps.map((step) => (
          <li key={step.name} className={step.tone}>
            <Icon name={ICON[step.tone]} />
            <div>
              <b>{step.name}</b>
              <p>{step.text}</p>
              {step === stoppedAt && problem !== undefined && (
                <div className="stack-tight">
                  <p>{problem[lang]}</p>
                  {problem.findings !== undefined && problem.findings.length > 0 && (
                    <ul className="small">
                      {problem.findings.slice(0, 20).map((finding) => (
                        <li key={`${finding.pointer} ${finding.en}`}>
                          <button type="button" className="inline-link" onClick={() => props.leadToPlace(finding.pointer)}>
                            {finding[lang]}
                          </button>
                        </li>
                      ))}
                    </ul>
                  )}
                  <p className="row">
                    {lead !== undefined && (
                      <button type="button" className="button plain small" onClick={lead}>
                        {t("tool.mendAddress")}
                      </button>
                    )}
                    {publication?.state === "stopped" && (
                      <button type="button" className="button plain small" onClick={props.onRetry}>
                        {t("tool.again")}
                      </button>
                    )}
                  </p>
                </div>
              )}
            </div>
          </li>
        ))}
      </ol>
      {check.errors > 0 && (
        <p>
          <button type="button" className="button plain small" onClick={props.onErrors}>
            {t("tool.showErrors", { count: check.errors })}
          </button>
        </p>
      )}
      {isUnderWay(publication) && (
        <div className="stack-tight">
          <p className="small secondary">{t("tool.goesOn")}</p>
          <button type="button" className="button plain small" onClick={props.onStop}>
            {t("tool.stop")}
          </button>
        </div>
      )}
      {props.trouble !== undefined && (
        <Failed title={t("tool.publishFailed")} error={props.trouble} level={3} onRetry={props.onRetry}>
          {props.trouble instanceof ProblemError && props.trouble.kind === "site-changed" && (
            <p>
              <button type="button" className="button danger small" onClick={props.onOverwrite}>
                {t("tool.overwrite")}
              </button>
            </p>
          )}
        </Failed>
      )}
      {draft.state === "published" && page !== undefined && (
        <p className="small">
          <a href={page}>{t("tool.seeIt")}</a>
        </p>
      )}
    </section>
  );
}

/** The steps in their order. What nobody knows yet is grey. */
function useSteps({ check, publication }: { check: Check; publication: Publication | undefined }): Step[] {
  const { t } = useTranslation();
  const parts = publication?.parts ?? [];
  const all = parts.length;
  const digested = parts.filter((part) => part.sha256 !== undefined).length;
  const recorded = parts.filter((part) => part.event_id !== undefined).length;
  const state = publication?.state;
  const isDone = state === "done";
  const isStopped = state === "stopped";
  // The first step that isn't done is the one that is under way, or that stopped.
  const isChecked = isDone || (all > 0 && digested === all);
  const isRecorded = isDone || (isChecked && recorded === all);
  const at = (isBefore: boolean, isReached: boolean): Tone => {
    if (isReached) return "good";
    if (!isBefore || publication === undefined) return "off";
    if (isStopped) return "bad";
    return state === "retrying" ? "warning" : "running";
  };
  const told = (tone: Tone, done: ReactNode): ReactNode => {
    if (tone === "good") return done;
    return t(`tool.step.${tone === "running" ? "running" : tone === "bad" ? "stopped" : tone === "warning" ? "retrying" : "waiting"}`);
  };
  const files = at(true, isChecked);
  const ledger = at(isChecked, isRecorded);
  const site = at(isRecorded, isDone);
  return [
    {
      name: t("tool.step.items"),
      tone: check.errors > 0 ? "bad" : check.warnings > 0 ? "warning" : "good",
      text:
        check.errors > 0
          ? t("tool.step.itemsErrors", { count: check.errors })
          : check.warnings > 0
            ? t("tool.step.itemsWarnings", { count: check.warnings })
            : t("tool.step.itemsGood"),
    },
    {
      name: t("tool.step.handed"),
      tone: publication === undefined ? "off" : "good",
      text: publication === undefined ? t("tool.step.waiting") : <Time at={publication.queued_at} />,
    },
    { name: t("tool.step.files"), tone: files, text: told(files, t("tool.step.filesGood", { count: digested })) },
    { name: t("tool.step.ledger"), tone: ledger, text: told(ledger, t("tool.step.ledgerGood", { count: recorded })) },
    { name: t("tool.step.site"), tone: site, text: told(site, publication?.ended_at === undefined ? null : <Time at={publication.ended_at} />) },
  ];
}

/** What is filled in, and what would help finding. No grade. */
export function Completeness({ check, label, onLead }: { check: Check; label: (key: string) => string; onLead: (key: string) => void }) {
  const { t } = useTranslation();
  const { filled, of, missing } = check.completeness;
  if (of === 0) return null;
  return (
    <div className="small stack-tight completeness">
      <b id="completeness">{t("tool.completeness")}</b>
      <div className="progress thin" role="progressbar" aria-labelledby="completeness" aria-valuemin={0} aria-valuemax={of} aria-valuenow={filled}>
        <span style={{ width: `${(filled / of) * 100}%` }} />
      </div>
      <p>{t("tool.filledOf", { count: of, filled })}</p>
      {missing.length > 0 && (
        <div className="better">
          <p>{t("tool.better")}</p>
          <ul>
            {missing.slice(0, 5).map((key) => (
              <li key={key}>
                <button type="button" className="inline-link" onClick={() => onLead(key)}>
                  {label(key)}
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
