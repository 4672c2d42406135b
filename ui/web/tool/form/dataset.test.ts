import { expect, it } from "vitest";
import { cardAt, copyOf, type Dataset, differences, edited, isEmpty, newCard, setCard, setFields, share, toDataset } from "./dataset";

const counter = () => {
  let n = 0;
  return () => `c${++n}`;
};
const OPEN: Dataset = {
  sharing: "open",
  public: {
    fields: { title: "避難所", notes: "一覧" },
    distributions: [
      { fields: { name: "1月", url: "http://a.example/1", caddec_resource_id_for_provenance: "e1" }, other: { id: "r1" } },
      { fields: { name: "2月", url: "http://a.example/2" }, other: { id: "r2" } },
    ],
    extras: { unknown: "kept" },
    other: { name: "shelters" },
  },
};

it("comes back from the form as it went in", () => {
  expect(toDataset(edited(OPEN, counter()))).toEqual(OPEN);
  const both: Dataset = { ...OPEN, sharing: "limited", limited: { ...OPEN.public!, fields: { title: "x" } } };
  expect(toDataset(edited(both, counter()))).toEqual(both);
});

it("takes a distribution of one view and the one of its name in the other for one", () => {
  const dataset: Dataset = {
    sharing: "limited",
    public: { fields: {}, distributions: [{ fields: { name: "b" } }, { fields: { name: "only here" } }] },
    limited: { fields: {}, distributions: [{ fields: { name: "a" } }, { fields: { name: "b" } }] },
  };
  const now = edited(dataset, counter());
  expect(now.cards.map(({ id, public: open, limited }) => [id, open?.fields.name, limited?.fields.name])).toEqual([
    ["c1", undefined, "a"],
    ["c2", "b", "b"],
    ["c3", "only here", undefined],
  ]);
  expect(cardAt(now, "public", 1)?.id).toBe("c3");
  expect(cardAt(now, "limited", 2)).toBeUndefined();
});

it("has a view for a dataset that has none yet", () => {
  expect(toDataset(edited({ sharing: "limited" }, counter()))).toEqual({ sharing: "limited", limited: { fields: {}, distributions: [] } });
});

it("keeps what the limited view alone says when it is shared with some", () => {
  const now = share(edited(OPEN, counter()), "limited");
  const dataset = toDataset(now);
  expect(dataset.public?.distributions.map((one) => [one.fields.name, one.fields.url, one.other?.id])).toEqual([
    ["1月", undefined, "r1"],
    ["2月", undefined, "r2"],
  ]);
  expect(dataset.limited?.distributions.map((one) => [one.fields.name, one.fields.url, one.other])).toEqual([
    ["1月", "http://a.example/1", undefined],
    ["2月", "http://a.example/2", undefined],
  ]);
  expect(share(now, "limited")).toBe(now);
  expect(toDataset(share(now, "open"))).toEqual(OPEN);
});

it("changes the public view with the limited one where both said the same", () => {
  let now = share(edited(OPEN, counter()), "limited");
  now = setFields(now, "limited", { title: "避難所一覧" });
  expect(now.public?.fields.title).toBe("避難所一覧");
  now = setFields(now, "public", { title: "概要" });
  now = setFields(now, "limited", { title: "くわしく" });
  expect([now.public?.fields.title, now.limited?.fields.title]).toEqual(["概要", "くわしく"]);
  // An address never gets into the view of everybody by itself.
  now = setCard(now, "c1", "limited", { url: "http://a.example/new", name: "新しい名" });
  expect(now.cards[0]?.limited?.fields).toMatchObject({ url: "http://a.example/new", name: "新しい名" });
  expect(now.cards[0]?.public?.fields.url).toBeUndefined();
  expect(now.cards[0]?.public?.fields.name).toBe("新しい名");
  const { differing } = differences(now);
  expect(differing.map(({ key, card }) => [key, card])).toEqual([
    ["title", undefined],
    ["url", "c1"],
    ["url", "c2"],
  ]);
});

it("takes away what is empty", () => {
  const now = setFields(edited(OPEN, counter()), "public", { notes: "", tags: [] });
  expect(now.public?.fields).toEqual({ title: "避難所" });
  expect([undefined, null, "", []].every(isEmpty)).toBe(true);
  expect([0, false, "x", ["x"], {}].some((value) => isEmpty(value))).toBe(false);
});

it("copies a distribution without what names the original", () => {
  const [card] = edited(OPEN, counter()).cards;
  expect(copyOf(card!)).toEqual({ id: "c1", public: { fields: { name: "1月", url: "http://a.example/1" } } });
  expect(newCard(["public", "limited"], { caddec_required: "要求する" })).toEqual({
    public: { fields: { caddec_required: "要求する" } },
    limited: { fields: { caddec_required: "要求する" } },
  });
});
