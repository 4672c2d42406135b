//! What a draft says, and what is wrong with it or missing.

use std::collections::BTreeSet;

use catalog_items::{
    Dataset, Finding, Limits, Obligation, ReadError, Scope, Severity, Sharing, Side, View, form,
    keys,
};
use catalog_site::index::fold;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// A dataset that was read, in its one clean form, with what is kept of it in lists.
#[derive(Debug, Clone)]
pub struct Content {
    /// The dataset, as `catalog-items` writes it.
    pub json: Value,
    /// Its title, at most [`MAX_TITLE`] characters.
    pub title: String,
    /// The title as it is compared.
    pub found_as: String,
    /// Who may get the data.
    pub sharing: Sharing,
    /// Distributions of the view that has most.
    pub distributions: u32,
    /// What is to be said of it.
    pub check: Check,
}

/// Longest title in lists.
const MAX_TITLE: usize = 300;

/// What is wrong with a dataset or missing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Check {
    /// What its author can mend, 1,000 at most.
    #[schema(value_type = Vec<Object>)]
    pub findings: Vec<Finding>,
    /// Those that stand in the way of publishing.
    pub errors: u32,
    /// Those that don't.
    pub warnings: u32,
    /// What would help others to find it.
    pub completeness: Completeness,
}

/// How many of the items that the form shows at first say something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Completeness {
    /// So many do,
    pub filled: u32,
    /// of so many.
    pub of: u32,
    /// Keys of those that don't, in the order of the form.
    #[schema(value_type = Vec<String>)]
    pub missing: Vec<&'static str>,
}

/// Reads what a form sends, in whatever spelling and shape.
///
/// # Errors
/// [`ReadError`].
pub fn read_content(bytes: &[u8], limits: &Limits) -> Result<Content, ReadError> {
    let dataset = Dataset::from_json(bytes, limits)?;
    if dataset.views().next().is_none() {
        return Err(ReadError::Shape {
            pointer: String::new(),
            expected: "public or limited",
        });
    }
    let json = serde_json::to_value(&dataset)?;
    let titles = dataset
        .views()
        .filter_map(|(_, view)| view.fields.text(keys::TITLE));
    let title: String = titles
        .max_by_key(|title| !title.is_empty())
        .map_or_else(String::new, |title| {
            title.trim().chars().take(MAX_TITLE).collect()
        });
    let most = dataset
        .views()
        .map(|(_, view)| view.distributions.len())
        .max();
    Ok(Content {
        found_as: fold(&title),
        title,
        sharing: dataset.sharing,
        distributions: u32::try_from(most.unwrap_or_default()).unwrap_or(u32::MAX),
        check: check(&dataset),
        json,
    })
}

/// Says what is wrong with `dataset` or missing.
pub fn check(dataset: &Dataset) -> Check {
    let findings = dataset.check(Scope::Author);
    let count = |severity| {
        let of = findings.iter().filter(|found| found.severity == severity);
        u32::try_from(of.count()).unwrap_or(u32::MAX)
    };
    Check {
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        completeness: completeness(dataset),
        findings,
    }
}

/// Looks at the view that says most: the limited one, where there is one.
fn completeness(dataset: &Dataset) -> Completeness {
    let sides = [Side::Limited, Side::Public];
    let found = sides
        .into_iter()
        .find_map(|side| Some((side, dataset.view(side)?)));
    let (mut filled, mut of, mut missing) = (0, 0, Vec::new());
    if let Some((side, view)) = found {
        let case = serde_json::to_value(dataset.case(side)).unwrap_or_default();
        for section in form().sections.iter().filter(|section| !section.folded) {
            for item in section.items.iter().filter(|item| item.set_by.is_none()) {
                let obligation = item.obligation.get(case.as_str().unwrap_or_default());
                if matches!(obligation, Some(Obligation::NotSet | Obligation::Automatic)) {
                    continue;
                }
                of += 1;
                if says(view, section.of_distribution, item.key) {
                    filled += 1;
                } else {
                    missing.push(item.key);
                }
            }
        }
    }
    Completeness {
        filled,
        of,
        missing,
    }
}

/// Whether the item says something: one of distributions in each of them.
fn says(view: &View, of_distribution: bool, key: &str) -> bool {
    if of_distribution {
        let mut all = view.distributions.iter();
        return !view.distributions.is_empty() && all.all(|one| one.fields.get(key).is_some());
    }
    view.fields.get(key).is_some()
}

