//! What is told to the index of a dataset.

use std::collections::{BTreeMap, BTreeSet};

use tantivy::{f64_to_u64, u64_to_i64};
use time::OffsetDateTime;

use super::{
    date,
    fold::fold,
    runs::{Runs, VALUE_END},
};

/// The field that has everything of a document: where is looked for words that nobody names a field for.
pub const EVERYTHING: &str = "text";

/// Bytes of a value that is compared whole; a longer one is searched by its words.
const MAX_EXACT: usize = 1024;
/// Bytes of a field's name; what a longer one has is found in [`EVERYTHING`] alone.
const MAX_NAME: usize = 200;

/// What became of a dataset.
#[derive(Debug, Clone)]
pub struct Change {
    /// The number of this change.
    pub counter: u64,
    /// The dataset.
    pub id: String,
    /// All that is to be found of it from now on, a document a view; none if it is gone.
    pub documents: Vec<Document>,
}

/// One view of a dataset, as plain fields. Any name may be a field's, and a field may be given several times.
///
/// Values that look like a number or like a time are kept as such too, so that ranges and sorting go by what they mean.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) id: String,
    pub(super) view: String,
    pub(super) words: BTreeMap<String, String>,
    pub(super) exact: BTreeMap<String, Vec<String>>,
    pub(super) numbers: BTreeMap<String, Vec<i64>>,
    pub(super) times: BTreeMap<String, Vec<i64>>,
    everything: BTreeSet<String>,
}

impl Document {
    /// A view of the dataset of that id; the two together are unique.
    pub fn new(id: &str, view: &str) -> Self {
        Self {
            id: id.to_owned(),
            view: view.to_owned(),
            words: BTreeMap::new(),
            exact: BTreeMap::new(),
            numbers: BTreeMap::new(),
            times: BTreeMap::new(),
            everything: BTreeSet::new(),
        }
    }

    /// The dataset that it is a view of.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A value that is searched by what it contains.
    pub fn text(&mut self, field: &str, value: &str) {
        let folded = folded(value);
        if field.len() <= MAX_NAME && field != EVERYTHING {
            self.add_words(field, &folded);
            self.add_typed(field, value);
        }
        self.add_everything(folded);
    }

    /// A value that is compared whole, counted in facets and sorted by.
    pub fn exact(&mut self, field: &str, value: &str) {
        self.filter(field, value);
        self.any(value);
    }

    /// As [`exact`](Self::exact), but found only by who names the field.
    pub fn filter(&mut self, field: &str, value: &str) {
        if field.len() > MAX_NAME || value.is_empty() {
            return;
        }
        if value.len() > MAX_EXACT {
            self.add_words(field, &folded(value));
            return;
        }
        let values = self.exact.entry(field.to_owned()).or_default();
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
            self.add_typed(field, value);
        }
    }

    /// A text without a field.
    pub fn any(&mut self, value: &str) {
        self.add_everything(folded(value));
    }

    /// A time.
    pub fn date(&mut self, field: &str, at: OffsetDateTime) {
        if field.len() <= MAX_NAME {
            let times = self.times.entry(field.to_owned()).or_default();
            times.push(date::micros(at));
        }
    }

    /// An extra of CKAN's: `extras_KEY` has its words, `KEY` its value.
    pub fn extra(&mut self, key: &str, value: &str) {
        self.text(&format!("extras_{key}"), value);
        self.filter(key, value);
    }

    /// Bytes of its texts, about.
    pub(super) fn bytes(&self) -> usize {
        let words = self.words.values().map(String::len);
        let exact = self.exact.values().flatten().map(String::len);
        let everything = self.everything.iter().map(String::len);
        words.chain(exact).chain(everything).sum()
    }

    /// The names of the fields that have a value.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let exact = self.exact.keys().chain(self.words.keys());
        let typed = self.numbers.keys().chain(self.times.keys());
        exact.chain(typed).map(String::as_str).collect()
    }

    /// All that [`EVERYTHING`] has.
    pub(super) fn everything(&self) -> String {
        let mut all = String::new();
        for value in &self.everything {
            all.push_str(value);
            all.push(VALUE_END);
        }
        all
    }

    fn add_words(&mut self, field: &str, folded: &str) {
        if Runs::of(folded).next().is_some() {
            let words = self.words.entry(field.to_owned()).or_default();
            words.push_str(folded);
            words.push(VALUE_END);
        }
    }

    fn add_everything(&mut self, folded: String) {
        if Runs::of(&folded).next().is_some() {
            self.everything.insert(folded);
        }
    }

    fn add_typed(&mut self, field: &str, value: &str) {
        if let Some(number) = number(value) {
            self.numbers
                .entry(field.to_owned())
                .or_default()
                .push(number);
        } else if let Some(at) = date::instant(value) {
            self.times.entry(field.to_owned()).or_default().push(at);
        }
    }
}

/// The order of a number that a text is, if it is one.
pub(super) fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    let may_be =
        text.len() <= 32 && text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let number = may_be.then(|| text.parse::<f64>().ok()).flatten()?;
    // Zero has two signs and one meaning.
    number
        .is_finite()
        .then(|| u64_to_i64(f64_to_u64(number + 0.0)))
}

/// A value folded, without what stands between values.
fn folded(value: &str) -> String {
    let mut folded = fold(value);
    if folded.contains(VALUE_END) {
        folded = folded.replace(VALUE_END, " ");
    }
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_kept_apart_and_everything_once() {
        let mut document = Document::new("1", "release");
        document.text("title", "ﾄﾞｳﾛ");
        document.text("title", "B\0c");
        document.exact("tags", "B\0c");
        document.text("notes", "、。");
        assert_eq!(document.words["title"], "どうろ\0b c\0");
        assert_eq!(document.everything(), "b c\0どうろ\0");
        assert_eq!(
            document.names().into_iter().collect::<Vec<_>>(),
            ["tags", "title"]
        );
    }

    #[test]
    fn numbers_and_times_are_seen() {
        let mut document = Document::new("1", "release");
        document.extra("size", "12.5");
        document.extra("temporal_start", "2020-12-31");
        assert_eq!(
            document.numbers.keys().collect::<Vec<_>>(),
            ["extras_size", "size"]
        );
        assert_eq!(
            document.times.keys().collect::<Vec<_>>(),
            ["extras_temporal_start", "temporal_start"]
        );
    }

    #[test]
    fn what_is_very_long_is_searched_by_words() {
        let mut document = Document::new("1", "release");
        let long = "道".repeat(400);
        document.exact("key", &long);
        document.text(&"k".repeat(201), "x");
        assert!(document.exact.is_empty());
        assert_eq!(document.names().into_iter().collect::<Vec<_>>(), ["key"]);
        assert!(document.everything().contains('x'));
    }

    proptest! {
        #[test]
        fn numbers_keep_their_order(a in any::<f64>(), b in any::<f64>()) {
            let order = |number: f64| super::number(&format!("{number:e}"));
            if let (Some(left), Some(right)) = (order(a), order(b)) {
                prop_assert_eq!(left.cmp(&right), a.partial_cmp(&b).unwrap());
            }
        }
    }
}
