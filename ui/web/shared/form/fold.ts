/** A text as it is compared in searches: forms of width and case are one, and so are hiragana and katakana. */
export function fold(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[ァ-ヶ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60))
    .trim();
}

export interface Code {
  value: string;
  label: string;
  /** Further words that find it: how it is read, its code, older spellings. */
  words?: readonly string[];
}

/** The entries of `codes` that contain each word of `text`, those that begin with it first. */
export function matching(codes: readonly Code[], text: string): Code[] {
  const wanted = fold(text);
  const words = wanted.split(/\s+/).filter((word) => word !== "");
  const found = codes
    .map((code) => ({ code, all: [code.label, code.value, ...(code.words ?? [])].map(fold) }))
    .filter(({ all }) => words.every((word) => all.some((one) => one.includes(word))));
  const begins = ({ all }: { all: string[] }) => (wanted !== "" && all.some((one) => one.startsWith(wanted)) ? 0 : 1);
  return found.sort((a, b) => begins(a) - begins(b)).map(({ code }) => code);
}
