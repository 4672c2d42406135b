// Times in the viewer's zone. Where only a day is meant the text is the day itself and no time: see `day`.

import type { Lang } from "./facts";

/** The viewer's zone. */
export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function parts(at: Date, zone: string, more: Intl.DateTimeFormatOptions = {}): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    calendar: "gregory",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...more,
  });
  return Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
}

/** In lists: 11-30 14:32, with the year where it is another than today's. */
export function inList(at: Date, now: Date, zone: string): string {
  const [that, today] = [parts(at, zone), parts(now, zone)];
  const day = `${that.month}-${that.day} ${that.hour}:${that.minute}`;
  return that.year === today.year ? day : `${that.year}-${day}`;
}

/** Where it is the fact: 2026-11-30 13:58:41 JST (UTC+9), with milliseconds where order matters. */
export function inDetail(at: Date, zone: string, milliseconds = false): string {
  const that = parts(at, zone);
  const seconds = milliseconds ? `${that.second}.${String(at.getMilliseconds()).padStart(3, "0")}` : that.second;
  const named = zoneName(at, zone, "en");
  return `${that.year}-${that.month}-${that.day} ${that.hour}:${that.minute}:${seconds} ${named === offset(at, zone) ? named : `${named} (${offset(at, zone)})`}`;
}

/** How far the zone is from UTC then: UTC+9, UTC−3:30. */
export function offset(at: Date, zone: string): string {
  const name = parts(at, zone, { timeZoneName: "shortOffset" }).timeZoneName ?? "GMT";
  const rest = name.replace("GMT", "").replace("-", "−");
  return `UTC${rest === "" ? "+0" : rest}`;
}

/** The zone's name: 日本標準時 where there is room for it, JST where there isn't. */
export function zoneName(at: Date, zone: string, lang: Lang, long = false): string {
  if (!long && zone === "Asia/Tokyo") return "JST";
  const format = new Intl.DateTimeFormat(lang, { timeZone: zone, timeZoneName: long ? "long" : "short" });
  const name = format.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "UTC";
  return /^GMT[+-]/.test(name) ? offset(at, zone) : name;
}

/** How long ago, to stand beside the time itself: a number and its unit. */
export function ago(at: Date, now: Date): { unit: "seconds" | "minutes" | "hours" | "days"; count: number } {
  const seconds = Math.max(0, Math.floor((now.getTime() - at.getTime()) / 1000));
  if (seconds < 60) return { unit: "seconds", count: seconds };
  if (seconds < 3600) return { unit: "minutes", count: Math.floor(seconds / 60) };
  if (seconds < 86_400) return { unit: "hours", count: Math.floor(seconds / 3600) };
  return { unit: "days", count: Math.floor(seconds / 86_400) };
}

/** The time in `text` (RFC 3339); `undefined` for what is none. */
export function time(text: string): Date | undefined {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** CKAN writes times in UTC and doesn't say so. */
export function utc(time: string): string {
  return /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`;
}
