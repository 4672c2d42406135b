//! A package as CKAN answers it: what the view says, with what the site knows.
//!
//! Source: catalog-items.md §7 (what of CKAN 2.9 and 2.10 existing readers need).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use time::{OffsetDateTime, UtcOffset, format_description::FormatItem, macros::format_description};
use uuid::Uuid;

use super::{dataset::Side, package::Package};

/// The member of a distribution that names the event that made its data.
pub const ORIGIN: &str = "caddec_resource_id_for_provenance";

/// What CKAN has of a package where nothing is said of it.
const PACKAGE_DEFAULTS: &[&str] = &[
    "author",
    "author_email",
    "creator_user_id",
    "license_id",
    "license_title",
    "maintainer",
    "maintainer_email",
    "notes",
    "url",
    "version",
];

/// The same of a resource.
const RESOURCE_DEFAULTS: &[&str] = &[
    "cache_last_updated",
    "cache_url",
    "last_modified",
    "mimetype",
    "mimetype_inner",
    "name",
    "resource_type",
    "size",
    "url_type",
];

/// A site, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFacts {
    /// Which of both.
    pub side: Side,
    /// Its address, without a slash at the end.
    pub url: String,
    /// The title of the catalogue.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The only organisation.
    pub organization: Organization,
}

/// The organisation whose catalogue it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its name in addresses and queries.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// What is said of it.
    pub description: String,
}

