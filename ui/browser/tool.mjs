// node browser/tool.mjs BASE FOLDER: the pages of the catalogue tool in each of their states. The tool's API is played here, over the form that the
// server describes.

import { readFileSync } from "node:fs";
import { examine, Findings, firstLoad, launch, lookAround, open, picture, tabThrough } from "./kit.mjs";

const [base, folder] = process.argv.slice(2);
const findings = new Findings();
const browser = await launch();

const FORM = JSON.parse(readFileSync(new URL("../../docs/reference/catalog-form.json", import.meta.url)));
const STEWARD = {
  user_id: "cadde.1000000000011.02",
  orgs: ["cadde.1000000000011.01"],
  roles: ["steward"],
  participant: { id: "cadde.1000000000011.01", name: "A市 防災課" },
  domain: { letter: "A", name_ja: "防災", name_en: "disaster prevention" },
};
const PROVIDER = { id: "provider.a.example", provider_id: "cadde.1000000000011.01", name: { ja: "A市 防災課", en: "City A, disaster prevention" }, release: "https://a.example/release" };
const REQUEST = "019aa7f1-0000-7c20-8000-0000000020a9";
const ID = "019aa7f1-0000-7c20-8000-000000000001";

const file = (name, at, fields = {}) => ({
  fields: { name, explain_url: "https://a.example/shelters", url: `http://data.a.example/shelters/${at}.csv`, caddec_resource_type: "file/http", caddec_required: "要求する", format: "CSV", size: 10700, ...fields },
  other: {},
});
const DATASET = {
  sharing: "open",
  public: {
    fields: { title: "七尾市 開設避難所一覧（令和6年能登半島地震）", notes: "令和6年能登半島地震で七尾市内に開設された避難所の一覧です。\n時点ごとに一つのファイルです。", issued: "2026-11-30", language: ["ja"], tags: ["避難所", "防災"], license_title: "CC BY 4.0", license_url: "https://creativecommons.org/licenses/by/4.0/" },
    distributions: [file("1月9日 18時時点", "01-09"), file("1月16日 18時時点", "01-16"), file("2月1日 6時時点", "02-01")],
    extras: {},
    other: { name: "shelters" },
  },
};
const LONG = "指定緊急避難場所（津波・高潮・洪水・土砂災害・地震・大規模火災・内水氾濫・火山現象の別、町会・自治会との対応表付き）";
const summary = (n, more) => ({
  id: ID.replace(/1$/, String(n)),
  provider: PROVIDER.id,
  title: "",
  sharing: "open",
  distributions: 1,
  state: "draft",
  has_unpublished_changes: false,
  version: 1,
  revision: 1,
  errors: 0,
  warnings: 0,
  created_at: "2026-11-02T00:00:00Z",
  created_by: STEWARD.user_id,
  saved_at: `2026-11-${String(30 - n).padStart(2, "0")}T05:32:07Z`,
  saved_by: STEWARD.user_id,
  ...more,
});
const publication = (state, more = {}) => ({ id: "p1", version: 7, state, queued_at: "2026-11-30T05:30:00Z", queued_by: STEWARD.user_id, parts: [], seen_at: "2026-11-30T05:32:00Z", is_stale: false, ...more });
const ADDRESS = "http://data.a.example/shelters/01-16.csv";
const DEAD = { kind: "no-file", ja: `${ADDRESS}: このURLから応答がありません（404）。ファイル名を確かめてください`, en: `${ADDRESS}: No file at this URL (404). Check its name` };
const LIST = [
  summary(1, { title: DATASET.public.fields.title, distributions: 3, errors: 2, version: 7 }),
  summary(2, { title: "河川水位 観測所一覧（福井県 103か所）", state: "published", site: { dataset_id: "d", name: "rivers" }, publication: publication("done") }),
  summary(3, { title: LONG, state: "published", sharing: "limited", has_unpublished_changes: true, publication: publication("done") }),
  summary(4, { title: "福井県 交通事故発生地点 2019年〜2021年", state: "checking", sharing: "limited", publication: publication("checking", { percent: 64 }) }),
  summary(5, { title: "避難所 備蓄物資一覧", state: "draft", sharing: "limited", publication: publication("stopped", { problem: DEAD }) }),
  summary(6, { title: "避難者数 速報（時点別）", state: "withdrawn", distributions: 12 }),
  summary(7, { title: "", sharing: null, distributions: 0, errors: 4 }),
  summary(8, { title: `A${"very".repeat(30)}long title <img src=x onerror=alert(1)> \u202Eevil`, state: "draft" }),
];
const label = (key, ofDistribution) => FORM.sections.filter((section) => section.of_distribution === ofDistribution).flatMap((section) => section.items).find((item) => item.key === key).label;

