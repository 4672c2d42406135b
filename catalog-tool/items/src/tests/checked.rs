use rstest::rstest;
use serde_json::{Value as Json, json};

use crate::{Case, Dataset, Finding, Limits, MESSAGES, Scope, Severity, View};

/// Limited data without a fault.
fn good() -> Json {
    let view = json!({
        "fields": { "title": "河川水位", "notes": "市内の水位計の観測値", "issued": "2026-11-30" },
        "distributions": [{ "fields": {
            "name": "10分毎",
            "url": "https://data.example.jp/river.csv",
            "explain_url": "https://www.example.jp/river/",
            "caddec_resource_type": "file/http",
            "caddec_required": "要求する",
        } }],
    });
    json!({ "sharing": "limited", "public": view, "limited": view })
}

fn read(said: &Json) -> Dataset {
    Dataset::from_json(said.to_string().as_bytes(), &Limits::default()).unwrap()
}

fn told(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings
        .iter()
        .map(|found| (found.kind, found.pointer.as_str()))
        .collect()
}

#[test]
fn what_is_whole_passes_once_the_site_has_said_its_part() {
    let mut dataset = read(&good());
    assert!(told(&dataset.check(Scope::Author)).is_empty());
    let missing = dataset.check(Scope::Publishing);
    assert_eq!(missing.len(), 4, "{:?}", told(&missing));
    assert!(missing.iter().all(|found| found.kind == "not-filled"));
    dataset.link(
        "7f0a2c1e-0000-5000-8000-000000000001",
        "cadde.1000000000011.01",
    );
    assert!(told(&dataset.check(Scope::Publishing)).is_empty());
}

#[test]
fn open_data_is_not_told_who_provides_it() {
    let mut said = good();
    said["sharing"] = json!("open");
    let mut dataset = read(&said);
    dataset.limited = None;
    dataset.link("x", "cadde.1000000000011.01");
    assert!(
        dataset
            .public
            .as_ref()
            .unwrap()
            .fields
            .get("caddec_provider_id")
            .is_none()
    );
    let told_of = told(&dataset.check(Scope::Publishing)).len();
    // The way of delivery is left out, too.
    assert_eq!(told_of, 1);
}

