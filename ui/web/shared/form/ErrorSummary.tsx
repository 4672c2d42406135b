import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "../icons/Icon";

export interface SummaryLine {
  /** The field's id. */
  id: string;
  /** The field's own error, word for word. */
  error: string;
}

/**
 * What has to be corrected, on top of a form that was sent. It takes the focus each time `attempt` counts on; each line leads to its
 * field, and `reveal` opens what hides it.
 */
export function ErrorSummary(props: {
  attempt: number;
  lines: readonly SummaryLine[];
  title?: string;
  reveal?: (id: string) => void;
}) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const isThere = props.lines.length > 0;
  useEffect(() => {
    if (props.attempt > 0 && isThere) box.current?.focus();
  }, [props.attempt, isThere]);
  if (!isThere) return null;
  const lead = (id: string) => {
    props.reveal?.(id);
    // Once what hid it is open.
    requestAnimationFrame(() => {
      const field = document.getElementById(id);
      for (let hider = field?.closest("details"); hider !== null && hider !== undefined; hider = hider.parentElement?.closest("details")) hider.open = true;
      field?.scrollIntoView({ block: "center" });
      field?.focus();
    });
  };
  return (
    <div className="error-summary" role="alert" tabIndex={-1} ref={box}>
      <h2>
        <Icon name="alert" />
        {props.title ?? t("form.summary", { count: props.lines.length })}
      </h2>
      <ul>
        {props.lines.map((line) => (
          <li key={line.id}>
            <a
              href={`#${line.id}`}
              onClick={(event) => {
                event.preventDefault();
                lead(line.id);
              }}
            >
              {line.error}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
