use super::{CodeList, codes};

/// Languages by ISO 639-1.
pub static LANGUAGES: CodeList = CodeList::new(
    "6-1",
    codes! {
        "ja", "日本語" "にほんご" "Japanese" .aliases(&["jpn"]);
        "en", "英語" "えいご" "English" .aliases(&["eng"]);
        "ar", "アラビア語" "あらびあご" "Arabic";
        "az", "アゼルバイジャン語" "あぜるばいじゃんご" "Azerbaijani";
        "bn", "ベンガル語" "べんがるご" "Bengali";
        "de", "ドイツ語" "どいつご" "German";
        "es", "スペイン語" "すぺいんご" "Spanish";
        "fa", "ペルシア語" "ぺるしあご" "Persian";
        "fr", "フランス語" "ふらんすご" "French";
        "gu", "グジャラート語" "ぐじゃらーとご" "Gujarati";
        "hi", "ヒンディー語" "ひんでぃーご" "Hindi";
        "it", "イタリア語" "いたりあご" "Italian";
        "jv", "ジャワ語" "じゃわご" "Javanese";
        "kn", "カンナダ語" "かんなだご" "Kannada";
        "ko", "朝鮮語/韓国語" "ちょうせんご かんこくご" "Korean" .aliases(&["韓国語", "朝鮮語", "kor"]);
        "ml", "マラヤーラム語" "まらやーらむご" "Malayalam";
        "mr", "マラーティー語" "まらーてぃーご" "Marathi";
        "my", "ビルマ語" "びるまご" "Burmese";
        "or", "オリヤー語" "おりやーご" "Oriya";
        "pa", "パンジャーブ語" "ぱんじゃーぶご" "Punjabi";
        "pl", "ポーランド語" "ぽーらんどご" "Polish";
        "pt", "ポルトガル語" "ぽるとがるご" "Portuguese";
        "ru", "ロシア語" "ろしあご" "Russian";
        "ta", "タミル語" "たみるご" "Tamil";
        "te", "テルグ語" "てるぐご" "Telugu";
        "th", "タイ語" "たいご" "Thai";
        "tr", "トルコ語" "とるこご" "Turkish";
        "uk", "ウクライナ語" "うくらいなご" "Ukrainian";
        "ur", "ウルドゥー語" "うるどぅーご" "Urdu";
        "vi", "ベトナム語" "べとなむご" "Vietnamese";
        "zh", "中国語" "ちゅうごくご" "Chinese";
    },
);
