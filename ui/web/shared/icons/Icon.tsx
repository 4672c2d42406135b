import { ICONS, type IconName } from "./paths";

/** An icon beside a text that says the same, so nothing is told of it. Alone it needs a name: see `IconButton`. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {ICONS[name].map((path) => (
        <path key={path} d={path} />
      ))}
    </svg>
  );
}

/** Kakehashi's mark: a bridge. */
export function Mark() {
  return (
    <svg viewBox="0 0 36 36" aria-hidden="true" focusable="false">
      <rect width="36" height="36" rx="8" fill="#0017c1" />
      <path
        d="M5 24h26M8 24c0-13 20-13 20 0M13 16.3V24M18 14.4V24M23 16.3V24"
        fill="none"
        stroke="#ffffff"
        strokeWidth="2.2"
        strokeLinecap="round"
      />
    </svg>
  );
}
