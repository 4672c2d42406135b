use super::{Code, CodeList, codes};

macro_rules! eu {
    ($code:literal) => {
        concat!(
            "https://publications.europa.eu/resource/authority/access-right/",
            $code
        )
    };
}

const LICENCE_CODES: &[Code] = codes! {
    "CC BY 4.0", "クリエイティブ・コモンズ 表示 4.0" "くりえいてぃぶこもんず ひょうじ" "Creative Commons Attribution 4.0"
        .url("https://creativecommons.org/licenses/by/4.0/") .id("CC-BY-4.0");
    "CC BY-SA 4.0", "クリエイティブ・コモンズ 表示-継承 4.0" "くりえいてぃぶこもんず ひょうじ けいしょう" "Creative Commons Attribution-ShareAlike 4.0"
        .url("https://creativecommons.org/licenses/by-sa/4.0/") .id("CC-BY-SA-4.0");
    "CC BY-ND 4.0", "クリエイティブ・コモンズ 表示-改変禁止 4.0" "くりえいてぃぶこもんず ひょうじ かいへんきんし" "Creative Commons Attribution-NoDerivatives 4.0"
        .url("https://creativecommons.org/licenses/by-nd/4.0/") .id("CC-BY-ND-4.0");
    "CC BY-NC 4.0", "クリエイティブ・コモンズ 表示-非営利 4.0" "くりえいてぃぶこもんず ひょうじ ひえいり" "Creative Commons Attribution-NonCommercial 4.0"
        .url("https://creativecommons.org/licenses/by-nc/4.0/") .id("CC-BY-NC-4.0");
    "CC BY-NC-SA 4.0", "クリエイティブ・コモンズ 表示-非営利-継承 4.0" "くりえいてぃぶこもんず ひょうじ ひえいり けいしょう" "Creative Commons Attribution-NonCommercial-ShareAlike 4.0"
        .url("https://creativecommons.org/licenses/by-nc-sa/4.0/") .id("CC-BY-NC-SA-4.0");
    "CC BY-NC-ND 4.0", "クリエイティブ・コモンズ 表示-非営利-改変禁止 4.0" "くりえいてぃぶこもんず ひょうじ ひえいり かいへんきんし" "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0"
        .url("https://creativecommons.org/licenses/by-nc-nd/4.0/") .id("CC-BY-NC-ND-4.0");
    "CC0", "CC0（権利放棄）" "けんりほうき" "CC0 (rights waived)"
        .url("https://creativecommons.org/publicdomain/zero/1.0/") .id("CC0-1.0") .aliases(&["CC0 1.0"]);
    "PDM", "パブリックドメイン・マーク" "ぱぶりっくどめいん まーく" "Public Domain Mark"
        .url("https://creativecommons.org/publicdomain/mark/1.0/") .id("PDM-1.0") .aliases(&["PDM 1.0"]);
    "政府標準利用規約（第2.0版）", "政府標準利用規約（第2.0版）" "せいふひょうじゅんりようきやく" "Japanese government standard terms of use 2.0"
        .url("https://www.kantei.go.jp/jp/singi/it2/densi/kettei/gl2_betten_1.pdf") .id("JP-GOV-2.0") .aliases(&["政府標準利用規約(第2.0版)"]);
};

const ACCESS_CODES: &[Code] = codes! {
    "公開", "公開" "こうかい" "public" .url(eu!("PUBLIC")) .aliases(&["PUBLIC"]);
    "制限あり", "制限あり" "せいげんあり" "restricted" .url(eu!("RESTRICTED")) .aliases(&["RESTRICTED"]);
    "非公開", "非公開" "ひこうかい" "not public" .url(eu!("NON_PUBLIC")) .aliases(&["NON_PUBLIC"]);
    "取扱い注意", "取扱い注意" "とりあつかいちゅうい" "sensitive" .url(eu!("SENSITIVE")) .aliases(&["取り扱い注意", "SENSITIVE"]);
    "機密", "機密" "きみつ" "confidential" .url(eu!("CONFIDENTIAL")) .aliases(&["CONFIDENTIAL"]);
};

/// Licences of datasets.
pub static LICENCES: CodeList = CodeList::new("6-4", LICENCE_CODES).with_other();

/// Licences of distributions.
pub static DISTRIBUTION_LICENCES: CodeList = CodeList::new("6-17", LICENCE_CODES).with_other();

/// Access rights of datasets.
pub static ACCESS_RIGHTS: CodeList = CodeList::new("6-5", ACCESS_CODES).with_other();

/// Access rights of distributions.
pub static DISTRIBUTION_ACCESS_RIGHTS: CodeList = CodeList::new("6-19", ACCESS_CODES).with_other();
