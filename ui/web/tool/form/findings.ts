// What a check found, at the fields that it is about. Pure.

import type { Finding } from "../api";
import { cardAt, type Edited, type Side, same } from "./dataset";

/** Where a finding belongs: the id of its field, and what hides it. */
export interface Place {
  id: string;
  side: Side | undefined;
  card: string | undefined;
  key: string | undefined;
}

export interface Placed extends Place {
  finding: Finding;
}

/** The id of a field on the page. One view is shown at a time, so it is no part of it. */
export function fieldId(card: string | undefined, key: string): string {
  return card === undefined ? `f-${key}` : `f-${card}-${key}`;
}

/** Where findings go that are about no field. */
export const ELSEWHERE = "f-sharing";
export const DISTRIBUTIONS = "distributions-add";

export function place(pointer: string, edited: Edited): Place {
  const parts = pointer.split("/").slice(1);
  const side = parts[0] === "public" || parts[0] === "limited" ? parts[0] : undefined;
  const rest = side === undefined ? parts : parts.slice(1);
  if (side !== undefined && rest[0] === "distributions") {
    if (rest[1] === undefined) return { id: DISTRIBUTIONS, side, card: undefined, key: undefined };
    const card = cardAt(edited, side, Number(rest[1]))?.id;
    const key = rest[2] === "fields" ? rest[3] : undefined;
    return { id: card === undefined || key === undefined ? DISTRIBUTIONS : fieldId(card, key), side, card, key };
  }
  const key = rest[0] === "fields" ? rest[1] : undefined;
  return { id: key === undefined ? ELSEWHERE : fieldId(undefined, key), side, card: undefined, key };
}

/**
 * Findings at their places. Where both views say the same, what is wrong with it is told once: of `shown`, the view that is on the page, or of
 * whichever has it.
 */
export function placed(findings: readonly Finding[], edited: Edited, shown: Side): Placed[] {
  const all = findings.map((finding) => ({ ...place(finding.pointer, edited), finding }));
  const value = (at: Placed, side: Side) => {
    if (at.key === undefined) return undefined;
    if (at.card === undefined) return edited[side]?.fields[at.key];
    return edited.cards.find((card) => card.id === at.card)?.[side]?.fields[at.key];
  };
  return all.filter((at) => {
    if (at.side === undefined || at.side === shown) return true;
    const twin = all.find((one) => one.side === shown && one.id === at.id && one.finding.kind === at.finding.kind);
    return twin === undefined || !same(value(at, "public"), value(at, "limited"));
  });
}
