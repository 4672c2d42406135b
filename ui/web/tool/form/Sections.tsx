import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useLang } from "../../shared/texts/useLang";
import type { Case, Form, Item, Section } from "../api";
import { type Edited, type Fields, isEmpty, type Side } from "./dataset";
import { fieldId } from "./findings";
import { ItemField } from "./ItemField";
import { shown } from "./values";

export interface Filling {
  form: Form;
  side: Side;
  sharing: Edited["sharing"];
  /** The error that stands at a field. */
  error: (id: string) => string | undefined;
  onLeave: (id: string) => void;
}

export function caseOf(sharing: Edited["sharing"], side: Side): Case {
  if (side === "limited") return "limited";
  return sharing === "open" ? "open" : "limited_public";
}

export function isAsked(item: Item, of: Case): boolean {
  return item.obligation[of] === "required" || item.obligation[of] === "needed";
}

/** Whether the item is set with another one, and says what that one does. */
function isSet(form: Form, items: readonly Item[], item: Item, fields: Fields): boolean {
  const setter = items.find((one) => one.key === item.set_by);
  if (setter === undefined) return false;
  const chosen = shown(fields[setter.key]);
  const value = shown(fields[item.key]);
  const code = form.lists[setter.list ?? ""]?.codes.find((one) => one.value === chosen);
  return code === undefined ? chosen === "" && value === "" : value === "" || value === (code.url ?? "");
}

/** The items of a section that are shown: not those that the case leaves out, nor those that go without saying. */
export function shownItems(filling: Filling, section: Section, fields: Fields, card?: string): Item[] {
  const of = caseOf(filling.sharing, filling.side);
  return section.items.filter((item) => {
    if (filling.error(fieldId(card, item.key)) !== undefined) return true;
    if (item.obligation[of] === "not_set" && isEmpty(fields[item.key])) return false;
    return !isSet(filling.form, section.items, item, fields);
  });
}

/** The fields of a section: of the dataset, or of the distribution `card`. */
export function Items(props: { filling: Filling; section: Section; fields: Fields; card?: string; onSet: (changes: Fields) => void }) {
  const { filling, section, fields, card } = props;
  const of = caseOf(filling.sharing, filling.side);
  return (
    <>
      {shownItems(filling, section, fields, card).map((item) => {
        const id = fieldId(card, item.key);
        return (
          <ItemField
            key={`${filling.side} ${item.key}`}
            id={id}
            item={item}
            list={item.list === undefined ? undefined : filling.form.lists[item.list]}
            value={fields[item.key]}
            required={isAsked(item, of)}
            error={filling.error(id)}
            onSet={props.onSet}
            onLeave={filling.onLeave}
          />
        );
      })}
    </>
  );
}

/** How many of a section's items say something. */
export function filled(items: readonly Item[], fields: Fields): number {
  return items.filter((item) => !isEmpty(fields[item.key])).length;
}

/** A section of the dataset. One in which nothing is asked for is folded, with its number. */
export function DatasetSection(props: { filling: Filling; section: Section; fields: Fields; onSet: (changes: Fields) => void }) {
  const { t } = useTranslation();
  const lang = useLang();
  const { filling, section, fields } = props;
  const of = caseOf(filling.sharing, filling.side);
  const items = shownItems(filling, section, fields);
  const isNeeded = items.some((item) => isAsked(item, of));
  const id = `s-${section.group}`;
  const body = <Items {...props} />;
  if (isNeeded) {
    return (
      <section className="section" id={id} tabIndex={-1} aria-labelledby={`${id}-title`}>
        <h2 id={`${id}-title`}>{section.title[lang]}</h2>
        <p className="hint">{section.hint[lang]}</p>
        {body}
      </section>
    );
  }
  const hasError = items.some((item) => filling.error(fieldId(undefined, item.key)) !== undefined);
  return (
    <Folded id={id} title={section.title[lang]} level={2} summary={t("tool.filledOf", { count: items.length, filled: filled(items, fields) })} isOpen={hasError}>
      <p className="hint">{section.hint[lang]}</p>
      {body}
    </Folded>
  );
}

/** A part that is folded until somebody wants it. */
export function Folded(props: { id: string; title: string; level: 2 | 4; summary: string; isOpen: boolean; children: ReactNode }) {
  const Heading = `h${props.level}` as const;
  // React leaves `open` alone while it says the same; people fold and unfold.
  const open = useMemo(() => (props.isOpen ? { open: true } : {}), [props.isOpen]);
  return (
    <details className={props.level === 2 ? "section folded" : "folded"} id={props.id} {...open}>
      <summary>
        <Heading>{props.title}</Heading>
        <span className="small secondary">{props.summary}</span>
      </summary>
      {props.children}
    </details>
  );
}
