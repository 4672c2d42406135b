// What could not be saved is kept in this browser until it is, so that a window that is closed costs nothing. It is its writer's alone.

const BEGINNING = "kakehashi.unsaved.";

/** What was written, upon which version, by whom. */
export interface Kept<T> {
  who: string;
  version: number;
  value: T;
}

/** Where nothing may be kept, or there is no room, the window is the only place. */
function attempt<R>(use: (storage: Storage) => R): R | undefined {
  try {
    return use(localStorage);
  } catch {
    return undefined;
  }
}

export function keep<T>(id: string, kept: Kept<T>): void {
  attempt((storage) => storage.setItem(BEGINNING + id, JSON.stringify(kept)));
}

export function forget(id: string): void {
  attempt((storage) => storage.removeItem(BEGINNING + id));
}

/** Whoever signs out leaves nothing behind. */
export function forgetAll(): void {
  attempt((storage) => {
    for (const key of Object.keys(storage)) if (key.startsWith(BEGINNING)) storage.removeItem(key);
  });
}

/** What `who` wrote and could not save; nothing that somebody else did. */
export function kept<T>(id: string, who: string): Kept<T> | undefined {
  return attempt((storage) => {
    const found = JSON.parse(storage.getItem(BEGINNING + id) ?? "null") as Kept<T> | null;
    return found !== null && found.who === who && Number.isSafeInteger(found.version) ? found : undefined;
  });
}
