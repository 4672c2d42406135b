// How values of items stand in fields of the form. Pure.

import type { List } from "../api";
import type { Code } from "../../shared/form/fold";
import type { Lang } from "../../shared/facts";
import type { Json } from "./dataset";

/** A value as the text that a field shows. Shapes that no text says stay JSON. */
export function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.map(shown).join("\n");
  return period(value) ?? JSON.stringify(value, undefined, 2);
}

/** A period as one would write it, which the server reads: 2026-04-01 〜 2027-03-31. */
function period(value: { [key: string]: Json }): string | undefined {
  const { date, endDate } = value;
  if (value.effectivePeriodOfDataType === "startEndDate" && typeof date === "object" && date !== null && !Array.isArray(date)) {
    return `${shown(date.startDate)} 〜 ${shown(date.endDate)}`.trim();
  }
  if (value.expirationPeriodType === "endDate" && typeof endDate === "string") return endDate;
  return undefined;
}

/** Lines of a text, as an item that takes several has them. */
export function lines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** What an item that takes several says now. */
export function several(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.map(shown);
  const one = shown(value);
  return one === "" ? [] : [one];
}

/** Entries of a list for a search by name, reading or code. */
export function codes(list: List, lang: Lang): Code[] {
  const all = list.codes.map((code) => ({
    value: code.value,
    label: label(code.value, code.name[lang]),
    words: [code.name.ja, code.name.en, code.kana, ...code.aliases],
  }));
  return [...all, ...list.also.map((value) => ({ value, label: value }))];
}

/** The name, with the value behind it where that says more: クリエイティブ・コモンズ 表示 4.0（CC BY 4.0）. */
function label(value: string, name: string): string {
  return name.includes(value) || /^https?:/.test(value) || value.length > 24 || /[ぁ-んァ-ヶ一-龠]/.test(value) ? name : `${name}（${value}）`;
}
