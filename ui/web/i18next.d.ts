import "i18next";
import type gallery from "./gallery/ja.json";
import type site from "./site/ja.json";
import type shared from "./shared/texts/ja.json";
import type tool from "./tool/ja.json";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof shared & typeof gallery & typeof site & typeof tool };
  }
}
