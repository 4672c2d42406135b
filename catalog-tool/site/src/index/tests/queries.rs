//! What is found by which query: one index, one table.

use std::sync::LazyLock;

use rstest::rstest;

use super::{
    super::{Dialect, Document},
    kit::Indexed,
};

static INDEXED: LazyLock<Indexed> = LazyLock::new(|| Indexed::of(documents()));

fn dataset(id: &str, title: &str, notes: &str, fill: impl FnOnce(&mut Document)) -> Document {
    let mut document = Document::new(id, "release");
    document.exact("id", id);
    document.exact("name", &format!("dataset-{id}"));
    document.text("title", title);
    document.text("notes", notes);
    fill(&mut document);
    document
}

#[expect(clippy::too_many_lines, reason = "it is the data")]
fn documents() -> Vec<Document> {
    vec![
        dataset(
            "shelter",
            "神戸市の避難所一覧",
            "川の近くの避難所を含む。収容人数あり。",
            |d| {
                d.exact("tags", "防災");
                d.exact("tags", "避難所");
                d.exact("organization", "神戸市");
                d.exact("res_format", "CSV");
                d.text("res_url", "https://data.example/kobe/shelters.csv");
                d.extra("temporal_start", "2020-12-31");
                d.extra(
                    "caddec_dataset_id_for_detail",
                    "0d3f1c2a-7a1b-4c55-9a50-0123456789ab",
                );
                d.text("resources.size", "100000");
                d.extra("rights", "http://example.com/terms?a=(b)&c=d");
            },
        ),
        dataset(
            "road",
            "東京都道路台帳",
            "道路の幅員と延長",
            |d| {
                d.exact("tags", "道路");
                d.exact("organization", "東京都");
                d.exact("res_format", "GeoJSON");
                d.extra("temporal_start", "2021-01-02");
                d.text("resources.size", "200000");
            },
        ),
        dataset(
            "works",
            "道の駅と路線図",
            "道路とは書いていない。道 路。",
            |d| {
                d.exact("organization", "福井市");
                d.extra("temporal_start", "2021/01/03");
                d.text("resources.size", "99999.5");
            },
        ),
        dataset(
            "river",
            "江戸川水位",
            "川の水位を10分ごとに観測",
            |d| {
                d.exact("tags", "河川");
                d.exact("organization", "東京都水道局");
                d.exact("res_format", "CSV");
                d.extra("term", "水位,観測時刻");
                d.extra("temporal_start", "2020-06");
            },
        ),
        dataset(
            "bus",
            "ﾊﾞｽ停留所（ｺｰﾄﾞ付き）",
            "ＧＴＦＳ形式　ｖ２",
            |d| {
                d.exact("organization", "市川町");
                d.exact("tags", "バス");
                d.exact("res_format", "CSV");
            },
        ),
        dataset(
            "covid",
            "コロナ陽性者数",
            "新型コロナウイルス感染症の陽性者数",
            |d| {
                d.exact("organization", "東京都");
                d.exact("groups", "health");
                d.date(
                    "metadata_modified",
                    time::macros::datetime!(2020-09-18 06:27:11.5 UTC),
                );
            },
        ),
        dataset(
            "covid-b",
            "コロナ病床数",
            "Hospital beds for COVID-19 patients",
            |d| {
                d.exact("organization", "大阪府");
                d.exact("groups", "health");
                d.date(
                    "metadata_modified",
                    time::macros::datetime!(2026-11-25 0:00 UTC),
                );
            },
        ),
        dataset(
            "tree",
            "桜の開花日",
            "The quick brown fox; AT&T, C++ and foo-bar/baz.",
            |d| {
                d.exact("tags", "環境");
                d.exact("tags", "a:b (c)");
                d.exact("version", "1.0");
            },
        ),
        dataset("ward", "東京23区の公園", "23区内", |d| {
            d.exact("tags", "公園");
            d.extra("spatial_text", "日本>東京都>千代田区");
        }),
        dataset(
            "kana",
            "ヴァイオリン教室",
            "ひらがなとカタカナ",
            |d| {
                d.extra("Mixed.Key\\x", "値");
            },
        ),
    ]
}

