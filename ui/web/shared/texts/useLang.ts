import { useTranslation } from "react-i18next";
import type { Lang } from "../facts";

/** The language of the screen. */
export function useLang(): Lang {
  return useTranslation().i18n.language === "en" ? "en" : "ja";
}
