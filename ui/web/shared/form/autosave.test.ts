import { expect, it } from "vitest";
import { begin, type Draft, ended, entered, isDue, isUnsaved, merged, said, sent } from "./autosave";

const at = new Date("2026-11-30T05:32:07Z");
const saved = (etag: string) => ({ kind: "saved", etag, at }) as const;
const fresh = begin("a", '"1"');

it("says nothing before something was entered", () => {
  expect(said(fresh)).toBe("untouched");
  expect(isDue(fresh)).toBe(false);
});

it("saves what was entered, and what was entered while it saved after that", () => {
  let draft = sent(entered(fresh, "b"));
  expect(said(draft)).toBe("saving");
  draft = entered(draft, "c");
  expect(isDue(draft)).toBe(false);
  draft = ended(draft, saved('"2"'));
  expect(draft).toMatchObject({ stored: "b", value: "c", etag: '"2"' });
  expect(said(draft)).toBe("unsaved");
  expect(isDue(draft)).toBe(true);
  draft = ended(sent(draft), saved('"3"'));
  expect(said(draft)).toBe("saved");
  expect(isUnsaved(draft)).toBe(false);
});

it.each(["offline", "signed-out"] as const)("keeps everything when it is %s, and goes on", (kind) => {
  const draft = ended(sent(entered(fresh, "b")), { kind });
  expect(said(draft)).toBe(kind);
  expect(isUnsaved(draft)).toBe(true);
  expect(isDue(draft)).toBe(true);
  expect(said(entered(draft, "c"))).toBe(kind);
  expect(said(ended(sent(draft), saved('"2"')))).toBe("saved");
});

it("does not ask again for what was refused, until it is another", () => {
  const draft = ended(sent(entered(fresh, "b")), { kind: "refused", reason: "too long" });
  expect(said(draft)).toBe("refused");
  expect(isDue(draft)).toBe(false);
  expect(isDue(entered(draft, "c"))).toBe(true);
});

it("overwrites nobody: after a conflict a person decides, and what was decided counts for what is stored", () => {
  let draft: Draft<string> = ended(sent(entered(fresh, "mine")), { kind: "conflict", theirs: "theirs", etag: '"7"' });
  expect(said(draft)).toBe("conflict");
  draft = entered(draft, "mine too");
  expect(said(draft)).toBe("conflict");
  expect(isDue(draft)).toBe(false);
  draft = merged(draft, "both");
  expect(draft).toMatchObject({ value: "both", stored: "theirs", etag: '"7"' });
  expect(isDue(draft)).toBe(true);
  expect(isUnsaved(merged(ended(sent(draft), { kind: "conflict", theirs: "t", etag: '"8"' }), "t"))).toBe(false);
});

it("takes no end for one that was not begun, and no merge without a conflict", () => {
  expect(ended(fresh, saved('"9"'))).toBe(fresh);
  expect(merged(fresh, "x")).toBe(fresh);
});
