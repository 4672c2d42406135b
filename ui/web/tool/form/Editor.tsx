import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import type { Connection } from "../../shared/api/client";
import { ProblemError, Unreachable, Unreadable } from "../../shared/api/problem";
import type { Outcome } from "../../shared/form/autosave";
import { ErrorSummary } from "../../shared/form/ErrorSummary";
import { SaveState, SaveTrouble } from "../../shared/form/SaveState";
import { forget, keep } from "../../shared/form/kept";
import { useAutosave } from "../../shared/form/useAutosave";
import { Failed } from "../../shared/page-states/PageStates";
import { Page } from "../../shared/shell/page";
import { StateBadge } from "../../shared/states/StateBadge";
import { useLang } from "../../shared/texts/useLang";
import { create, type Draft, type Form, isUnderWay, providers, publish, readDraft, readPublication, type Saved, save as put, stopPublication, undo } from "../api";
import { Conflict } from "./Conflict";
import { Contents, type Entry } from "./Contents";
import { type Card, type Dataset, type Edited, edited, isEmpty, mainSide, setFields, share, type Side, toDataset } from "./dataset";
import { Distributions } from "./Distributions";
import { Ending } from "./Ending";
import { DISTRIBUTIONS, ELSEWHERE, fieldId, type Placed, place, placed } from "./findings";
import { Completeness, Publishing } from "./Publishing";
import { DatasetSection, type Filling } from "./Sections";
import { Differences, Sharing, SideSwitch } from "./Sharing";
import { shown } from "./values";

const newId = () => crypto.randomUUID();
/** 1 s: publishing small files is done within two. */
const POLL_MS = 1000;

/** A draft as it is stored, and what was written upon it in this browser without being saved. */
export interface Opened {
  draft: Draft;
  etag: string;
  mine?: Dataset;
}

