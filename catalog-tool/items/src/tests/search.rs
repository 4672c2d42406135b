use std::collections::BTreeSet;

use serde_json::json;

use crate::{As, Engine, Level, Limits, View, items};

fn told(engine: Engine) -> BTreeSet<(String, String, bool)> {
    let package = json!({
        "name": "river", "title": "河川水位", "tags": [{ "name": "水位" }, { "name": "防災" }],
        "organization": { "name": "example-city", "title": "例市" },
        "groups": [{ "name": "safety", "title": "安全", "display_name": "安全" }],
        "metadata_modified": "2026-11-30T00:00:00",
        "extras": [
            { "key": "theme", "value": "国土・気象,国際" },
            { "key": "issued", "value": "2024/04/01" },
            { "key": "accessrights_url", "value": "https://a.jp/" },
            { "key": "Own_Key", "value": "own" },
        ],
        "resources": [{ "name": "10分毎", "format": "CSV", "size": "20480", "url": "https://a.jp/x.csv", "caddec_resource_type": "file/http", "own": 1 }],
    });
    let view = View::from_ckan(package.as_object().unwrap(), &Limits::default()).unwrap();
    let mut told = BTreeSet::new();
    view.search_fields(engine, |how, field, value| {
        told.insert((field.to_owned(), value.to_owned(), how == As::Words));
    });
    told
}

fn has(told: &BTreeSet<(String, String, bool)>, field: &str, value: &str, is_words: bool) -> bool {
    told.contains(&(field.to_owned(), value.to_owned(), is_words))
}

#[test]
fn a_ckan_site_has_extras_twice_and_members_of_resources_by_its_own_names() {
    let told = told(Engine::Ckan);
    for (field, value, is_words) in [
        ("title", "河川水位", true),
        ("name", "river", false),
        ("tags", "水位", false),
        ("tags", "防災", false),
        ("organization", "example-city", false),
        ("groups", "safety", false),
        ("extras_theme", "国土・気象", true),
        ("theme", "国際", false),
        ("issued", "2024-04-01", false),
        ("access_rights_url", "https://a.jp/", false),
        ("Own_Key", "own", false),
        ("extras_Own_Key", "own", true),
        ("res_name", "10分毎", true),
        ("res_format", "CSV", false),
        ("res_url", "https://a.jp/x.csv", true),
    ] {
        assert!(has(&told, field, value, is_words), "{field}: {told:?}");
    }
    assert!(
        !told
            .iter()
            .any(|(field, ..)| field.starts_with("resources.") || field == "metadata_modified")
    );
}

#[test]
fn the_cross_domain_search_has_each_name_under_which_an_item_was_ever_sought() {
    let told = told(Engine::Cross);
    for (field, value, is_words) in [
        ("xckan_title", "河川水位", true),
        ("extras_release_date", "2024-04-01", true),
        ("extras_accessrights_url", "https://a.jp/", true),
        ("extras_own_key", "own", true),
        ("organization", "例市", false),
        ("groups.display_name", "安全", true),
        ("groups.display_name", "国際", true),
        ("tags", "防災", false),
        ("res_format", "CSV", false),
        ("resources.size", "20480", true),
        ("resources.caddec_resource_type", "file/http", true),
        ("resources.own", "1", true),
    ] {
        assert!(has(&told, field, value, is_words), "{field}: {told:?}");
    }
}

#[test]
fn every_item_of_an_entry_is_found() {
    for item in items().filter(|item| item.level != Level::Catalog) {
        assert!(item.search_fields().count() > 0, "{}", item.key);
    }
}
