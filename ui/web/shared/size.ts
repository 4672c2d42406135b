// Sizes: 10.7 kB in lists; the exact number of bytes stands on details beside it.

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes in decimal units, with one decimal place below a hundred. */
export function size(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return "–";
  let unit = 0;
  let value = bytes;
  // What would be rounded to 1000 is one of the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
