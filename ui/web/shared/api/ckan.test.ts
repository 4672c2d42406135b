import { expect, it } from "vitest";
import { action, bytes, extra, isLimited, type Package, quoted, webAddress } from "./ckan";

const connection = (status: number, body: unknown) => {
  const asked: string[] = [];
  const answer = async (target: string) => {
    asked.push(target);
    return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", "x-request-id": "r" } });
  };
  return { asked, lang: () => "ja", fetch: answer as unknown as typeof fetch };
};

it("asks for an action and takes its result", async () => {
  const site = connection(200, { success: true, result: { count: 0 } });
  expect(await action(site, "release", "package_search", { q: "避難所", fq: 'tags:"a&b"' })).toEqual({ count: 0 });
  expect(site.asked).toEqual(["/release/api/3/action/package_search?q=%E9%81%BF%E9%9B%A3%E6%89%80&fq=tags%3A%22a%26b%22"]);
});

it("tells an error of CKAN's in its own words", async () => {
  const site = connection(404, { success: false, error: { __type: "Not Found Error", message: "ありません" } });
  await expect(action(site, "detail", "package_show", { id: "x" })).rejects.toMatchObject({
    status: 404,
    kind: "Not Found Error",
    message: "ありません",
    requestId: "r",
  });
});

it("quotes what a query would take for its own", () => {
  expect(quoted('a"b\\c:d')).toBe('"a\\"b\\\\c:d"');
});

it("reads extras, sizes and addresses as they come", () => {
  const dataset: Package = { id: "1", name: "n", title: "t", metadata_modified: "", extras: [{ key: "theme", value: "国土・気象" }, { key: "frequency", value: "" }] };
  expect(extra(dataset, "theme")).toBe("国土・気象");
  expect(extra(dataset, "frequency")).toBeUndefined();
  expect(isLimited(dataset)).toBe(false);
  expect(isLimited({ ...dataset, extras: [{ key: "caddec_dataset_id_for_detail", value: "1" }] })).toBe(true);
  expect(bytes({ id: "1", size: "20480" })).toBe(20_480);
  expect(bytes({ id: "1", size: 0 })).toBe(0);
  expect(bytes({ id: "1", size: "about 3 MB" })).toBeUndefined();
  expect(bytes({ id: "1" })).toBeUndefined();
  expect(webAddress("https://a.example/")).toBe("https://a.example/");
  for (const text of ["javascript:alert(1)", "data:text/html,x", " https://a.example", "ftp://a.example", "", null]) expect(webAddress(text)).toBeUndefined();
});
