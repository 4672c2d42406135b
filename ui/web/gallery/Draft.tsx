import { useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Outcome } from "../shared/form/autosave";
import { TextField } from "../shared/form/Field";
import { Groups } from "../shared/form/Groups";
import { SaveState, SaveTrouble } from "../shared/form/SaveState";
import { useAutosave } from "../shared/form/useAutosave";
import { Page } from "../shared/shell/page";
import { StateBadge } from "../shared/states/StateBadge";

interface Distribution {
  id: string;
  name: string;
  url: string;
}

interface Dataset {
  title: string;
  distributions: readonly Distribution[];
}

const STORED: Dataset = {
  title: "七尾市 開設避難所一覧",
  distributions: [
    { id: "1", name: "1月9日 18時時点", url: "http://data.a.example/1.csv" },
    { id: "2", name: "1月16日 18時時点", url: "" },
    { id: "3", name: "2月1日 6時時点", url: "http://data.a.example/3.csv" },
  ],
};

const OUTCOMES = ["saved", "conflict", "offline", "signedOut", "refused"] as const;

/** A form that saves itself, with a server that answers as one wants. */
export function Draft() {
  const { t } = useTranslation();
  const answer = useRef<(typeof OUTCOMES)[number]>("saved");
  const [chosen, setChosen] = useState(answer.current);
  const [version, setVersion] = useState(7);
  const save = useCallback(
    async (): Promise<Outcome<Dataset>> => {
      switch (answer.current) {
        case "saved":
          setVersion((version) => version + 1);
          return { kind: "saved", etag: '"8"', at: new Date() };
        case "conflict":
          return { kind: "conflict", theirs: { ...STORED, title: "七尾市 避難所" }, etag: '"9"', by: "防災課 05" };
        case "offline":
          return { kind: "offline" };
        case "signedOut":
          return { kind: "signed-out" };
        case "refused":
          return { kind: "refused", reason: t("gallery.refusedReason") };
      }
    },
    [t],
  );
  const { draft, set, flush, merge } = useAutosave(STORED, '"7"', save);
  const { value } = draft;
  const distribution = (id: string, change: Partial<Distribution>) =>
    set({ ...value, distributions: value.distributions.map((one) => (one.id === id ? { ...one, ...change } : one)) });
  const error = (one: Distribution) => (one.url === "" ? t("gallery.addressError") : undefined);
  return (
    <Page
      title={t("gallery.draft")}
      facts={
        <>
          <StateBadge of="dataset" state="draft" />
          <SaveState draft={draft} version={version} />
        </>
      }
    >
      <div className="stack form">
        <p className="secondary">{t("gallery.draftIntro")}</p>
        <SaveTrouble draft={draft} onMerge={() => merge(value)} onKeepMine={() => merge(value)} />
        <TextField id="title" label={t("gallery.title")} required value={value.title} onChange={(title) => set({ ...value, title })} onLeave={flush} />
        <section aria-labelledby="list">
          <h2 id="list">{t("gallery.list")}</h2>
          <Groups
            items={value.distributions}
            onChange={(distributions) => set({ ...value, distributions })}
            name={(n) => t("gallery.distribution", { n })}
            title={(one) => one.name}
            summary={(one) => <StateBadge of="source" state={one.url === "" ? "no-answer" : "answers"} />}
            errors={(one) => (error(one) === undefined ? 0 : 1)}
            create={() => ({ name: "", url: "http://data.a.example/" })}
            addLabel={t("gallery.add")}
          >
            {(one) => (
              <>
                <TextField id={`${one.id}-name`} label={t("gallery.distributionName")} required value={one.name} onChange={(name) => distribution(one.id, { name })} onLeave={flush} />
                <TextField id={`${one.id}-url`} label={t("gallery.address")} required mono type="url" error={error(one)} value={one.url} onChange={(url) => distribution(one.id, { url })} onLeave={flush} />
              </>
            )}
          </Groups>
        </section>
        <div className="form-foot">
          <div className="segments" role="group" aria-label={t("gallery.outcome")}>
            {OUTCOMES.map((outcome) => (
              <button
                key={outcome}
                type="button"
                aria-pressed={chosen === outcome}
                onClick={() => {
                  answer.current = outcome;
                  setChosen(outcome);
                }}
              >
                {t(`gallery.outcomes.${outcome}`)}
              </button>
            ))}
          </div>
        </div>
      </div>
    </Page>
  );
}
