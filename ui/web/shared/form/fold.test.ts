import { expect, it } from "vitest";
import { fold, matching } from "./fold";

const licences = [
  { value: "CC-BY-4.0", label: "クリエイティブ・コモンズ 表示 4.0", words: ["くりえいてぃぶ"] },
  { value: "GJ-2.0", label: "政府標準利用規約（第2.0版）", words: ["せいふひょうじゅん"] },
  { value: "X", label: "表示なし" },
];

it.each([
  ["クリエイティブ", ["CC-BY-4.0"]],
  ["くりえい", ["CC-BY-4.0"]],
  ["ｸﾘｴｲﾃｨﾌﾞ", ["CC-BY-4.0"]],
  ["cc-by", ["CC-BY-4.0"]],
  ["せいふ", ["GJ-2.0"]],
  ["２．０", ["GJ-2.0"]],
  ["表示", ["X", "CC-BY-4.0"]],
  ["表示　4.0", ["CC-BY-4.0"]],
  ["表示 政府", []],
  ["", ["CC-BY-4.0", "GJ-2.0", "X"]],
])("%s finds %j", (text, values) => {
  expect(matching(licences, text).map((code) => code.value)).toEqual(values);
});

it("folds width, case and kana", () => {
  expect(fold("ＡＢｃ ヴァ")).toBe("abc ゔぁ");
});
