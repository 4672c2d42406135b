// The texts of the screens: `ja.json` and `en.json` beside this file, and those of each entry beside its pages. Which keys there are is
// checked by the compiler where they are used, and by `texts.test.ts` in both languages.

import i18next, { type i18n, type Resource } from "i18next";
import { initReactI18next } from "react-i18next";
import { LANGS, type Lang } from "../facts";
import en from "./en.json";
import ja from "./ja.json";

/** Texts of an entry: by language, below a name that no text of ours has. */
export type EntryTexts = Record<Lang, object>;

const CHOICE = "kakehashi.language";

/** The language that was chosen in this browser, if any. Where nothing may be kept, nothing was chosen. */
function chosen(): Lang | undefined {
  try {
    const kept = localStorage.getItem(CHOICE);
    return LANGS.find((lang) => lang === kept);
  } catch {
    return undefined;
  }
}

/** `preferred` is what the server made of `Accept-Language`. */
export function startTexts(preferred: Lang, entry: EntryTexts): i18n {
  const resources: Resource = {
    ja: { translation: { ...ja, ...entry.ja } },
    en: { translation: { ...en, ...entry.en } },
  };
  const texts = i18next.createInstance();
  void texts.use(initReactI18next).init({
    resources,
    lng: chosen() ?? preferred,
    fallbackLng: false,
    // React escapes.
    interpolation: { escapeValue: false },
    initAsync: false,
    returnNull: false,
  });
  document.documentElement.lang = texts.language;
  texts.on("languageChanged", (lang) => {
    document.documentElement.lang = lang;
    try {
      localStorage.setItem(CHOICE, lang);
    } catch {
      // It holds until the page is left, then.
    }
  });
  return texts;
}
