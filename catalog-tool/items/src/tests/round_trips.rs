use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::samples;
use crate::{Case, Dataset, Item, Limits, Scope, Severity, View, items};

fn read(said: &Json) -> Dataset {
    Dataset::from_json(said.to_string().as_bytes(), &Limits::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Form, CKAN JSON, import, form: nothing changes on the way.
    #[test]
    fn every_item_comes_back_from_ckan(public in samples::view(Case::LimitedPublic), limited in samples::view(Case::Limited)) {
        let dataset = read(&json!({ "sharing": "limited", "public": public, "limited": limited }));
        for (_, view) in dataset.views() {
            let package = view.to_ckan();
            let imported = View::from_ckan(&package, &Limits::default()).unwrap();
            prop_assert_eq!(view, &imported);
            prop_assert_eq!(&package, &imported.to_ckan());
            let bytes = serde_json::to_vec(&package).unwrap();
            prop_assert_eq!(&imported, &View::from_ckan_slice(&bytes, &Limits::default()).unwrap());
        }
        let kept = serde_json::to_value(&dataset).unwrap();
        prop_assert_eq!(&dataset, &read(&kept));
        let stored: Dataset = serde_json::from_value(kept).unwrap();
        prop_assert_eq!(dataset, stored);
    }

    /// What is made up by the rules of the table passes its checks.
    #[test]
    fn what_keeps_to_the_table_has_no_errors(open in samples::view(Case::Open)) {
        let dataset = read(&json!({ "sharing": "open", "public": open }));
        let findings = dataset.check(Scope::Publishing);
        // Two made-up choices may contradict each other; values do not.
        let told = |kind| !["order", "way", "two-histories"].contains(&kind);
        let errors: Vec<_> = findings.iter().filter(|found| found.severity == Severity::Error && told(found.kind)).collect();
        prop_assert!(errors.is_empty(), "{errors:?}");
    }

    /// Nothing that a client may write makes a reader panic, and what is read once is read again alike.
    #[test]
    fn what_is_read_is_read_again_alike(key in proptest::sample::select(keys()), text in ".{0,40}") {
        let package = json!({
            "title": "t",
            "extras": [{ "key": key, "value": text }],
            "resources": [{ key: text }],
        });
        let package = package.as_object().unwrap();
        if let Ok(view) = View::from_ckan(package, &Limits::default()) {
            let clean = view.to_ckan();
            let again = View::from_ckan(&clean, &Limits::default()).unwrap();
            prop_assert_eq!(again.to_ckan(), clean);
            let _ = view.check(Case::Limited, Scope::Publishing);
        }
    }
}

fn keys() -> Vec<&'static str> {
    items()
        .map(|item: &Item| item.key)
        .filter(|key| !key.is_empty())
        .collect()
}

/// An item alone, with nothing beside it.
#[test]
fn every_item_is_kept_where_the_table_says() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut tried = 0;
    for item in items()
        .filter(|item| crate::dataset_item(item.key).is_some_and(|own| std::ptr::eq(own, *item)))
    {
        let said = samples::value(item)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let dataset =
            read(&json!({ "sharing": "open", "public": { "fields": { item.key: said } } }));
        let package = dataset.public.unwrap().to_ckan();
        let is_extra = |extra: &Json| extra["key"] == item.key;
        let in_extras = package["extras"].as_array().unwrap().iter().any(is_extra);
        let is_member = package.contains_key(item.key);
        assert_eq!(
            in_extras,
            item.place == crate::Place::Extras,
            "{}",
            item.key
        );
        assert_eq!(
            is_member,
            item.place == crate::Place::Package || item.key == "tags",
            "{}",
            item.key
        );
        tried += 1;
    }
    assert!(tried > 50, "{tried}");
}
