import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../IconButton";
import { Icon } from "../icons/Icon";
import { type Changed, copied, type Grouped, moved, removed, restored } from "./grouped";

/** A list of alike groups, each a card that is folded: one is open, and each that has an error. */
export function Groups<T extends Grouped>(props: {
  items: readonly T[];
  onChange: (items: readonly T[]) => void;
  /** What one is called, by its number from 1: 配信2. */
  name: (n: number) => string;
  title: (item: T) => string;
  /** What is seen of a folded one. */
  summary: (item: T) => ReactNode;
  errors: (item: T) => number;
  children: (item: T, n: number) => ReactNode;
  /** A new one, without its id. */
  create: () => Omit<T, "id">;
  addLabel: string;
  /** The id of the button that adds one: where an error leads that is about none of them. */
  addId?: string;
  /** What of one goes into its copy; all of it otherwise. */
  copy?: (item: T) => T;
  /** The one that the summary of errors wants to be open; a new object each time that it does. */
  revealed?: { id: string } | undefined;
}) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<string>();
  const [focus, setFocus] = useState<{ id: string; inside: boolean }>();
  const [undo, setUndo] = useState<{ item: T; at: number; name: string }>();
  const list = useRef<HTMLDivElement>(null);
  // Before anything is painted: the focus goes into it then.
  useLayoutEffect(() => {
    if (props.revealed !== undefined) setOpen(props.revealed.id);
  }, [props.revealed]);
  useEffect(() => {
    if (focus === undefined) return;
    const card = list.current?.querySelector<HTMLElement>(`[data-group="${CSS.escape(focus.id)}"]`);
    const field = focus.inside ? card?.querySelector<HTMLElement>(".group-body input, .group-body select, .group-body textarea") : undefined;
    (field ?? card?.querySelector<HTMLElement>("[aria-expanded]"))?.focus();
    setFocus(undefined);
  }, [focus]);
  const change = ({ items, focus }: Changed<T>, inside = false) => {
    props.onChange(items);
    if (focus !== undefined) {
      if (inside) setOpen(focus);
      setFocus({ id: focus, inside });
    }
  };
  const newId = () => crypto.randomUUID();
  return (
    <div ref={list}>
      {props.items.map((item, at) => {
        const n = at + 1;
        const name = props.name(n);
        const errors = props.errors(item);
        const isOpen = open === item.id || errors > 0;
        return (
          <section
            key={item.id}
            data-group={item.id}
            className={errors > 0 ? "group bad" : "group"}
            aria-label={name}
            onKeyDown={(event) => {
              if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
              event.preventDefault();
              change(moved(props.items, item.id, event.key === "ArrowUp" ? -1 : 1));
            }}
          >
            <div className="group-head">
              <h3>
                <span className="secondary">{n}</span> {props.title(item)}
              </h3>
              {props.summary(item)}
              <span className="group-tools">
                <button
                  type="button"
                  className="button plain small"
                  aria-expanded={isOpen}
                  onClick={() => setOpen(isOpen ? undefined : item.id)}
                >
                  {isOpen ? t("groups.fold") : t("groups.open")}
                  <span className="spoken"> {name}</span>
                </button>
                <IconButton icon="copy" name={t("groups.copy", { name })} onClick={() => change(copied(props.items, item.id, newId(), props.copy), true)} />
                {at > 0 && <IconButton icon="up" name={t("groups.up", { name })} onClick={() => change(moved(props.items, item.id, -1))} />}
                {n < props.items.length && (
                  <IconButton icon="down" name={t("groups.down", { name })} onClick={() => change(moved(props.items, item.id, 1))} />
                )}
                <IconButton
                  icon="trash"
                  name={t("groups.remove", { name })}
                  onClick={() => {
                    const next = removed(props.items, item.id);
                    change(next);
                    setUndo(next.undo === undefined ? undefined : { ...next.undo, name });
                  }}
                />
              </span>
            </div>
            {isOpen && <div className="group-body">{props.children(item, n)}</div>}
          </section>
        );
      })}
      <div role="status">
        {undo !== undefined && (
          <p className="row small">
            {t("groups.removed", { name: undo.name })}
            <button
              type="button"
              className="button plain small"
              onClick={() => {
                change(restored(props.items, undo));
                setUndo(undefined);
              }}
            >
              {t("groups.undo")}
            </button>
          </p>
        )}
      </div>
      <p className="row group-add">
        <button
          type="button"
          className="button small"
          id={props.addId}
          onClick={() => {
            const id = newId();
            change({ items: [...props.items, { ...props.create(), id } as T], focus: id }, true);
          }}
        >
          <Icon name="plus" />
          {props.addLabel}
        </button>
      </p>
    </div>
  );
}