impl Organization {
    /// Its id: always the same one for the same name.
    pub fn id(&self) -> Uuid {
        let hash: [u8; 32] = Sha256::digest(self.name.as_bytes()).into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// As CKAN answers it, with the number of its packages where that is known.
    pub fn to_json(&self, packages: Option<i64>) -> Value {
        let mut json = json!({
            "id": self.id(), "name": self.name, "title": self.title, "display_name": self.title,
            "description": self.description, "type": "organization", "is_organization": true,
            "image_url": "", "image_display_url": "", "approval_status": "approved", "state": "active",
        });
        if let Some(packages) = packages {
            json["package_count"] = packages.into();
        }
        json
    }
}

/// As CKAN writes a time: UTC, microseconds, no zone.
pub fn time_text(at: OffsetDateTime) -> String {
    const FORMAT: &[FormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]");
    let text = at.to_offset(UtcOffset::UTC).format(FORMAT);
    text.expect("the format has only parts that a time has")
}

impl SiteFacts {
    /// A package as the site answers it. `origins` has the events that made the data, by the ids of the distributions.
    pub fn package(&self, package: &Package, origins: &BTreeMap<String, String>) -> Value {
        let mut json = package.content.clone();
        for member in PACKAGE_DEFAULTS {
            json.entry(*member).or_insert(Value::Null);
        }
        for list in ["groups", "tags", "extras", "resources"] {
            json.entry(list).or_insert_with(|| json!([]));
        }
        let modified = time_text(package.modified_at);
        let resources = json.get_mut("resources").and_then(Value::as_array_mut);
        let mut num_resources = 0;
        for (position, resource) in resources.into_iter().flatten().enumerate() {
            num_resources = position + 1;
            if let Value::Object(resource) = resource {
                fill(resource, package, position, &modified, origins);
            }
        }
        let tags = json.get_mut("tags").and_then(Value::as_array_mut);
        let mut num_tags = 0;
        for tag in tags.into_iter().flatten() {
            num_tags += 1;
            if let Value::Object(tag) = tag {
                let name = tag.get("name").cloned().unwrap_or_default();
                tag.entry("display_name").or_insert(name);
                tag.entry("state").or_insert_with(|| "active".into());
                tag.entry("vocabulary_id").or_insert(Value::Null);
            }
        }
        // Existing readers take the first and the second extra for certain ones: in order of their keys they are.
        if let Some(Value::Array(extras)) = json.get_mut("extras") {
            extras.sort_by(|a, b| a["key"].as_str().cmp(&b["key"].as_str()));
        }
        let own = json!({
            "id": package.id, "name": package.name, "state": "active", "private": false,
            "metadata_created": time_text(package.created_at), "metadata_modified": modified,
            "num_resources": num_resources, "num_tags": num_tags,
            "organization": self.organization.to_json(None), "owner_org": self.organization.id(),
            "relationships_as_object": [], "relationships_as_subject": [],
        });
        if let Value::Object(own) = own {
            json.extend(own);
        }
        json.entry("type").or_insert_with(|| "dataset".into());
        json.entry("isopen").or_insert(Value::Bool(false));
        if json.get("title").is_none_or(Value::is_null) {
            json.insert("title".to_owned(), package.name.as_str().into());
        }
        Value::Object(json)
    }
}

fn fill(
    resource: &mut Map<String, Value>,
    package: &Package,
    position: usize,
    modified: &str,
    origins: &BTreeMap<String, String>,
) {
    for member in RESOURCE_DEFAULTS {
        resource.entry(*member).or_insert(Value::Null);
    }
    for member in ["description", "format", "hash"] {
        resource.entry(member).or_insert_with(|| "".into());
    }
    let created = time_text(package.created_at);
    resource.entry("created").or_insert_with(|| created.into());
    let id = resource.get("id").and_then(Value::as_str);
    if let Some(event_id) = id.and_then(|id| origins.get(id)) {
        resource.insert(ORIGIN.to_owned(), event_id.as_str().into());
    }
    resource.insert("package_id".to_owned(), package.id.to_string().into());
    resource.insert("position".to_owned(), position.into());
    resource.insert("state".to_owned(), "active".into());
    resource.insert("metadata_modified".to_owned(), modified.into());
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn facts() -> SiteFacts {
        SiteFacts {
            side: Side::Public,
            url: "https://p.example/release".to_owned(),
            title: "カタログ".to_owned(),
            description: String::new(),
            organization: Organization {
                name: "city-a".to_owned(),
                title: "A市".to_owned(),
                description: String::new(),
            },
        }
    }

    fn package(content: Value) -> Package {
        let Value::Object(content) = content else {
            panic!("a package is an object")
        };
        Package {
            side: Side::Public,
            id: Uuid::max(),
            dataset_id: Uuid::nil(),
            name: "river".parse().unwrap(),
            created_at: datetime!(2026-11-30 09:00:00 +09:00),
            modified_at: datetime!(2026-12-01 00:00:00.000_001 UTC),
            content,
        }
    }

    #[test]
    fn what_the_view_says_stays_and_what_the_site_knows_is_added() {
        let content = json!({
            "title": "川", "license_id": "cc-by", "未知": {"a": [1]}, "state": "deleted", "id": "x", "private": true,
            "extras": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}],
            "tags": [{"name": "防災"}],
            "resources": [{"id": "r1", "url": "u", "size": 3, "x": null}, {"id": "r2", "url": "v", (ORIGIN): "old"}],
        });
        let origins = BTreeMap::from([("r1".to_owned(), "e1".to_owned())]);
        let json = facts().package(&package(content), &origins);
        assert_eq!(json["title"], "川");
        assert_eq!(json["未知"], json!({"a": [1]}));
        assert_eq!(
            (&json["state"], &json["private"]),
            (&json!("active"), &json!(false))
        );
        assert_eq!(
            (&json["id"], &json["name"]),
            (&json!(Uuid::max()), &json!("river"))
        );
        assert_eq!(json["metadata_created"], "2026-11-30T00:00:00.000000");
        assert_eq!(json["metadata_modified"], "2026-12-01T00:00:00.000001");
        assert_eq!(
            (&json["num_resources"], &json["num_tags"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(
            json["extras"],
            json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
        );
        assert_eq!(json["tags"][0]["display_name"], "防災");
        assert_eq!(json["owner_org"], json["organization"]["id"]);
        assert_eq!(
            (&json["license_id"], &json["version"]),
            (&json!("cc-by"), &Value::Null)
        );
        let resources = &json["resources"];
        assert_eq!(
            (&resources[0][ORIGIN], &resources[1][ORIGIN]),
            (&json!("e1"), &json!("old"))
        );
        assert_eq!(
            (&resources[0]["size"], &resources[0]["x"]),
            (&json!(3), &Value::Null)
        );
        assert_eq!(
            (&resources[1]["position"], &resources[1]["package_id"]),
            (&json!(1), &json!(Uuid::max()))
        );
    }

    #[test]
    fn whatever_a_content_is_it_is_answered() {
        for content in [
            json!({}),
            json!({"resources": 1, "tags": "x", "extras": {"a": 1}, "title": null}),
            json!({"resources": [1, null], "tags": [2], "extras": [3, {}]}),
        ] {
            let json = facts().package(&package(content), &BTreeMap::new());
            assert_eq!(json["title"], "river");
        }
    }

    #[test]
    fn an_organisation_keeps_its_id() {
        let one = facts().organization;
        assert_eq!(one.id(), facts().organization.id());
        assert_eq!(one.id().get_version_num(), 4);
        let other = Organization {
            name: "city-b".to_owned(),
            ..one.clone()
        };
        assert_ne!(one.id(), other.id());
    }
}
