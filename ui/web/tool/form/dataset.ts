// A dataset as the server has it, and as it is edited: each distribution is one card, which one or both views have. Pure.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Fields = Readonly<Record<string, Json>>;
export type Side = "public" | "limited";
export const SIDES: readonly Side[] = ["public", "limited"];

export interface Distribution {
  fields: Fields;
  other?: Readonly<Record<string, Json>>;
}

export interface View {
  fields: Fields;
  distributions: readonly Distribution[];
  extras?: Readonly<Record<string, Json>>;
  other?: Readonly<Record<string, Json>>;
}

export interface Dataset {
  sharing: "open" | "limited";
  public?: View;
  limited?: View;
}

export type Head = Omit<View, "distributions">;

/** A distribution while it is edited. */
export interface Card {
  /** This page's own. */
  id: string;
  public?: Distribution;
  limited?: Distribution;
}

export interface Edited {
  sharing: Dataset["sharing"];
  public?: Head;
  limited?: Head;
  cards: readonly Card[];
}

/** What everybody sees of limited data leaves the addresses out: they stand in the other view. */
const WITHHELD = new Set(["url"]);

/** The view that says everything; the other one follows it where it said the same. */
export function mainSide({ sharing }: { sharing: Dataset["sharing"] }): Side {
  return sharing === "open" ? "public" : "limited";
}

const head = ({ distributions: _, ...rest }: View): Head => rest;
const nothing: Head = { fields: {} };

/** For the form. A distribution of one view and the one of the same name in the other are one card. */
export function edited(dataset: Dataset, newId: () => string): Edited {
  const cards: Card[] = [];
  const main = mainSide(dataset);
  const other: Side = main === "public" ? "limited" : "public";
  const open = [...(dataset[other]?.distributions ?? [])];
  for (const distribution of dataset[main]?.distributions ?? []) {
    const twin = open.findIndex((one) => same(one.fields.name, distribution.fields.name));
    const [found] = twin < 0 ? [] : open.splice(twin, 1);
    cards.push({ id: newId(), [main]: distribution, ...(found === undefined ? {} : { [other]: found }) });
  }
  for (const distribution of open) cards.push({ id: newId(), [other]: distribution });
  return {
    sharing: dataset.sharing,
    ...(dataset.public === undefined && main !== "public" ? {} : { public: dataset.public === undefined ? nothing : head(dataset.public) }),
    ...(dataset.limited === undefined && main !== "limited" ? {} : { limited: dataset.limited === undefined ? nothing : head(dataset.limited) }),
    cards,
  };
}

/** For the server. */
export function toDataset(edited: Edited): Dataset {
  const view = (side: Side) => {
    const head = edited[side];
    if (head === undefined) return {};
    return { [side]: { ...head, distributions: edited.cards.flatMap((card) => card[side] ?? []) } };
  };
  return { sharing: edited.sharing, ...view("public"), ...view("limited") };
}

/** The card that is the distribution at `index` of that view. */
export function cardAt(edited: Edited, side: Side, index: number): Card | undefined {
  return edited.cards.filter((card) => card[side] !== undefined)[index];
}

/** Whether two values say the same. */
export function same(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  return JSON.stringify(one) === JSON.stringify(other);
}

export function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function put(fields: Fields, changes: Fields): Fields {
  const next: Record<string, Json> = { ...fields };
  for (const [key, value] of Object.entries(changes)) {
    if (isEmpty(value)) delete next[key];
    else next[key] = value;
  }
  return next;
}

/** `changes` in a view's fields, and in those of the other view where both said the same before. */
function both(sides: Partial<Record<Side, Fields>>, main: Side, side: Side, changes: Fields, sharing: Dataset["sharing"]): Partial<Record<Side, Fields>> {
  const before = sides[side] ?? {};
  const next: Partial<Record<Side, Fields>> = { ...sides, [side]: put(before, changes) };
  const other: Side = side === "public" ? "limited" : "public";
  const followers = sides[other];
  if (side !== main || followers === undefined) return next;
  const follows = Object.entries(changes).filter(
    ([key]) => same(followers[key], before[key]) && !(sharing === "limited" && WITHHELD.has(key) && isEmpty(followers[key])),
  );
  next[other] = put(followers, Object.fromEntries(follows));
  return next;
}

