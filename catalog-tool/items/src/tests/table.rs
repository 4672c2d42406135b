use std::collections::BTreeSet;

use crate::{Case, Level, Obligation, Place, items};

#[test]
fn an_item_stands_once() {
    let numbers: Vec<_> = items().map(|item| item.number).collect();
    assert!(
        numbers.is_sorted_by(|one, other| one < other),
        "{numbers:?}"
    );
    for levels in [
        &[Level::Dataset][..],
        &[Level::Distribution, Level::DataService],
    ] {
        let mut seen = BTreeSet::new();
        for item in items().filter(|item| levels.contains(&item.level)) {
            assert!(seen.insert(item.key), "{}", item.key);
            for legacy in item.legacy {
                assert!(seen.insert(*legacy), "{legacy}");
            }
        }
    }
}

#[test]
fn an_item_belongs_together() {
    for item in items() {
        let number = item.number;
        let has_place = !matches!(item.place, Place::Config | Place::Nowhere);
        assert_eq!(has_place, item.level != Level::Catalog, "{number}");
        assert_eq!(
            item.key.is_empty(),
            item.place == Place::Nowhere,
            "{number}"
        );
        for text in [&item.name, &item.help, &item.label()] {
            assert!(!text.ja.is_empty() && !text.en.is_empty(), "{number}");
        }
        for other in [item.pair, item.instead].into_iter().flatten() {
            let is_there = |found: &&crate::Item| found.key == other && found.level == item.level;
            assert_eq!(items().filter(is_there).count(), 1, "{number}: {other}");
        }
        if let Some(suggested) = item.suggested {
            assert!(
                item.codes.is_none_or(|codes| codes.knows(suggested)),
                "{number}"
            );
        }
        assert!(
            item.search_fields().count() > 0 || item.level == Level::Catalog,
            "{number}"
        );
    }
}

#[test]
fn a_list_has_each_value_once_and_finds_it() {
    for item in items() {
        let Some(list) = item.codes else { continue };
        let mut seen = BTreeSet::new();
        for code in list.codes {
            assert!(seen.insert(code.value), "{}", code.value);
            assert!(
                !code.kana.is_empty() && code.value.starts_with(list.base),
                "{}",
                code.value
            );
            assert!(!code.value.contains(','), "{}", code.value);
            assert!(
                list.find(code.value)
                    .is_some_and(|found| std::ptr::eq(found, code))
            );
        }
        for also in list.also {
            assert!(list.knows(also) && list.find(also).is_none(), "{also}");
        }
    }
}

#[test]
fn obligations_differ_where_open_and_limited_data_differ() {
    let of = |key: &str| {
        crate::dataset_item(key)
            .or_else(|| crate::distribution_item(key))
            .unwrap()
    };
    let [open, public, limited] = Case::ALL.map(|case| of("caddec_provider_id").obligation(case));
    assert_eq!(
        [open, public, limited],
        [
            Obligation::NotSet,
            Obligation::Required,
            Obligation::Required
        ]
    );
    let [open, public, limited] = Case::ALL.map(|case| of("explain_url").obligation(case));
    assert_eq!([open, public, limited], [Obligation::Required; 3]);
}
