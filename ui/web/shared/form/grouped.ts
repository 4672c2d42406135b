// Repeated groups of a form: what is done with one, and where the focus goes then. Pure.

export interface Grouped {
  /** Unique in its list, and kept while it moves. */
  id: string;
}

/** A list after a change, with the entry that the focus goes to. */
export interface Changed<T> {
  items: readonly T[];
  focus: string | undefined;
}

export function moved<T extends Grouped>(items: readonly T[], id: string, by: 1 | -1): Changed<T> {
  const from = items.findIndex((item) => item.id === id);
  const to = from + by;
  const next = [...items];
  const [item] = next.splice(from, 1);
  if (from < 0 || to < 0 || to >= items.length || item === undefined) return { items, focus: id };
  next.splice(to, 0, item);
  return { items: next, focus: id };
}

/** A copy stands right behind its original; `copy` says what of it that is. */
export function copied<T extends Grouped>(items: readonly T[], id: string, newId: string, copy: (item: T) => T = (item) => item): Changed<T> {
  const at = items.findIndex((item) => item.id === id);
  const original = items[at];
  if (original === undefined) return { items, focus: undefined };
  return { items: [...items.slice(0, at + 1), { ...copy(original), id: newId }, ...items.slice(at + 1)], focus: newId };
}

/** After a deletion the focus goes to the next one, else to the one before. */
export function removed<T extends Grouped>(items: readonly T[], id: string): Changed<T> & { undo: { item: T; at: number } | undefined } {
  const at = items.findIndex((item) => item.id === id);
  const item = items[at];
  if (item === undefined) return { items, focus: undefined, undo: undefined };
  const next = items.filter((one) => one.id !== id);
  return { items: next, focus: (next[at] ?? next[at - 1])?.id, undo: { item, at } };
}

export function restored<T extends Grouped>(items: readonly T[], undo: { item: T; at: number }): Changed<T> {
  return { items: [...items.slice(0, undo.at), undo.item, ...items.slice(undo.at)], focus: undo.item.id };
}
