use serde_json::{Map, Value as Json, json};

use crate::{
    dataset::{Distribution, View},
    item::{Item, Kind, Place},
    table::items,
    value::{Fields, Value},
};

impl View {
    /// The package as CKAN shows it: extras sorted by key, the items among them as texts.
    pub fn to_ckan(&self) -> Map<String, Json> {
        let mut package = self.other.clone();
        let mut extras = self.extras.clone();
        for (item, value) in self.fields.entries() {
            let (key, value) = (item.key.to_owned(), member(item, value));
            match item.place {
                Place::Extras => drop(extras.insert(key, value)),
                _ => drop(package.insert(key, value)),
            }
        }
        twins(&self.fields, &mut package);
        let pairs = extras
            .into_iter()
            .map(|(key, value)| json!({ "key": key, "value": value }));
        package.insert("extras".to_owned(), pairs.collect());
        package.entry("tags").or_insert_with(|| json!([]));
        let resources = self
            .distributions
            .iter()
            .map(|each| Json::Object(each.to_ckan()));
        package.insert("resources".to_owned(), resources.collect());
        package
    }
}

impl Distribution {
    /// The resource as CKAN shows it.
    pub fn to_ckan(&self) -> Map<String, Json> {
        let mut resource = self.other.clone();
        for (item, value) in self.fields.entries() {
            resource.insert(item.key.to_owned(), member(item, value));
        }
        twins(&self.fields, &mut resource);
        resource
    }
}

/// An item's value as CKAN holds it.
fn member(item: &Item, value: &Value) -> Json {
    match item.kind {
        Kind::Tags => value
            .parts()
            .map(|name| json!({ "name": name, "display_name": name }))
            .collect(),
        Kind::Bytes => match value {
            Value::Json(number) => number.clone(),
            other => other.text().into(),
        },
        _ => value.text().into(),
    }
}

/// What repeats an item in CKAN's own manner follows the item: it goes with it, and stays as it is where nothing better is known.
fn twins(fields: &Fields, members: &mut Map<String, Json>) {
    for (item, twin) in items().filter_map(|item| Some((item, item.twin?))) {
        if !fields.owner.owns(item) {
            continue;
        }
        match fields.get(item.key) {
            None => drop(members.remove(twin.key)),
            Some(value) => {
                if let Some(value) = (twin.of)(&value.text()) {
                    members.insert(twin.key.to_owned(), value.into());
                }
            }
        }
    }
}
