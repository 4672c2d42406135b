import { useCallback, useEffect, useRef, useState } from "react";
import { begin, type Draft, ended, entered, isDue, isUnsaved, merged, type Outcome, sent } from "./autosave";

/** 2 s: long enough not to save in the middle of a word, short enough to lose next to nothing. */
const QUIET_MS = 2000;
/** 5 s between two tries while there is no connection or no session. */
const AGAIN_MS = 5000;

export interface Autosave<T> {
  draft: Draft<T>;
  set: (value: T) => void;
  /** Saves at once: on leaving a field, on Ctrl+S. */
  flush: () => void;
  /** Saves what is on the screen now and tells whether that worked: before something is done with what is stored. */
  settle: () => Promise<boolean>;
  /** What is stored is another now, and so is what is on the screen: after a step back. */
  reset: (stored: T, etag: string) => void;
  /** What a conflict came to. */
  merge: (value: T) => void;
}

/** Keeps `stored` on the screen and saves what is entered. `save` never throws: it tells how it ended. */
export function useAutosave<T>(stored: T, etag: string, save: (value: T, etag: string) => Promise<Outcome<T>>): Autosave<T> {
  const [draft, setDraft] = useState(() => begin(stored, etag));
  const now = useRef(draft);
  const saving = useRef(save);
  saving.current = save;
  const going = useRef<Promise<void>>(undefined);
  const change = useCallback((next: Draft<T>) => {
    now.current = next;
    setDraft(next);
  }, []);

  const flush = useCallback(() => {
    if (!isDue(now.current)) return;
    const next = sent(now.current);
    change(next);
    going.current = saving.current(next.value, next.etag).then((outcome) => change(ended(now.current, outcome)));
  }, [change]);

  const settle = useCallback(async () => {
    // What is on its way is older than what is on the screen.
    await going.current;
    flush();
    await going.current;
    return !isUnsaved(now.current);
  }, [flush]);

  // After each key the waiting begins anew. What could not be saved is tried again by and by.
  const isWaiting = isDue(draft);
  const wait = draft.trouble === undefined ? QUIET_MS : AGAIN_MS;
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setTimeout(flush, wait);
    return () => clearTimeout(timer);
  }, [draft.value, draft.trouble, isWaiting, wait, flush]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      flush();
    };
    const onLeave = (event: BeforeUnloadEvent) => {
      if (isUnsaved(now.current)) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    window.addEventListener("online", flush);
    window.addEventListener("focus", flush);
    window.addEventListener("beforeunload", onLeave);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("online", flush);
      window.removeEventListener("focus", flush);
      window.removeEventListener("beforeunload", onLeave);
    };
  }, [flush]);

  const set = useCallback((value: T) => change(entered(now.current, value)), [change]);
  const merge = useCallback((value: T) => change(merged(now.current, value)), [change]);
  const reset = useCallback((stored: T, etag: string) => change(begin(stored, etag)), [change]);
  return { draft, set, flush, settle, reset, merge };
}
