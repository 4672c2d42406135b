//! Every spelling and shape of before, and the one that is written.

use rstest::rstest;
use serde_json::{Map, Value as Json, json};

use crate::{Kind, Level, Limits, ReadError, Value, View, codes, items};

fn read(package: &Json) -> View {
    View::from_ckan(package.as_object().unwrap(), &Limits::default()).unwrap()
}

fn extra(key: &str, value: impl Into<Json>) -> Json {
    json!({ "extras": [{ "key": key, "value": value.into() }] })
}

/// The extras that are written for `package`.
fn written(package: &Json) -> Map<String, Json> {
    let pairs = read(package).to_ckan()["extras"]
        .as_array()
        .unwrap()
        .clone();
    let pair = |pair: &Json| {
        (
            pair["key"].as_str().unwrap().to_owned(),
            pair["value"].clone(),
        )
    };
    pairs.iter().map(pair).collect()
}

#[test]
fn every_key_of_before_is_read_and_the_one_of_today_written() {
    let mut tried = 0;
    for item in items() {
        for legacy in item.legacy {
            let value = if item.kind == Kind::MediaType {
                "text/csv"
            } else {
                "https://example.jp/"
            };
            let said = match item.level {
                Level::Dataset => extra(legacy, value),
                _ => json!({ "resources": [{ *legacy: value }] }),
            };
            let package = read(&said).to_ckan();
            let text = Json::Object(package).to_string();
            assert!(text.contains(&format!("\"{}\"", item.key)), "{text}");
            let is_twin = item.twin.is_some_and(|twin| twin.key == *legacy);
            assert_eq!(text.contains(&format!("\"{legacy}\"")), is_twin, "{text}");
            tried += 1;
        }
    }
    assert!(tried >= 8, "{tried}");
}

#[test]
fn the_key_of_today_counts_before_the_one_of_yesterday_which_is_kept_where_it_differs() {
    let both = |old: &str| {
        json!({ "extras": [
            { "key": "access_rights_url", "value": "https://example.jp/new" },
            { "key": "accessrights_url", "value": old },
        ] })
    };
    let same = written(&both("https://example.jp/new"));
    assert_eq!(
        Json::from(same),
        json!({ "access_rights_url": "https://example.jp/new" })
    );
    let differs = written(&both("https://example.jp/old"));
    assert_eq!(differs["access_rights_url"], "https://example.jp/new");
    assert_eq!(differs["accessrights_url"], "https://example.jp/old");
}

#[test]
fn every_spelling_of_a_value_on_a_list_is_read_as_the_one_on_the_list() {
    let mut tried = 0;
    for item in items() {
        let Some(list) = item.codes else { continue };
        for code in list.codes {
            let bare = code
                .value
                .strip_prefix(list.base)
                .filter(|_| !list.base.is_empty());
            let https = code.value.replacen("http://", "https://", 1);
            let spellings = code
                .aliases
                .iter()
                .copied()
                .chain([code.value, https.as_str()]);
            for spelling in spellings.chain(bare).chain(code.url).chain(code.id) {
                assert_eq!(list.read(spelling), code.value, "{}: {spelling}", item.key);
                tried += 1;
            }
            // Two media types have one name.
            if code.name.en != "xml" {
                assert_eq!(list.read(&code.name.ja), code.value, "{}", item.key);
                assert_eq!(list.read(&code.name.en), code.value, "{}", item.key);
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

#[rstest]
#[case("trading_policy_contract_type", "license", "利用許諾")]
#[case("trading_policy_nda", "notRequired", "求めない")]
#[case("scope_of_disclosure", "noLimit", "制限なし")]
#[case("scope_of_disclosure", "限定無し", "制限なし")]
#[case(
    "privacy_policy_contains_personal_data",
    "nonPersonalInformation",
    "非個人情報"
)]
#[case("fee", "free", "無償")]
#[case("warranty_leagal_compliance", "JP", "日本")]
#[case("warranty_express_warranty", "特に無し", "特になし")]
#[case("access_rights", "PUBLIC", "公開")]
#[case("access_rights", "取り扱い注意", "取扱い注意")]
#[case(
    "frequency",
    "IRREG",
    "http://publications.europa.eu/resource/authority/frequency/IRREG"
)]
#[case(
    "frequency",
    "不定期",
    "http://publications.europa.eu/resource/authority/frequency/IRREG"
)]
#[case("language", "日本語,英語", "ja,en")]
#[case(
    "trading_policy_use_application",
    "研究利用,その他（防災訓練）",
    "研究利用,その他(防災訓練)"
)]
#[case("terms_of_use_permissible_region", "その他", "その他")]
#[case(
    "issued",
    "2024-04-01 09:00:00.123456",
    "2024-04-01T09:00:00.123456+09:00"
)]
#[case("issued", "令和6年4月1日", "2024-04-01")]
#[case("issued", "ある日", "ある日")]
#[case(
    "creator_uri",
    "https://a.jp/,https://b.jp/",
    "https://a.jp/,https://b.jp/"
)]
#[case("theme", "観光 > グルメ", "観光 > グルメ")]
#[case("theme", "自分の分類", "自分の分類")]
#[case("title_alternative", "そのまま", "そのまま")]
fn a_spelling_of_before_is_written_clean(
    #[case] key: &str,
    #[case] said: &str,
    #[case] clean: &str,
) {
    let key_of_today = crate::dataset_item(key).map_or(key, |item| item.key);
    let extras = written(&extra(key, said));
    assert_eq!(extras[key_of_today], clean, "{extras:?}");
}

