// What the server wrote into the page: see `ui/src/screens.rs`.

export type Lang = "ja" | "en";
export const LANGS: readonly Lang[] = ["ja", "en"];

export type Environment = "trial" | "verification" | "production";
const ENVIRONMENTS: readonly string[] = ["trial", "verification", "production"];

function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

export interface Facts {
  nonce: string;
  environment: Environment;
  version: string;
  lang: Lang;
}

export function facts(): Facts {
  const environment = meta("environment");
  return {
    nonce: meta("nonce"),
    // One that nobody named is taken for the one in which least can go wrong by taking it for another.
    environment: ENVIRONMENTS.includes(environment) ? (environment as Environment) : "production",
    version: meta("version"),
    lang: document.documentElement.lang === "en" ? "en" : "ja",
  };
}