/** The form of one dataset: it saves itself, tells what is wrong where it is, and publishes. */
export function Editor({ connection, form, loaded, who }: { connection: Connection; form: Form; loaded: Opened; who: string }) {
  const { t } = useTranslation();
  const lang = useLang();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { id } = loaded.draft;
  const [stored] = useState(() => edited(loaded.draft.dataset, newId));
  const [meta, setMeta] = useState<Saved>(loaded.draft);
  // What was checked: findings name distributions by their place in it.
  const [checked, setChecked] = useState(stored);
  const [side, setSide] = useState<Side>(mainSide(stored));
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [attempt, setAttempt] = useState(0);
  const [revealed, setRevealed] = useState<{ id: string }>();
  const [isMerging, setMerging] = useState(false);
  const [trouble, setTrouble] = useState<unknown>();
  const [done, setDone] = useState("");
  // The tag of what is stored, and its version: publishing changes the first and leaves the second.
  const tag = useRef(loaded.etag);
  const version = useRef(loaded.draft.version);
  // The version that somebody else saved, until both are merged.
  const theirs = useRef(0);

  const save = useCallback(
    async (value: Edited): Promise<Outcome<Edited>> => {
      const dataset = toDataset(value);
      const again = async (isSecond: boolean): Promise<Outcome<Edited>> => {
        try {
          const { saved, etag } = await put(connection, id, tag.current, dataset);
          tag.current = etag;
          version.current = saved.version;
          // Also where the page is left already.
          forget(id);
          setMeta(saved);
          setChecked(value);
          return { kind: "saved", etag, at: new Date(saved.saved_at) };
        } catch (error) {
          if (error instanceof ProblemError && error.status === 412 && !isSecond) {
            const now = await readDraft(connection, id);
            tag.current = now.etag;
            if (now.draft.version === version.current) return again(true);
            theirs.current = now.draft.version;
            return { kind: "conflict", theirs: edited(now.draft.dataset, newId), etag: now.etag, by: now.draft.saved_by };
          }
          throw error;
        }
      };
      try {
        return await again(false);
      } catch (error) {
        if (error instanceof ProblemError && error.status === 401) return { kind: "signed-out" };
        if (error instanceof Unreachable || error instanceof Unreadable) return { kind: "offline" };
        if (error instanceof ProblemError && error.status < 500) return { kind: "refused", reason: error.message };
        return { kind: "offline" };
      }
    },
    [connection, id],
  );
  const { draft, set, flush, settle, reset, merge } = useAutosave(stored, loaded.etag, save);
  const { value } = draft;
  const { mine } = loaded;
  useEffect(() => {
    if (mine === undefined) return;
    const next = edited(mine, newId);
    setSide(mainSide(next));
    set(next);
    setDone(t("tool.found"));
    // Once: it is what this page begins with.
  }, [mine, set]);
  const isUnsaved = value !== draft.stored;
  const isStuck = draft.trouble !== undefined && draft.trouble.kind !== "refused";
  useEffect(() => {
    if (!isUnsaved) forget(id);
    else if (isStuck) keep(id, { who, version: version.current, value: toDataset(value) });
  }, [id, who, value, isUnsaved, isStuck]);
  // Left for another page of the tool before it was saved: it may not work any more.
  const last = useRef(draft);
  last.current = draft;
  useEffect(
    () => () => {
      const { value, stored } = last.current;
      if (value !== stored) keep(id, { who, version: version.current, value: toDataset(value) });
    },
    [id, who],
  );
  const now = useRef(value);
  now.current = value;
  const change = useCallback((by: (now: Edited) => Edited) => set(by(now.current)), [set]);
  const setHead = useCallback((changes: Parameters<typeof setFields>[2]) => change((now) => setFields(now, side, changes)), [change, side]);

  const findings = useMemo(() => placed(meta.check.findings, checked, side), [meta.check.findings, checked, side]);
  const errors = useMemo(() => {
    const wrong = findings.filter(({ finding }) => finding.severity === "error");
    const isTold = (one: Placed) => attempt > 0 || (touched.has(one.id) && !["missing", "not-chosen"].includes(one.finding.kind));
    return new Map(wrong.filter(isTold).toReversed().map((one) => [one.id, one] as const));
  }, [findings, attempt, touched]);
  const told = useCallback(
    (field: string) => {
      const found = errors.get(field);
      return found === undefined || (found.side !== undefined && found.side !== side) ? undefined : found.finding.text[lang];
    },
    [errors, lang, side],
  );
  const onLeave = useCallback(
    (field: string) => {
      setTouched((touched) => (touched.has(field) ? touched : new Set([...touched, field])));
      flush();
    },
    [flush],
  );
  const filling: Filling = useMemo(() => ({ form, side, sharing: value.sharing, error: told, onLeave }), [form, side, value.sharing, told, onLeave]);
  const errorsOf = useCallback((card: string) => [...errors.values()].filter((one) => one.card === card).length, [errors]);
  const summary = attempt === 0 ? [] : findings.filter(({ finding }) => finding.severity === "error").slice(0, 50);
  const reveal = (field: string) => {
    const found = findings.find((one) => one.id === field);
    if (found?.side !== undefined && found.side !== side) setSide(found.side);
    setRevealed(found?.card === undefined ? undefined : { id: found.card });
  };
  const leadTo = (field: string, card?: string) => {
    setRevealed(card === undefined ? undefined : { id: card });
    requestAnimationFrame(() => {
      const element = document.getElementById(field);
      for (let hider = element?.closest("details"); hider !== null && hider !== undefined; hider = hider.parentElement?.closest("details")) hider.open = true;
      element?.scrollIntoView({ block: "center" });
      element?.focus();
    });
  };

  const reload = useCallback(async () => {
    const { draft, etag } = await readDraft(connection, id);
    tag.current = etag;
    version.current = draft.version;
    setMeta(draft);
  }, [connection, id]);

  // The last publication: what the draft says, and while it goes on what the server hears of it.
  const watched = useQuery({
    queryKey: ["publication", id, meta.publication?.id],
    queryFn: ({ signal }) => readPublication(connection, id, signal),
    enabled: isUnderWay(meta.publication),
    refetchInterval: ({ state }) => (state.data === undefined || isUnderWay(state.data) ? POLL_MS : false),
    refetchIntervalInBackground: true,
    staleTime: 0,
  });
  const publication = watched.data?.id === meta.publication?.id ? (watched.data ?? meta.publication) : meta.publication;
  const ended = publication !== undefined && isUnderWay(meta.publication) && !isUnderWay(publication);
  useEffect(() => {
    if (ended) void reload().then(() => queries.invalidateQueries({ queryKey: ["drafts"] }));
  }, [ended, reload, queries]);
  const { data: known } = useQuery(providers(connection));
  const provider = known?.find((one) => one.id === meta.provider);

  const showErrors = () => {
    setAttempt((attempt) => attempt + 1);
  };
  const latest = useRef(meta);
  latest.current = meta;
  const onPublish = async (isOverwriting = false) => {
    setTrouble(undefined);
    setDone("");
    if (!(await settle())) return;
    // The answer to what was saved last says what is wrong; nothing else checks.
    if (latest.current.check.errors > 0) return showErrors();
    setAttempt(0);
    try {
      const begun = await publish(connection, id, tag.current, isOverwriting);
      setMeta((meta) => ({ ...meta, publication: begun, state: isUnderWay(begun) ? "checking" : meta.state }));
      await reload();
    } catch (error) {
      if (error instanceof ProblemError && error.kind === "draft-not-publishable") {
        await reload();
        return showErrors();
      }
      setTrouble(error);
    }
  };
  const onStop = async () => {
    try {
      await stopPublication(connection, id);
    } catch (error) {
      setTrouble(error);
    }
    await reload().catch(setTrouble);
  };
  const onUndo = async () => {
    if (!(await settle())) return;
    try {
      const back = await undo(connection, id, tag.current);
      tag.current = back.etag;
      version.current = back.draft.version;
      const next = edited(back.draft.dataset, newId);
      setMeta(back.draft);
      setChecked(next);
      setSide(mainSide(next));
      reset(next, back.etag);
      setDone(t("tool.undone"));
    } catch (error) {
      if (error instanceof ProblemError && error.kind === "nothing-to-undo") setDone(error.message);
      else setTrouble(error);
    }
  };
  const onKeepMine = async () => {
    try {
      const other = await create(connection, { provider: meta.provider, dataset: toDataset(value) });
      if (draft.trouble?.kind === "conflict") reset(draft.trouble.theirs, draft.trouble.etag);
      await queries.invalidateQueries({ queryKey: ["drafts"] });
      void navigate(`/datasets/${other.id}`);
    } catch (error) {
      setTrouble(error);
    }
  };

  const fields = value[side]?.fields ?? {};
  const sections = form.sections.filter((section) => !section.of_distribution);
  const [first, ...others] = sections;
  const required = (key: string) => findings.some((one) => one.card === undefined && one.key === key && one.finding.severity === "error");
  const countAt = (is: (one: Placed) => boolean) => [...errors.values()].filter(is).length;
  const entry = (section: (typeof sections)[number]): Entry => ({
    id: `s-${section.group}`,
    title: section.title[lang],
    errors: countAt((one) => one.card === undefined && section.items.some((item) => item.key === one.key)),
    isGood: section.items.every((item) => !required(item.key)) && section.items.some((item) => !isEmpty(fields[item.key])),
  });
  const ofDistributions = countAt((one) => one.card !== undefined || one.id === DISTRIBUTIONS);
  const entries: Entry[] = [
    ...(first === undefined ? [] : [entry(first)]),
    { id: "s-sharing", title: t("tool.sharing"), errors: countAt((one) => one.id === ELSEWHERE), isGood: true },
    {
      id: "s-distributions",
      title: t("tool.distributions", { count: value.cards.length }),
      errors: ofDistributions,
      isGood: value.cards.length > 0 && !findings.some((one) => (one.card !== undefined || one.id === DISTRIBUTIONS) && one.finding.severity === "error"),
    },
    ...others.map(entry),
  ];
  const allItems = form.sections.flatMap((section) => section.items);
  const title = shown(fields.title) || t("tool.untitled");
  const conflict = draft.trouble?.kind === "conflict" ? draft.trouble : undefined;
  return (
    <Page
      title={title}
      above={[{ to: "/datasets", title: t("tool.mine.title") }]}
      hasErrors={summary.length > 0}
      facts={
        <>
          <StateBadge of="dataset" state={meta.state} />
          {meta.has_unpublished_changes && <span className="small">{t("tool.unpublished")}</span>}
          <SaveState draft={draft} version={meta.version} before={meta.saved_at} />
          <button type="button" className="inline-link small" onClick={() => void onUndo()}>
            {t("tool.undo")}
          </button>
          <Link className="small" to={`/datasets/${id}/versions`}>
            {t("tool.versions.title")}
          </Link>
          <span role="status" className="small">
            {done}
          </span>
        </>
      }
    >
      <div className="editor">
        <div className="editor-contents">
          <Contents entries={entries} />
          <Completeness
            check={meta.check}
            label={(key) => allItems.find((item) => item.key === key)?.label[lang] ?? key}
            onLead={(key) => {
              const head = sections.some((section) => section.items.some((item) => item.key === key));
              const card = value.cards.find((card) => isEmpty(card[side]?.fields[key]));
              leadTo(head ? fieldId(undefined, key) : fieldId(card?.id, key), head ? undefined : card?.id);
            }}
          />
        </div>
        <form
          className="form"
          noValidate
          // Enter in a field publishes nothing.
          onSubmit={(event) => event.preventDefault()}
        >
          <ErrorSummary
            attempt={attempt}
            title={t("tool.notYet", { count: summary.length })}
            lines={summary.map((one) => ({ id: one.id, error: one.finding.text[lang] }))}
            reveal={reveal}
          />
          {draft.trouble !== undefined && !isMerging && <SaveTrouble draft={draft} onMerge={() => setMerging(true)} onKeepMine={() => void onKeepMine()} />}
          {conflict !== undefined && isMerging && (
            <Conflict
              form={form}
              base={toDataset(draft.stored)}
              mine={toDataset(value)}
              theirs={toDataset(conflict.theirs)}
              by={conflict.by ?? ""}
              onMerge={(both) => {
                const next = edited(both, newId);
                setSide(mainSide(next));
                version.current = theirs.current;
                merge(next);
                setMerging(false);
              }}
              onKeepMine={() => void onKeepMine()}
            />
          )}
          {publication !== undefined && (
            <p className="narrow-only small">
              <StateBadge of="publishing" state={publication.state} {...(publication.percent === undefined ? {} : { n: publication.percent })} />{" "}
              <a href="#publishing">{t("tool.seeSteps")}</a>
            </p>
          )}
          {value.sharing === "limited" && <SideSwitch side={side} onChange={setSide} />}
          {first !== undefined && <DatasetSection filling={filling} section={first} fields={fields} onSet={setHead} />}
          <Sharing
            value={value}
            error={told(ELSEWHERE)}
            onShare={(sharing) => {
              change((now) => share(now, sharing));
              setSide(mainSide({ sharing }));
            }}
          />
          <Differences value={value} form={form} />
          <Distributions filling={filling} cards={value.cards} isTwofold={value.public !== undefined && value.limited !== undefined} onChange={change} errorsOf={errorsOf} revealed={revealed} error={told(DISTRIBUTIONS)} />
          {others.map((section) => (
            <DatasetSection key={section.group} filling={filling} section={section} fields={fields} onSet={setHead} />
          ))}
          <Ending draft={meta} connection={connection} etag={() => tag.current} settle={settle} onChanged={reload} />
          <div className="form-foot">
            {isUnderWay(publication) ? (
              <span role="status">{t("tool.underWay")}</span>
            ) : (
              <button type="button" className="button primary" onClick={() => void onPublish()}>
                {meta.state === "published" ? t("tool.publishAgain") : t("tool.publish")}
              </button>
            )}
            <span className="small secondary wide-only">{t("tool.stays")}</span>
          </div>
        </form>
        <aside className="stack" aria-label={t("tool.publishing")}>
          <Publishing
            draft={meta}
            check={meta.check}
            publication={publication}
            provider={provider}
            trouble={trouble}
            leadToAddress={(text) => {
              const url = (card: Card) => shown(card[mainSide(value)]?.fields.url);
              const named = value.cards.filter((card) => url(card) !== "" && text.includes(url(card)));
              const card = named.toSorted((a, b) => url(b).length - url(a).length)[0];
              if (card === undefined) return undefined;
              return () => {
                setSide(mainSide(value));
                leadTo(fieldId(card.id, "url"), card.id);
              };
            }}
            leadToPlace={(pointer) => {
              const found = place(pointer, value);
              if (found.side !== undefined && value.sharing === "limited") setSide(found.side);
              leadTo(found.id, found.card);
            }}
            onErrors={showErrors}
            onRetry={() => void onPublish()}
            onOverwrite={() => void onPublish(true)}
            onStop={() => void onStop()}
          />
          {watched.isError && <Failed title={t("tool.watchFailed")} error={watched.error} level={3} onRetry={() => void watched.refetch()} />}
        </aside>
      </div>
    </Page>
  );
}
