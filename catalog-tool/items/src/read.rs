//! From any spelling and shape in which a value was ever kept to the one clean form.

use serde_json::Value as Json;

use crate::{
    codes::media_type,
    date,
    item::{Item, Kind},
    period,
    table::items,
    value::{Fields, Owner, Value},
};

impl Fields {
    /// Lets the item `key` say `value`, in its one clean form; `false` where there is no such item. What is empty is no value.
    pub fn set(&mut self, key: &str, value: &Json) -> bool {
        let Some(item) = self.owner.item(key) else {
            return false;
        };
        match self::value(item, value) {
            Some(value) => self.put(item, value),
            None => drop(self.remove(item.key)),
        }
        true
    }

    /// Where an item of the list is chosen, the address that goes with it; and the other way round.
    pub(crate) fn complete(&mut self) {
        let owner = self.owner;
        for item in items().filter(|item| owner.owns(item)) {
            let (Some(pair), Some(codes)) = (item.pair, item.codes) else {
                continue;
            };
            if self.get(item.key).is_none() {
                let code = self.text(pair).and_then(|address| codes.by_url(address));
                if let Some(code) = code {
                    self.set(item.key, &code.value.into());
                }
            }
            let chosen = self.text(item.key).and_then(|name| codes.find(name)?.url);
            // An address of the list that isn't the choice's is left over from the choice before; one's own stays.
            let is_own = self
                .text(pair)
                .is_some_and(|address| codes.by_url(address).is_none());
            if let Some(url) = chosen.filter(|_| !is_own) {
                self.set(pair, &url.into());
            }
        }
    }
}

/// The clean form of what `item` says; `None` where it says nothing.
pub(crate) fn value(item: &Item, json: &Json) -> Option<Value> {
    if item.many {
        let parts = parts(item, json);
        return (!parts.is_empty()).then_some(Value::Many(parts));
    }
    match item.kind {
        Kind::EffectivePeriod => period::effective(json),
        Kind::LicencePeriod => period::licence(json),
        Kind::GeoJson | Kind::DataModel => shape(json),
        Kind::Bytes => bytes(json),
        _ => text(json)
            .and_then(|text| clean(item, &text))
            .map(Value::Text),
    }
}

/// What `json` says as text: a list of one is that one, a shape that no text has stays readable as JSON.
pub(crate) fn text(json: &Json) -> Option<String> {
    match json {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Array(list) if list.is_empty() => None,
        Json::Array(list) if list.len() == 1 => text(&list[0]),
        other => Some(other.to_string()),
    }
}

/// One text in its clean form.
fn clean(item: &Item, text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Some(codes) = item.codes {
        let known = codes.find(text).map(|code| code.value.to_owned());
        let typed = || {
            (item.kind == Kind::MediaType)
                .then(|| media_type(text))
                .flatten()
        };
        return Some(known.or_else(typed).unwrap_or_else(|| codes.read(text)));
    }
    Some(match item.kind {
        Kind::Prose => text.replace("\r\n", "\n").replace('\r', "\n"),
        Kind::Date => date::read(text).unwrap_or_else(|_| text.to_owned()),
        Kind::Line | Kind::Tags => one_line(text),
        _ => text.to_owned(),
    })
}

/// A line's breaks as blanks.
fn one_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\r', '\n', '\t'], " ")
}

/// The texts of an item that has several: a list, a list written as text, keywords as CKAN has them, or joined by commas.
fn parts(item: &Item, json: &Json) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        let part = clean(item, text).filter(|part| !found.contains(part));
        found.extend(part);
    };
    match json {
        Json::Array(list) => {
            for each in list {
                match each {
                    Json::Object(tag) => {
                        let name = tag.get("name").or_else(|| tag.get("display_name"));
                        let name = name.unwrap_or(each);
                        if let Some(name) = text(name) {
                            add(&name);
                        }
                    }
                    each => text(each).iter().for_each(|each| unpack(each, &mut add)),
                }
            }
        }
        Json::String(joined) if list(joined).is_some() => unpack(joined, &mut add),
        Json::String(joined) => split(joined).into_iter().for_each(add),
        other => text(other).iter().for_each(|text| add(text)),
    }
    found
}

/// A text, or each of a list that was written as JSON.
fn unpack(text: &str, add: &mut impl FnMut(&str)) {
    match list(text) {
        Some(list) => list.iter().for_each(|each| unpack(each, add)),
        None => add(text),
    }
}

/// A list of texts that was written as JSON.
fn list(joined: &str) -> Option<Vec<String>> {
    let is_list = joined.trim_start().starts_with('[');
    is_list.then(|| serde_json::from_str(joined).ok()).flatten()
}

/// `joined` at its commas, but for those in brackets: some write commas into the text behind "other".
fn split(joined: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let mut depth = 0_usize;
    for (at, c) in joined.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return joined.split(',').collect(),
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&joined[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if depth > 0 {
        return joined.split(',').collect();
    }
    parts.push(&joined[begin..]);
    parts
}

/// JSON as text: CKAN holds it so, and its numbers keep the digits that they came with.
fn shape(json: &Json) -> Option<Value> {
    let text = match json {
        Json::String(text) => text.trim().to_owned(),
        Json::Array(list) if list.len() == 1 => list[0].to_string(),
        Json::Array(list) if list.is_empty() => return None,
        Json::Null => return None,
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(Value::Text(text))
}

/// A number of bytes; what is none stays a text.
fn bytes(json: &Json) -> Option<Value> {
    let text = text(json)?;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let number = text.parse::<i64>().ok().filter(|number| *number >= 0);
    Some(number.map_or_else(
        || Value::Text(text.to_owned()),
        |number| Value::Json(number.into()),
    ))
}

/// Whether `text` is one value in an item of several, or would be read as more.
pub(crate) fn is_one(text: &str) -> bool {
    list(text).is_none() && split(text).len() == 1 && !text.contains(',')
}

/// Whether CKAN keeps several values of `item` in one text.
pub(crate) fn is_joined(item: &Item) -> bool {
    item.many && item.kind != Kind::Tags
}

/// New and empty, for a dataset.
pub(crate) const fn dataset_fields() -> Fields {
    Fields::new(Owner::Dataset)
}

/// New and empty, for a distribution.
pub(crate) const fn distribution_fields() -> Fields {
    Fields::new(Owner::Distribution)
}
