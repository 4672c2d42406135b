//! The items of a catalogue entry, once: what CADDE's data catalogue items ask of a dataset, as data.
//!
//! [`items`] is the table: names, keys, spellings of before, kinds of values, lists, obligations, properties in DCAT, help. All else
//! goes by it: a [`Dataset`] holds two views, what everybody sees and what is seen with a grant; [`View::from_ckan`] reads whatever
//! spelling and shape an item was ever kept in, and [`View::to_ckan`] writes one clean form; [`Dataset::check`] says what is wrong or
//! missing, in Japanese and English; [`Catalog`] writes DCAT. Keys that nobody here knows and values off the lists survive every way.
//!
//! The crate knows neither network nor database nor clock. A new item is a row in `table/`, see the guide on extending.
//!
//! ```
//! use catalog_items::{Dataset, Limits, Scope, Side};
//!
//! let said = br#"{"sharing": "open", "public": {"fields": {
//!     "title": "Open shelters", "notes": "Where people found shelter", "issued": "2026-11-31"}}}"#;
//! let dataset = Dataset::from_json(said, &Limits::default())?;
//! let findings = dataset.check(Scope::Author);
//! assert!(findings[0].text.en.ends_with("November has 30 days. Correct the date"));
//! assert_eq!(dataset.view(Side::Public).unwrap().to_ckan()["title"], "Open shelters");
//! # Ok::<(), catalog_items::ReadError>(())
//! ```

mod address;
mod characters;
mod check;
mod ckan;
mod codes;
mod dataset;
mod date;
mod dcat;
mod difference;
mod form;
mod item;
mod limits;
mod period;
mod read;
mod sample;
mod search;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use self::{
    address::is_link,
    check::{Finding, MESSAGES, Message, Scope, Severity},
    codes::{Code, CodeList, LICENCES, OTHER, other_text},
    dataset::{Dataset, Distribution, Sharing, Side, View},
    dcat::Catalog,
    difference::{Difference, Differences},
    form::{Field, Form, List, Section, form},
    item::{By, Case, Group, Item, Kind, Level, Obligation, Place},
    limits::{Limits, ReadError},
    sample::{sample, sample_folders},
    search::{As, CROSS_FACETS, Engine},
    table::{dataset_item, distribution_item, items, keys},
    text::Text,
    value::{Fields, Value},
};
