// The words for states, once for all screens: object → state → word in both languages, tone, icon. APIs use the same keys and words.
// `{n}` stands for a number.

import type { Lang } from "../facts";
import type { IconName } from "../icons/paths";

/** Running or waiting; good and checked; needs attention; bad or barred; off or unknown; a draft. */
export type Tone = "running" | "good" | "warning" | "bad" | "off" | "draft";

export interface StateLook {
  ja: string;
  en: string;
  /** English where the number is one. */
  enOne?: string;
  tone: Tone;
  icon: IconName;
}

const state = (ja: string, en: string, tone: Tone, icon: IconName, enOne?: string): StateLook => ({
  ja,
  en,
  tone,
  icon,
  ...(enOne === undefined ? {} : { enOne }),
});

export const STATES = {
  dataset: {
    draft: state("下書き", "Draft", "draft", "pencil"),
    checking: state("確認中", "Checking", "running", "sync"),
    published: state("公開中", "Published", "good", "globe"),
    withdrawn: state("取り下げ", "Withdrawn", "off", "box"),
  },
  publishing: {
    queued: state("待機", "Queued", "running", "clock"),
    checking: state("検査 {n} %", "Checking {n} %", "running", "sync"),
    retrying: state("再試行中", "Retrying", "warning", "sync"),
    stopped: state("止まりました", "Stopped", "bad", "x"),
    done: state("完了", "Done", "good", "check"),
  },
  obtainable: {
    obtainable: state("入手できます", "Obtainable", "good", "check"),
    "needs-attention": state("要対応", "Needs attention", "warning", "alert"),
    "not-obtainable": state("入手できません", "Not obtainable", "bad", "x"),
    checking: state("確認中", "Checking", "running", "sync"),
    "not-checked": state("未確認", "Not checked", "off", "question"),
  },
  viewer: {
    "grant-needed": state("認可が必要", "Grant needed", "off", "lock"),
    "asked-for": state("申請中", "Asked for", "running", "clock"),
  },
  source: {
    answers: state("応答あり", "Answers", "good", "check"),
    "no-answer": state("応答なし", "No answer", "bad", "x"),
  },
  application: {
    "being-filled-in": state("入力中", "Being filled in", "draft", "pencil"),
    "awaiting-confirmation": state("メール確認待ち", "Awaiting confirmation", "running", "clock"),
    "awaiting-review": state("審査待ち", "Awaiting review", "running", "clock"),
    approved: state("承認", "Approved", "good", "check"),
    rejected: state("不承認", "Rejected", "bad", "x"),
  },
  registration: {
    "awaiting-enrolment": state("登録待ち", "Awaiting enrolment", "running", "clock"),
    active: state("有効", "Active", "good", "check"),
    "possible-duplicate": state("重複の疑い", "Possible duplicate", "warning", "alert"),
    suspended: state("停止中", "Suspended", "bad", "pause"),
    deleted: state("削除済み", "Deleted", "off", "trash"),
  },
  certificate: {
    valid: state("有効", "Valid", "good", "check"),
    expiring: state("あと{n}日", "{n} days left", "warning", "clock", "{n} day left"),
    expired: state("期限切れ", "Expired", "off", "clock"),
    revoked: state("失効", "Revoked", "bad", "x"),
  },
  grant: {
    "not-yet-valid": state("開始前", "Not yet valid", "off", "clock"),
    active: state("有効", "Active", "good", "check"),
    expired: state("期限切れ", "Expired", "off", "dash"),
    revoked: state("取り消し", "Revoked", "bad", "x"),
    "awaiting-answer": state("回答待ち", "Awaiting answer", "running", "clock"),
    declined: state("断り", "Declined", "bad", "x"),
  },
  exchange: {
    "in-transfer": state("受け渡し中", "In transfer", "running", "sync"),
    "recorded-by-both": state("両側の記録あり", "Recorded by both", "good", "check"),
    "one-side-only": state("片側のみ", "One side only", "warning", "clock"),
    aborted: state("中止", "Aborted", "off", "dash"),
    mismatch: state("食い違い", "Mismatch", "bad", "alert"),
  },
  proof: {
    "not-checked": state("未確認", "Not checked", "off", "question"),
    "awaiting-log": state("ログ待ち", "Awaiting log", "running", "clock"),
    checking: state("確かめています", "Checking", "running", "sync"),
    "verified-here": state("この画面で確認", "Verified here", "good", "shield"),
    "not-valid": state("正しくありません", "Not valid", "bad", "alert"),
  },
  consent: {
    "in-force": state("同意中", "In force", "good", "check"),
    "expires-soon": state("まもなく期限", "Expires soon", "warning", "clock"),
    expired: state("期限切れ", "Expired", "off", "dash"),
    withdrawn: state("撤回", "Withdrawn", "bad", "x"),
  },
} as const satisfies Record<string, Record<string, StateLook>>;

export type StateObject = keyof typeof STATES;
export type StateOf<O extends StateObject> = keyof (typeof STATES)[O] & string;

/** How a state is shown; `undefined` for one that this version doesn't know. */
export function look(object: StateObject, name: string): StateLook | undefined {
  const states: Record<string, StateLook> = STATES[object];
  return Object.hasOwn(states, name) ? states[name] : undefined;
}

/** The word for a state. */
export function word(state: StateLook, lang: Lang, n?: number): string {
  const text = lang === "ja" ? state.ja : n === 1 ? (state.enOne ?? state.en) : state.en;
  return text.replace("{n}", n === undefined ? "–" : String(n));
}
