//! How the index follows the database: what of a package is found by which field.
//!
//! Source: catalog-items.md §7.1, index rules of CKAN.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    domain::{Package, SiteStore},
    index::{Change, Document, Source, SourceError, SourceState},
};

/// Datasets that are read at once: two views each, which may be as large as a dataset may be.
const AT_ONCE: usize = 50;

/// Members that are searched by what they contain.
const TEXTS: &[&str] = &["title", "notes", "url", "author", "maintainer", "version"];

/// Members that are compared whole.
const WHOLE: &[&str] = &["license_id", "license_title", "license_url"];

/// Members of a distribution, with the name of the field.
const OF_RESOURCE: &[(&str, &str)] = &[
    ("name", "res_name"),
    ("description", "res_description"),
    ("url", "res_url"),
    ("resource_type", "res_type"),
];

/// The catalogue as its index reads it.
#[derive(Debug)]
pub struct SiteSource {
    /// What the sites show.
    pub store: Arc<dyn SiteStore>,
    /// The name of the only organisation.
    pub organization: String,
}

#[async_trait]
impl Source for SiteSource {
    async fn state(&self) -> Result<SourceState, SourceError> {
        let progress = self.store.progress().await?;
        Ok(SourceState {
            identity: progress.identity,
            counter: u64::try_from(progress.number)?,
        })
    }

    async fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, SourceError> {
        let limit = u32::try_from(limit.min(AT_ONCE))?;
        let changes = self.store.changes(i64::try_from(after)?, limit).await?;
        let changes = changes.into_iter().map(|change| {
            Ok(Change {
                counter: u64::try_from(change.number)?,
                id: change.dataset_id.to_string(),
                documents: (change.packages.iter())
                    .map(|package| document(package, &self.organization))
                    .collect(),
            })
        });
        changes.collect()
    }
}

/// What is found of a package.
pub fn document(package: &Package, organization: &str) -> Document {
    let mut found = Document::new(&package.dataset_id.to_string(), package.side.as_str());
    found.exact("id", &package.id.to_string());
    found.exact("name", package.name.as_str());
    found.exact("organization", organization);
    for (field, value) in [
        ("state", "active"),
        ("dataset_type", "dataset"),
        ("capacity", "public"),
    ] {
        found.filter(field, value);
    }
    found.date("metadata_created", package.created_at);
    found.date("metadata_modified", package.modified_at);
    let member = |name: &str| package.content.get(name).unwrap_or(&Value::Null);
    for field in TEXTS {
        if let Some(text) = said(member(field)) {
            found.text(field, &text);
        }
    }
    if let Some(title) = said(member("title")) {
        found.filter("title_string", &title);
    }
    for field in WHOLE {
        if let Some(text) = said(member(field)) {
            found.exact(field, &text);
        }
    }
    for list in ["tags", "groups"] {
        for entry in all(member(list)) {
            if let Some(text) = said(&entry["name"]) {
                found.exact(list, &text);
            }
        }
    }
    for extra in all(member("extras")) {
        if let (Some(key), Some(value)) = (extra["key"].as_str(), said(&extra["value"])) {
            found.extra(key, &value);
        }
    }
    for resource in all(member("resources")) {
        for (member, field) in OF_RESOURCE {
            if let Some(text) = said(&resource[*member]) {
                found.text(field, &text);
            }
        }
        if let Some(text) = said(&resource["format"]) {
            found.exact("res_format", &text);
        }
    }
    found
}

fn all(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// What a member says, if it says anything.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
