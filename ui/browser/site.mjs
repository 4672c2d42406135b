// node browser/site.mjs BASE FOLDER: the catalogue site of a provider in each of its states. The site's answers are played here.

import { examine, Findings, firstLoad, launch, lookAround, open, PATIENCE_MS, picture, tabThrough } from "./kit.mjs";

const [base, folder] = process.argv.slice(2);
const findings = new Findings();
const browser = await launch();

const SHELTERS = {
  id: "7f0a2c1e-0000-5000-8000-000000000001",
  name: "shelters",
  title: "七尾市 開設避難所一覧（令和6年能登半島地震）",
  notes: "令和6年能登半島地震で七尾市内に開設された避難所の一覧です。\n避難所ごとの名称、地区、避難者数、所在地の概要を、時点ごとに一つのファイルにしています。",
  url: "https://a.example/shelters",
  license_title: "CC BY 4.0",
  license_url: "https://creativecommons.org/licenses/by/4.0/",
  metadata_modified: "2026-11-30T05:32:07.042000",
  organization: { name: "a-city", title: "A市 防災課" },
  tags: [{ name: "避難所", display_name: "避難所" }, { name: "防災" }],
  extras: [
    { key: "caddec_provider_id", value: "cadde.1000000000011.01" },
    { key: "spatial_text", value: "石川県七尾市" },
    { key: "temporal_start", value: "2024-01-09" },
    { key: "theme", value: "行財政,安全安心" },
  ],
  resources: [
    { id: "r1", name: "1月9日 18時時点", format: "CSV", size: 10700, modified: "2026-11-28", url: "http://data.a.example/shelters/1.csv", caddec_resource_type: "file/http" },
    { id: "r2", name: "", format: "", size: null, url: "" },
  ],
};
const HOSTILE = {
  ...SHELTERS,
  id: "2",
  name: "hostile",
  title: `<img src=x onerror=alert(1)> ${"長い".repeat(60)} ${"w".repeat(120)} \u202Eevil`,
  notes: "<script>alert(1)</script>",
  url: "javascript:alert(1)",
  license_url: "javascript:alert(1)",
  resources: Array.from({ length: 40 }, (_, n) => ({ id: `h${n}`, name: `配信${n}`, format: "CSV", size: n, url: `javascript:alert(${n})` })),
};
const LIMITED = {
  ...SHELTERS,
  id: "3",
  name: "limited",
  title: "避難所 備蓄物資一覧",
  resources: [],
  extras: [...SHELTERS.extras, { key: "caddec_dataset_id_for_detail", value: "7f0a2c1e-0000-5000-8000-000000000003" }],
};
const ALL = [SHELTERS, HOSTILE, LIMITED];
const FOUND = {
  count: 128,
  results: ALL,
  search_facets: {
    theme: { title: "theme", items: [{ name: "国土・気象", display_name: "国土・気象", count: 90 }] },
    tags: { title: "tags", items: [{ name: "避難所", display_name: "避難所", count: 12 }] },
    res_format: { title: "res_format", items: [{ name: "CSV", display_name: "CSV", count: 128 }] },
  },
};

/** Plays the site's API; `search` makes the answer to a search. */
async function play(page, search = async () => ({ success: true, result: FOUND })) {
  const json = (route, status, body, type = "application/json") =>
    route.fulfill({ status, contentType: type, headers: { "x-request-id": "019aa7f1-0000-7c20-8000-0000000020a9" }, body: JSON.stringify(body) });
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.route("**/session", (route) => json(route, 200, {
    user_id: "cadde.1000000000012.02",
    orgs: [],
    roles: [],
    participant: { id: "cadde.1000000000012.01", name: "B県 河川課" },
    domain: { letter: "B", name_ja: "河川", name_en: "rivers" },
  }));
  await page.route("**/api/3/action/status_show", (route) => json(route, 200, { success: true, result: { site_title: "A市 防災課 カタログサイト" } }));
  await page.route("**/api/3/action/package_search?*", async (route) => {
    const answer = await search();
    return answer.status === undefined ? json(route, 200, answer) : json(route, answer.status, answer.body, "application/problem+json");
  });
  await page.route("**/api/3/action/package_show?*", (route) => {
    const id = new URL(route.request().url()).searchParams.get("id");
    const dataset = ALL.find((one) => one.name === id);
    return dataset === undefined
      ? json(route, 404, { success: false, error: { __type: "Not Found Error", message: "Not found" } })
      : json(route, 200, { success: true, result: dataset });
  });
}

