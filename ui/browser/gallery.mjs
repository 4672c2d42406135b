// node browser/gallery.mjs BASE FOLDER: looks at every part in every state, as people see it, hear it and press it.

import { examine, Findings, firstLoad, launch, lookAround, open, picture, tabThrough } from "./kit.mjs";

const [base, folder] = process.argv.slice(2);
const PAGES = { states: "/", lists: "/second", draft: "/draft" };
const findings = new Findings();
const browser = await launch();
const view = (path) => async (page) => {
  await page.goto(base + path);
  await page.locator("h1").waitFor();
};
const looked = await lookAround(
  browser,
  base,
  findings,
  folder,
  Object.fromEntries(Object.entries(PAGES).map(([name, path]) => [name, view(path)])),
);

// The journey by keyboard alone.
const page = await open(browser, base, findings, { lang: "ja", width: 1280 });
const bytes = await firstLoad(page, findings, "first load", async () => {
  await page.goto(`${base}/`);
  await page.locator("h1").waitFor();
});
const stops = await tabThrough(page, findings, "keyboard, states");
findings.check(stops[0] === "本文へ移動", "keyboard", `the first stop is ${stops[0]}`);
findings.check(stops.length > 15, "keyboard", `${stops.length} stops only: ${stops.join(", ")}`);

await page.goto(`${base}/`);
await page.locator("h1").waitFor();
await page.keyboard.press("Tab");
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.activeElement?.id === "main").catch(() => findings.add("keyboard", "the skip link leads elsewhere"));

await page.getByRole("link", { name: /一覧と用紙/ }).focus();
await page.keyboard.press("Enter");
await page.waitForURL("**/second");
await page.waitForFunction(() => document.activeElement?.tagName === "H1").catch(() => findings.add("keyboard", "a new page does not focus its h1"));
findings.check((await page.title()).startsWith("一覧と用紙｜架け橋"), "title", await page.title());

// A code list: search, choose, and what was chosen stays when the language changes.
const licence = page.getByRole("combobox", { name: /ライセンス/ });
await licence.focus();
await page.keyboard.type("ゼロ");
await page.keyboard.press("ArrowDown");
await examine(page, findings, "open list");
await page.keyboard.press("Enter");
findings.check((await licence.inputValue()).includes("CC0"), "code list", `holds ${await licence.inputValue()}`);
const text = page.locator("#text");
await text.fill("書きかけ");
await page.getByRole("button", { name: "English" }).click();
await page.getByRole("heading", { level: 1, name: "Lists and forms" }).waitFor();
findings.check((await text.inputValue()) === "書きかけ", "language", "what was entered is gone");
findings.check(await page.evaluate(() => document.documentElement.lang === "en"), "language", "the document does not say which it is in");
await page.reload();
await page.getByRole("heading", { level: 1, name: "Lists and forms" }).waitFor();

// Errors: the summary takes the focus, its lines lead to the fields.
await page.locator("#licence").focus();
await page.getByRole("button", { name: "Check", exact: true }).focus();
await page.keyboard.press("Enter");
const summary = page.getByRole("alert").filter({ hasText: "Correct 2 items" });
await summary.waitFor();
findings.check(await summary.evaluate((box) => box === document.activeElement), "summary", "does not take the focus");
await examine(page, findings, "summary");
await picture(page, folder, "errors-en-1280");
await page.keyboard.press("Tab");
await page.keyboard.press("Tab");
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.activeElement?.id === "licence").catch(() => findings.add("summary", "its second line does not lead to the field"));

// A row's menu: opens, walks, closes, and gives the focus back.
const menu = page.getByRole("button", { name: /^Actions for/ }).first();
await menu.focus();
await page.keyboard.press("Enter");
await page.getByRole("menu").waitFor();
await page.keyboard.press("ArrowDown");
await examine(page, findings, "menu");
await page.keyboard.press("Escape");
await page.getByRole("menu").waitFor({ state: "hidden" });
findings.check(await menu.evaluate((button) => button === document.activeElement), "menu", "does not give the focus back");

// Lists stand in their address, and keep the focus.
const sort = page.getByRole("button", { name: "Title", exact: true });
await sort.focus();
await page.keyboard.press("Enter");
await page.locator('th[aria-sort="ascending"]').waitFor();
await page.keyboard.press("Enter");
await page.waitForURL("**/second?sort=-title");
await page.locator('th[aria-sort="descending"]').waitFor().catch(() => findings.add("sort", "is not told"));
findings.check(await sort.evaluate((button) => button === document.activeElement), "sort", "loses the focus");
await page.goBack();
await page.waitForURL("**/second?sort=title");
await page.context().close();

