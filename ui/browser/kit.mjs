// What every journey through the screens needs: Debian's Chromium with a fresh profile, and an eye on what must not happen.

import { gzipSync } from "node:zlib";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** 2 min: a limit for what hangs. The machine does more beside this, and nothing here is about how quick it is. */
export const PATIENCE_MS = 120_000;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** 300 KiB: what a page may load of script before it is there, compressed. */
const FIRST_LOAD = 300 * 1024;

const HEIGHT = 900;

/** What was found wrong. A journey goes on, so that one run names everything. */
export class Findings {
  #all = [];

  constructor() {
    // What broke the journey off is the last finding.
    process.on("uncaughtException", (error) => {
      this.add("broken off", error.stack ?? String(error));
      this.end("not finished");
    });
  }

  add(where, what) {
    this.#all.push(`${where}: ${what}`);
  }

  check(holds, where, what) {
    if (!holds) this.add(where, what);
  }

  /** Ends the program, with everything that was found. */
  end(summary) {
    for (const finding of this.#all) console.error(finding);
    console.log(`${summary}, ${this.#all.length} findings`);
    process.exit(this.#all.length === 0 ? 0 : 1);
  }
}

export async function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
}

/**
 * A window on `base`, watched: errors, reports of the policy, requests to anybody else. Browsers write each request that is refused to the
 * console: where that is what is tried, `mayBeRefused`.
 */
export async function open(browser, base, findings, { lang, width, height = HEIGHT, mayBeRefused = false, ...rest }) {
  const context = await browser.newContext({
    locale: lang === "ja" ? "ja-JP" : "en-GB",
    timezoneId: "Asia/Tokyo",
    viewport: { width, height },
    ...rest,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  const page = await context.newPage();
  const where = `${lang} ${width}`;
  page.on("pageerror", (error) => findings.add(where, `script: ${error.message}`));
  page.on("console", (message) => {
    if (mayBeRefused && message.text().startsWith("Failed to load resource")) return;
    if (message.type() === "error" || message.type() === "warning") findings.add(where, `console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith("data:")) findings.add(where, `request to ${request.url()}`);
  });
  return page;
}

/** The page as axe sees it, whether it fits, and whether a text is missing. Looking at colours takes three quarters of the time: not `withColours` leaves them out. */
export async function examine(page, findings, where, withColours = true) {
  // Once a document: axe is half a megabyte of script, and quicker the second time. Of what is well only the names of the rules are asked for; to
  // find a selector for each element of it takes longer than to look at it.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const violations = await page.evaluate(
    async ([values, enabled]) => {
      const asked = { runOnly: { type: "tag", values }, rules: { "color-contrast": { enabled } }, resultTypes: ["violations"] };
      return (await window.axe.run(document, asked)).violations;
    },
    [RULES, withColours],
  );
  for (const { id, help, nodes } of violations) {
    findings.add(where, `axe ${id}: ${help}\n  ${nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary?.replaceAll("\n", " ")}`).join("\n  ")}`);
  }
  const { overflow, text } = await page.evaluate(() => ({
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    text: document.body.innerText,
  }));
  findings.check(overflow <= 0, where, `${overflow} px wider than the window`);
  const keys = text.match(/\b(?:shell|environment|role|foot|copy|loading|failed|noRight|stale|form|table|time|notFound|save|groups|browse|gallery|site|tool)\.[a-z]\w*(?:\.\w+)*/g);
  findings.check(keys === null, where, `texts are missing: ${keys}`);
  const headings = await page.locator("h1").count();
  findings.check(headings === 1, where, `${headings} h1`);
}

/** A picture of the whole page, for the eye. */
export async function picture(page, folder, name) {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Presses Tab through the page. What gets the focus, in turn: each visible, marked, and behind the one before it. */
export async function tabThrough(page, findings, where) {
  const seen = [];
  await page.evaluate(() => {
    document.activeElement?.blur?.();
    window.getSelection()?.removeAllRanges();
  });
  for (let presses = 0; presses < 300; presses += 1) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(() => {
      const all = [...document.querySelectorAll("*")];
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return {
        at: all.indexOf(element),
        name: element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 40) ?? element.id,
        isMarked: outlineStyle !== "none" && outlineWidth !== "0px",
        isVisible: box.width > 0 && box.height > 0,
        size: Math.min(box.width, box.height),
        isInline: element.tagName === "A",
      };
    });
    if (now === null || seen.some((before) => before.at === now.at)) break;
    const before = seen.at(-1);
    findings.check(before === undefined || now.at > before.at, where, `the focus goes back from ${before?.name} to ${now.name}`);
    findings.check(now.isMarked, where, `the focus does not show at ${now.name}`);
    findings.check(now.isVisible, where, `the focus is at something that is not to be seen: ${now.name}`);
    findings.check(now.isInline || now.size >= 24, where, `${now.name} is ${now.size} px small`);
    seen.push(now);
  }
  return seen.map(({ name }) => name);
}

/** How much script `load` has the page fetch, compressed. */
export async function firstLoad(page, findings, where, load) {
  const sizes = [];
  const listen = (response) => {
    if (response.request().resourceType() === "script") sizes.push(response.body().then((body) => gzipSync(body).length));
  };
  page.on("response", listen);
  await load();
  page.off("response", listen);
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  findings.check(total > 0 && total <= FIRST_LOAD, where, `the first load is ${total} bytes of script, at most ${FIRST_LOAD}`);
  return total;
}

/** The widths at which every page is looked at: a screen, a tablet, a telephone, and the narrowest that has to do. */
export const WIDTHS = [1280, 768, 390, 320];

/**
 * Looks at each of `views` (name → what brings the page to it) in both languages at all widths; pictures of the widest and of a telephone's.
 * `prepare` is done with each new window. A window is loaded wide in Japanese and narrow in English, and then drawn to the other widths: loading it
 * at each of them took most of the time, and people who turn their telephone do not load it again either. Colours are looked at where it was
 * loaded: they hang on neither language nor width, but for what the narrowest window hides. How many views that were.
 */
export async function lookAround(browser, base, findings, folder, views, prepare = async () => {}) {
  let looked = 0;
  for (const [lang, widths] of [["ja", WIDTHS], ["en", WIDTHS.toReversed()]]) {
    const page = await open(browser, base, findings, { lang, width: widths[0] });
    await prepare(page);
    for (const [name, go] of Object.entries(views)) {
      await page.setViewportSize({ width: widths[0], height: HEIGHT });
      await go(page);
      for (const width of widths) {
        await page.setViewportSize({ width, height: HEIGHT });
        await examine(page, findings, `${name} ${lang} ${width}`, width === widths[0]);
        if (width === 1280 || width === 390) await picture(page, folder, `${name}-${lang}-${width}`);
        looked += 1;
      }
    }
    await page.context().close();
  }
  return looked;
}
