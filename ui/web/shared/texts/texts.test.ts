import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { STATES, word, type StateLook } from "../states/table";

const WEB = join(import.meta.dirname, "../..");
const PLURAL = /_(zero|one|two|few|many|other)$/;

const sources = readdirSync(WEB, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".test.ts"))
  .map((name) => readFileSync(join(WEB, name), "utf8"));

/** Every folder that has texts. */
const folders = readdirSync(WEB, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith("ja.json"))
  .map((name) => join(WEB, name, ".."));

function flatten(texts: object, prefix = ""): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of Object.entries(texts)) {
    if (typeof value === "string") all.set(prefix + name, value);
    else for (const [key, text] of flatten(value, `${prefix}${name}.`)) all.set(key, text);
  }
  return all;
}

function read(folder: string, lang: string): Map<string, string> {
  return flatten(JSON.parse(readFileSync(join(folder, `${lang}.json`), "utf8")));
}

const base = (key: string) => key.replace(PLURAL, "");
const places = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort();

/** Keys that the sources name, and beginnings of those that they put together. */
function named(): { keys: Set<string>; beginnings: string[] } {
  const keys = new Set<string>();
  const beginnings = [];
  for (const source of sources) {
    for (const [, key] of source.matchAll(/(?:\bt\(|i18nKey=)\s*"([\w.]+)"/g)) keys.add(key ?? "");
    for (const [, start] of source.matchAll(/\bt\(\s*`([\w.]+\.)\$\{/g)) beginnings.push(start ?? "");
  }
  return { keys, beginnings };
}

describe.each(folders)("texts in %s", (folder) => {
  const [ja, en] = [read(folder, "ja"), read(folder, "en")];

  it("has every text in both languages, with the same places to fill", () => {
    expect([...new Set([...ja.keys()].map(base))].sort()).toEqual([...new Set([...en.keys()].map(base))].sort());
    const byBase = new Map([...ja].map(([key, text]) => [base(key), places(text)]));
    for (const [key, text] of en) expect(places(text), key).toEqual(byBase.get(base(key)));
  });

  it("has one and other wherever it counts in English", () => {
    for (const key of en.keys()) {
      if (!PLURAL.test(key)) continue;
      expect(en.has(`${base(key)}_one`) && en.has(`${base(key)}_other`), key).toBe(true);
      expect(ja.has(`${base(key)}_other`), key).toBe(true);
    }
  });

  it("has no text that nothing shows", () => {
    const { keys, beginnings } = named();
    const isShown = (key: string) => keys.has(key) || beginnings.some((start) => key.startsWith(start));
    expect([...ja.keys()].map(base).filter((key) => !isShown(key))).toEqual([]);
  });

  it("blames nobody and shouts at nobody", () => {
    for (const [key, text] of ja) {
      expect(text, key).not.toMatch(/申し訳ございません|失敗しました|不正|無効|！/);
      for (const sentence of text.split("。")) expect([...sentence].length, `${key}: ${sentence}`).toBeLessThanOrEqual(45);
    }
    for (const [key, text] of en) expect(text, key).not.toMatch(/\bplease\b|\binvalid\b|\boops\b|!/i);
  });
});

it("has a text for every key that is shown", () => {
  const all = new Set(folders.flatMap((folder) => [...read(folder, "ja").keys()].map(base)));
  expect([...named().keys].filter((key) => !all.has(key))).toEqual([]);
});

describe("states", () => {
  const all = Object.entries(STATES).flatMap(([object, states]) =>
    Object.entries(states as Record<string, StateLook>).map(([name, look]) => ({ name: `${object}.${name}`, look })),
  );

  it.each(all)("$name has a word in both languages", ({ look }) => {
    expect(look.ja).toMatch(/[ぁ-んァ-ヶ一-龠]/);
    expect(look.en).toMatch(/^(\{n\} )?[A-Za-z]/);
    expect(look.ja.includes("{n}")).toBe(look.en.includes("{n}"));
  });

  it("has green only for what was checked, and no word twice for one object", () => {
    for (const states of Object.values(STATES) as Record<string, StateLook>[]) {
      const words = Object.values(states).map((look) => look.ja);
      expect(new Set(words).size).toBe(words.length);
    }
    for (const { name, look } of all) if (/not-checked|unknown/.test(name)) expect(look.tone).toBe("off");
  });

  it("counts in both languages", () => {
    expect(word(STATES.certificate.expiring, "ja", 23)).toBe("あと23日");
    expect(word(STATES.certificate.expiring, "en", 1)).toBe("1 day left");
    expect(word(STATES.publishing.checking, "en", 64)).toBe("Checking 64 %");
    expect(word(STATES.publishing.checking, "ja")).toBe("検査 – %");
  });
});