const at = (path, ready) => async (page) => {
  await page.goto(base + path);
  await ready(page).waitFor();
};
const looked = await lookAround(
  browser,
  base,
  findings,
  folder,
  {
    browse: at("/?theme=%E5%9B%BD%E5%9C%9F", (page) => page.locator(".results")),
    dataset: async (page) => {
      await at("/datasets/shelters", (page) => page.locator("table"))(page);
      await page.locator('button[aria-controls="how"]').first().click();
      await page.locator("pre").waitFor();
    },
    hostile: at("/datasets/hostile", (page) => page.locator("table")),
    limited: at("/datasets/limited", (page) => page.locator(".facts")),
  },
  play,
);

// The states that a list has beside its good one.
const page = await open(browser, base, findings, { lang: "ja", width: 1280 });
const states = {
  empty: [async () => ({ success: true, result: { count: 0, results: [] } }), "/", "公開されているデータセットは、まだありません"],
  "no-match": [async () => ({ success: true, result: { count: 0, results: [] } }), "/?q=%E3%81%AA%E3%81%84", "当てはまるデータセットがありません"],
};
for (const [name, [search, path, text]] of Object.entries(states)) {
  await play(page, search);
  await page.goto(base + path);
  await page.getByText(text).waitFor();
  await examine(page, findings, name);
  await picture(page, folder, name);
}

// Slow: an outline, and nothing jumps when the list comes.
let release;
const held = new Promise((resolve) => {
  release = resolve;
});
await play(page, async () => {
  await held;
  return { success: true, result: FOUND };
});
await page.goto(`${base}/`);
await page.locator(".skeleton").first().waitFor();
await examine(page, findings, "loading");
await picture(page, folder, "loading");
release();
await page.locator(".results").waitFor();

// What is written into fields stays text, and addresses that are none of the web's are no links.
await page.goto(`${base}/datasets/hostile`);
await page.locator("table").waitFor();
findings.check((await page.locator("main img, main script, a[href^='javascript']").count()) === 0, "hostile", "markup of a dataset got into the page");

// By keyboard: search, open what was found, copy the command.
await page.goto(`${base}/`);
await page.locator(".results").waitFor();
const stops = await tabThrough(page, findings, "keyboard");
await page.getByRole("searchbox").focus();
await page.keyboard.type("避難所　七尾");
const searched = page.waitForRequest((request) => new URL(request.url()).searchParams.get("q") === '"避難所" "七尾"');
await page.keyboard.press("Enter");
await searched.catch(() => findings.add("search", "what was written is not looked for"));
await page.waitForURL(/q=/);
await page.locator(".results").waitFor();
await page.getByRole("link", { name: SHELTERS.title }).focus();
await page.keyboard.press("Enter");
await page.getByRole("heading", { level: 1, name: SHELTERS.title }).waitFor();
await page.waitForFunction(() => document.activeElement?.tagName === "H1").catch(() => findings.add("keyboard", "a dataset does not focus its h1"));
await page.getByRole("button", { name: "1月9日 18時時点 の取得方法" }).press("Enter");
findings.check((await page.locator("pre").innerText()).includes("x-cadde-resource-url: http://data.a.example/shelters/1.csv"), "curl", "does not name the resource");
await page.goBack();
await page.waitForURL(/q=/);
findings.check((await page.getByRole("searchbox").inputValue()) === "避難所　七尾", "going back", "the search is gone");
const bytes = await firstLoad(page, findings, "first load", async () => {
  await page.goto(`${base}/`);
  await page.locator(".results").waitFor();
});
await page.context().close();

// What went wrong is told with its id, and trying again helps. Browsers write each failed request to the console, so this window's isn't read.
const broken = await (await browser.newContext({ locale: "en-GB" })).newPage();
broken.setDefaultTimeout(PATIENCE_MS);
let isBroken = true;
await play(broken, async () =>
  isBroken ? { status: 503, body: { type: "urn:kakehashi:problem:index-rebuilding", detail: "The index is being rebuilt" } } : { success: true, result: FOUND },
);
await broken.goto(`${base}/`);
await broken.getByText("The index is being rebuilt").waitFor();
findings.check(await broken.getByText("019aa7f1-0000-7c20-8000-0000000020a9").isVisible(), "failed", "names no request id");
await examine(broken, findings, "failed");
await picture(broken, folder, "failed");
isBroken = false;
await broken.getByRole("button", { name: "Load again" }).press("Enter");
await broken.locator(".results").waitFor();
await broken.goto(`${base}/datasets/nowhere`);
await broken.getByRole("heading", { level: 1, name: "There is no such dataset" }).waitFor();
await examine(broken, findings, "unknown");
await broken.context().close();

await browser.close();
findings.end(`${looked} views, ${stops.length} stops of the keyboard, first load ${(bytes / 1024).toFixed(0)} KiB`);