/** What the server would find: this much of it the pages are tried with. */
function check(dataset) {
  const found = [];
  const missing = (pointer, key, place, ofDistribution = false) => {
    const { ja, en } = label(key, ofDistribution);
    found.push({ severity: "error", kind: "missing", item: key, pointer: `${pointer}/fields/${key}`, text: { ja: `${place.ja}「${ja}」を書いてください`, en: `${place.en}Enter the ${en.toLowerCase()}` }, allowed: [] });
  };
  for (const side of ["public", "limited"]) {
    const view = dataset[side];
    if (view === undefined) continue;
    for (const key of ["title", "notes", "issued"]) if (!view.fields[key]) missing(`/${side}`, key, { ja: "", en: "" });
    if (/^\d{4}-11-31$/.test(view.fields.issued ?? "")) {
      found.push({ severity: "error", kind: "date", item: "issued", pointer: `/${side}/fields/issued`, text: { ja: "「発行日」：11月は30日までです。日付を直してください", en: "Issued: November has 30 days. Correct the date" }, allowed: [] });
    }
    if (view.distributions.length === 0) found.push({ severity: "error", kind: "no-distribution", item: null, pointer: `/${side}/distributions`, text: { ja: "配信を一つ以上追加してください", en: "Add a distribution" }, allowed: [] });
    view.distributions.forEach((one, at) => {
      const keys = side === "limited" ? ["explain_url", "url", "caddec_resource_type"] : ["explain_url"];
      for (const key of keys) if (!one.fields[key]) missing(`/${side}/distributions/${at}`, key, { ja: `配信${at + 1}の`, en: `Distribution ${at + 1}: ` }, true);
    });
  }
  return { findings: found, errors: found.length, warnings: 0, completeness: { filled: 13, of: 18, missing: ["theme", "frequency", "contact_name", "spatial_text", "temporal_start"] } };
}

/** The tool and a provider behind it, for one window. */
function world(more = {}) {
  const dataset = more.dataset ?? DATASET;
  return {
    who: STEWARD,
    dataset,
    versions: [{ number: 7, saved_at: "2026-11-30T05:32:07Z", saved_by: STEWARD.user_id, dataset }, { number: 6, saved_at: "2026-11-30T05:20:00Z", saved_by: "cadde.1000000000011.05", dataset: { ...dataset, public: { ...dataset.public, fields: { ...dataset.public.fields, title: "避難所" } } } }],
    version: 7,
    revision: 9,
    state: "draft",
    savedBy: STEWARD.user_id,
    providers: [PROVIDER],
    list: LIST,
    publication: undefined,
    publish: () => undefined,
    watch: () => undefined,
    fail: undefined,
    ...more,
  };
}

/** What is played in each window. What the page of before still asks is answered out of the new world, and by nobody else. */
const games = new WeakMap();

