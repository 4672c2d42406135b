//! Datasets as others write them.

use catalog_items::{Case, Dataset, Limits, Scope, View};
use serde_json::Value;

/// A package of CKAN: what was read once is written clean, and read again alike.
pub(crate) fn ckan_package(bytes: &[u8]) {
    let limits = Limits::default();
    let Ok(view) = View::from_ckan_slice(bytes, &limits) else {
        return;
    };
    let clean = view.to_ckan();
    if has_fraction(&Value::Object(clean.clone())) {
        return;
    }
    // What is written may be longer than what was read: media types and licences have two members.
    let Ok(again) = View::from_ckan(&clean, &limits) else {
        return;
    };
    assert_eq!(again.to_ckan(), clean);
    for case in Case::ALL {
        let _ = view.check(case, Scope::Publishing);
    }
}

/// A dataset as a form sends it: what is kept is read again alike.
pub(crate) fn dataset(bytes: &[u8]) {
    let Ok(dataset) = Dataset::from_json(bytes, &Limits::default()) else {
        return;
    };
    let kept = serde_json::to_value(&dataset).expect("a dataset is JSON");
    if has_fraction(&kept) {
        return;
    }
    let again: Dataset = serde_json::from_value(kept).expect("what is kept is read");
    assert_eq!(again, dataset);
    let _ = dataset.check(Scope::Author);
}

/// Whether a number has a fraction: the last digits of a long one change when it is read.
fn has_fraction(json: &Value) -> bool {
    match json {
        Value::Number(number) => number.is_f64(),
        Value::Array(list) => list.iter().any(has_fraction),
        Value::Object(object) => object.values().any(has_fraction),
        _ => false,
    }
}
