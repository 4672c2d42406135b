import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { theme, variables } from "./theme";

it("has the colours of the style sheet and no others", () => {
  const css = readFileSync(join(import.meta.dirname, "../public/assets/kakehashi.css"), "utf8");
  const ours = new Set(css.slice(0, css.indexOf("}")).match(/#[0-9a-f]{6}/g));
  const theirs = JSON.stringify([theme, variables()]).match(/#[0-9a-f]{3,8}/gi) ?? [];
  expect(theirs.length).toBeGreaterThan(10);
  expect(theirs.filter((colour) => !ours.has(colour))).toEqual([]);
});