#[rstest]
// One character.
#[case("川", "bus river shelter")]
#[case("の", "covid river road shelter tree ward works")]
#[case("桜", "tree")]
#[case("鯨", "")]
// Words: what contains them, and nothing else.
#[case("道路", "road works")]
#[case("title:道路", "road")]
#[case("避難所", "shelter")]
#[case("難所一", "shelter")]
#[case("道路台帳", "road")]
#[case("道路台", "road")]
#[case("路台帳", "road")]
#[case("道台", "")]
#[case("東京都", "covid river road ward")]
#[case("東京23区", "ward")]
#[case("京23", "ward")]
#[case("23区", "ward")]
#[case("23", "ward")]
#[case("2", "")]
// Width, case, kana.
#[case("バス停", "bus")]
#[case("ﾊﾞｽ", "bus")]
#[case("ばす", "bus")]
#[case("コード付", "bus")]
#[case("gtfs", "bus")]
#[case("ＧＴＦＳ", "bus")]
#[case("ゔぁいおりん", "kana")]
#[case("カタカナ", "kana")]
#[case("ころな", "covid covid-b")]
#[case("covid", "covid covid-b")]
#[case("V2", "bus")]
// Blanks of both widths; without a field most words have to be found.
#[case("コロナ 病床", "covid-b")]
#[case("コロナ\u{3000}病床", "covid-b")]
#[case("コロナ OR 桜", "covid covid-b tree")]
#[case("コロナ AND 陽性", "covid")]
#[case("コロナ -病床", "covid")]
#[case("コロナ NOT 病床", "covid")]
#[case("川 水位 観測 鯨", "river")]
#[case("川 水位 鯨 鯱", "")]
// With a field all of them.
#[case("title:コロナ organization:東京都", "covid")]
#[case("title:コロナ\u{3000}organization:東京都", "covid")]
#[case("title:コロナ OR tags:道路", "covid covid-b road")]
#[case("title:コロナ -organization:大阪府", "covid")]
#[case("title:(道路 台帳)", "road")]
#[case("title:(道路 OR コロナ) AND organization:東京都", "covid road")]
#[case("-title:コロナ tags:[* TO *]", "bus river road shelter tree ward")]
#[case("-tags:*", "covid covid-b kana works")]
#[case(
    "groups:health AND (title:陽性 OR (title:病床 AND organization:大阪府))",
    "covid covid-b"
)]
// Phrases.
#[case("\"quick brown\"", "tree")]
#[case("\"brown quick\"", "")]
#[case("\"道 路\"", "works")]
#[case("title:\"道路台帳\"", "road")]
#[case("\"foo bar baz\"", "tree")]
#[case("\"収容人数あり\"", "shelter")]
#[case("\"含む 収容\"", "shelter")]
#[case("\"含む収容\"", "")]
// Exact values are compared whole.
#[case("organization:東京都", "covid road")]
#[case("organization:東京", "")]
#[case("organization:\"東京都水道局\"", "river")]
#[case("res_format:CSV", "bus river shelter")]
#[case("res_format:csv", "")]
#[case("id:covid", "covid")]
#[case(
    "caddec_dataset_id_for_detail:0d3f1c2a-7a1b-4c55-9a50-0123456789ab",
    "shelter"
)]
#[case(
    "extras_caddec_dataset_id_for_detail:0D3F1C2A-7a1b-4c55-9a50-0123456789ab",
    "shelter"
)]
#[case("caddec_dataset_id_for_detail:0d3f1c2a", "")]
// Wildcards, in front and behind.
#[case("organization:*市*", "bus shelter works")]
#[case("organization:東京*", "covid river road")]
#[case("organization:*市", "shelter works")]
#[case("organization:*町", "bus")]
#[case("organization:東京?", "covid road")]
#[case("organization:??市", "shelter works")]
#[case("organization:東*局", "river")]
#[case("title:*道*", "road works")]
#[case("title:道路*", "road")]
#[case("title:*台帳", "road")]
#[case("title:*道*帳*", "road")]
#[case("hosp*", "covid-b")]
#[case("*ospital", "covid-b")]
#[case("*spita*", "covid-b")]
#[case("h*l", "covid-b")]
#[case("b?ds", "covid-b")]
#[case("notes:*ospital\\ be*", "covid-b")]
#[case("notes:*k\\ brown\\ f*", "tree")]
#[case("notes:*k\\ brown\\ x*", "")]
#[case("*3区*", "ward")]
#[case("res_url:*data.example\\/kobe\\/shelt*", "shelter")]
#[case("extras_temporal_start:*", "river road shelter works")]
#[case("*:*", "bus covid covid-b kana river road shelter tree ward works")]
#[case("", "bus covid covid-b kana river road shelter tree ward works")]
// Ranges: of times, numbers, letters; with and without their ends.
#[case("extras_temporal_start:[2020-12-31 TO 2021-01-02]", "road shelter")]
#[case("temporal_start:[2020-12-31 TO 2021-01-02]", "road shelter")]
#[case("temporal_start:{2020-12-31 TO 2021-01-02]", "road")]
#[case("temporal_start:[2020-12-31 TO 2021-01-02}", "shelter")]
#[case("temporal_start:[2021-01-01 TO *]", "road works")]
#[case("temporal_start:[* TO 2021-01-01]", "river shelter")]
#[case("temporal_start:[2021 TO 2021]", "road works")]
#[case("metadata_modified:[2020-09-18T06:27:11Z TO *]", "covid covid-b")]
#[case("metadata_modified:[2020-09-18 TO 2020-09-18]", "covid")]
#[case("metadata_modified:[* TO 2020-09-18T06:27:11Z]", "")]
#[case("metadata_modified:[NOW-7DAYS TO NOW]", "covid-b")]
#[case("metadata_modified:2020-09-18", "covid")]
#[case("resources.size:[100000 TO 200000]", "road shelter")]
#[case("resources.size:{100000 TO 200000}", "")]
#[case("resources.size:[* TO 1e5}", "works")]
#[case("resources.size:100000.0", "shelter")]
#[case("organization:[大 TO 大阪府]", "covid-b")]
#[case("version:[1 TO 1.5]", "tree")]
// Reserved characters.
#[case("extras_rights:\"http://example.com/terms?a=(b)&c=d\"", "shelter")]
#[case("rights:\"http://example.com/terms?a=(b)&c=d\"", "shelter")]
#[case("extras_rights:http\\://example.com/terms*", "shelter")]
#[case("rights:http\\:\\/\\/example.com\\/terms\\?a=\\(b\\)&c=d", "shelter")]
#[case("http://example.com/terms?a=", "shelter")]
#[case("tags:a\\:b\\ \\(c\\)", "tree")]
#[case("tags:\"a:b (c)\"", "tree")]
#[case("AT&T", "tree")]
#[case("C++", "shelter tree")]
#[case("foo-bar", "tree")]
#[case("foo-ba", "")]
#[case("(仮称)開花日 \"", "")]
#[case("開花日!", "tree")]
#[case("・・・", "")]
#[case("Mixed.Key\\\\x:値", "kana")]
#[case("extras_Mixed.Key\\\\x:値", "kana")]
#[case("unknown_field:x", "")]
#[case("notes:桜^4 title:桜", "")]
#[case("(notes:桜^4 OR title:桜)^2", "tree")]
fn a_ckan_site_finds(#[case] q: &str, #[case] expected: &str) {
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(INDEXED.ids(Dialect::Ckan, q, &[]), expected, "{q}");
}

