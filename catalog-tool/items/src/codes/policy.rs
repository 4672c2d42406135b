use super::{CodeList, codes};

/// Kinds of contract.
pub static CONTRACT_TYPE: CodeList = CodeList::new(
    "6-6",
    codes! {
        "譲渡", "譲渡" "じょうと" "transfer" .aliases(&["transfer"]);
        "利用許諾", "利用許諾" "りようきょだく" "licence" .aliases(&["license"]);
        "共同利用", "共同利用" "きょうどうりよう" "joint use";
    },
);

/// Whether confidentiality is asked for.
pub static NDA: CodeList = CodeList::new(
    "6-7",
    codes! {
        "求める", "求める" "もとめる" "asked for" .aliases(&["required"]);
        "求めない", "求めない" "もとめない" "not asked for" .aliases(&["notRequired"]);
    },
);

/// What data may be used for.
pub static USAGE: CodeList = CodeList::new(
    "6-8",
    codes! {
        "商用利用", "商用利用" "しょうようりよう" "commercial use";
        "研究利用", "研究利用" "けんきゅうりよう" "research";
        "教育利用", "教育利用" "きょういくりよう" "education";
        "公共利用", "公共利用" "こうきょうりよう" "public welfare";
        "医業利用", "医業利用" "いぎょうりよう" "medical practice";
        "制限なし", "制限なし" "せいげんなし" "no limit" .aliases(&["noLimit", "制限無し", "限定無し"]);
        "個別調整", "個別調整" "こべつちょうせい" "by arrangement";
    },
)
.with_other();

/// How far data may be shown around.
pub static DISCLOSURE: CodeList = CodeList::new(
    "6-9",
    codes! {
        "制限なし", "制限なし" "せいげんなし" "no limit" .aliases(&["noLimit", "限定無し", "限定なし", "制限無し"]);
        "担当者限り", "担当者限り" "たんとうしゃかぎり" "those in charge";
        "自部門", "自部門" "じぶもん" "own department";
        "自社", "自社" "じしゃ" "own company";
        "グループ会社", "グループ会社" "ぐるーぷがいしゃ" "companies of the group";
        "個別相談", "個別相談" "こべつそうだん" "by arrangement";
    },
)
.with_other();

/// Where data may be used.
pub static REGION: CodeList = CodeList::new(
    "6-10",
    codes! {
        "制限なし", "制限なし" "せいげんなし" "no limit" .aliases(&["noLimit", "限定無し", "制限無し"]);
        "日本", "日本" "にほん" "Japan" .aliases(&["JP"]);
    },
)
.with_other();

/// Classes of personal data.
pub static PERSONAL_DATA: CodeList = CodeList::new(
    "6-11",
    codes! {
        "非個人情報", "非個人情報" "ひこじんじょうほう" "no personal data" .aliases(&["nonPersonalInformation"]);
        "個人情報（要配慮個人情報を含む）", "個人情報（要配慮個人情報を含む）" "こじんじょうほう ようはいりょをふくむ" "personal data, sensitive too"
            .aliases(&["個人情報(要配慮個人情報を含む)"]);
        "個人情報（要配慮個人情報を含まない）", "個人情報（要配慮個人情報を含まない）" "こじんじょうほう ようはいりょをふくまない" "personal data, none sensitive"
            .aliases(&["個人情報(要配慮個人情報を含まない)"]);
        "匿名加工情報", "匿名加工情報" "とくめいかこうじょうほう" "anonymised data";
        "仮名加工情報", "仮名加工情報" "かめいかこうじょうほう" "pseudonymised data";
        "非識別加工情報", "非識別加工情報" "ひしきべつかこうじょうほう" "de-identified data of public bodies";
    },
)
.with_other();

/// Whether data costs.
pub static FEE: CodeList = CodeList::new(
    "6-14",
    codes! {
        "有償", "有償" "ゆうしょう" "for a fee" .aliases(&["paid"]);
        "無償", "無償" "むしょう" "free of charge" .aliases(&["free"]);
    },
);

/// What is warranted.
pub static WARRANTY: CodeList = CodeList::new(
    "6-15",
    codes! {
        "特になし", "特になし" "とくになし" "nothing in particular" .aliases(&["特に無し"]);
        "データ主体となる個人の本人同意が得られている", "データ主体となる個人の本人同意が得られている" "ほんにんどうい" "the persons concerned have consented";
        "測定機器が公的検定をうけている", "測定機器が公的検定をうけている" "そくていきき こうてきけんてい" "instruments are officially verified";
        "第三者のデータベース著作物を提供するに際しライセンスをクリアしている", "第三者のデータベース著作物を提供するに際しライセンスをクリアしている" "だいさんしゃ ちょさくぶつ らいせんす" "licences of third parties' databases are cleared";
    },
)
.with_other();

/// Whose law holds.
pub static LAW: CodeList = CodeList::new(
    "6-16",
    codes! {
        "日本", "日本" "にほん" "Japan" .aliases(&["JP"]);
    },
)
.with_other();

/// Languages of schemas.
pub static SCHEMA_TYPE: CodeList = CodeList::new(
    "6-22",
    codes! {
        "JSON-LD", "JSON-LD" "じぇいそんえるでぃー" "JSON-LD";
        "RDF-XML", "RDF-XML" "あーるでぃーえふ" "RDF-XML" .aliases(&["RDF/XML"]);
        "XSD", "XSD" "えっくすえすでぃー" "XSD";
        "TTL", "TTL" "たーとる" "TTL" .aliases(&["turtle"]);
    },
);

/// How a connector gets a resource.
pub static RESOURCE_TYPE: CodeList = CodeList::new(
    "6-23",
    codes! {
        "file/http", "ファイル提供（HTTP）" "ふぁいるていきょう" "file by HTTP" .aliases(&["ファイル提供(HTTP)"]);
        "file/ftp", "ファイル提供（FTP）" "ふぁいるていきょう" "file by FTP" .aliases(&["ファイル提供(FTP)"]);
        "api/ngsi", "API提供（NGSI）" "えーぴーあいていきょう" "NGSI API" .aliases(&["API提供(NGSI API)"]);
    },
)
.closed();

/// Whether a contract is checked.
pub static CONTRACT_CHECK: CodeList = CodeList::new(
    "6-24",
    codes! {
        "要求する", "要求する" "ようきゅうする" "required" .aliases(&["true"]);
        "要求しない", "要求しない" "ようきゅうしない" "not required" .aliases(&["notRequired", "false"]);
    },
)
.closed();

/// Whether a connector is needed.
pub static CONNECTOR: CodeList = CodeList::new(
    "6-25",
    codes! {
        "要求する", "要求する" "ようきゅうする" "required" .aliases(&["true"]);
        "要求しない", "要求しない" "ようきゅうしない" "not required" .aliases(&["notRequired", "false"]);
    },
)
.closed();
