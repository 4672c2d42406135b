//! What of a view is found by which field.
//!
//! A CKAN site has an extra `k` as words in `extras_k` and whole in `k`, and a resource's members as `res_…`; the cross-domain search
//! flattens what it harvested, `resources.k`, and has an item under every name by which it was ever asked for.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use serde_json::{Map, Value as Json};

use crate::{
    dataset::View,
    item::{By, Item, Place},
    table::{items, keys},
    value::Value,
};

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A CKAN site.
    Ckan,
    /// The cross-domain search.
    Cross,
}

/// How a value is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// By what it contains.
    Words,
    /// Whole, and counted in facets.
    Whole,
    /// Whole, by who names the field alone.
    Filter,
}

/// Fields that are counted unless somebody asks for others, in the cross-domain search.
pub const CROSS_FACETS: [&str; 6] = [
    "xckan_site_name",
    "organization",
    "res_format",
    "xckan_tags",
    "tags",
    "groups",
];

impl View {
    /// Tells each field of `engine` with each of its values. What only the site knows (its own name, dates of its own) isn't among them.
    pub fn search_fields(&self, engine: Engine, mut tell: impl FnMut(As, &str, &str)) {
        let tell: &mut dyn FnMut(As, &str, &str) = &mut tell;
        for (item, value) in self.fields.entries() {
            said(engine, item, value, tell);
        }
        for (key, value) in &self.extras {
            extra(engine, key, value, tell);
        }
        own(engine, &self.other, tell);
        for distribution in &self.distributions {
            for (item, value) in distribution.fields.entries() {
                said(engine, item, value, tell);
            }
            for (key, value) in &distribution.other {
                resource(engine, key, value, tell);
            }
        }
    }
}

type Tell<'t> = &'t mut dyn FnMut(As, &str, &str);

fn said(engine: Engine, item: &Item, value: &Value, tell: Tell<'_>) {
    let fields = match engine {
        Engine::Ckan => &FIELDS[0],
        Engine::Cross => &FIELDS[1],
    };
    let fields = fields.get(&item.number).map_or(&[][..], Vec::as_slice);
    for part in value.parts() {
        for (how, field) in fields {
            tell(*how, field, &part);
        }
    }
}

/// The fields of an item.
type Fields = Vec<(As, Cow<'static, str>)>;

/// For each engine the fields of each item, by its number.
static FIELDS: LazyLock<[HashMap<u32, Fields>; 2]> = LazyLock::new(|| {
    let of =
        |fields: fn(&Item) -> Fields| items().map(|item| (item.number, fields(item))).collect();
    [of(ckan_fields), of(cross_fields)]
});

fn ckan_fields(item: &Item) -> Fields {
    let key = item.key;
    match item.place {
        Place::Package if key == keys::TAGS => vec![(As::Whole, key.into())],
        // The site knows when it wrote an entry, better than the entry does.
        Place::Package if item.by == By::Ckan => Vec::new(),
        Place::Package => vec![(As::Words, key.into())],
        Place::Extras => vec![
            (As::Words, format!("extras_{key}").into()),
            (As::Filter, key.into()),
        ],
        Place::Resource => match key {
            "format" => vec![(As::Whole, "res_format".into())],
            "name" | "description" | "url" => vec![(As::Words, format!("res_{key}").into())],
            _ => vec![(As::Words, format!("res_extras_{key}").into())],
        },
        Place::Config | Place::Nowhere => Vec::new(),
    }
}

fn cross_fields(item: &Item) -> Fields {
    if matches!(item.place, Place::Config | Place::Nowhere) {
        return Vec::new();
    }
    let mut fields: Fields = item
        .search_fields()
        .map(|field| (As::Words, field))
        .collect();
    match item.key {
        keys::TAGS => fields.extend([(As::Whole, "tags".into()), (As::Whole, "xckan_tags".into())]),
        "format" => fields.push((As::Whole, "res_format".into())),
        _ => {}
    }
    fields
}

fn extra(engine: Engine, key: &str, value: &Json, tell: Tell<'_>) {
    let Some(value) = scalar(value) else { return };
    match engine {
        Engine::Ckan => {
            tell(As::Words, &format!("extras_{key}"), &value);
            tell(As::Filter, key, &value);
        }
        Engine::Cross => tell(As::Words, &format!("extras_{}", key.to_lowercase()), &value),
    }
}

/// Members of the package that are no items. Those by which a site orders its entries count whole.
fn own(engine: Engine, other: &Map<String, Json>, tell: Tell<'_>) {
    for (key, value) in other {
        match key.as_str() {
            "groups" => groups(engine, value, tell),
            "organization" => organization(engine, value, tell),
            "name" | "id" | "license_id" => {
                if let Some(value) = scalar(value) {
                    tell(As::Whole, key, &value);
                }
            }
            "author" | "author_email" | "maintainer" | "maintainer_email" | "version" => {
                if let Some(value) = scalar(value) {
                    tell(As::Words, key, &value);
                }
            }
            _ => {}
        }
    }
}

fn groups(engine: Engine, groups: &Json, tell: Tell<'_>) {
    for group in groups.as_array().into_iter().flatten() {
        for member in ["name", "title", "display_name"] {
            let Some(value) = group.get(member).and_then(Json::as_str) else {
                continue;
            };
            match (engine, member) {
                (Engine::Ckan, "name") | (Engine::Cross, "title") => {
                    tell(As::Whole, "groups", value);
                }
                _ => {}
            }
            if engine == Engine::Cross {
                tell(As::Words, &format!("groups.{member}"), value);
            }
        }
    }
}

/// A CKAN site calls it by its name, the cross-domain search by its title.
fn organization(engine: Engine, organization: &Json, tell: Tell<'_>) {
    let text = |member: &str| organization.get(member).and_then(Json::as_str);
    match engine {
        Engine::Ckan => {
            if let Some(name) = text("name") {
                tell(As::Whole, "organization", name);
            }
        }
        Engine::Cross => {
            if let Some(title) = text("title").or_else(|| text("name")) {
                tell(As::Whole, "organization", title);
                tell(As::Words, "organization", title);
            }
        }
    }
}

fn resource(engine: Engine, key: &str, value: &Json, tell: Tell<'_>) {
    let Some(value) = scalar(value) else { return };
    match engine {
        Engine::Ckan if key == "resource_type" => tell(As::Words, "res_type", &value),
        Engine::Ckan if key == "id" => tell(As::Filter, "res_id", &value),
        Engine::Ckan => {}
        Engine::Cross => tell(As::Words, &format!("resources.{key}"), &value),
    }
}

/// A text, number or truth as text.
fn scalar(value: &Json) -> Option<Cow<'_, str>> {
    match value {
        Json::String(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Json::Number(_) | Json::Bool(_) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}
