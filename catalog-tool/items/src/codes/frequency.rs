use super::{CodeList, codes};

macro_rules! eu {
    ($code:literal) => {
        concat!(
            "http://publications.europa.eu/resource/authority/frequency/",
            $code
        )
    };
}

/// How often data is provided anew, by the table of the EU.
pub static FREQUENCY: CodeList = CodeList::new(
    "6-2",
    codes! {
        eu!("UPDATE_CONT"), "常時" "じょうじ" "continuously updated";
        eu!("HOURLY"), "毎時" "まいじ" "every hour";
        eu!("BIHOURLY"), "2時間毎" "2じかんごと" "every two hours";
        eu!("TRIHOURLY"), "3時間毎" "3じかんごと" "every three hours";
        eu!("DAILY_2"), "半日毎" "はんにちごと" "twice a day";
        eu!("CONT"), "頻繁に" "ひんぱんに" "more than once a day";
        eu!("DAILY"), "毎日" "まいにち" "every day";
        eu!("WEEKLY_3"), "週に3回" "しゅうに3かい" "three times a week";
        eu!("WEEKLY_2"), "週に2回" "しゅうに2かい" "twice a week";
        eu!("WEEKLY"), "毎週" "まいしゅう" "every week";
        eu!("MONTHLY_3"), "1か月に3回" "1かげつに3かい" "three times a month";
        eu!("BIWEEKLY"), "隔週" "かくしゅう" "every two weeks";
        eu!("MONTHLY_2"), "半月毎" "はんつきごと" "twice a month";
        eu!("MONTHLY"), "毎月" "まいつき" "every month";
        eu!("BIMONTHLY"), "2か月に1回" "2かげつに1かい" "every two months";
        eu!("QUARTERLY"), "四半期毎" "しはんきごと" "every three months";
        eu!("ANNUAL_3"), "年に3回" "ねんに3かい" "three times a year";
        eu!("ANNUAL_2"), "半年毎" "はんとしごと" "twice a year";
        eu!("ANNUAL"), "毎年" "まいとし" "every year";
        eu!("BIENNIAL"), "2年毎" "2ねんごと" "every two years";
        eu!("TRIENNIAL"), "3年毎" "3ねんごと" "every three years";
        eu!("QUADRENNIAL"), "4年毎" "4ねんごと" "every four years";
        eu!("QUINQUENNIAL"), "5年毎" "5ねんごと" "every five years";
        eu!("DECENNIAL"), "10年毎" "10ねんごと" "every ten years";
        eu!("BIDECENNIAL"), "20年毎" "20ねんごと" "every twenty years";
        eu!("TRIDECENNIAL"), "30年毎" "30ねんごと" "every thirty years";
        eu!("IRREG"), "不定期" "ふていき" "irregularly";
        eu!("OTHER"), "その他の間隔" "そのたのかんかく" "at another interval";
        eu!("UNKNOWN"), "不明" "ふめい" "unknown";
        eu!("NEVER"), "非更新" "ひこうしん" "never";
    },
)
.base("http://publications.europa.eu/resource/authority/frequency/");
