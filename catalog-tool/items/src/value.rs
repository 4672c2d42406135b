//! Values of items.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::{
    item::Item,
    table::{dataset_item, distribution_item},
};

/// What an item says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// One text.
    Text(String),
    /// The texts of an item that has several.
    Many(Vec<String>),
    /// What has a shape of its own: a period, a number.
    Json(Json),
}

impl Value {
    /// As CKAN holds it: several texts joined by commas, shapes as JSON. A comma within one of several texts becomes a Japanese one.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Many(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.replace(',', "、")).collect();
                Cow::Owned(parts.join(","))
            }
            Self::Json(json) => Cow::Owned(json.to_string()),
        }
    }

    /// Each of its texts.
    pub fn parts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let (one, many): (Option<Cow<'_, str>>, &[String]) = match self {
            Self::Text(text) => (Some(Cow::Borrowed(text)), &[]),
            Self::Many(parts) => (None, parts),
            Self::Json(json) => (Some(Cow::Owned(json.to_string())), &[]),
        };
        one.into_iter()
            .chain(many.iter().map(|part| Cow::Borrowed(part.as_str())))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Whose items a set of values has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Dataset,
    Distribution,
}

impl Owner {
    pub(crate) fn item(self, key: &str) -> Option<&'static Item> {
        match self {
            Self::Dataset => dataset_item(key),
            Self::Distribution => distribution_item(key),
        }
    }

    /// Whether `item` is one of those of this owner: keys alone don't tell.
    pub(crate) fn owns(self, item: &'static Item) -> bool {
        self.item(item.key)
            .is_some_and(|own| std::ptr::eq(own, item))
    }
}

/// The items of a dataset or a distribution that say something, by their keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Fields {
    pub(crate) owner: Owner,
    values: BTreeMap<&'static str, Value>,
}

impl Fields {
    pub(crate) const fn new(owner: Owner) -> Self {
        Self {
            owner,
            values: BTreeMap::new(),
        }
    }

    /// What the item `key` says.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// What the item `key` says, where that is one text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn put(&mut self, item: &'static Item, value: Value) {
        self.values.insert(item.key, value);
    }

    /// Takes away what the item `key` says.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.values.remove(key)
    }

    /// Every item that says something, by key.
    pub fn entries(&self) -> impl Iterator<Item = (&'static Item, &Value)> {
        let known = |key: &str| self.owner.item(key).expect("only items are put in");
        self.values
            .iter()
            .map(move |(key, value)| (known(key), value))
    }

    /// Whether no item says anything.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.values.serialize(serializer)
    }
}
