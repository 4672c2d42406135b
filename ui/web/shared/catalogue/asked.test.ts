import { expect, it } from "vitest";
import { readAddress } from "../table/address";
import { searchParameters, words } from "./asked";

const FACETS = ["theme", "tags", "res_format"];
const SORTS = { relevance: "score desc, metadata_modified desc", changed: "metadata_modified desc", title: "title asc" };

const asked = (query: string) => searchParameters(readAddress(new URLSearchParams(query), ["q", "order", ...FACETS], []), FACETS, SORTS);

it.each([
  ["避難所", '"避難所"'],
  ["河川　水位", '"河川" "水位"'],
  ['title:x OR "y', '"title:x" "OR" "\\"y"'],
  ["  ", ""],
])("%s is looked for as %s", (text, query) => {
  expect(words(text)).toBe(query);
});

it("asks for what the address says", () => {
  expect(asked("q=川&theme=国土・気象&res_format=CSV&page=3&per_page=50&order=title")).toMatchObject({
    q: '"川"',
    fq: 'theme:"国土・気象" AND res_format:"CSV"',
    sort: "title asc",
    start: "100",
    rows: "50",
  });
});

it("lets nobody leave the quotes", () => {
  expect(asked("tags=x%22 OR capacity:private").fq).toBe('tags:"x\\" OR capacity:private"');
});

it("begins with what changed last, or with what fits best", () => {
  expect(asked("")).toMatchObject({ q: "*:*", sort: "metadata_modified desc", start: "0" });
  expect(asked("q=川").sort).toBe("score desc, metadata_modified desc");
  expect(asked("q=川&order=nonsense").sort).toBe("score desc, metadata_modified desc");
});
