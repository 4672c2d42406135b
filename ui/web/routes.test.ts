import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import routes from "../routes.json";

describe.each(Object.entries(routes))("%s", (name, addresses) => {
  it("has a page at each address that its server serves, and at no other", () => {
    const source = readFileSync(join(import.meta.dirname, name, "main.tsx"), "utf8");
    const paths = [...source.matchAll(/\bpath: "([^"]+)"/g)].map(([, path]) => path).filter((path) => path !== "*");
    expect(paths.map((path) => path?.replace(/:(\w+)/g, "{$1}"))).toEqual(addresses);
  });

  it("is a page that has every place that the server fills, and loads nothing from elsewhere", () => {
    const html = readFileSync(join(import.meta.dirname, `${name}.html`), "utf8");
    for (const place of ["lang", "nonce", "environment", "version"]) expect(html).toContain(`{{${place}}}`);
    expect(html).not.toMatch(/https?:|<style|style=|<script(?! type="module" src=)/);
  });
});
