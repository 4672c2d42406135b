use serde_json::{Value as Json, json};

use crate::{Dataset, Limits};

fn compared(public: &Json, limited: &Json) -> (Vec<(String, Json, Json)>, usize) {
    let said = json!({ "sharing": "limited", "public": public, "limited": limited });
    let dataset = Dataset::from_json(said.to_string().as_bytes(), &Limits::default()).unwrap();
    let found = dataset.differences().unwrap();
    let told = serde_json::to_value(&found).unwrap();
    let differing = told["differing"].as_array().unwrap().iter().map(|one| {
        let pointer = one["pointer"].as_str().unwrap().to_owned();
        (pointer, one["public"].clone(), one["limited"].clone())
    });
    (differing.collect(), found.alike)
}

#[test]
fn what_differs_is_told_and_what_is_alike_counted() {
    let public = json!({
        "fields": { "title": "t", "notes": "short", "issued": "2026-11-30", "contact_name": "防災課" },
        "extras": { "own": 1, "gone": "x" },
        "distributions": [{ "fields": { "name": "csv" }, "other": { "id": "1" } }, { "fields": { "name": "second" } }],
    });
    let limited = json!({
        "fields": { "title": "t", "notes": "long", "issued": "令和8年11月30日", "fee": "無償" },
        "extras": { "own": 2, "new": "y" },
        "distributions": [
            { "fields": { "name": "added", "url": "https://a.jp/0" }, "other": { "id": "0" } },
            { "fields": { "name": "second", "url": "https://a.jp/2" } },
            { "fields": { "name": "csv", "url": "https://a.jp/1" }, "other": { "id": "1" } },
        ],
    });
    let (differing, alike) = compared(&public, &limited);
    let expected = [
        ("/fields/notes", json!("short"), json!("long")),
        ("/fields/contact_name", json!("防災課"), Json::Null),
        ("/fields/fee", Json::Null, json!("無償")),
        ("/extras/gone", json!("x"), Json::Null),
        ("/extras/own", json!(1), json!(2)),
        ("/extras/new", Json::Null, json!("y")),
        (
            "/distributions/0/fields/url",
            Json::Null,
            json!("https://a.jp/1"),
        ),
        (
            "/distributions/1/fields/url",
            Json::Null,
            json!("https://a.jp/2"),
        ),
        (
            "/distributions/0",
            Json::Null,
            json!({ "name": "added", "url": "https://a.jp/0" }),
        ),
    ];
    let expected = expected.map(|(pointer, public, limited)| (pointer.to_owned(), public, limited));
    assert_eq!(differing, expected);
    // Title, day, and the names of both files.
    assert_eq!(alike, 4);
}

#[test]
fn one_view_differs_from_nothing() {
    let said = br#"{"sharing": "open", "public": {"fields": {"title": "t"}}}"#;
    let dataset = Dataset::from_json(said, &Limits::default()).unwrap();
    assert!(dataset.differences().is_none());
    let same =
        json!({ "fields": { "title": "t" }, "distributions": [{ "fields": { "name": "n" } }] });
    assert_eq!(compared(&same, &same), (vec![], 2));
}
