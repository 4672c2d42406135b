import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Groups } from "../../shared/form/Groups";
import { size } from "../../shared/size";
import { useLang } from "../../shared/texts/useLang";
import { type Card, copyOf, type Edited, type Fields, isEmpty, newCard, setCard, SIDES } from "./dataset";
import { DISTRIBUTIONS } from "./findings";
import { filled, type Filling, Folded, Items, shownItems } from "./Sections";
import { shown } from "./values";

interface Props {
  filling: Filling;
  cards: readonly Card[];
  /** Whether there are two views. */
  isTwofold: boolean;
  onChange: (change: (now: Edited) => Edited) => void;
  errorsOf: (card: string) => number;
  revealed: { id: string } | undefined;
  error: string | undefined;
}

/** The distributions of the dataset, each a card. There may be a thousand, and what is written elsewhere is none of their business. */
export const Distributions = memo(function Distributions(props: Props) {
  const { t } = useTranslation();
  const lang = useLang();
  const { filling, cards } = props;
  const { side } = filling;
  const sections = filling.form.sections.filter((section) => section.of_distribution);
  const fieldsOf = (card: Card): Fields => card[side]?.fields ?? {};
  const suggested = Object.fromEntries(sections.flatMap((section) => section.items.flatMap((item) => (item.suggested === undefined ? [] : [[item.key, item.suggested]]))));
  return (
    <section className="section" id="s-distributions" tabIndex={-1} aria-labelledby="s-distributions-title">
      <h2 id="s-distributions-title">{t("tool.distributions", { count: cards.length })}</h2>
      <p className="hint">{t("tool.distributionsHint")}</p>
      {props.error !== undefined && (
        <p className="error" id="distributions-error">
          {props.error}
        </p>
      )}
      <Groups<Card>
        items={cards}
        onChange={(cards) => props.onChange((now) => ({ ...now, cards }))}
        name={(n) => t("tool.distribution", { n })}
        title={(card) => shown(fieldsOf(card).name) || t("tool.unnamed")}
        summary={(card) => <Summary fields={fieldsOf(card)} />}
        errors={(card) => props.errorsOf(card.id)}
        create={() => newCard(props.isTwofold ? SIDES : [side], suggested)}
        copy={copyOf}
        addLabel={t("tool.add")}
        addId={DISTRIBUTIONS}
        revealed={props.revealed}
      >
        {(card) => {
          const fields = fieldsOf(card);
          const onSet = (changes: Fields) => props.onChange((now) => setCard(now, card.id, side, changes));
          return sections.map((section) => {
            const items = shownItems(filling, section, fields, card.id);
            if (section.only_for !== undefined && fields.caddec_resource_type !== section.only_for && items.every((item) => isEmpty(fields[item.key]))) return null;
            const body = <Items key={section.group} filling={filling} section={section} fields={fields} card={card.id} onSet={onSet} />;
            if (!section.folded) return body;
            return (
              <Folded
                key={section.group}
                id={`s-${card.id}-${section.group}`}
                title={section.title[lang]}
                level={4}
                summary={t("tool.filledOf", { count: items.length, filled: filled(items, fields) })}
                isOpen={items.some((item) => filling.error(`f-${card.id}-${item.key}`) !== undefined)}
              >
                <p className="hint">{section.hint[lang]}</p>
                {body}
              </Folded>
            );
          });
        }}
      </Groups>
    </section>
  );
});

function Summary({ fields }: { fields: Fields }) {
  const format = shown(fields.format) || (shown(fields.mime_type).split("/").pop() ?? "");
  const bytes = Number(shown(fields.size) || "x");
  return (
    <>
      {format !== "" && <span className="tag">{format}</span>}
      {Number.isFinite(bytes) && <span className="small secondary">{size(bytes)}</span>}
    </>
  );
}