/** Plays the API over `state`, which the journey looks at and changes. */
async function play(page, state = world()) {
  const before = games.get(page);
  if (before !== undefined) {
    before.state = state;
    return state;
  }
  const game = { state };
  games.set(page, game);
  const json = (route, status, body, headers = {}) =>
    route.fulfill({ status, contentType: status < 400 ? "application/json" : "application/problem+json", headers: { "x-request-id": REQUEST, ...headers }, body: JSON.stringify(body) });
  const problem = (route, status, kind, detail, more = {}) => json(route, status, { type: `urn:kakehashi:problem:${kind}`, status, detail, ...more });
  const own = () => ({
    ...summary(1, {}),
    title: game.state.dataset.public?.fields.title ?? "",
    sharing: game.state.dataset.sharing,
    distributions: (game.state.dataset.limited ?? game.state.dataset.public).distributions.length,
    state: game.state.state,
    version: game.state.version,
    revision: game.state.revision,
    saved_at: "2026-11-30T05:32:07Z",
    saved_by: game.state.savedBy,
    ...(game.state.publication === undefined ? {} : { publication: game.state.publication }),
    ...(game.state.state === "published" ? { site: { dataset_id: "d1", name: "shelters", published_version: game.state.version } } : {}),
    check: check(game.state.dataset),
  });
  const tag = () => ({ etag: `"${game.state.revision}"` });
  const store = (dataset) => {
    game.state.dataset = dataset;
    game.state.version += 1;
    game.state.revision += 1;
    game.state.versions.unshift({ number: game.state.version, saved_at: "2026-11-30T05:33:00Z", saved_by: STEWARD.user_id, dataset });
  };
  await page.route("**/session", (route) => (game.state.who === null ? problem(route, 401, "not-signed-in", "x") : json(route, 200, game.state.who)));
  await page.route("**/logout", (route) => json(route, 200, { sign_out_address: `${base}/?out` }));
  await page.route("**/backend/api/package_search?*", (route) => (game.state.fail === undefined ? json(route, 200, { success: true, result: game.state.found ?? FOUND }) : problem(route, 503, "index-rebuilding", game.state.fail)));
  await page.route("**/v1/**", async (route) => {
    const request = route.request();
    const url = new URL(request.url());
    const [, , what, id, part, n] = url.pathname.split("/");
    const method = request.method();
    if (method !== "GET" && request.headers()["x-kakehashi-request"] !== "1") findings.add("requests", `${method} ${url.pathname} does not say that it is ours`);
    if (what === "form") return json(route, 200, FORM);
    if (what === "sources") return json(route, 200, { sources: game.state.sources ?? [] });
    if (game.state.who === null) return problem(route, 401, "not-signed-in", "ログインしてください");
    if (game.state.offline === true) return route.abort();
    if (what === "providers" && part === "datasets") {
      if (game.state.away === true) return problem(route, 503, "provider-away", "提供者のコネクタから返事がありません");
      return json(route, 200, { datasets: game.state.strange ?? [] });
    }
    if (what === "providers") return json(route, 200, { providers: game.state.providers });
    if (what !== "drafts") return problem(route, 404, "no-such-path", "x");
    if (id === undefined && method === "GET") {
      if (game.state.fail !== undefined) return problem(route, 503, "store-away", game.state.fail);
      await game.state.held;
      const q = url.searchParams.get("q") ?? "";
      const asked = url.searchParams.get("state") ?? "";
      const all = game.state.list.filter((one) => one.title.includes(q));
      const counts = Object.fromEntries(["draft", "checking", "published", "withdrawn"].map((one) => [one, all.filter((draft) => draft.state === one).length]));
      const shown = all.filter((one) => asked === "" || one.state === asked);
      return json(route, 200, { drafts: shown, total: game.state.total ?? shown.length, counts: { all: all.length, ...counts } });
    }
    if (id === undefined) {
      game.state.begun = request.postDataJSON();
      return json(route, 201, { ...own(), dataset: game.state.dataset }, tag());
    }
    if (id !== ID) return problem(route, 404, "draft-unknown", "x");
    if (method !== "GET" && part !== "restoration" && !(part === "publication" && method === "DELETE")) {
      if (request.headers()["if-match"] !== `"${game.state.revision}"`) return problem(route, 412, "draft-changed", "x", { changed_by: game.state.savedBy });
    }
    if (part === undefined && method === "GET") return json(route, 200, { ...own(), dataset: game.state.dataset }, tag());
    if (part === undefined && method === "PUT") {
      const { dataset } = request.postDataJSON();
      if (JSON.stringify(dataset) !== JSON.stringify(game.state.dataset)) store(dataset);
      return json(route, 200, own(), tag());
    }
    if (part === undefined && method === "DELETE") return route.fulfill({ status: 204 });
    if (part === "versions" && n === undefined) return json(route, 200, { versions: game.state.versions.map(({ dataset, ...rest }) => ({ ...rest, title: dataset.public?.fields.title ?? "" })) });
    if (part === "versions") return json(route, 200, game.state.versions.find((one) => one.number === Number(n)));
    if (part === "undo") {
      const to = request.postDataJSON().version ?? game.state.versions[1]?.number;
      store(game.state.versions.find((one) => one.number === to).dataset);
      return json(route, 200, { ...own(), dataset: game.state.dataset }, tag());
    }
    if (part === "withdrawal") {
      game.state.state = "withdrawn";
      game.state.revision += 1;
      return json(route, 200, own(), tag());
    }
    if (part === "publication" && method === "POST") {
      const refused = game.state.publish();
      if (refused !== undefined) return problem(route, ...refused);
      game.state.publication = publication("queued", { version: game.state.version, id: `p${game.state.revision}` });
      game.state.state = "checking";
      game.state.revision += 1;
      return json(route, 202, game.state.publication);
    }
    if (part === "publication") {
      if (method === "DELETE") game.state.publication = { ...state.publication, state: "stopped" };
      else game.state.watch();
      return json(route, 200, game.state.publication);
    }
    return problem(route, 404, "no-such-path", "x");
  });
  return state;
}

