// Parts of forms: label with 必須 or 任意, then the hint, the field, its error. No placeholders, nothing disabled, nothing read-only.

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "../icons/Icon";

export interface FieldProps {
  /** Unique on the page; the summary of errors leads to it. */
  id: string;
  label: string;
  hint?: ReactNode;
  /** Whether something has to be entered; where it goes without saying, neither word is shown. */
  required?: boolean | undefined;
  error?: string | undefined;
}

interface Described {
  id: string;
  "aria-invalid"?: true;
  "aria-describedby"?: string;
  "aria-required"?: true;
}

/** What the field itself has to carry so that it is read with its label, hint and error. */
export function described(props: FieldProps): Described {
  const by = [props.hint !== undefined && `${props.id}-hint`, props.error !== undefined && `${props.id}-error`].filter(Boolean);
  return {
    id: props.id,
    ...(props.error === undefined ? {} : { "aria-invalid": true }),
    ...(by.length === 0 ? {} : { "aria-describedby": by.join(" ") }),
    ...(props.required === true ? { "aria-required": true } : {}),
  };
}

export function Field(props: FieldProps & { children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={props.id}>
        {props.label}
        <Needed required={props.required} />
      </label>
      <Hint {...props} />
      {props.children}
      <FieldError {...props} />
    </div>
  );
}

export function Needed({ required }: { required?: boolean | undefined }) {
  const { t } = useTranslation();
  if (required === undefined) return null;
  return <span className={required ? "required" : "optional"}>{required ? t("form.required") : t("form.optional")}</span>;
}

export function Hint({ id, hint }: FieldProps) {
  if (hint === undefined) return null;
  return (
    <p className="hint" id={`${id}-hint`}>
      {hint}
    </p>
  );
}

export function FieldError({ id, error }: FieldProps) {
  if (error === undefined) return null;
  return (
    <p className="error" id={`${id}-error`}>
      <Icon name="alert" />
      <span>{error}</span>
    </p>
  );
}

interface Entered {
  value: string;
  onChange: (value: string) => void;
  /** On leaving it. */
  onLeave?: (() => void) | undefined;
}

export function TextField(
  props: FieldProps & Entered & { mono?: boolean; type?: "text" | "search" | "url" | "email" | "tel"; inputMode?: "numeric" },
) {
  return (
    <Field {...props}>
      <input
        {...described(props)}
        className={props.mono === true ? "input mono" : "input"}
        type={props.type === "url" ? "text" : (props.type ?? "text")}
        inputMode={props.type === "url" ? "url" : props.inputMode}
        {...(props.mono === true ? { spellCheck: false, autoCapitalize: "none" } : {})}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
        onBlur={props.onLeave}
      />
    </Field>
  );
}

export function TextArea(props: FieldProps & Entered & { rows?: number; mono?: boolean }) {
  return (
    <Field {...props}>
      <textarea
        {...described(props)}
        className={props.mono === true ? "input mono" : "input"}
        {...(props.mono === true ? { spellCheck: false } : {})}
        rows={props.rows ?? 4}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
        onBlur={props.onLeave}
      />
    </Field>
  );
}

export interface Option {
  value: string;
  label: string;
}

/** A list of at most seven entries; longer ones are searched: `CodeField`. A value that is not on it stays, and is marked. */
export function SelectField(props: FieldProps & Entered & { options: readonly Option[]; mayBeEmpty?: boolean }) {
  const { t } = useTranslation();
  const isKnown = props.value === "" || props.options.some((option) => option.value === props.value);
  return (
    <Field {...props}>
      <select
        {...described(props)}
        className="input"
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
        onBlur={props.onLeave}
      >
        {(props.value === "" || props.mayBeEmpty === true) && <option value="">{t("form.choose")}</option>}
        {!isKnown && <option value={props.value}>{t("form.unknownValue", { value: props.value })}</option>}
        {props.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** One of a few, each with what it means. */
export function Choice(
  props: Omit<FieldProps, "hint"> & {
    value: string;
    onChange: (value: string) => void;
    options: readonly (Option & { meaning?: string })[];
  },
) {
  return (
    <fieldset className="field" aria-describedby={props.error === undefined ? undefined : `${props.id}-error`}>
      <legend>
        {props.label}
        <Needed required={props.required} />
      </legend>
      {props.options.map((option, at) => {
        // The summary of errors leads to the first one.
        const id = at === 0 ? props.id : `${props.id}-${option.value}`;
        return (
          <div className="choice" key={option.value}>
            <input
              type="radio"
              id={id}
              name={props.id}
              value={option.value}
              checked={props.value === option.value}
              onChange={() => props.onChange(option.value)}
              aria-describedby={option.meaning === undefined ? undefined : `${id}-meaning`}
            />
            <span>
              <label htmlFor={id}>
                <b>{option.label}</b>
              </label>
              {option.meaning !== undefined && (
                <span className="small secondary" id={`${id}-meaning`}>
                  {option.meaning}
                </span>
              )}
            </span>
          </div>
        );
      })}
      <FieldError {...props} />
    </fieldset>
  );
}
