//! What a check can find, with its words. `{}` stands for the item, or for what was found.

use serde::Serialize;

use self::Severity::{Error, Warning};
use crate::text::Text;

/// Whether a finding stands in the way of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It does.
    Error,
    /// It doesn't.
    Warning,
}

/// A kind of finding.
#[derive(Debug)]
pub struct Message {
    /// What programs call it.
    pub kind: &'static str,
    /// Whether it stands in the way of publishing.
    pub severity: Severity,
    /// What people are told.
    pub text: Text,
}

macro_rules! messages {
    ($($name:ident: $severity:ident $kind:literal, $ja:literal, $en:literal;)+) => {
        $(
            pub(super) static $name: Message = Message {
                kind: $kind,
                severity: $severity,
                text: Text::new($ja, $en),
            };
        )+
        /// All of them.
        pub static MESSAGES: &[&Message] = &[$(&$name),+];
    };
}

messages! {
    MISSING: Error "missing", "「{}」を書いてください", "Enter the {}";
    NOT_CHOSEN: Error "not-chosen", "「{}」を選んでください", "Choose the {}";
    NOT_FILLED: Error "not-filled", "「{}」がまだ入っていません。公開のときにサイトが入れます", "The {} isn't there yet: the site sets it while it publishes";
    ADVISED: Warning "advised", "「{}」もあると、手に入れ方が分かります", "With the {}, people see how to get it";
    NOT_FOR_OPEN: Warning "not-for-open", "「{}」は、だれでも入手できるデータには書きません", "The {} is left out for data that everybody can get";
    NOT_LISTED: Error "not-listed", "「{}」を一覧から選んでください", "Choose the {} from the list";
    OFF_LIST: Warning "off-list", "「{}」の値は一覧にありません。読めないソフトウェアがあります", "The {} isn't on the list: some software can't read it";
    DATE: Error "date", "「{}」：", "{}: ";
    PERIOD: Error "period", "「{}」：", "{}: ";
    PERIOD_SHAPE: Error "period-shape", "「{}」を読めません。書き直してください", "The {} can't be read. Enter it again";
    ADDRESS: Error "address", "「{}」をURLで書いてください。例：https://www.example.jp/data.csv", "Enter the {} as an address, such as https://www.example.jp/data.csv";
    SCHEME: Error "scheme", "「{}」には http、https、ftp のURLを書いてください", "The {} takes addresses of http, https or ftp";
    PASSWORD: Error "password", "「{}」のURLにパスワードが入っています。だれにでも見えるので、消してください", "The {} holds a password that everybody would see. Remove it";
    LONG_ADDRESS: Error "long-address", "「{}」のURLが長すぎます。4096バイトまでです", "The {} is too long: at most 4096 bytes";
    WAY: Error "way", "「ダウンロードURL」と「提供手段」が合いません。{}で始まるURLにしてください", "Download URL and way of delivery differ. Use an address that begins with {}";
    SLASH: Warning "slash", "「{}」が「/」で終わっています。古いコネクタは受け取れません", "The {} ends in a slash: older connectors can't fetch it";
    COMMA: Error "comma", "「{}」の値にカンマがあります。値の区切りになるので、「、」を使ってください", "A comma in the {} would make two values of it. Use 、 instead";
    KEYWORD: Error "keyword", "「{}」は2文字から100文字で、文字と数字、空白、「-」「_」「.」で書いてください", "A {} has 2 to 100 characters: letters, digits, blanks and - _ .";
    CHARACTER: Error "character", "「{}」に見えない文字が入っています。消してください：", "The {} holds a character that can't be seen. Remove it: ";
    FOREIGN_CHARACTER: Error "foreign-character", "見えない文字が入っています。消してください：{}", "There is a character that can't be seen. Remove it: {}";
    NUMBER: Error "number", "「{}」を0以上の整数で書いてください", "Enter the {} as a whole number";
    GEOMETRY: Error "geometry", "「{}」をGeoJSONの図形で書いてください。例：{\"type\":\"Point\",\"coordinates\":[136.97,37.04]}", "Enter the {} as a GeoJSON geometry, such as {\"type\":\"Point\",\"coordinates\":[136.97,37.04]}";
    SWAPPED: Error "swapped", "「{}」の緯度が90度を超えています。経度、緯度の順に書いてください", "The {} has a latitude beyond 90 degrees. Longitude comes first";
    DATA_MODEL: Warning "data-model", "「{}」をJSONとして読めません", "The {} is no JSON";
    USER_ID: Error "user-id", "「{}」をCADDEユーザIDで書いてください", "Enter the {} as a CADDE user ID";
    ORDER: Error "order", "「対象期間（終了）」が開始より前です。日付を直してください", "The period ends before it begins. Correct the dates";
    CONNECTOR: Error "connector", "限定提供では「{}」を「要求する」にしてください", "Limited data always needs a connector: choose \"required\" for {}";
    NO_VIEW: Error "no-view", "公開用か限定用のどちらかを書いてください", "Write the public view, the limited one, or both";
    NO_PUBLIC_VIEW: Error "no-public-view", "だれでも入手できるデータには、公開用を書いてください", "Data that everybody can get needs a public view";
    NO_LIMITED_VIEW: Error "no-limited-view", "認可した相手だけのデータには、限定用を書いてください", "Data for those with a grant needs a limited view";
    NO_DISTRIBUTION: Warning "no-distribution", "配信がありません。このままでは、だれも受け取れません", "There is no distribution: nobody can fetch anything";
    TWICE: Warning "twice", "同じ「ダウンロードURL」の配信があります", "Another distribution has the same download URL";
    TWO_HISTORIES: Error "two-histories", "同じ「ダウンロードURL」に、別の「交換実績記録用リソースID」があります。そろえてください", "The same download URL has two IDs of exchange history. Keep one";
    TWO_LINKS: Error "two-links", "公開用と限定用の「詳細検索用データセットID」が違います。そろえてください", "The two views have different IDs for detail search. Keep one";
    MORE: Warning "more", "ほかにもあります。ここまでを直してから、もう一度確かめてください", "There is more. Correct these, then check again";
}