const hit = (n, more) => ({
  id: `x${n}`,
  name: `x${n}`,
  xckan_id: `a:x${n}`,
  xckan_title: "七尾市 開設避難所一覧（令和6年能登半島地震）",
  xckan_description: "令和6年能登半島地震で七尾市内に開設された避難所の一覧です。",
  xckan_site_name: "A市 防災課 カタログサイト",
  xckan_site_url: "https://a.example/release/dataset/shelters",
  metadata_modified: "2026-11-30T05:32:07.042000",
  resources: [{ id: "r", format: "CSV" }],
  ...more,
});
const FOUND = {
  count: 128,
  results: [hit(1), hit(2, { xckan_title: LONG, xckan_site_name: "B県 河川課 カタログサイト", extras: [{ key: "caddec_dataset_id_for_detail", value: "7f0a" }], resources: [] }), hit(3, { xckan_title: "<img src=x onerror=alert(1)>", xckan_site_url: "javascript:alert(1)" })],
  facets: { facet_fields: { xckan_site_name: ["A市 防災課 カタログサイト", 90], organization: ["A市", 90], xckan_tags: ["避難所", 12], res_format: ["CSV", 128] } },
};
const LIMITED = {
  ...DATASET,
  sharing: "limited",
  public: { ...DATASET.public, distributions: DATASET.public.distributions.map((one) => ({ ...one, fields: Object.fromEntries(Object.entries(one.fields).filter(([key]) => key !== "url")) })) },
  limited: { ...DATASET.public, fields: { ...DATASET.public.fields, contact_name: "防災課 0767-00-0000" } },
};

const at = (path, ready) => async (page) => {
  await page.goto(base + path);
  await ready(page).waitFor();
};
/** Brings the page to `path` over a world of its own. */
const over = (more, path, ready) => async (page) => {
  await play(page, world(typeof more === "function" ? more() : more));
  await at(path, ready)(page);
};
const STRANGE = [
  { id: "019aa7f1-0000-7c20-8000-0000000000d1", name: "rivers", title: "河川水位 毎時観測値", state: "published", modified_at: "2026-11-20T05:32:07Z" },
  { id: "019aa7f1-0000-7c20-8000-0000000000d2", name: "known", title: "もうあるもの", state: "published", modified_at: "2026-11-20T05:32:07Z", draft: ID },
];
const publishButton = (page) => page.locator(".form-foot .button.primary");
const FORM_PAGE = `/datasets/${ID}`;
const views = {
  list: async (page) => {
    await over({ total: 128, strange: STRANGE }, "/datasets", (page) => page.locator("tbody tr").first())(page);
    await page.locator("details.section-below > summary").click();
  },
  form: over({}, FORM_PAGE, (page) => page.locator(".group").first()),
  errors: async (page) => {
    await over({ dataset: { sharing: "open", public: { fields: { title: "避難所" }, distributions: [file("", "01-09", { explain_url: "" })] } } }, FORM_PAGE, publishButton)(page);
    await publishButton(page).click();
    await page.locator(".error-summary").waitFor();
  },
  limited: async (page) => {
    await over({ dataset: LIMITED, state: "checking", publication: publication("checking", { percent: 64, parts: [{ url: "http://data.a.example/1", sha256: "a" }, { url: "http://data.a.example/2" }] }) }, FORM_PAGE, (page) => page.locator("#differences"))(page);
  },
  stopped: over({ publication: publication("stopped", { problem: DEAD, parts: [] }) }, FORM_PAGE, (page) => page.getByText(ADDRESS).last()),
  versions: async (page) => {
    await over({ state: "published" }, `${FORM_PAGE}/versions`, (page) => page.locator("tbody tr").first())(page);
    await page.locator("tbody .button").first().click();
    await page.locator("del").first().waitFor();
  },
  search: over({ sources: [{ id: "provider.c.example", name: { ja: "C道路情報センター", en: "C roads" }, state: "no-answer", silent_since: "2026-10-30T05:32:07Z" }] }, "/search", (page) => page.locator(".results")),
};
const looked = process.env.ONLY === "journeys" ? 0 : await lookAround(browser, base, findings, folder, views);
if (process.env.ONLY === "views") {
  await browser.close();
  findings.end(`${looked} views`);
}

/** Journeys, each in a window of its own. */
const journeys = [];
const journey = (name, options, go) =>
  journeys.push(async () => {
    const page = await open(browser, base, findings, { lang: "ja", width: 1280, mayBeRefused: true, ...options });
    try {
      await go(page, (what, holds) => findings.check(holds, name, what));
    } catch (error) {
      findings.add(name, error.stack ?? String(error));
      await picture(page, folder, `broken-${name.replaceAll(" ", "-")}`).catch(() => undefined);
    }
    await page.context().close();
  });
/** Two at a time: most of what they do is to wait until something saves itself. */
const goAll = () =>
  Promise.all(
    [1, 2].map(async () => {
      for (let next = journeys.shift(); next !== undefined; next = journeys.shift()) await next();
    }),
  );
