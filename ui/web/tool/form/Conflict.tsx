import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLang } from "../../shared/texts/useLang";
import type { Form } from "../api";
import type { Dataset, Json } from "./dataset";
import { type Clash, DISTRIBUTIONS, merge, SHARING } from "./merge";
import { shown } from "./values";

/** What both changed, with a choice for each; the rest comes together by itself. */
export function Conflict(props: { form: Form; base: Dataset; mine: Dataset; theirs: Dataset; by: string; onMerge: (value: Dataset) => void; onKeepMine: () => void }) {
  const { t } = useTranslation();
  const lang = useLang();
  const { base, mine, theirs } = props;
  const merged = useMemo(() => merge(base, mine, theirs), [base, mine, theirs]);
  const [chosen, setChosen] = useState<Readonly<Record<string, boolean>>>({});
  const name = (clash: Clash) => `${clash.side ?? ""} ${clash.key}`;
  const isMine = (clash: Clash) => chosen[name(clash)] !== false;
  const items = props.form.sections.filter((section) => !section.of_distribution).flatMap((section) => section.items);
  const label = (clash: Clash) => {
    const what =
      clash.key === SHARING
        ? t("tool.sharing")
        : clash.key === DISTRIBUTIONS
          ? t("tool.theDistributions")
          : (items.find((item) => item.key === clash.key)?.label[lang] ?? clash.key);
    return clash.side === undefined || mine.sharing === "open" ? what : t("tool.ofSide", { what, side: t(`tool.sides.${clash.side}`) });
  };
  const text = (clash: Clash, value: Json | undefined) => {
    if (clash.key === DISTRIBUTIONS) return t("tool.count", { count: Array.isArray(value) ? value.length : 0 });
    if (clash.key === SHARING) return value === "limited" ? t("tool.limited") : t("tool.open");
    return shown(value) || t("table.empty");
  };
  return (
    <section className="card stack" aria-labelledby="conflict">
      <h2 id="conflict">{t("tool.merge")}</h2>
      <p className="small">{t("tool.taken", { count: merged.taken })}</p>
      {merged.clashes.map((clash) => (
        <fieldset key={name(clash)}>
          <legend>{label(clash)}</legend>
          {[true, false].map((mine) => (
            <div className="choice" key={String(mine)}>
              <input
                type="radio"
                name={`clash ${name(clash)}`}
                id={`clash-${name(clash)}-${mine}`}
                checked={isMine(clash) === mine}
                onChange={() => setChosen({ ...chosen, [name(clash)]: mine })}
              />
              <label htmlFor={`clash-${name(clash)}-${mine}`}>
                <b>{mine ? t("tool.own") : t("tool.theirs", { who: props.by })}</b> <span className="lines">{text(clash, mine ? clash.mine : clash.theirs)}</span>
              </label>
            </div>
          ))}
        </fieldset>
      ))}
      <div className="row">
        <button type="button" className="button primary" onClick={() => props.onMerge(merged.result(isMine))}>
          {t("tool.mergeDo")}
        </button>
        <button type="button" className="button plain" onClick={props.onKeepMine}>
          {t("save.keepMine")}
        </button>
      </div>
    </section>
  );
}
