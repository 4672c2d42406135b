import { useTranslation } from "react-i18next";
import { Choice } from "../../shared/form/Field";
import { useLang } from "../../shared/texts/useLang";
import type { Form } from "../api";
import { differences, type Edited, type Json, type Side, SIDES } from "./dataset";
import { ELSEWHERE } from "./findings";
import { shown } from "./values";

/** Who may get it, and in which of the two views one writes. */
export function Sharing(props: { value: Edited; error: string | undefined; onShare: (sharing: Edited["sharing"]) => void }) {
  const { t } = useTranslation();
  return (
    <section className="section" id="s-sharing" tabIndex={-1} aria-labelledby="s-sharing-title">
      <h2 id="s-sharing-title">{t("tool.sharing")}</h2>
      <p className="hint">{t("tool.sharingHint")}</p>
      <Choice
        id={ELSEWHERE}
        label={t("tool.who")}
        required
        error={props.error}
        value={props.value.sharing}
        onChange={(value) => props.onShare(value === "open" ? "open" : "limited")}
        options={[
          { value: "open", label: t("tool.open"), meaning: t("tool.openText") },
          { value: "limited", label: t("tool.limited"), meaning: t("tool.limitedText") },
        ]}
      />
    </section>
  );
}

/** Which of the two views the fields show. */
export function SideSwitch({ side, onChange }: { side: Side; onChange: (side: Side) => void }) {
  const { t } = useTranslation();
  return (
    <div className="side-switch">
      <div className="segments" role="group" aria-label={t("tool.side")}>
        {SIDES.toReversed().map((one) => (
          <button key={one} type="button" aria-pressed={one === side} onClick={() => onChange(one)}>
            {t(`tool.sides.${one}`)}
          </button>
        ))}
      </div>
      <p className="small secondary">{side === "limited" ? t("tool.limitedSide") : t("tool.publicSide")}</p>
    </div>
  );
}

const SHOWN = 160;

/** What everybody sees, beside what is seen with a grant: only what differs. */
export function Differences({ value, form }: { value: Edited; form: Form }) {
  const { t } = useTranslation();
  const lang = useLang();
  if (value.sharing !== "limited" || value.public === undefined) return null;
  const { differing, alike } = differences(value);
  const items = form.sections.flatMap((section) => section.items.map((item) => ({ item, ofDistribution: section.of_distribution })));
  const label = (key: string, ofDistribution: boolean) => items.find((one) => one.item.key === key && one.ofDistribution === ofDistribution)?.item.label[lang] ?? key;
  const cell = (said: Json | undefined) => {
    const text = shown(said);
    if (text === "") return <span className="secondary">{t("tool.leftOut")}</span>;
    return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  };
  return (
    <section className="card flush" aria-labelledby="differences">
      <div className="caption">
        <h3 id="differences">{t("tool.differences")}</h3>
        <span className="small secondary">{t("tool.alike", { count: differing.length, alike })}</span>
      </div>
      {differing.length > 0 && (
        <table className="dense blocks">
          <thead>
            <tr>
              <th scope="col">{t("tool.item")}</th>
              <th scope="col">{t("tool.sides.public")}</th>
              <th scope="col">{t("tool.sides.limited")}</th>
            </tr>
          </thead>
          <tbody>
            {differing.slice(0, 50).map((one) => {
              const n = value.cards.findIndex((card) => card.id === one.card) + 1;
              return (
                <tr key={`${one.card} ${one.key}`}>
                  <th scope="row">
                    {n > 0 && <span className="secondary">{t("tool.distribution", { n })} </span>}
                    {label(one.key, n > 0)}
                  </th>
                  <td data-label={t("tool.sides.public")}>{cell(one.public)}</td>
                  <td data-label={t("tool.sides.limited")}>{cell(one.limited)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}