const focused = (page) => page.evaluate(() => ({ tag: document.activeElement?.tagName, id: document.activeElement?.id ?? "", text: document.activeElement?.textContent ?? "" }));

// By keyboard alone: a new dataset is written, refused for what is missing, mended and published.
let stops = [];
let bytes = 0;
journey("a new dataset", {}, async (page, check) => {
  const state = await play(page, world({ dataset: { sharing: "open", public: { fields: {}, distributions: [] } }, versions: [], version: 1, list: [] }));
  bytes = await firstLoad(page, findings, "first load", async () => {
    await page.goto(`${base}/`);
    await page.getByRole("heading", { level: 1, name: "自分のデータセット" }).waitFor();
  });
  await page.getByText("まだデータセットがありません").waitFor();
  await examine(page, findings, "empty list");
  await picture(page, folder, "empty");
  stops = await tabThrough(page, findings, "keyboard, list");
  await page.getByRole("button", { name: "新しく作る" }).press("Enter");
  await page.waitForURL(`**/datasets/${ID}`);
  check("a new one is not of the provider", state.begun?.provider === PROVIDER.id);
  await page.getByRole("heading", { level: 1, name: "（タイトルなし）" }).waitFor();
  await tabThrough(page, findings, "keyboard, form");
  await publishButton(page).press("Enter");
  const summary = page.getByRole("alert").filter({ hasText: "まだ公開できません。4件を直してください" });
  await summary.waitFor();
  check("the summary has no focus", await summary.evaluate((box) => box === document.activeElement));
  check("the title does not say that there are errors", (await page.title()).startsWith("エラー："));
  await examine(page, findings, "summary");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "f-title");
  await page.keyboard.type("七尾市 避難所");
  await page.keyboard.press("Tab");
  await page.keyboard.type("避難所の一覧です。");
  await page.keyboard.press("Tab");
  await page.keyboard.type("2026-11-31");
  await page.keyboard.press("Tab");
  await page.getByText("11月は30日までです。日付を直してください").last().waitFor();
  await page.locator("#f-issued").fill("2026-11-30");
  await page.locator("#f-issued").press("Control+s");
  await page.getByText("11月は30日まで").last().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "配信を追加" }).press("Enter");
  check("a new distribution's first field has no focus", (await focused(page)).id.endsWith("-name"));
  await page.keyboard.type("1月9日");
  await page.keyboard.press("Tab");
  await page.keyboard.type("https://a.example/about");
  await page.keyboard.press("Control+s");
  await page.locator(".error-summary").waitFor({ state: "detached" });
  check("what was suggested is not there", state.dataset.public.distributions[0]?.fields.caddec_required === "要求する");
  // A list is searched; a value of one's own may be written where it is open.
  await page.locator("summary", { hasText: "利用条件" }).press("Enter");
  const licence = page.locator("#f-license_title");
  await licence.focus();
  await page.keyboard.type("けんりほうき");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.waitForFunction(() => document.querySelector("#f-license_title")?.value.includes("CC0"));
  await page.getByText(/自動で保存しました/).waitFor();
  check("the licence's address is not set with it", String(state.dataset.public.fields.license_url).includes("publicdomain/zero"));
  // Each step of publishing is told.
  let looks = 0;
  state.watch = () => {
    looks += 1;
    if (looks === 2) state.publication = { ...state.publication, state: "checking", percent: 64, parts: [{ url: "u", sha256: "s" }] };
    if (looks === 4) {
      state.publication = { ...state.publication, state: "done", percent: 100, parts: [{ url: "u", sha256: "s", event_id: "e" }], ended_at: "2026-11-30T05:34:00Z" };
      state.state = "published";
      state.revision += 1;
    }
  };
  await publishButton(page).press("Enter");
  await page.locator("aside").getByText("検査 64 %").waitFor();
  await examine(page, findings, "publishing");
  await picture(page, folder, "publishing");
  await page.locator(".heading .state.good").getByText("公開中").waitFor();
  await page.getByText("1件を登録しました").waitFor();
  check("nothing leads to the site", (await page.getByRole("link", { name: "カタログサイトで見る" }).getAttribute("href")) === "https://a.example/datasets/shelters");
  await examine(page, findings, "published");
  await picture(page, folder, "published");
  // After it the tag is another, and what is written is no conflict.
  await page.locator("#f-title").fill("七尾市 避難所一覧");
  await page.locator("#f-title").press("Control+s");
  await page.waitForFunction(() => /自動で保存しました/.test(document.querySelector(".heading")?.textContent ?? ""));
  check("a tag of before publishing is taken for somebody else's change", !(await page.getByText("先に保存しました").first().isVisible()));
  // Withdrawing says first what it comes to.
  await page.getByRole("button", { name: "取り下げ…" }).press("Enter");
  await page.getByText("1件の配信を入手できなくなります").waitFor();
  await examine(page, findings, "withdrawing");
  await page.getByRole("button", { name: "取り下げる", exact: true }).press("Enter");
  await page.locator(".heading .state.off").getByText("取り下げ").waitFor();
});

