use std::collections::BTreeSet;

use crate::{By, Level, form, items};

#[test]
fn every_item_that_an_author_writes_stands_in_the_form_once() {
    let form = form();
    let in_form = |of_distribution: bool| -> Vec<&str> {
        let sections = form
            .sections
            .iter()
            .filter(|section| section.of_distribution == of_distribution);
        sections
            .flat_map(|section| section.items.iter().map(|field| field.key))
            .collect()
    };
    for (of_distribution, levels) in [
        (false, &[Level::Dataset][..]),
        (true, &[Level::Distribution, Level::DataService]),
    ] {
        let found = in_form(of_distribution);
        let once: BTreeSet<_> = found.iter().copied().collect();
        assert_eq!(once.len(), found.len());
        let written = items().filter(|item| item.by == By::Author && levels.contains(&item.level));
        assert_eq!(once, written.map(|item| item.key).collect());
    }
}

#[test]
fn what_is_asked_for_stands_first_and_lists_are_there() {
    let form = serde_json::to_value(form()).unwrap();
    let basic = &form["sections"][0];
    assert_eq!(basic["title"]["ja"], "基本");
    let first: Vec<_> = (0..3)
        .map(|at| basic["items"][at]["key"].as_str().unwrap())
        .collect();
    assert_eq!(first, ["title", "notes", "issued"]);
    assert_eq!(basic["items"][0]["obligation"]["open"], "required");
    for section in form["sections"].as_array().unwrap() {
        assert!(
            !section["items"].as_array().unwrap().is_empty(),
            "{section}"
        );
        for field in section["items"].as_array().unwrap() {
            if let Some(list) = field.get("list") {
                let list = &form["lists"][list.as_str().unwrap()];
                assert!(list["codes"][0]["kana"].is_string(), "{field}");
            }
        }
    }
    let size = form.to_string().len();
    assert!(size < 100_000, "{size} bytes before compression");
}