/// What a new draft begins with: what the form suggests.
pub fn empty() -> Value {
    let items = form()
        .sections
        .iter()
        .filter(|section| !section.of_distribution);
    let suggested = items.flat_map(|section| &section.items).filter_map(|item| {
        let value = item.suggested?;
        let value = if item.many {
            json!([value])
        } else {
            value.into()
        };
        Some((item.key.to_owned(), value))
    });
    let fields: Map<String, Value> = suggested.collect();
    json!({ "sharing": "open", "public": { "fields": fields } })
}

/// Members of a view and of a distribution that belong to one dataset alone, beside the items that do.
const OF_ONE: [&str; 4] = ["id", "name", "package_id", "revision_id"];

/// `content` for another dataset: without ids, links, and events that made the data.
pub fn copied(mut content: Value) -> Value {
    let of_one: BTreeSet<&str> = [keys::DETAIL_ID, keys::PROVENANCE_ID].into();
    for side in Side::ALL {
        let Some(view) = content.get_mut(side.name()) else {
            continue;
        };
        strip(view, &of_one);
        let distributions = view.get_mut("distributions").and_then(Value::as_array_mut);
        for distribution in distributions.into_iter().flatten() {
            strip(distribution, &of_one);
        }
    }
    content
}

fn strip(of: &mut Value, items: &BTreeSet<&str>) {
    if let Some(fields) = of.get_mut("fields").and_then(Value::as_object_mut) {
        fields.retain(|key, _| !items.contains(key.as_str()));
    }
    if let Some(other) = of.get_mut("other").and_then(Value::as_object_mut) {
        other.retain(|key, _| !OF_ONE.contains(&key.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &Value) -> Result<Content, ReadError> {
        read_content(json.to_string().as_bytes(), &Limits::default())
    }

    #[test]
    fn a_new_draft_is_a_dataset() {
        let content = read(&empty()).expect("it is one");
        assert_eq!((content.title.as_str(), content.distributions), ("", 0));
        assert_eq!(content.sharing, Sharing::Open);
        assert!(content.check.errors > 0, "a title is asked for");
        let complete = &content.check.completeness;
        assert!(complete.missing.contains(&"title"), "{complete:?}");
        assert_eq!(
            complete.of as usize,
            complete.filled as usize + complete.missing.len()
        );
    }

    #[test]
    fn what_is_written_is_missing_no_more() {
        let before = read(&empty()).unwrap().check;
        let mut json = empty();
        json["public"]["fields"]["title"] = "避難所".into();
        let content = read(&json).unwrap();
        assert_eq!(
            (content.title.as_str(), content.found_as),
            ("避難所", fold("避難所"))
        );
        assert_eq!(
            content.check.completeness.filled,
            before.completeness.filled + 1
        );
        assert_eq!(content.check.errors, before.errors - 1);
    }

    #[test]
    fn items_of_distributions_are_there_if_each_has_them() {
        let mut json = empty();
        let url = "http://data.example/a.csv";
        let named = json!({"fields": {"name": "a", "url": url}});
        json["public"]["distributions"] = json!([named, {"fields": {"url": url}}]);
        let missing = read(&json).unwrap().check.completeness.missing;
        assert!(
            !missing.contains(&"url") && missing.contains(&"name"),
            "{missing:?}"
        );
    }

    #[test]
    fn the_title_is_that_of_either_view_and_not_endless() {
        let long = "長".repeat(1000);
        let json = json!({"sharing": "limited", "public": {"fields": {}}, "limited": {"fields": {"title": long}}});
        let content = read(&json).unwrap();
        assert_eq!(content.title.chars().count(), MAX_TITLE);
        assert_eq!(
            content.json["limited"]["fields"]["title"].as_str(),
            Some(long.as_str())
        );
    }

    #[test]
    fn without_a_view_it_is_none() {
        let error = read(&json!({"sharing": "open"})).unwrap_err();
        assert_eq!(error.kind(), "unexpected-shape");
    }

    #[test]
    fn a_copy_belongs_to_no_other_dataset() {
        let json = json!({"sharing": "limited",
            "public": {"fields": {"title": "a", keys::DETAIL_ID: "link"}, "other": {"id": "1", "name": "n", "groups": []}},
            "limited": {"fields": {"title": "a", keys::DETAIL_ID: "link"},
                "distributions": [{"fields": {"url": "http://d.example/", keys::PROVENANCE_ID: "event"}, "other": {"id": "2", "mine": 1}}]}});
        let copy = copied(read(&json).unwrap().json);
        assert_eq!(copy["public"]["other"], json!({"groups": []}));
        assert_eq!(copy["public"]["fields"], json!({"title": "a"}));
        let distribution = &copy["limited"]["distributions"][0];
        assert_eq!(distribution["fields"], json!({"url": "http://d.example/"}));
        assert_eq!(distribution["other"], json!({"mine": 1}));
        read(&copy).expect("it is a dataset");
    }
}