journey("trouble while saving", {}, async (page, check) => {
  const state = await play(page);
  await page.goto(base + FORM_PAGE);
  const title = page.locator("#f-title");
  await title.waitFor();
  // The session ends: nothing is lost, and it is saved once there is one again.
  state.who = null;
  await title.fill("題名一");
  await title.press("Control+s");
  await page.getByText("ログインし直してください。書いた内容は残っています").waitFor();
  await examine(page, findings, "session ended");
  await picture(page, folder, "session-ended");
  state.who = STEWARD;
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await page.getByText(/自動で保存しました（8版）/).waitFor();
  check("it is not stored", state.dataset.public.fields.title === "題名一");
  state.offline = true;
  await title.fill("題名二");
  await title.press("Control+s");
  await page.getByText("保存できません。つながり次第 保存します").waitFor();
  // It is kept in this browser where the page is closed all the same, for its writer alone.
  page.once("dialog", (dialog) => void dialog.accept());
  await page.goto("about:blank");
  state.offline = false;
  await page.goto(base + FORM_PAGE);
  await page.getByText("保存できていなかった変更を、この画面に戻しました").waitFor();
  check("what was kept is not on the page", (await title.inputValue()) === "題名二");
  await page.getByText(/自動で保存しました（9版）/).waitFor();
  check("what is saved is still kept", await page.evaluate(() => Object.keys(localStorage).every((key) => !key.startsWith("kakehashi.unsaved."))));
  // Somebody else saves: what only they changed is taken, what both changed is asked for.
  const theirs = structuredClone(state.dataset);
  theirs.public.fields.title = "相手の題名";
  theirs.public.fields.notes = "相手の説明";
  state.dataset = theirs;
  state.version += 1;
  state.revision += 1;
  state.savedBy = "cadde.1000000000011.05";
  await title.fill("自分の題名");
  await title.press("Control+s");
  await page.getByText("cadde.1000000000011.05 が先に保存しました").waitFor();
  await examine(page, findings, "conflict");
  await page.getByRole("button", { name: "違いを見て合わせる" }).press("Enter");
  await page.getByText("相手だけが変えた1項目は、そのまま取り入れます。").waitFor();
  await examine(page, findings, "merging");
  await picture(page, folder, "merging");
  await page.getByRole("button", { name: "合わせて保存する" }).press("Enter");
  await page.getByText(/自動で保存しました/).waitFor();
  check("mine is lost", state.dataset.public.fields.title === "自分の題名");
  check("theirs is lost", state.dataset.public.fields.notes === "相手の説明");
  // A step back, and another version.
  await page.getByRole("button", { name: "一つ前に戻す" }).press("Enter");
  await page.getByText("一つ前の版に戻しました").waitFor();
  check("the field shows what was", (await title.inputValue()) !== "自分の題名");
  await page.getByRole("link", { name: "版の履歴" }).press("Enter");
  await page.getByRole("heading", { level: 1, name: "版の履歴" }).waitFor();
  await page.getByRole("button", { name: /^この版に戻す.*6版/ }).press("Enter");
  await page.waitForURL(`**${FORM_PAGE}`);
  await page.getByRole("heading", { level: 1, name: "避難所", exact: true }).waitFor();
});

journey("two views", {}, async (page, check) => {
  const state = await play(page);
  await page.goto(base + FORM_PAGE);
  await page.locator("#f-title").waitFor();
  await page.getByRole("radio", { name: /入手は認可した相手だけ/ }).check();
  await page.locator("#differences").waitFor();
  await page.locator("#f-title").fill("両方の題名");
  await page.getByRole("button", { name: "公開用" }).press("Enter");
  await page.locator("#f-notes").fill("公開用だけの説明");
  await page.locator("#f-notes").press("Control+s");
  await page.getByText(/自動で保存しました/).waitFor();
  const { public: open, limited } = state.dataset;
  check("the title is not in both", open.fields.title === "両方の題名" && limited.fields.title === "両方の題名");
  check("the description is not in one alone", open.fields.notes === "公開用だけの説明" && limited.fields.notes === DATASET.public.fields.notes);
  check("everybody sees the addresses", open.distributions.every((one) => one.fields.url === undefined) && limited.distributions.every((one) => one.fields.url !== undefined));
  await examine(page, findings, "two views");
  // Distributions: copied, sorted, deleted and had again.
  await page.getByRole("button", { name: "配信1を複製" }).press("Enter");
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("button", { name: "配信4を削除" }).press("Enter");
  await page.getByRole("button", { name: "元に戻す" }).press("Enter");
  await page.keyboard.press("Control+s");
  await page.waitForFunction(() => document.querySelectorAll(".group").length === 4);
  // The language changes, and what was entered stays.
  await page.locator("#f-title").fill("書きかけ");
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { level: 2, name: "Basics" }).waitFor();
  check("what was entered is gone", (await page.locator("#f-title").inputValue()) === "書きかけ");
});

