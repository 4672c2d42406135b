import { expect, it } from "vitest";
import { size } from "./size";
import { ago, inDetail, inList, offset, time, zoneName } from "./time";

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [10_700, "10.7 kB"],
  [99_949, "99.9 kB"],
  [99_950, "100 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [2_200_000, "2.2 MB"],
  [5e18, "5000 PB"],
  [-1, "–"],
  [Number.NaN, "–"],
])("%d bytes are %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

const at = new Date("2026-11-30T05:32:07.042Z");

it("writes times in the viewer's zone, with the year where it is another", () => {
  expect(inList(at, new Date("2026-12-31T14:59:59Z"), "Asia/Tokyo")).toBe("11-30 14:32");
  expect(inList(at, new Date("2026-12-31T15:00:00Z"), "Asia/Tokyo")).toBe("2026-11-30 14:32");
  expect(inList(new Date("2026-11-30T15:00:00Z"), at, "Asia/Tokyo")).toBe("12-01 00:00");
});

it("names the zone in details", () => {
  expect(inDetail(at, "Asia/Tokyo")).toBe("2026-11-30 14:32:07 JST (UTC+9)");
  expect(inDetail(at, "Asia/Tokyo", true)).toBe("2026-11-30 14:32:07.042 JST (UTC+9)");
  expect(inDetail(at, "UTC")).toBe("2026-11-30 05:32:07 UTC (UTC+0)");
  expect(offset(at, "America/St_Johns")).toBe("UTC−3:30");
  expect(zoneName(at, "Asia/Tokyo", "ja", true)).toBe("日本標準時");
});

it.each([
  [12, "seconds", 12],
  [-5, "seconds", 0],
  [60, "minutes", 1],
  [7199, "hours", 1],
  [86_400 * 31, "days", 31],
])("%d seconds are %s %d ago", (seconds, unit, count) => {
  expect(ago(new Date(at.getTime() - seconds * 1000), at)).toEqual({ unit, count });
});

it("takes no text for a time that is none", () => {
  expect(time("2026-13-01T00:00:00Z")).toBeUndefined();
  expect(time("2026-11-30T05:32:07.042Z")).toEqual(at);
});
