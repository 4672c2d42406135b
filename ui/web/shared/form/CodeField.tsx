import { Combobox, useCombobox } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { described, Field, type FieldProps } from "./Field";
import { type Code, fold, matching } from "./fold";

/** More are searched for rather than looked through. */
const SHOWN = 50;

/** A value of a long list, searched by name, reading or code. A value that is not on the list stays, and is marked. */
export function CodeField(
  props: FieldProps & {
    value: string;
    onChange: (value: string) => void;
    onLeave?: (() => void) | undefined;
    codes: readonly Code[];
    /** Whether what is written counts where it is on no list. */
    isFree?: boolean;
  },
) {
  const { t } = useTranslation();
  const [search, setSearch] = useState<string>();
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const known = props.codes.find((code) => code.value === props.value);
  const shown = known?.label ?? (props.value === "" ? "" : t("form.unknownValue", { value: props.value }));
  const found = matching(props.codes, search ?? "");
  const close = () => {
    box.closeDropdown();
    setSearch(undefined);
  };
  return (
    <Field {...props}>
      <Combobox
        store={box}
        withinPortal={false}
        onOptionSubmit={(value) => {
          props.onChange(value);
          close();
        }}
      >
        <Combobox.Target withExpandedAttribute>
          <input
            {...described(props)}
            className="input"
            role="combobox"
            aria-autocomplete="list"
            value={search ?? shown}
            onChange={(event) => {
              setSearch(event.currentTarget.value);
              // Emptied on purpose: nothing is chosen any more.
              if (event.currentTarget.value === "") props.onChange("");
              box.openDropdown();
              box.updateSelectedOptionIndex();
            }}
            onClick={() => box.openDropdown()}
            onBlur={() => {
              const written = search?.trim() ?? "";
              // Written out instead of chosen: the entry of that name, else the text itself.
              if (written !== "") {
                const exact = props.codes.find((code) => [code.label, code.value, ...(code.words ?? [])].some((word) => fold(word) === fold(written)));
                if (exact !== undefined) props.onChange(exact.value);
                else if (props.isFree === true) props.onChange(written);
              }
              close();
              props.onLeave?.();
            }}
          />
        </Combobox.Target>
        <Combobox.Dropdown>
          <Combobox.Options aria-label={props.label} mah={320} style={{ overflowY: "auto" }}>
            {found.slice(0, SHOWN).map((code) => (
              <Combobox.Option key={code.value} value={code.value} active={code.value === props.value}>
                {code.label}
              </Combobox.Option>
            ))}
            {found.length === 0 && <Combobox.Empty>{t("form.noMatch")}</Combobox.Empty>}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      <span role="status" className="spoken">
        {box.dropdownOpened && t("form.matches", { count: found.length })}
      </span>
    </Field>
  );
}