journey("publishing stops", { lang: "en" }, async (page, check) => {
  const state = await play(page);
  await page.goto(base + FORM_PAGE);
  await page.locator("#f-title").waitFor();
  state.publish = () => [409, "site-changed", "The site's copy was changed", { site_version: 3 }];
  await publishButton(page).press("Enter");
  await page.getByText("The site's copy was changed").waitFor();
  check("names no request id", await page.getByText(REQUEST).isVisible());
  await examine(page, findings, "site changed");
  state.publish = () => undefined;
  let looks = 0;
  state.watch = () => {
    looks += 1;
    if (looks === 2) {
      state.publication = { ...state.publication, state: "stopped", problem: DEAD };
      state.state = "draft";
      state.revision += 1;
    }
  };
  const asked = page.waitForRequest((request) => request.url().endsWith("/publication?overwrite=true"));
  await page.getByRole("button", { name: "Publish over what is on the site" }).press("Enter");
  await asked;
  await page.locator("aside").getByText("No file at this URL (404). Check its name").waitFor();
  await page.getByRole("button", { name: "Correct the URL" }).press("Enter");
  await page.waitForFunction(() => document.activeElement?.id.endsWith("-url"));
  check("leads to another field", (await page.evaluate(() => document.activeElement?.value)) === ADDRESS);
  await examine(page, findings, "stopped, mending");
  state.watch = () => {
    if (state.state === "draft") return;
    state.publication = { ...state.publication, state: "stopped", problem: { kind: "dataset-incomplete", ja: "x", en: "1 thing has to be mended", findings: [{ pointer: "/public/distributions/1/fields/explain_url", ja: "x", en: "Enter the information page" }] } };
    state.state = "draft";
    state.revision += 1;
  };
  await publishButton(page).press("Enter");
  await page.getByRole("button", { name: "Enter the information page" }).press("Enter");
  await page.waitForFunction(() => document.activeElement?.id.endsWith("-explain_url"));
  await page.getByRole("button", { name: "Delete…" }).press("Enter");
  await page.getByRole("button", { name: "Delete", exact: true }).press("Enter");
  await page.waitForURL("**/datasets");
  const restored = page.waitForRequest((request) => request.url().endsWith("/restoration"));
  await page.getByRole("button", { name: "Undo" }).press("Enter");
  await restored;
});

