import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { matching } from "../../shared/form/fold";
import type { Form, Kind } from "../api";
import { codes, lines, several, shown } from "./values";

const form: Form = JSON.parse(readFileSync(join(import.meta.dirname, "../../../../docs/reference/catalog-form.json"), "utf8"));

it.each([
  [undefined, ""],
  ["x", "x"],
  [10700, "10700"],
  [["a", "b"], "a\nb"],
  [{ effectivePeriodOfDataType: "startEndDate", date: { startDate: "2026-04-01", endDate: "2027-03-31" } }, "2026-04-01 〜 2027-03-31"],
  [{ effectivePeriodOfDataType: "startEndDate", date: { startDate: "2026-04-01" } }, "2026-04-01 〜"],
  [{ expirationPeriodType: "endDate", endDate: "2027-03-31" }, "2027-03-31"],
  [{ other: 1 }, '{\n  "other": 1\n}'],
])("%j is shown as %s", (value, text) => {
  expect(shown(value)).toBe(text);
});

it("has a line for each of several", () => {
  expect(lines(" a \r\n\n b")).toEqual(["a", "b"]);
  expect([several(undefined), several("a"), several(["a", "b"])]).toEqual([[], ["a"], ["a", "b"]]);
});

describe("the form that the server describes", () => {
  const items = form.sections.flatMap((section) => section.items);
  const KINDS: Record<Kind, true> = { line: true, prose: true, date: true, url: true, url_or_text: true, tags: true, bytes: true, media_type: true, effective_period: true, licence_period: true, geo_json: true, data_model: true };

  it("has no kind of value that no field is for, and no list that isn't there", () => {
    expect(items.length).toBeGreaterThan(60);
    for (const item of items) {
      expect(KINDS, item.key).toHaveProperty(item.kind);
      if (item.list !== undefined) expect(form.lists, item.key).toHaveProperty([item.list]);
    }
  });

  it.each([
    ["6-4", "権利放棄", "CC0"],
    ["6-4", "けんりほうき", "CC0"],
    ["6-4", "waived", "CC0"],
    ["6-1", "jpn", "ja"],
  ])("finds in %s by %s", (list, text, value) => {
    for (const lang of ["ja", "en"] as const) expect(matching(codes(form.lists[list]!, lang), text)[0]?.value).toBe(value);
  });

  it("names a code once", () => {
    const named = codes(form.lists["6-4"]!, "ja").map((code) => code.label);
    expect(named[0]).toBe("クリエイティブ・コモンズ 表示 4.0（CC BY 4.0）");
    expect(named).toContain("CC0（権利放棄）");
  });
});
