import { expect, it } from "vitest";
import { isUnderWay, pageAt } from "./api";

it.each([
  ["https://a.example/release", "shelters", "https://a.example/datasets/shelters"],
  ["https://a.example:8443/release/", "川/1", "https://a.example:8443/datasets/%E5%B7%9D%2F1"],
  ["https://ckan.example/data", "shelters", "https://ckan.example/data/dataset/shelters"],
])("at %s the page of %s is %s", (release, name, page) => {
  expect(pageAt(release, name)).toBe(page);
});

it("goes on until it is done or stopped", () => {
  const one = { id: "", version: 1, queued_at: "", queued_by: "", seen_at: "", is_stale: false };
  const under = (["queued", "checking", "retrying", "stopped", "done"] as const).filter((state) => isUnderWay({ ...one, state }));
  expect(under).toEqual(["queued", "checking", "retrying"]);
  expect(isUnderWay(undefined)).toBe(false);
});
