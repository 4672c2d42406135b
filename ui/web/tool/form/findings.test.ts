import { expect, it } from "vitest";
import type { Finding } from "../api";
import type { Edited } from "./dataset";
import { place, placed } from "./findings";

const NOW: Edited = {
  sharing: "limited",
  public: { fields: { title: "x", notes: "a" } },
  limited: { fields: { title: "x", notes: "b" } },
  cards: [
    { id: "c1", limited: { fields: {} } },
    { id: "c2", public: { fields: {} }, limited: { fields: {} } },
  ],
};
const finding = (pointer: string, kind = "missing"): Finding => ({ severity: "error", kind, item: null, pointer, text: { ja: "", en: "" } });

it.each([
  ["/public/fields/title", "f-title", "public", undefined],
  ["/limited/fields/tags/1", "f-tags", "limited", undefined],
  ["/public/distributions/0/fields/url", "f-c2-url", "public", "c2"],
  ["/limited/distributions/0/fields/url", "f-c1-url", "limited", "c1"],
  ["/limited/distributions/7/fields/url", "distributions-add", "limited", undefined],
  ["/limited/distributions/0/other/x", "distributions-add", "limited", "c1"],
  ["/public/distributions", "distributions-add", "public", undefined],
  ["/public/other/x", "f-sharing", "public", undefined],
  ["", "f-sharing", undefined, undefined],
])("%s is at %s", (pointer, id, side, card) => {
  expect(place(pointer, NOW)).toMatchObject({ id, side, card });
});

it("tells once what both views say alike, and what is wrong with one alone of that one", () => {
  const all = [finding("/public/fields/title"), finding("/limited/fields/title"), finding("/public/fields/notes"), finding("/limited/fields/notes"), finding("/public/fields/issued")];
  expect(placed(all, NOW, "limited").map(({ side, key }) => [side, key])).toEqual([
    ["limited", "title"],
    ["public", "notes"],
    ["limited", "notes"],
    ["public", "issued"],
  ]);
});
