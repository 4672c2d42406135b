import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { forget, forgetAll, keep, kept } from "./kept";

beforeEach(() => {
  const items = new Map<string, string>();
  // What of a browser's storage is used, with its keys as members.
  const storage = new Proxy(
    {},
    {
      ownKeys: () => [...items.keys()],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      get: (_, name) =>
        ({
          getItem: (key: string) => items.get(key) ?? null,
          setItem: (key: string, value: string) => items.set(key, value),
          removeItem: (key: string) => items.delete(key),
        })[String(name)],
    },
  );
  vi.stubGlobal("localStorage", storage);
});
afterEach(() => vi.unstubAllGlobals());

it("gives what was kept to its writer alone", () => {
  keep("1", { who: "a", version: 7, value: { title: "x" } });
  expect(kept("1", "a")).toEqual({ who: "a", version: 7, value: { title: "x" } });
  expect(kept("1", "b")).toBeUndefined();
  expect(kept("2", "a")).toBeUndefined();
  forget("1");
  expect(kept("1", "a")).toBeUndefined();
});

it("leaves nothing behind, and what is not its own alone", () => {
  localStorage.setItem("kakehashi.language", "en");
  keep("1", { who: "a", version: 7, value: 1 });
  keep("2", { who: "a", version: 7, value: 1 });
  forgetAll();
  expect([kept("1", "a"), kept("2", "a"), localStorage.getItem("kakehashi.language")]).toEqual([undefined, undefined, "en"]);
});

it("does without a storage, and without sense in it", () => {
  localStorage.setItem("kakehashi.unsaved.1", "{");
  expect(kept("1", "a")).toBeUndefined();
  vi.stubGlobal("localStorage", undefined);
  keep("1", { who: "a", version: 7, value: 1 });
  forgetAll();
  expect(kept("1", "a")).toBeUndefined();
});