/** Items of the dataset, as `side` has them. An empty value takes one away. */
export function setFields(now: Edited, side: Side, changes: Fields): Edited {
  const sides: Partial<Record<Side, Fields>> = {};
  for (const one of SIDES) if (now[one] !== undefined) sides[one] = now[one].fields;
  const next = both(sides, mainSide(now), side, changes, now.sharing);
  return {
    ...now,
    ...(next.public === undefined ? {} : { public: { ...now.public, fields: next.public } }),
    ...(next.limited === undefined ? {} : { limited: { ...now.limited, fields: next.limited } }),
  };
}

/** Items of one distribution. */
export function setCard(now: Edited, id: string, side: Side, changes: Fields): Edited {
  const cards = now.cards.map((card) => {
    if (card.id !== id) return card;
    const sides: Partial<Record<Side, Fields>> = {};
    for (const one of SIDES) if (card[one] !== undefined) sides[one] = card[one].fields;
    const next = both(sides, mainSide(now), side, changes, now.sharing);
    return {
      ...card,
      ...(next.public === undefined ? {} : { public: { ...card.public, fields: next.public } }),
      ...(next.limited === undefined ? {} : { limited: { ...card.limited, fields: next.limited } }),
    };
  });
  return { ...now, cards };
}

/** A new distribution, in `sides`. */
export function newCard(sides: readonly Side[], suggested: Fields): Omit<Card, "id"> {
  return Object.fromEntries(sides.map((side) => [side, { fields: suggested }]));
}

/** A copy of a distribution is one of its own: what names the original at sites and at the ledger is not part of it. */
export function copyOf(card: Card): Card {
  const copy = (distribution: Distribution): Distribution => ({
    fields: Object.fromEntries(Object.entries(distribution.fields).filter(([key]) => key !== "caddec_resource_id_for_provenance")),
  });
  return {
    id: card.id,
    ...(card.public === undefined ? {} : { public: copy(card.public) }),
    ...(card.limited === undefined ? {} : { limited: copy(card.limited) }),
  };
}

const without = (fields: Fields, keys: ReadonlySet<string>): Fields => Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.has(key)));

/** Who may get it: the view that says everything becomes the other one. */
export function share(now: Edited, sharing: Dataset["sharing"]): Edited {
  if (now.sharing === sharing) return now;
  if (sharing === "limited") {
    const full = now.public ?? nothing;
    return {
      sharing,
      public: full,
      limited: now.limited ?? { fields: full.fields },
      cards: now.cards.map((card) => {
        const whole = card.limited ?? (card.public === undefined ? undefined : { fields: card.public.fields });
        return {
          id: card.id,
          ...(card.public === undefined ? {} : { public: { ...card.public, fields: without(card.public.fields, WITHHELD) } }),
          ...(whole === undefined ? {} : { limited: whole }),
        };
      }),
    };
  }
  // The public view keeps what names it at the site, and says what the limited one said.
  const fields = now.limited?.fields ?? now.public?.fields ?? {};
  return {
    sharing,
    public: { ...(now.public ?? nothing), fields },
    cards: now.cards.map((card) => ({
      id: card.id,
      public: { ...(card.public ?? {}), fields: card.limited?.fields ?? card.public?.fields ?? {} },
    })),
  };
}

export interface Difference {
  key: string;
  card: string | undefined;
  public: Json | undefined;
  limited: Json | undefined;
}

/** What the two views say differently, and how many items they say alike. */
export function differences(now: Edited): { differing: Difference[]; alike: number } {
  const differing: Difference[] = [];
  let alike = 0;
  const compare = (one: Fields, other: Fields, card: string | undefined) => {
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      if (same(one[key], other[key])) alike += 1;
      else differing.push({ key, card, public: one[key], limited: other[key] });
    }
  };
  if (now.public === undefined || now.limited === undefined) return { differing, alike };
  compare(now.public.fields, now.limited.fields, undefined);
  for (const card of now.cards) compare(card.public?.fields ?? {}, card.limited?.fields ?? {}, card.id);
  return { differing, alike };
}
