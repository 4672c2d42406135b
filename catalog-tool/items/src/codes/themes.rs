use super::{CodeList, codes};

/// Subjects: the 17 of Japan's data portal. Another tool offers a list of its own, which is taken as well.
pub static THEMES: CodeList = CodeList::new(
    "6-3",
    codes! {
        "国土・気象", "国土・気象" "こくど きしょう" "land and weather";
        "人口・世帯", "人口・世帯" "じんこう せたい" "population and households";
        "労働・賃金", "労働・賃金" "ろうどう ちんぎん" "labour and wages";
        "農林水産業", "農林水産業" "のうりんすいさんぎょう" "agriculture, forestry and fisheries";
        "鉱工業", "鉱工業" "こうこうぎょう" "mining and manufacturing";
        "商業・サービス業", "商業・サービス業" "しょうぎょう さーびすぎょう" "commerce and services";
        "企業・家計・経済", "企業・家計・経済" "きぎょう かけい けいざい" "companies, household budgets and economy";
        "住宅・土地・建設", "住宅・土地・建設" "じゅうたく とち けんせつ" "housing, land and construction";
        "エネルギー・水", "エネルギー・水" "えねるぎー みず" "energy and water";
        "運輸・観光", "運輸・観光" "うんゆ かんこう" "transport and tourism";
        "情報通信・科学技術", "情報通信・科学技術" "じょうほうつうしん かがくぎじゅつ" "communication, science and technology";
        "教育・文化・スポーツ・生活", "教育・文化・スポーツ・生活" "きょういく ぶんか すぽーつ せいかつ" "education, culture, sports and daily life";
        "行財政", "行財政" "ぎょうざいせい" "administration and public finance";
        "司法・安全・環境", "司法・安全・環境" "しほう あんぜん かんきょう" "justice, safety and environment";
        "社会保障・衛生", "社会保障・衛生" "しゃかいほしょう えいせい" "social security and health";
        "国際", "国際" "こくさい" "international";
        "その他", "その他" "そのた" "other";
    },
)
.also(&[
    "農業・林業",
    "漁業",
    "鉱業・採石業・砂利採取業",
    "建設業",
    "製造業",
    "電気・ガス・熱供給・水道業",
    "情報通信業",
    "運輸業・郵便業 > 鉄道",
    "運輸業・郵便業 > バス",
    "運輸業・郵便業 > タクシー",
    "卸売り業・小売業",
    "金融業・保険業",
    "不動産業・物品賃貸業",
    "学術研究・専門・技術サービス業",
    "宿泊業・飲食サービス業",
    "生活関連サービス業・娯楽業",
    "教育・学習支援業",
    "医療・福祉 > 医療機関",
    "複合サービス事業",
    "サービス業",
    "公務",
    "分類不能の産業",
    "国土 > 道路",
    "気象",
    "労働",
    "観光 > イベント",
    "観光 > 観光スポット",
    "観光 > 宿泊",
    "観光 > 娯楽",
    "観光 > グルメ",
    "観光 > ショッピング",
    "観光 > その他",
    "司法",
    "安全",
    "環境",
    "災害 > 地震",
    "災害 > 風水害",
    "災害 > 火山",
    "災害 > 土砂災害",
    "災害 > 避難施設",
    "災害 > その他",
]);
