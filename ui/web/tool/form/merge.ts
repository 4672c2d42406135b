// Two who wrote at the same time: what each changed since the version that both began with. Pure.

import { type Dataset, type Distribution, isEmpty, type Json, type Side, SIDES, same, type View } from "./dataset";

/** Something that both changed, each to another value. `key` is an item, or the distributions as a whole. */
export interface Clash {
  side: Side | undefined;
  key: string;
  mine: Json | undefined;
  theirs: Json | undefined;
}

export const DISTRIBUTIONS = "distributions";
export const SHARING = "sharing";

export interface Merge {
  clashes: Clash[];
  /** How many changes of the other one don't touch mine. */
  taken: number;
  /** What both come to; `mine` names the clashes in which mine counts. */
  result: (isMine: (clash: Clash) => boolean) => Dataset;
}

const json = (value: unknown) => value as Json | undefined;

export function merge(base: Dataset, mine: Dataset, theirs: Dataset): Merge {
  const clashes: Clash[] = [];
  let taken = 0;
  const decide = (side: Side | undefined, key: string, was: Json | undefined, my: Json | undefined, their: Json | undefined) => {
    if (same(my, their)) return { value: my };
    if (same(was, their)) return { value: my };
    if (same(was, my)) {
      taken += 1;
      return { value: their };
    }
    const clash = { side, key, mine: my, theirs: their };
    clashes.push(clash);
    return { clash };
  };
  type Decided = ReturnType<typeof decide>;
  const sharing = decide(undefined, SHARING, base.sharing, mine.sharing, theirs.sharing);
  const fields = new Map<Side, Map<string, Decided>>();
  const lists = new Map<Side, Decided>();
  for (const side of SIDES) {
    const [was, my, their] = [base[side], mine[side], theirs[side]];
    if (my === undefined && their === undefined) continue;
    const keys = new Set([was, my, their].flatMap((view) => Object.keys(view?.fields ?? {})));
    const decided = new Map<string, Decided>();
    for (const key of keys) decided.set(key, decide(side, key, was?.fields[key], my?.fields[key], their?.fields[key]));
    fields.set(side, decided);
    lists.set(side, decide(side, DISTRIBUTIONS, json(was?.distributions ?? []), json(my?.distributions ?? []), json(their?.distributions ?? [])));
  }
  return {
    clashes,
    taken,
    result: (isMine) => {
      const value = (decided: Decided | undefined) => {
        if (decided?.clash === undefined) return decided?.value;
        return isMine(decided.clash) ? decided.clash.mine : decided.clash.theirs;
      };
      const result: Dataset = { sharing: value(sharing) === "limited" ? "limited" : "open" };
      for (const [side, decided] of fields) {
        if (side === "limited" && result.sharing === "open" && (mine.limited === undefined || theirs.limited === undefined)) continue;
        // What is no item is the site's: as it is stored now.
        const rest: Partial<View> = theirs[side] ?? mine[side] ?? {};
        const all = [...decided].flatMap(([key, one]) => {
          const found = value(one);
          return found === undefined || isEmpty(found) ? [] : [[key, found] as const];
        });
        result[side] = {
          ...rest,
          fields: Object.fromEntries(all),
          distributions: (value(lists.get(side)) ?? []) as unknown as Distribution[],
        };
      }
      return result;
    },
  };
}
