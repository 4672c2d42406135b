//! Packages as sites tell them: which can be read, and what is found of them.

use catalog_items::{As, Engine, Limits, View};
use catalog_site::index::Document;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::domain::Record;

/// Longest id or name of a package.
const MAX_NAME: usize = 200;

/// Longest description beside what a package itself says, in characters. Source: catalog-items.md §6.1.
const MAX_DESCRIPTION: usize = 5_000;

/// The view that is searched.
pub const VIEW: &str = "release";

/// A package that a site tells, if it can be read and is there for everybody.
pub fn judge(told: &Value, limits: &Limits) -> Option<Record> {
    let content = told.as_object()?;
    let text = |member: &str| {
        let text = content.get(member)?.as_str()?;
        let is_good = (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(char::is_control);
        is_good.then(|| text.to_owned())
    };
    let (id, name) = (text("id")?, text("name")?);
    let is_open = content.get("private") != Some(&Value::Bool(true));
    let is_active = content.get("state").is_none_or(|state| state == "active");
    if !is_open || !is_active || View::from_ckan(content, limits).is_err() {
        return None;
    }
    let digest = hex::encode(Sha256::digest(told.to_string()));
    Some(Record {
        id,
        name,
        content: content.clone(),
        digest,
    })
}

/// The site and the id of a package, as the index has both in one.
pub fn key(source: &str, id: &str) -> String {
    format!("{source}:{id}")
}

/// Apart again.
pub fn unkey(key: &str) -> Option<(String, String)> {
    // A connector ID has no colon.
    let (source, id) = key.split_once(':')?;
    Some((source.to_owned(), id.to_owned()))
}

/// What is found of a package of `source`, which is called `site`.
pub fn document(
    source: &str,
    site: &str,
    name: &str,
    content: &Map<String, Value>,
) -> Option<Document> {
    let view = View::from_ckan(content, &Limits::default()).ok()?;
    let id = content.get("id")?.as_str()?;
    let mut found = Document::new(&key(source, id), VIEW);
    view.search_fields(Engine::Cross, |how, field, value| match how {
        As::Words => found.text(field, value),
        As::Whole => found.exact(field, value),
        As::Filter => found.filter(field, value),
    });
    // Not among what words are looked for in: whoever looks for a river does not mean all that a river bureau has.
    found.filter("xckan_site_name", site);
    found.filter("xckan_id", &xckan_id(source, name));
    found.filter("xckan_site_id", source);
    if let Some(title) = content.get("title").and_then(Value::as_str) {
        found.text("xckan_title", title);
    }
    for (member, fields) in [
        ("metadata_created", &["metadata_created"][..]),
        (
            "metadata_modified",
            &["metadata_modified", "xckan_last_updated"],
        ),
    ] {
        if let Some(at) = content
            .get(member)
            .and_then(Value::as_str)
            .and_then(instant)
        {
            for field in fields {
                found.date(field, at);
            }
        }
    }
    Some(found)
}

/// What the cross-domain search calls a package.
pub fn xckan_id(source: &str, name: &str) -> String {
    format!("{source}:{name}")
}

/// A package as the cross-domain search shows it: as it came, and what the search adds.
pub fn shown(
    (source, site, address): (&str, &str, &str),
    name: &str,
    content: Map<String, Value>,
    score: f32,
) -> Value {
    let text = |member: &str| content.get(member).and_then(Value::as_str);
    let notes = text("notes").unwrap_or_default();
    let mut told = Map::new();
    told.insert("xckan_id".to_owned(), xckan_id(source, name).into());
    told.insert(
        "xckan_title".to_owned(),
        text("title").unwrap_or_default().into(),
    );
    told.insert("xckan_site_name".to_owned(), site.into());
    told.insert(
        "xckan_site_url".to_owned(),
        format!("{address}/dataset/{name}").into(),
    );
    let modified = text("metadata_modified")
        .and_then(instant)
        .and_then(|at| at.format(&Rfc3339).ok());
    told.insert("xckan_last_updated".to_owned(), modified.into());
    let description: String = notes.chars().take(MAX_DESCRIPTION).collect();
    told.insert("xckan_description".to_owned(), description.into());
    told.insert("score".to_owned(), score.into());
    let mut package = content;
    package.extend(told);
    package.into()
}

/// A time as CKAN writes it: UTC, with or without saying so.
fn instant(text: &str) -> Option<OffsetDateTime> {
    let has_zone =
        text.ends_with('Z') || text.get(19..).is_some_and(|rest| rest.contains(['+', '-']));
    let whole = if has_zone {
        text.to_owned()
    } else {
        format!("{text}Z")
    };
    OffsetDateTime::parse(&whole, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"id": "1", "name": "a", "title": "川"}), true)]
    #[case(json!({"id": "1", "name": "a", "state": "active", "private": false}), true)]
    #[case(json!({"id": "1", "name": "a", "private": true}), false)]
    #[case(json!({"id": "1", "name": "a", "state": "deleted"}), false)]
    #[case(json!({"id": 1, "name": "a"}), false)]
    #[case(json!({"id": "1"}), false)]
    #[case(json!({"id": "", "name": "a"}), false)]
    #[case(json!({"id": "1", "name": "a\u{0}b"}), false)]
    #[case(json!({"id": "1", "name": "x".repeat(201)}), false)]
    #[case(json!({"id": "1", "name": "a", "notes": "x".repeat(2 << 20)}), false)]
    #[case(json!({"id": "1", "name": "a", "resources": 7}), false)]
    #[case(json!(["a"]), false)]
    fn what_cannot_be_read_is_no_record(#[case] told: Value, #[case] is_one: bool) {
        assert_eq!(judge(&told, &Limits::default()).is_some(), is_one);
    }

    #[rstest]
    #[case("2026-04-01T09:00:00.123456", true)]
    #[case("2026-04-01T09:00:00Z", true)]
    #[case("2026-04-01T09:00:00+09:00", true)]
    #[case("2026-04-01", false)]
    #[case("あああああああ", false)]
    fn times_are_read_as_ckan_writes_them(#[case] text: &str, #[case] is_one: bool) {
        assert_eq!(instant(text).is_some(), is_one);
    }

    #[test]
    fn a_package_is_shown_as_it_came_with_what_the_search_adds() {
        let content = json!({"id": "1", "name": "a", "title": "川", "notes": "長".repeat(6000),
            "metadata_modified": "2026-04-01T09:00:00.000001", "mine": {"x": 1}, "score": "theirs"});
        let site = ("p.example", "河川局", "https://p.example/release");
        let shown = shown(site, "a", content.as_object().unwrap().clone(), 0.5);
        assert_eq!(shown["xckan_id"], "p.example:a");
        assert_eq!(
            shown["xckan_site_url"],
            "https://p.example/release/dataset/a"
        );
        assert_eq!(
            shown["xckan_description"].as_str().unwrap().chars().count(),
            5000
        );
        assert_eq!(shown["xckan_last_updated"], "2026-04-01T09:00:00.000001Z");
        assert_eq!(
            (&shown["mine"], &shown["score"]),
            (&json!({"x": 1}), &json!(0.5))
        );
    }
}