#[rstest]
#[case("organization:東京都 title:コロナ", "covid covid-b road")]
#[case("organization:東京都\u{3000}title:コロナ", "covid covid-b road")]
#[case("title:道路 OR (organization:東京都 AND title:コロナ)", "covid road")]
#[case("title:コロナ -organization:大阪府", "covid")]
#[case("桜 避難所", "shelter tree")]
#[case("+title:コロナ organization:東京都", "covid covid-b")]
#[case("organization:*市*", "bus shelter works")]
fn the_cross_domain_search_finds(#[case] q: &str, #[case] expected: &str) {
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(INDEXED.ids(Dialect::Cross, q, &[]), expected, "{q}");
}

#[rstest]
#[case("*:*", &["organization:東京都", "groups:health"], "covid")]
#[case("*:*", &["res_format:CSV", "-tags:防災", "title:水位"], "river")]
#[case("川", &["organization:*市*"], "bus shelter")]
#[case("*:*", &["+organization:東京都 +tags:道路"], "road")]
#[case("*:*", &["organization:東京都 tags:道路"], "road")]
#[case("*:*", &["organization:(東京都 OR 大阪府)"], "covid covid-b road")]
#[case("*:*", &["", "caddec_dataset_id_for_detail:*"], "shelter")]
#[case("*:*", &["res_format:CSV", "res_format:GeoJSON"], "")]
fn filters_are_repeated(#[case] q: &str, #[case] fq: &[&str], #[case] expected: &str) {
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(INDEXED.ids(Dialect::Ckan, q, fq), expected, "{q} {fq:?}");
}
