// What is known of a text that saves itself. Pure: time, requests and storage are the business of `useAutosave`.

/** How a saving ended. */
export type Outcome<T> =
  | { kind: "saved"; etag: string; at: Date }
  /** Somebody saved first; `theirs` is what is stored now. */
  | { kind: "conflict"; theirs: T; etag: string; by?: string }
  | { kind: "offline" }
  | { kind: "signed-out" }
  /** The server refused: trying again doesn't help until something was changed. */
  | { kind: "refused"; reason: string };

export interface Draft<T> {
  /** What is on the screen. */
  value: T;
  /** What is stored, as far as we know, and its tag. */
  stored: T;
  etag: string;
  savedAt: Date | undefined;
  /** What is on its way; what is entered meanwhile is saved after it. */
  saving: T | undefined;
  trouble: Exclude<Outcome<T>, { kind: "saved" }> | undefined;
}

export function begin<T>(stored: T, etag: string): Draft<T> {
  return { value: stored, stored, etag, savedAt: undefined, saving: undefined, trouble: undefined };
}

/** Something was entered. A refusal is forgotten: it was about what stood there before. */
export function entered<T>(draft: Draft<T>, value: T): Draft<T> {
  return { ...draft, value, trouble: draft.trouble?.kind === "refused" ? undefined : draft.trouble };
}

/** Whether something would be lost if the page were closed now. */
export function isUnsaved<T>(draft: Draft<T>): boolean {
  return draft.value !== draft.stored;
}

/** Whether it should be sent now. After a conflict a person decides first. */
export function isDue<T>(draft: Draft<T>): boolean {
  return isUnsaved(draft) && draft.saving === undefined && draft.trouble?.kind !== "conflict" && draft.trouble?.kind !== "refused";
}

/** It is on its way. */
export function sent<T>(draft: Draft<T>): Draft<T> {
  return { ...draft, saving: draft.value };
}

export function ended<T>(draft: Draft<T>, outcome: Outcome<T>): Draft<T> {
  const { saving } = draft;
  if (saving === undefined) return draft;
  if (outcome.kind === "saved") {
    return { ...draft, stored: saving, etag: outcome.etag, savedAt: outcome.at, saving: undefined, trouble: undefined };
  }
  return { ...draft, saving: undefined, trouble: outcome };
}

/** After a conflict: `value` is what both come to, and is saved over what is stored now. */
export function merged<T>(draft: Draft<T>, value: T): Draft<T> {
  if (draft.trouble?.kind !== "conflict") return draft;
  return { ...draft, value, stored: draft.trouble.theirs, etag: draft.trouble.etag, trouble: undefined };
}

/** What the line at the title says. */
export type Said = "untouched" | "unsaved" | "saving" | "saved" | "conflict" | "offline" | "signed-out" | "refused";

export function said<T>(draft: Draft<T>): Said {
  if (draft.saving !== undefined) return "saving";
  if (draft.trouble !== undefined) return draft.trouble.kind;
  if (isUnsaved(draft)) return "unsaved";
  return draft.savedAt === undefined ? "untouched" : "saved";
}
