use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use crate::{
    dataset::{Distribution, View},
    item::{Item, Place},
    limits::{Limits, ReadError, escape, refuse_nul},
    read,
    table::items,
    value::{Fields, Owner},
};

impl View {
    /// Reads a package as CKAN, or a client of it, writes it.
    pub fn from_ckan(package: &Map<String, Json>, limits: &Limits) -> Result<Self, ReadError> {
        limits.admit(package)?;
        for (key, value) in package {
            let found = refuse_nul(&Json::from(key.as_str())).and_then(|()| refuse_nul(value));
            found.map_err(|error| error.below(&format!("/{}", escape(key))))?;
        }
        read_package(package, limits)
    }

    /// Reads a package from its bytes.
    pub fn from_ckan_slice(bytes: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        match limits.parse(bytes)? {
            Json::Object(package) => read_package(&package, limits),
            _ => Err(shape("", "an object")),
        }
    }
}

fn shape(pointer: impl Into<String>, expected: &'static str) -> ReadError {
    ReadError::Shape {
        pointer: pointer.into(),
        expected,
    }
}

fn read_package(package: &Map<String, Json>, limits: &Limits) -> Result<View, ReadError> {
    let mut view = View::default();
    let extras = extras(package.get("extras"))?;
    let resources: &[Json] = match package.get("resources") {
        None | Some(Json::Null) => &[],
        Some(Json::Array(list)) => list.as_slice(),
        Some(_) => return Err(shape("/resources", "a list")),
    };
    limits.admit_distributions(resources.len())?;
    for (at, resource) in resources.iter().enumerate() {
        let resource = resource
            .as_object()
            .ok_or_else(|| shape(format!("/resources/{at}"), "an object"))?;
        view.distributions.push(read_resource(resource));
    }
    let members = package
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "extras" | "resources"));
    let mut said = Said::new(Owner::Dataset);
    for (key, value) in members {
        said.add(Place::Package, key, value);
    }
    for (key, value) in &extras {
        said.add(Place::Extras, key, value);
    }
    let left = said.take(&mut view.fields);
    for (place, key, value) in left {
        if place == Place::Extras {
            view.extras.insert(key.to_owned(), value.clone());
        } else {
            view.other.insert(key.to_owned(), value.clone());
        }
    }
    echo_licence(&mut view);
    view.fields.complete();
    drop_twins(&view.fields, &mut view.other);
    Ok(view)
}

/// CKAN calls a licence that it doesn't know by its id, and so do we where it has no other name.
fn echo_licence(view: &mut View) {
    let Some(id) = view.other.get("license_id").cloned() else {
        return;
    };
    if view.fields.get("license_title").is_none() {
        view.fields.set("license_title", &id);
    }
}

fn read_resource(resource: &Map<String, Json>) -> Distribution {
    let mut distribution = Distribution::default();
    let mut said = Said::new(Owner::Distribution);
    for (key, value) in resource {
        said.add(Place::Resource, key, value);
    }
    for (_, key, value) in said.take(&mut distribution.fields) {
        distribution.other.insert(key.to_owned(), value.clone());
    }
    distribution.fields.complete();
    drop_twins(&distribution.fields, &mut distribution.other);
    distribution
}

/// What repeats an item is written again with it.
fn drop_twins(fields: &Fields, other: &mut Map<String, Json>) {
    for (item, twin) in items().filter_map(|item| Some((item, item.twin?))) {
        let said = fields.get(item.key).filter(|_| fields.owner.owns(item));
        if said.is_some_and(|said| (twin.of)(&said.text()).is_some()) {
            other.remove(twin.key);
        }
    }
}

/// Extras by their keys: a list of pairs, or an object.
fn extras(json: Option<&Json>) -> Result<BTreeMap<&str, &Json>, ReadError> {
    let list = match json {
        None | Some(Json::Null) => return Ok(BTreeMap::new()),
        Some(Json::Object(object)) => {
            return Ok(object
                .iter()
                .map(|(key, value)| (key.as_str(), value))
                .collect());
        }
        Some(Json::Array(list)) => list,
        Some(_) => return Err(shape("/extras", "a list")),
    };
    let mut extras = BTreeMap::new();
    for (at, extra) in list.iter().enumerate() {
        let key = extra.get("key").and_then(Json::as_str);
        let key = key.ok_or_else(|| shape(format!("/extras/{at}"), "an object with a key"))?;
        let value = extra.get("value").unwrap_or(&Json::Null);
        if extras.insert(key, value).is_some() {
            return Err(ReadError::Duplicate {
                key: key.to_owned(),
            });
        }
    }
    Ok(extras)
}

/// A member as it came: where it stood, its key, and its value.
type Member<'j> = (Place, &'j str, &'j Json);

/// What is said, in the order in which it counts.
struct Said<'j> {
    owner: Owner,
    /// For each item where and how it is said: the smaller rank counts.
    items: Vec<(u8, &'static Item, Member<'j>)>,
    left: Vec<Member<'j>>,
}

impl<'j> Said<'j> {
    const fn new(owner: Owner) -> Self {
        Self {
            owner,
            items: Vec::new(),
            left: Vec::new(),
        }
    }

    fn add(&mut self, place: Place, key: &'j str, value: &'j Json) {
        let member = (place, key, value);
        let Some(item) = self.owner.item(key) else {
            self.left.push(member);
            return;
        };
        // An extra that is called like a member of the package is somebody's own.
        if place == Place::Extras && item.place == Place::Package {
            self.left.push(member);
            return;
        }
        let rank = u8::from(item.key != key) + 2 * u8::from(item.place != place);
        self.items.push((rank, item, member));
    }

    /// Sets the items; what is left is no item, or contradicts one that counts before it.
    fn take(mut self, fields: &mut Fields) -> Vec<Member<'j>> {
        self.items.sort_by_key(|(rank, ..)| *rank);
        let mut done = BTreeSet::new();
        for (_, item, member) in self.items {
            let Some(value) = read::value(item, member.2) else {
                continue;
            };
            if done.insert(item.key) {
                fields.put(item, value);
            } else if fields.get(item.key) != Some(&value) {
                self.left.push(member);
            }
        }
        self.left
    }
}
