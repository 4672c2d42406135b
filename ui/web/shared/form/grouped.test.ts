import { expect, it } from "vitest";
import { copied, moved, removed, restored } from "./grouped";

const list = (ids: string) => [...ids].map((id) => ({ id, n: id.toUpperCase() }));
const ids = (items: readonly { id: string }[]) => items.map((item) => item.id).join("");

it.each([
  ["a", 1, "bac"],
  ["c", -1, "acb"],
  ["a", -1, "abc"],
  ["c", 1, "abc"],
  ["x", 1, "abc"],
] as const)("%s moved by %d gives %s", (id, by, after) => {
  const next = moved(list("abc"), id, by);
  expect(ids(next.items)).toBe(after);
  expect(next.focus).toBe(id);
});

it("puts a copy behind its original, and leads to it", () => {
  const next = copied(list("ab"), "a", "c");
  expect(ids(next.items)).toBe("acb");
  expect(next.items[1]).toEqual({ id: "c", n: "A" });
  expect(next.focus).toBe("c");
  expect(ids(copied(list("ab"), "x", "c").items)).toBe("ab");
});

it.each([
  ["a", "bc", "b"],
  ["b", "ac", "c"],
  ["c", "ab", "b"],
])("without %s there is %s, and the focus goes to %s", (id, after, focus) => {
  const next = removed(list("abc"), id);
  expect(ids(next.items)).toBe(after);
  expect(next.focus).toBe(focus);
  expect(next.undo && ids(restored(next.items, next.undo).items)).toBe("abc");
});

it("leads nowhere when nothing is left", () => {
  expect(removed(list("a"), "a")).toMatchObject({ items: [], focus: undefined });
  expect(removed(list("a"), "x").undo).toBeUndefined();
});
