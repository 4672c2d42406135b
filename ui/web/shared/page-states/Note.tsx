import type { ReactNode } from "react";
import { Icon } from "../icons/Icon";

const ICON = { running: "sync", good: "check", warning: "alert", bad: "alert", off: "question" } as const;

/** Something that the reader has to know before going on, with what to do about it. */
export function Note(props: {
  tone: keyof typeof ICON;
  title: string;
  level?: 2 | 3 | 4;
  hasIcon?: boolean;
  children?: ReactNode;
}) {
  const Heading = `h${props.level ?? 2}` as const;
  return (
    <div className={`note ${props.tone}`}>
      <Heading>
        {props.hasIcon === true && <Icon name={ICON[props.tone]} />}
        {props.title}
      </Heading>
      {props.children}
    </div>
  );
}