// The states that pages have beside their good ones.
journey("states", {}, async (page, check) => {
  const show = async (name, more, path, ready) => {
    const state = await play(page, world(more));
    await page.goto(base + path);
    await ready.waitFor();
    await examine(page, findings, name);
    await picture(page, folder, name);
    return state;
  };
  await show("no-match", { list: [] }, "/datasets?q=%E3%81%AA%E3%81%84", page.getByText("当てはまるデータセットがありません"));
  const failed = await show("list-failed", { fail: "いまは読めません" }, "/datasets", page.getByText("いまは読めません"));
  check("names no request id", await page.getByText(REQUEST).isVisible());
  failed.fail = undefined;
  await page.getByRole("button", { name: "もう一度読みこむ" }).press("Enter");
  await page.locator("tbody tr").first().waitFor();
  let release;
  const held = new Promise((resolve) => {
    release = resolve;
  });
  await show("loading", { held }, "/datasets", page.locator(".skeleton").first());
  release();
  await page.locator("tbody tr").first().waitFor();
  await show("signed-out", { who: null }, FORM_PAGE, page.getByText("ログインすると、データセットを書けます"));
  check("signing in leads elsewhere", (await page.locator("main a[href^='/login']").getAttribute("href")) === `/login?return_to=${encodeURIComponent(FORM_PAGE)}`);
  await show("no-right", { who: { ...STEWARD, roles: [] } }, "/datasets", page.getByText("この画面は提供者だけが見られます"));
  await show("no-provider", { providers: [], list: [] }, "/datasets", page.getByText("書ける提供者がありません"));
  await show("home", { who: null }, "/", page.getByRole("heading", { level: 1, name: "カタログ作成ツール" }));
  await show("unknown", {}, "/datasets/019aa7f1-0000-7c20-8000-00000000ffff", page.getByText("このデータセットは見つかりません").first());
  await show("search-failed", { fail: "索引を作り直しています" }, "/search", page.getByText("索引を作り直しています"));
  await show("provider-away", { away: true }, "/datasets", page.getByText("提供者のコネクタから返事がありません"));
  // What the site has and the tool hasn't is taken over.
  const strange = await show("strange", { strange: STRANGE }, "/datasets", page.getByText("サイトにあって、ここにないもの"));
  await page.locator("summary", { hasText: "サイトにあって" }).press("Enter");
  check("what is here already is offered", !(await page.getByText("もうあるもの").isVisible()));
  await page.getByRole("button", { name: /^取りこんで編集する.*河川水位 毎時観測値$/ }).press("Enter");
  await page.waitForURL(`**${FORM_PAGE}`);
  check("another one is taken over", strange.begun?.site_dataset === STRANGE[0].id);
  // Several providers: first for which.
  const several = await show("several", { providers: [PROVIDER, { ...PROVIDER, id: "provider.b.example", name: { ja: "B県 河川課", en: "B" } }] }, "/datasets", page.locator("tbody tr").first());
  await page.getByRole("button", { name: "新しく作る" }).press("Enter");
  await page.getByRole("group", { name: "どの提供者のものを作りますか" }).getByRole("button", { name: "B県 河川課" }).press("Enter");
  await page.waitForURL(`**${FORM_PAGE}`);
  check("a new one is not of that provider", several.begun?.provider === "provider.b.example");
  // Signing out ends the session where it began, too. A key that comes while a page is drawn may find no button.
  await page.goto(`${base}/datasets`);
  await page.locator("tbody tr").first().waitFor();
  await page.getByRole("button", { name: "ログアウト" }).press("Enter");
  await page.waitForURL("**/?out");
});

// Lists stand in their address.
journey("list", {}, async (page, check) => {
  await play(page);
  await page.goto(`${base}/datasets`);
  await page.locator("tbody tr").first().waitFor();
  await page.getByRole("searchbox").fill("河川");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/datasets?q=*");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await page.goBack();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 8);
  await page.getByRole("link", { name: /^取り下げ/ }).press("Enter");
  await page.waitForURL("**state=withdrawn");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  check("what is written in a title became markup", (await page.locator("main img").count()) === 0);
  await page.goto(`${base}/search`);
  await page.locator(".results").waitFor();
  check("a dataset leads elsewhere than to its page", (await page.locator(".results a").first().getAttribute("href")) === "https://a.example/datasets/shelters");
  check("an address that is none of the web's is a link", (await page.locator("a[href^='javascript']").count()) === 0);
  const narrowed = page.waitForRequest((request) => new URL(request.url()).searchParams.get("fq") === 'res_format:"CSV"');
  await page.getByRole("navigation", { name: "形式で絞り込む" }).getByRole("link", { name: "CSV" }).press("Enter");
  await narrowed;
});

// Colours of the reader's own.
journey("forced colours", { forcedColors: "active", reducedMotion: "reduce" }, async (page) => {
  for (const [name, go] of [["list", views.list], ["form", views.stopped]]) {
    await go(page);
    await tabThrough(page, findings, `forced colours, ${name}`);
    await picture(page, folder, `${name}-forced`);
  }
});

await goAll();

// A thousand distributions: a key is shown before anybody waits. Alone, since it looks at the time.
journey("a thousand distributions", {}, async (page, check) => {
  const many = { ...DATASET, public: { ...DATASET.public, distributions: Array.from({ length: 1000 }, (_, n) => file(`配信 ${n}`, String(n))) } };
  await play(page, world({ dataset: many }));
  await page.goto(base + FORM_PAGE);
  await page.locator("#f-title").waitFor();
  const times = [];
  await page.locator("#f-title").focus();
  for (const key of "避難所の一覧を書く") {
    times.push(await page.locator("#f-title").evaluate((field, key) => {
      const begun = performance.now();
      document.execCommand("insertText", false, key);
      return new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun))));
    }, key));
  }
  const slowest = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
  console.log(`a key is shown within ${slowest.toFixed(0)} ms beside 1,000 distributions`);
  check(`a key takes ${slowest.toFixed(0)} ms`, slowest < 1000);
});

await goAll();
await browser.close();
findings.end(`${looked} views, ${stops.length} stops of the keyboard, first load ${(bytes / 1024).toFixed(0)} KiB`);
