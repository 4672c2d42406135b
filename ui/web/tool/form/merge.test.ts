import { expect, it } from "vitest";
import type { Dataset, Fields } from "./dataset";
import { merge } from "./merge";

const open = (fields: Fields, names: string[] = ["a"]): Dataset => ({
  sharing: "open",
  public: { fields, distributions: names.map((name) => ({ fields: { name } })), extras: {}, other: { name: "x" } },
});

it("takes what only one of them changed", () => {
  const found = merge(open({ title: "t", notes: "n", fee: "f" }), open({ title: "mine", notes: "n", fee: "f" }), open({ title: "t", notes: "theirs" }));
  expect(found.clashes).toEqual([]);
  expect(found.taken).toBe(2);
  expect(found.result(() => true)).toEqual(open({ title: "mine", notes: "theirs" }));
});

it("asks for what both changed, and for nothing that came to the same", () => {
  const found = merge(open({ title: "t" }), open({ title: "mine", fee: "f" }, ["a", "b"]), open({ title: "theirs", fee: "f" }, ["c"]));
  expect(found.clashes.map(({ side, key, mine, theirs }) => [side, key, typeof mine, typeof theirs])).toEqual([
    ["public", "title", "string", "string"],
    ["public", "distributions", "object", "object"],
  ]);
  expect(found.result(() => true)).toEqual(open({ title: "mine", fee: "f" }, ["a", "b"]));
  expect(found.result(() => false)).toEqual(open({ title: "theirs", fee: "f" }, ["c"]));
});

it("lets somebody delete what the other one left alone", () => {
  const found = merge(open({ title: "t", notes: "n" }), open({ title: "t" }), open({ title: "t", notes: "n" }, ["a", "b"]));
  expect(found.result(() => true)).toEqual(open({ title: "t" }, ["a", "b"]));
});

it("follows the one who changed who may get it", () => {
  const base = open({ title: "t" });
  const theirs: Dataset = { ...base, sharing: "limited", limited: base.public! };
  const mine = open({ title: "mine" });
  const result = merge(base, mine, theirs).result(() => true);
  expect(result.sharing).toBe("limited");
  expect(result.public?.fields.title).toBe("mine");
  expect(result.limited?.fields).toEqual({ title: "t" });
  // The other way round, the view that is gone stays gone.
  const back = merge(theirs, theirs, base).result(() => true);
  expect(back.sharing).toBe("open");
  expect(back.limited).toBeUndefined();
});