/// One thing wrong: where, what is said there, and what is found.
#[rstest]
#[case("/limited/fields/title", json!(null), "missing", "「タイトル」を書いてください", "Enter the title")]
#[case("/limited/fields/title", json!("  \n "), "missing", "「タイトル」を書いてください", "Enter the title")]
#[case("/limited/fields/issued", json!("2026/11/31"), "date", "「発行日」：11月は30日までです。日付を直してください", "Issued: November has 30 days. Correct the date")]
#[case("/limited/fields/title", json!("a\u{202e}b"), "character", "「タイトル」に見えない文字が入っています。消してください：U+202E", "The title holds a character that can't be seen. Remove it: U+202E")]
#[case("/limited/fields/url", json!("javascript:alert(1)"), "scheme", "「説明ページURL」には http、https、ftp のURLを書いてください", "The landing page takes addresses of http, https or ftp")]
#[case("/limited/fields/rights", json!(" JavaScript:alert(1)"), "scheme", "「権利表明」には http、https、ftp のURLを書いてください", "The rights statement takes addresses of http, https or ftp")]
#[case("/limited/fields/contact_url", json!("data:text/html,<script>alert(1)</script>"), "scheme", "「窓口のURL」には http、https、ftp のURLを書いてください", "The contact address takes addresses of http, https or ftp")]
#[case("/limited/fields/tags", json!(["防災", "a・b"]), "keyword", "「キーワード」は2文字から100文字で、文字と数字、空白、「-」「_」「.」で書いてください", "A keyword has 2 to 100 characters: letters, digits, blanks and - _ .")]
#[case("/limited/fields/term", json!(["水位,流量"]), "comma", "「用語」の値にカンマがあります。値の区切りになるので、「、」を使ってください", "A comma in the terms would make two values of it. Use 、 instead")]
#[case("/limited/fields/fee", json!("少し"), "off-list", "「有償無償」の値は一覧にありません。読めないソフトウェアがあります", "The fee isn't on the list: some software can't read it")]
#[case("/limited/fields/spatial", json!({"type": "Point", "coordinates": [37.0, 136.9]}), "swapped", "「対象地域（緯度経度）」の緯度が90度を超えています。経度、緯度の順に書いてください", "The region as GeoJSON has a latitude beyond 90 degrees. Longitude comes first")]
#[case("/limited/distributions/0/fields/url", json!(null), "missing", "配信1の「ダウンロードURL」を書いてください", "Distribution 1: Enter the download URL")]
#[case("/limited/distributions/0/fields/url", json!("https://u:geheim@example.jp/x"), "password", "配信1の「ダウンロードURL」のURLにパスワードが入っています。だれにでも見えるので、消してください", "Distribution 1: The download URL holds a password that everybody would see. Remove it")]
#[case("/limited/distributions/0/fields/url", json!("ftp://data.example.jp/x"), "way", "配信1の「ダウンロードURL」と「提供手段」が合いません。http:// / https://で始まるURLにしてください", "Distribution 1: Download URL and way of delivery differ. Use an address that begins with http:// / https://")]
#[case("/limited/distributions/0/fields/url", json!("data.csv"), "address", "配信1の「ダウンロードURL」をURLで書いてください。例：https://www.example.jp/data.csv", "Distribution 1: Enter the download URL as an address, such as https://www.example.jp/data.csv")]
#[case("/limited/distributions/0/fields/url", json!("https://data.example.jp/"), "slash", "配信1の「ダウンロードURL」が「/」で終わっています。古いコネクタは受け取れません", "Distribution 1: The download URL ends in a slash: older connectors can't fetch it")]
#[case("/limited/distributions/0/fields/explain_url", json!(null), "advised", "配信1の「情報提供ページURL」もあると、手に入れ方が分かります", "Distribution 1: With the information page, people see how to get it")]
#[case("/limited/distributions/0/fields/caddec_resource_type", json!(null), "not-chosen", "配信1の「提供手段」を選んでください", "Distribution 1: Choose the way of delivery")]
#[case("/limited/distributions/0/fields/caddec_resource_type", json!("file/sftp"), "not-listed", "配信1の「提供手段」を一覧から選んでください", "Distribution 1: Choose the way of delivery from the list")]
#[case("/limited/distributions/0/fields/size", json!("many"), "number", "配信1の「バイトサイズ」を0以上の整数で書いてください", "Distribution 1: Enter the bytes as a whole number")]
#[case("/public/distributions/0/fields/caddec_required", json!("notRequired"), "connector", "限定提供では", "Limited data always needs a connector")]
#[case("/limited/extras/own", json!("a\u{202e}"), "foreign-character", "見えない文字が入っています。消してください：U+202E", "There is a character that can't be seen. Remove it: U+202E")]
#[case("/limited/other/name", json!({"x": ["\u{1}"]}), "foreign-character", "見えない文字が入っています。消してください：U+0001", "There is a character that can't be seen. Remove it: U+0001")]
fn one_fault_is_found_named_and_explained(
    #[case] place: &str,
    #[case] value: Json,
    #[case] kind: &str,
    #[case] ja: &str,
    #[case] en: &str,
) {
    let mut said = good();
    for side in ["public", "limited"] {
        for own in ["extras", "other"] {
            said[side][own] = json!({ "own": "", "name": "" });
        }
    }
    let (parent, key) = place.rsplit_once('/').unwrap();
    said.pointer_mut(parent).unwrap()[key] = value;
    let findings = read(&said).check(Scope::Author);
    let found = findings.iter().find(|found| found.kind == kind);
    let found = found.unwrap_or_else(|| panic!("{:?}", told(&findings)));
    assert_eq!(findings.len(), 1, "{:?}", told(&findings));
    assert!(found.pointer.starts_with(place), "{}", found.pointer);
    assert!(found.text.ja.contains(ja), "{}", found.text.ja);
    assert!(found.text.en.contains(en), "{}", found.text.en);
}

#[test]
fn a_finding_says_what_is_allowed() {
    let mut said = good();
    said["limited"]["distributions"][0]["fields"]["caddec_resource_type"] = json!("pigeon");
    let findings = read(&said).check(Scope::Author);
    assert_eq!(findings[0].allowed, ["file/http", "file/ftp", "api/ngsi"]);
    let shown = serde_json::to_value(&findings[0]).unwrap();
    assert_eq!(shown["item"], "caddec_resource_type");
    assert_eq!(shown["severity"], "error");
}

#[test]
fn html_stays_text() {
    let html = "<script>alert('あ')</script>&amp;\"";
    let mut said = good();
    said["limited"]["fields"]["title"] = json!(html);
    said["limited"]["fields"]["notes"] = json!(html);
    said["limited"]["extras"] = json!({ "own": html });
    let dataset = read(&said);
    assert!(told(&dataset.check(Scope::Author)).is_empty());
    let package = dataset.limited.unwrap().to_ckan();
    assert_eq!(package["title"], html);
    assert_eq!(package["notes"], html);
}

#[rstest]
#[case(json!({ "sharing": "open" }), "no-view")]
#[case(json!({ "sharing": "open", "limited": { "fields": {} } }), "no-public-view")]
#[case(json!({ "sharing": "limited", "public": { "fields": {} } }), "no-limited-view")]
fn a_view_that_is_missing_is_told(#[case] said: Json, #[case] kind: &str) {
    let findings = read(&said).check(Scope::Author);
    assert_eq!(
        (findings[0].kind, findings[0].severity),
        (kind, Severity::Error)
    );
}