#[rstest]
#[case(json!(["ja", "en"]))]
#[case(json!("[\"ja\", \"en\"]"))]
#[case(json!("ja,en"))]
#[case(json!("ja, en,ja,"))]
#[case(json!("日本語,English"))]
fn several_values_are_read_in_each_shape(#[case] shape: Json) {
    let expected = Value::Many(vec!["ja".to_owned(), "en".to_owned()]);
    let view = read(&extra("language", shape.clone()));
    assert_eq!(view.fields.get("language"), Some(&expected));
    // Beside the extras, where other schemas have it.
    let view = read(&json!({ "language": shape }));
    assert_eq!(view.fields.get("language"), Some(&expected));
    assert_eq!(
        view.to_ckan()["extras"],
        json!([{ "key": "language", "value": "ja,en" }])
    );
}

#[rstest]
#[case(json!([{ "name": "防災" }, { "name": "水位" }]))]
#[case(json!([{ "display_name": "防災", "name": "防災", "id": "1" }, { "name": "水位" }, { "name": "水位" }]))]
#[case(json!(["防災", "水位"]))]
#[case(json!("防災,水位"))]
fn keywords_are_read_in_each_shape(#[case] tags: Json) {
    let package = read(&json!({ "tags": tags })).to_ckan();
    let expected = json!([{ "name": "防災", "display_name": "防災" }, { "name": "水位", "display_name": "水位" }]);
    assert_eq!(package["tags"], expected);
}

#[test]
fn extras_may_be_an_object() {
    let extras = written(&json!({ "extras": { "fee": "free", "own": "x" } }));
    assert_eq!(Json::from(extras), json!({ "fee": "無償", "own": "x" }));
}

#[rstest]
#[case(json!({ "mime_type": "text/csv" }))]
#[case(json!({ "mimetype": "text/csv" }))]
#[case(json!({ "mime_type": "https://www.iana.org/assignments/media-types/text/csv" }))]
#[case(json!({ "mime_type": "http://www.iana.org/assignments/media-types/text/csv", "mimetype": "text/plain" }))]
#[case(json!({ "mime_type": "csv" }))]
fn a_media_type_is_written_in_both_manners(#[case] resource: Json) {
    let package = read(&json!({ "resources": [resource] })).to_ckan();
    let expected = json!([{ "mime_type": "http://www.iana.org/assignments/media-types/text/csv", "mimetype": "text/csv" }]);
    assert_eq!(package["resources"], expected);
}

#[rstest]
#[case(json!(20480))]
#[case(json!("20480"))]
fn bytes_are_a_number(#[case] size: Json) {
    let package = read(&json!({ "resources": [{ "size": size }] })).to_ckan();
    assert_eq!(package["resources"][0]["size"], json!(20480));
}

