import { memo, useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { CodeField } from "../../shared/form/CodeField";
import { FieldError, Hint, Needed, SelectField, TextArea, TextField } from "../../shared/form/Field";
import { Icon } from "../../shared/icons/Icon";
import { useLang } from "../../shared/texts/useLang";
import type { Item, List } from "../api";
import type { Fields, Json } from "./dataset";
import { codes, lines, several, shown } from "./values";

/** Lists of at most so many are looked through, longer ones searched. */
const LOOKED_THROUGH = 7;

export interface ItemFieldProps {
  item: Item;
  list: List | undefined;
  id: string;
  value: Json | undefined;
  required: boolean | undefined;
  error: string | undefined;
  onSet: (changes: Fields) => void;
  onLeave: (id: string) => void;
}

/** One item of the form, as what it takes asks for. */
export const ItemField = memo(function ItemField(props: ItemFieldProps) {
  const lang = useLang();
  const { item, list, id, onSet } = props;
  const common = {
    id,
    label: item.label[lang],
    hint: item.help[lang],
    required: props.required,
    error: props.error,
    onLeave: () => props.onLeave(id),
  };
  const set = (value: Json) => onSet({ [item.key]: value });
  if (list !== undefined && item.many) return <ManyCodes {...common} list={list} value={several(props.value)} onChange={set} />;
  if (list !== undefined) {
    const choose = (value: string) => {
      const code = list.codes.find((one) => one.value === value);
      onSet({ [item.key]: value, ...(item.sets !== undefined && code?.url !== undefined ? { [item.sets]: code.url } : {}) });
    };
    const all = codes(list, lang);
    if (all.length <= LOOKED_THROUGH && !list.other) {
      return <SelectField {...common} value={shown(props.value)} onChange={choose} options={all} mayBeEmpty={props.required !== true} />;
    }
    return <CodeField {...common} value={shown(props.value)} onChange={choose} codes={all} isFree={!list.closed} />;
  }
  if (item.many) return <Lines {...common} value={several(props.value)} onChange={set} />;
  switch (item.kind) {
    case "prose":
      return <TextArea {...common} value={shown(props.value)} onChange={set} />;
    case "geo_json":
    case "data_model":
      return <TextArea {...common} value={shown(props.value)} onChange={set} mono />;
    case "url":
      return <TextField {...common} value={shown(props.value)} onChange={set} mono type="url" />;
    case "bytes":
      return <TextField {...common} value={shown(props.value)} onChange={set} inputMode="numeric" />;
    default:
      return <TextField {...common} value={shown(props.value)} onChange={set} />;
  }
});

interface ManyProps {
  id: string;
  label: string;
  hint: string;
  required: boolean | undefined;
  error: string | undefined;
  value: readonly string[];
  onChange: (value: string[]) => void;
  onLeave: () => void;
}

/** Several texts: one a line. What is being written keeps its blanks and empty lines. */
function Lines(props: ManyProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(() => props.value.join("\n"));
  const value = props.value.join("\n");
  useEffect(() => {
    // Changed by something else than this field: a step back, another view.
    if (value !== lines(text).join("\n")) setText(value);
  }, [value, text]);
  return (
    <TextArea
      {...props}
      hint={`${props.hint} ${t("tool.oneALine")}`}
      rows={2}
      value={text}
      onChange={(next) => {
        setText(next);
        props.onChange(lines(next));
      }}
    />
  );
}

/** Several values of a list: boxes where it is short, else those that were chosen, and a search for the next. */
function ManyCodes(props: ManyProps & { list: List }) {
  const { t } = useTranslation();
  const lang = useLang();
  const group = useId();
  const all = codes(props.list, lang);
  const name = (value: string) => all.find((code) => code.value === value)?.label ?? t("form.unknownValue", { value });
  if (all.length <= LOOKED_THROUGH && !props.list.other) {
    const unknown = props.value.filter((value) => !all.some((code) => code.value === value));
    return (
      <fieldset className="field" aria-describedby={`${props.id}-hint${props.error === undefined ? "" : ` ${props.id}-error`}`}>
        <legend>
          {props.label}
          <Needed required={props.required} />
        </legend>
        <Hint {...props} />
        {[...all.map((code) => code.value), ...unknown].map((value, at) => (
          <div className="choice" key={value}>
            <input
              type="checkbox"
              id={at === 0 ? props.id : `${group}-${at}`}
              checked={props.value.includes(value)}
              onChange={(event) => props.onChange(event.currentTarget.checked ? [...props.value, value] : props.value.filter((one) => one !== value))}
              onBlur={props.onLeave}
            />
            <label htmlFor={at === 0 ? props.id : `${group}-${at}`}>{name(value)}</label>
          </div>
        ))}
        <FieldError {...props} />
      </fieldset>
    );
  }
  return (
    <div className="field">
      <CodeField
        {...props}
        isFree={!props.list.closed}
        value=""
        codes={all.filter((code) => !props.value.includes(code.value))}
        onChange={(value) => value !== "" && !props.value.includes(value) && props.onChange([...props.value, value])}
      />
      {props.value.length > 0 && (
        <ul className="chosen" aria-label={t("tool.chosen", { what: props.label })}>
          {props.value.map((value) => (
            <li key={value}>
              <button type="button" className="button plain small" onClick={() => props.onChange(props.value.filter((one) => one !== value))}>
                {name(value)}
                <span className="spoken">{t("tool.takeAway")}</span>
                <Icon name="x" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