#[test]
fn one_url_has_one_history() {
    let event = |url: &str, id: Option<&str>| json!({ "fields": { "url": url, "explain_url": "https://a.jp/", "caddec_required": "要求する", "caddec_resource_type": "file/http", "caddec_resource_id_for_provenance": id } });
    let told_of = |distributions: Vec<Json>| {
        let said = json!({ "sharing": "limited", "limited": { "fields": { "title": "t", "notes": "n", "issued": "2026-11-30" }, "distributions": distributions } });
        let findings = read(&said).check(Scope::Author);
        findings.iter().map(|found| found.kind).collect::<Vec<_>>()
    };
    let url = "https://a.jp/x";
    assert_eq!(
        told_of(vec![
            event(url, Some("1")),
            event("https://a.jp/y", Some("2"))
        ]),
        [""; 0]
    );
    assert_eq!(
        told_of(vec![
            event(url, Some("1")),
            event(url, None),
            event(url, Some("1"))
        ]),
        ["twice", "twice"]
    );
    assert_eq!(
        told_of(vec![
            event(url, None),
            event(url, Some("1")),
            event(url, Some("2"))
        ]),
        ["twice", "two-histories"]
    );
}

#[test]
fn both_views_have_one_link_and_one_history() {
    let mut said = good();
    said["public"]["fields"]["caddec_dataset_id_for_detail"] = json!("one");
    said["limited"]["fields"]["caddec_dataset_id_for_detail"] = json!("other");
    said["public"]["distributions"][0]["fields"]["caddec_resource_id_for_provenance"] =
        json!("one");
    said["limited"]["distributions"][0]["fields"]["caddec_resource_id_for_provenance"] =
        json!("other");
    let findings = read(&said).check(Scope::Author);
    let kinds: Vec<_> = findings.iter().map(|found| found.kind).collect();
    assert_eq!(kinds, ["two-links", "two-histories"]);
}

#[test]
fn findings_end_somewhere() {
    let faulty =
        json!({ "fields": { "url": "javascript:1", "explain_url": "x y", "issued": "x" } });
    let said = json!({ "sharing": "limited", "limited": { "distributions": vec![faulty; 1000] } });
    let findings = read(&said).check(Scope::Author);
    assert_eq!(findings.len(), 1000);
    assert_eq!(findings.last().unwrap().kind, "more");
}

#[test]
fn a_view_may_be_checked_alone() {
    let findings = View::default().check(Case::Open, Scope::Author);
    let kinds: Vec<_> = findings.iter().map(|found| found.kind).collect();
    assert_eq!(kinds, ["missing", "missing", "missing", "no-distribution"]);
}

#[rstest]
#[case(
    r#"{"sharing": "open", "public": {"fields": {"titel": "x"}}}"#,
    "unknown-item",
    "/public/fields/titel"
)]
#[case(
    r#"{"sharing": "open", "public": {"distributions": [{"fields": {"title": "x"}}]}}"#,
    "unknown-item",
    "/public/distributions/0/fields/title"
)]
#[case(r#"{"sharing": "open", "publik": {}}"#, "no-json", "")]
#[case(r#"{"sharing": "everybody"}"#, "no-json", "")]
#[case(
    r#"{"sharing": "open", "public": {"fields": {"title": "\u0000"}}}"#,
    "nul-character",
    "/public/fields/title"
)]
#[case(
    r#"{"sharing": "open", "public": {"extras": {"x": "\u0000"}}}"#,
    "nul-character",
    "/public/extras/x"
)]
#[case(
    r#"{"sharing": "open", "public": {"extras": {"issued": "2026-11-30"}}}"#,
    "unexpected-shape",
    "/public/extras/issued"
)]
#[case(
    r#"{"sharing": "open", "public": {"other": {"title": "x"}}}"#,
    "unexpected-shape",
    "/public/other/title"
)]
#[case(
    r#"{"sharing": "open", "public": {"other": {"resources": []}}}"#,
    "unexpected-shape",
    "/public/other/resources"
)]
#[case(
    r#"{"sharing": "open", "public": {"distributions": [{"other": {"url": "x"}}]}}"#,
    "unexpected-shape",
    "/public/distributions/0/other/url"
)]
#[case("nothing", "no-json", "")]
fn what_is_no_dataset_is_refused(#[case] said: &str, #[case] kind: &str, #[case] pointer: &str) {
    let refused = Dataset::from_json(said.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!((refused.kind(), refused.pointer()), (kind, pointer));
}

#[test]
fn a_form_has_limits() {
    let many = json!({ "sharing": "open", "public": { "distributions": vec![json!({}); 1001] } });
    let refused = Dataset::from_json(many.to_string().as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(refused.kind(), "too-many-distributions");
    let large =
        json!({ "sharing": "open", "public": { "fields": { "notes": "x".repeat(1 << 20) } } });
    let refused = Dataset::from_json(large.to_string().as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(refused.kind(), "dataset-too-large");
}

#[test]
fn a_message_is_named_once_and_worded_as_people_speak() {
    let mut seen = std::collections::BTreeSet::new();
    for message in MESSAGES {
        assert!(seen.insert(message.kind), "{}", message.kind);
        for word in ["不正", "無効", "失敗", "エラー"] {
            assert!(!message.text.ja.contains(word), "{}", message.text.ja);
        }
        for word in ["invalid", "please", "failed"] {
            assert!(
                !message.text.en.to_lowercase().contains(word),
                "{}",
                message.text.en
            );
        }
        assert_eq!(
            message.text.ja.contains("{}"),
            message.text.en.contains("{}"),
            "{}",
            message.kind
        );
    }
}
