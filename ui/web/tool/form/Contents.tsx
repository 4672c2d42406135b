import { useTranslation } from "react-i18next";
import { Icon } from "../../shared/icons/Icon";

export interface Entry {
  id: string;
  title: string;
  errors: number;
  isGood: boolean;
}

/** The sections of the form, each with its errors or a tick. */
export function Contents({ entries }: { entries: readonly Entry[] }) {
  const { t } = useTranslation();
  const lead = (id: string) => {
    const section = document.getElementById(id);
    if (section instanceof HTMLDetailsElement) {
      section.open = true;
      section.querySelector("summary")?.focus();
    } else section?.focus();
    section?.scrollIntoView({ block: "start" });
  };
  return (
    <nav className="contents" aria-label={t("tool.contents")}>
      <ol>
        {entries.map((entry) => (
          <li key={entry.id}>
            <a
              href={`#${entry.id}`}
              onClick={(event) => {
                event.preventDefault();
                lead(entry.id);
              }}
            >
              {entry.title}
              {entry.errors > 0 && (
                <span className="count bad">
                  {entry.errors}
                  <span className="spoken"> {t("tool.errors", { count: entry.errors })}</span>
                </span>
              )}
              {entry.errors === 0 && entry.isGood && (
                <>
                  <Icon name="check" />
                  <span className="spoken">{t("tool.complete")}</span>
                </>
              )}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}