// A form that saves itself: two seconds after the last key, and what can't be saved stays.
const form = await open(browser, base, findings, { lang: "ja", width: 1280 });
await form.goto(`${base}/draft`);
const title = form.getByRole("textbox", { name: /タイトル/ });
await title.fill("七尾市 避難所");
await form.getByText(/自動で保存しました（8版）/).waitFor();
const answers = form.getByRole("group", { name: "サーバの返事" });
for (const [answer, text] of [
  ["通信なし", "保存できません。つながり次第 保存します"],
  ["ログアウト", "ログインし直してください。書いた内容は残っています"],
  ["受け付けない", "題名が長すぎます。200文字までにしてください"],
  ["競合", "防災課 05 が先に保存しました"],
]) {
  await answers.getByRole("button", { name: answer }).click();
  await title.press("End");
  await title.pressSequentially("あ");
  await title.press("Control+s");
  await form.getByText(text).waitFor();
  await examine(form, findings, `draft, ${answer}`);
}
await picture(form, folder, "conflict");
findings.check((await title.inputValue()) === "七尾市 避難所ああああ", "draft", `holds ${await title.inputValue()}`);
await answers.getByRole("button", { name: "保存" }).click();
await form.getByRole("button", { name: "違いを見て合わせる" }).press("Enter");
await form.getByText(/自動で保存しました（9版）/).waitFor();

// Distributions: a copy is led to, one that is moved keeps the focus, one that is deleted can be had again.
const names = () => form.locator(".group h3").allInnerTexts();
await form.getByRole("button", { name: "配信1を複製" }).press("Enter");
findings.check((await names()).join("|") === "1 1月9日 18時時点|2 1月9日 18時時点|3 1月16日 18時時点|4 2月1日 6時時点", "groups", (await names()).join("|"));
findings.check(await form.evaluate(() => document.activeElement?.tagName === "INPUT"), "groups", "the copy's first field has no focus");
await form.keyboard.press("Alt+ArrowUp");
findings.check((await names())[0] === "1 1月9日 18時時点", "groups", (await names()).join("|"));
await form.getByRole("button", { name: "配信4を削除" }).press("Enter");
findings.check((await names()).length === 3, "groups", "it is still there");
findings.check(await form.evaluate(() => document.activeElement?.textContent?.includes("配信3") === true), "groups", "the focus is not at the next card");
await examine(form, findings, "groups");
await form.getByRole("button", { name: "元に戻す" }).press("Enter");
findings.check((await names()).length === 4, "groups", "it can't be had again");
await form.context().close();

// The narrow window's menu.
const narrow = await open(browser, base, findings, { lang: "ja", width: 390 });
await narrow.goto(`${base}/`);
await narrow.locator("h1").waitFor();
findings.check(!(await narrow.getByRole("link", { name: /一覧と用紙/ }).isVisible()), "narrow", "sections are not folded");
findings.check(await narrow.getByText("分野A（防災）・提供者").isVisible(), "narrow", "the identity is not to be seen");
await narrow.getByRole("button", { name: "メニュー" }).press("Enter");
findings.check(await narrow.getByRole("link", { name: /一覧と用紙/ }).isVisible(), "narrow", "the menu does not open");
await examine(narrow, findings, "narrow menu");
await narrow.context().close();

// Colours of the reader's own.
const forced = await open(browser, base, findings, { lang: "ja", width: 1280, forcedColors: "active", reducedMotion: "reduce" });
for (const [name, path] of Object.entries(PAGES)) {
  await forced.goto(base + path);
  await forced.locator("h1").waitFor();
  await picture(forced, folder, `${name}-forced`);
  const bare = await forced.evaluate(
    () => [...document.querySelectorAll(".state, .environment, .button, .input")].filter((e) => getComputedStyle(e).borderStyle === "none" || getComputedStyle(e).borderWidth === "0px").length,
  );
  findings.check(bare === 0, "forced colours", `${bare} parts have no edge`);
  await tabThrough(forced, findings, `forced colours, ${name}`);
}
await forced.context().close();

await browser.close();
findings.end(`${looked} views, ${stops.length} stops of the keyboard, first load ${(bytes / 1024).toFixed(0)} KiB`);
