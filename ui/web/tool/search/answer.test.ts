import { expect, it } from "vitest";
import { pageOf, read } from "./answer";

const one = { id: "1", name: "river", title: "at its site", metadata_modified: "2026-04-01T09:00:00" };

it("reads facets of one list, and tells datasets of two sites apart", () => {
  const found = read({
    count: 2,
    results: [{ ...one, xckan_id: "a:river", xckan_title: "河川の水位" }, { ...one, xckan_id: "b:river" }],
    facets: { facet_fields: { tags: ["川", 3, "水位", 1], res_format: [] } },
  });
  expect(found.results.map(({ id, title }) => [id, title])).toEqual([
    ["a:river", "河川の水位"],
    ["b:river", "at its site"],
  ]);
  expect(found.search_facets?.tags?.items).toEqual([
    { name: "川", display_name: "川", count: 3 },
    { name: "水位", display_name: "水位", count: 1 },
  ]);
  expect(found.search_facets?.res_format?.items).toEqual([]);
  expect(read({ count: 0, results: [] }).search_facets).toEqual({});
});

it.each([
  ["https://p.example/release/dataset/river", "https://p.example/datasets/river"],
  ["https://ckan.example/dataset/%E5%B7%9D", "https://ckan.example/dataset/%E5%B7%9D"],
  ["https://ckan.example/dataset/%ff", "https://ckan.example/dataset/%ff"],
  ["https://portal.example/about/river", "https://portal.example/about/river"],
  ["javascript:alert(1)", undefined],
  [undefined, undefined],
])("leads from %s to %s", (address, page) => {
  expect(pageOf(address === undefined ? one : { ...one, xckan_site_url: address })).toBe(page);
});
