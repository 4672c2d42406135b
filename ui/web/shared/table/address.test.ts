import { expect, it } from "vitest";
import { changed, namedPages, nextSort, readAddress } from "./address";

const read = (query: string) => readAddress(new URLSearchParams(query), ["state", "q"], ["title", "changed"]);

it("reads what a list can show", () => {
  expect(read("state=draft&sort=-changed&page=3&per_page=100&x=y")).toEqual({
    page: 3,
    perPage: 100,
    sort: { by: "changed", descending: true },
    filters: { state: "draft", q: "" },
  });
});

it.each(["page=0", "page=-1", "page=x", "page=1.5", "page=1e99", "per_page=7", "sort=password", "sort=--title"])(
  "takes nothing from %s",
  (query) => {
    expect(read(query)).toEqual({ page: 1, perPage: 25, sort: undefined, filters: { state: "", q: "" } });
  },
);

it("begins at the first page when something else is shown", () => {
  const now = new URLSearchParams("page=4&state=draft&sort=title");
  expect(changed(now, { state: "published" }).toString()).toBe("state=published&sort=title");
  expect(changed(now, { state: "" }).toString()).toBe("sort=title");
  expect(changed(now, { page: "5" }).toString()).toBe("page=5&state=draft&sort=title");
});

it("turns the order round at the second click", () => {
  expect(nextSort(undefined, "title")).toBe("title");
  expect(nextSort({ by: "title", descending: false }, "title")).toBe("-title");
  expect(nextSort({ by: "title", descending: true }, "title")).toBe("title");
  expect(nextSort({ by: "changed", descending: false }, "title")).toBe("title");
});

it.each([
  [1, 1, [1]],
  [1, 3, [1, 2, 3]],
  [1, 16, [1, 2, 0, 16]],
  [3, 16, [1, 2, 3, 4, 0, 16]],
  [8, 16, [1, 0, 7, 8, 9, 0, 16]],
  [16, 16, [1, 0, 15, 16]],
])("at page %d of %d names %j", (page, pages, named) => {
  expect(namedPages(page, pages)).toEqual(named);
});
