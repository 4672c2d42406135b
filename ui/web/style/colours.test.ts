import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const css = readFileSync(join(import.meta.dirname, "../public/assets/kakehashi.css"), "utf8");
const colours = new Map(
  [...css.matchAll(/^ {2}--([a-z]+(?:-\d+)?): (#[0-9a-f]{6});$/gm)].map(([, name, value]) => [name ?? "", value ?? ""]),
);

const tokens = (() => {
  const folder = dirname(createRequire(import.meta.url).resolve("@digital-go-jp/design-tokens/package.json"));
  return readFileSync(join(folder, "dist/tokens.css"), "utf8");
})();

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [one, other].map((name) => luminance(colours.get(name) ?? `no colour ${name}`)).sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

it("takes every colour from the tokens", () => {
  expect(colours.size).toBeGreaterThan(20);
  for (const [name, value] of colours) {
    const token = name === "white" ? "neutral-white" : name.startsWith("gray-") ? `neutral-solid-${name}` : `primitive-${name}`;
    expect(tokens.toLowerCase(), token).toMatch(new RegExp(`--color-${token}:\\s*${value};`));
  }
});

// What stands on what, and the contrast that it has at least: the table of the design.
it.each([
  ["gray-900", "white", 17.4],
  ["gray-800", "white", 12.6],
  ["gray-600", "white", 5.7],
  ["gray-600", "gray-50", 5.1],
  ["white", "blue-900", 11.1],
  ["blue-1000", "white", 14.2],
  ["blue-1000", "blue-50", 12.5],
  ["green-900", "green-50", 7.3],
  ["green-800", "white", 4.5],
  ["orange-1000", "orange-50", 7.3],
  ["red-1000", "red-50", 6.9],
  ["red-900", "white", 5.8],
  ["white", "red-900", 5.8],
  ["gray-700", "gray-50", 7.6],
  ["gray-700", "blue-50", 7],
  ["gray-700", "orange-50", 7],
  ["gray-700", "red-50", 7],
  ["yellow-1200", "yellow-100", 7.3],
  ["white", "blue-1000", 7.1],
  ["white", "cyan-1000", 7.1],
  ["white", "purple-800", 7.1],
  ["white", "gray-700", 7.1],
  ["yellow-300", "gray-900", 12],
] as const)("%s on %s has a contrast of %d", (front, back, least) => {
  expect(Math.round(contrast(front, back) * 10) / 10).toBeGreaterThanOrEqual(least);
});

it("has no colour beside the tokens but black, shadows and transparency", () => {
  const others = [...css.slice(css.indexOf("}")).matchAll(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsl/gi)].map(([found]) => found);
  expect([...new Set(others)].sort()).toEqual(["#000000", "#0003"]);
});