#[rstest]
#[case(json!({ "license_title": "CC BY 4.0" }))]
#[case(json!({ "license_url": "http://creativecommons.org/licenses/by/4.0" }))]
#[case(json!({ "license_id": "CC-BY-4.0" }))]
#[case(json!({ "license_id": "cc-by-4.0", "license_title": "", "license_url": null }))]
fn a_licence_of_the_list_is_written_whole(#[case] package: Json) {
    let written = read(&package).to_ckan();
    assert_eq!(written["license_title"], "CC BY 4.0");
    assert_eq!(written["license_id"], "CC-BY-4.0");
    let url = written["license_url"].as_str().unwrap();
    assert!(
        codes::LICENCES
            .by_url(url)
            .is_some_and(|code| code.value == "CC BY 4.0"),
        "{url}"
    );
}

#[test]
fn a_licence_off_the_list_survives() {
    let said = json!({ "license_id": "odc-pddl", "license_title": "ODC PDDL", "license_url": "https://opendatacommons.org/" });
    let written = read(&said).to_ckan();
    for (key, value) in said.as_object().unwrap() {
        assert_eq!(&written[key], value);
    }
}

#[test]
fn another_choice_takes_its_address_with_it() {
    let mut view = read(&json!({ "license_title": "CC BY 4.0" }));
    view.fields.set("license_title", &json!("CC0"));
    view.fields.complete();
    assert_eq!(
        view.fields.text("license_url"),
        Some("https://creativecommons.org/publicdomain/zero/1.0/")
    );
    assert_eq!(view.to_ckan()["license_id"], "CC0-1.0");
    view.fields.set("license_title", &Json::Null);
    view.fields.remove("license_url");
    assert!(!view.to_ckan().contains_key("license_id"));
}

#[test]
fn what_nobody_knows_survives() {
    let said = json!({
        "id": "7f0a2c1e-0000-5000-8000-000000000001",
        "name": "river",
        "groups": [{ "name": "safety", "title": "安全" }],
        "private": false,
        "version": null,
        "extras": [{ "key": "harvest_source", "value": "elsewhere" }, { "key": "title", "value": "an extra's own" }],
        "resources": [{ "id": "r1", "datastore_active": false, "hash": "", "own": [1, 2] }],
    });
    let written = read(&said).to_ckan();
    for (key, value) in said.as_object().unwrap() {
        assert_eq!(&written[key], value, "{key}");
    }
}

#[rstest]
#[case(json!({ "extras": [{ "key": "a", "value": "1" }, { "key": "a", "value": "2" }] }), "duplicate-extra", "/extras")]
#[case(json!({ "extras": "a" }), "unexpected-shape", "/extras")]
#[case(json!({ "extras": [{ "value": "1" }] }), "unexpected-shape", "/extras/0")]
#[case(json!({ "resources": {} }), "unexpected-shape", "/resources")]
#[case(json!({ "resources": [1] }), "unexpected-shape", "/resources/0")]
#[case(json!({ "title": "a\u{0}b" }), "nul-character", "/title")]
#[case(json!({ "own": [{ "x": "\u{0}" }] }), "nul-character", "/own/0/x")]
#[case(json!({ "ow\u{0}n": 1 }), "nul-character", "/ow\u{0}n")]
#[case(json!({ "extras": [{ "key": "a\u{0}", "value": "1" }] }), "nul-character", "/extras/0/key")]
fn what_cannot_be_kept_is_refused_by_name(
    #[case] package: Json,
    #[case] kind: &str,
    #[case] pointer: &str,
) {
    let refused = View::from_ckan(package.as_object().unwrap(), &Limits::default()).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.pointer()),
        (kind, pointer),
        "{refused:?}"
    );
    let text = refused.text();
    assert!(!text.ja.is_empty() && !text.en.is_empty());
}

#[test]
fn what_is_too_large_is_refused() {
    let package = json!({ "notes": "あ".repeat(400_000) });
    let refused = View::from_ckan(package.as_object().unwrap(), &Limits::default()).unwrap_err();
    assert_eq!(refused, ReadError::TooLarge { limit: 1 << 20 });
    let bytes = package.to_string();
    let refused = View::from_ckan_slice(bytes.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(refused, ReadError::TooLarge { limit: 1 << 20 });
    let resources: Vec<_> = (0..10_000).map(|at| json!({ "name": at })).collect();
    let package = json!({ "resources": resources });
    let refused = View::from_ckan(package.as_object().unwrap(), &Limits::default()).unwrap_err();
    assert_eq!(
        refused,
        ReadError::TooManyDistributions {
            found: 10_000,
            limit: 1000
        }
    );
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let refused = View::from_ckan_slice(deep.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(refused.kind(), "no-json");
}
