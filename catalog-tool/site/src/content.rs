//! Contents of datasets: read with the items of the catalogue, and what they come to when they are published.

use std::collections::BTreeSet;

use async_trait::async_trait;
use catalog_items::{Dataset, Finding, Limits, ReadError, Scope, Severity, View, keys};
use common::ids::UserId;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::{
    Content, Fault, Hitch, Location, Plan, Planner, Resource, Shown, Side, StepError, Summary,
};

/// The member of a distribution that tells it from others.
const ID: &str = "id";

/// The value of a distribution that is got without a connector.
pub(crate) const NOT_REQUIRED: &str = "要求しない";

/// How data is offered that a connector can read.
const READABLE: &str = "file/http";

pub(crate) const SIDES: [(Side, catalog_items::Side); 2] = [
    (Side::Public, catalog_items::Side::Public),
    (Side::Limited, catalog_items::Side::Limited),
];

/// Reads what a form or a program sends, in whatever spelling and shape; distributions without an id are given one, which stays.
///
/// # Errors
/// [`ReadError`].
pub fn read_content(bytes: &[u8], limits: &Limits) -> Result<Content, ReadError> {
    let mut dataset = Dataset::from_json(bytes, limits)?;
    let views = [dataset.public.as_mut(), dataset.limited.as_mut()];
    for view in views.into_iter().flatten() {
        identify(view);
    }
    let has = (dataset.public.is_some(), dataset.limited.is_some());
    if has == (false, false) {
        return Err(ReadError::Shape {
            pointer: String::new(),
            expected: "public or limited",
        });
    }
    let title = dataset
        .views()
        .find_map(|(_, view)| view.fields.text(keys::TITLE));
    let title = title.unwrap_or_default().to_owned();
    let json = serde_json::to_value(&dataset).map_err(|error| ReadError::Syntax {
        line: 0,
        column: 0,
        reason: error.to_string(),
    })?;
    Ok(Content { json, title, has })
}

/// Gives an id to each distribution that has none, or one that another one has.
fn identify(view: &mut View) {
    let mut seen = BTreeSet::new();
    for distribution in &mut view.distributions {
        let id = distribution
            .other
            .get(ID)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_good = (1..=100).contains(&id.len()) && !seen.contains(id);
        let id = if is_good {
            id.to_owned()
        } else {
            Uuid::new_v4().to_string()
        };
        distribution.other.insert(ID.to_owned(), id.clone().into());
        seen.insert(id);
    }
}

/// Looks whether contents may be published, by the items of the catalogue.
#[derive(Debug, Clone)]
pub struct ItemPlanner {
    /// Whose catalogue it is.
    pub provider_id: UserId,
}

#[async_trait]
impl Planner for ItemPlanner {
    async fn plan(&self, dataset: &Summary, content: &Value) -> Result<Plan, StepError> {
        plan(self.provider_id.as_str(), dataset, content).map_err(StepError::Stop)
    }
}

fn plan(provider_id: &str, summary: &Summary, content: &Value) -> Result<Plan, Hitch> {
    let mut dataset: Dataset = serde_json::from_value(content.clone()).map_err(|error| {
        Hitch::new(
            "dataset-unreadable",
            format!("データセットを読めません: {error}"),
            format!("The dataset cannot be read: {error}"),
        )
    })?;
    dataset.link(&summary.ids.limited.to_string(), provider_id);
    let findings = dataset.check(Scope::Author);
    let faults: Vec<Fault> = findings
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(fault)
        .collect();
    if !faults.is_empty() {
        let count = faults.len();
        return Err(Hitch {
            findings: faults,
            ..Hitch::new(
                "dataset-incomplete",
                format!("公開する前に直すところが {count} 件あります。"),
                format!("{count} things have to be mended before it can be published."),
            )
        });
    }
    let (mut views, mut places) = (Vec::new(), Vec::new());
    // The limited view first: it is the one by whose distributions what is published is told apart.
    for (side, of_items) in SIDES.into_iter().rev() {
        if let Some(view) = dataset.view(of_items) {
            views.insert(0, shown(side, view, &mut places)?);
        }
    }
    Ok(Plan { views, places })
}

fn fault(found: &Finding) -> Fault {
    Fault {
        kind: found.kind.to_owned(),
        pointer: found.pointer.clone(),
        ja: found.text.ja.to_string(),
        en: found.text.en.to_string(),
    }
}

/// A view as a site shows it. The places that it names are added to `places`, those that a connector reads.
fn shown(
    side: Side,
    view: &View,
    places: &mut Vec<(Location, String, Option<String>)>,
) -> Result<Shown, Hitch> {
    let mut resources = Vec::with_capacity(view.distributions.len());
    for distribution in &view.distributions {
        let text = |key| distribution.fields.text(key).unwrap_or_default().to_owned();
        let location = Location {
            url: text(keys::URL),
            tenant: text(keys::NGSI_TENANT),
            path: text(keys::NGSI_SERVICE_PATH),
        };
        if !location.url.is_empty() && !location.is_kept() {
            let url: String = location.url.chars().take(100).collect();
            return Err(Hitch::new(
                "address-too-long",
                format!("{url}… が長すぎます。URL は 2,000 バイトまでです。"),
                format!("{url}… is too long: an address has at most 2,000 bytes."),
            ));
        }
        let id = distribution
            .other
            .get(ID)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let named = Some(text(keys::PROVENANCE_ID)).filter(|event| !event.is_empty());
        let is_read =
            text(keys::RESOURCE_TYPE) == READABLE && text(keys::CONNECTOR_REQUIRED) != NOT_REQUIRED;
        let known = places.iter_mut().find(|(place, ..)| *place == location);
        match known {
            Some((_, _, event)) => *event = event.take().or(named),
            None if !location.url.is_empty() && (is_read || named.is_some()) => {
                places.push((location.clone(), id.to_owned(), named));
            }
            None => {}
        }
        resources.push(Resource {
            id: id.to_owned(),
            location,
        });
    }
    Ok(Shown {
        side,
        content: view.to_ckan(),
        resources,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;
    use crate::domain::{PackageName, State, ViewIds};

    const PROVIDER: &str = "cadde.provider.aa";

    fn rivers(url: &str) -> Value {
        let view = json!({
            "fields": {"title": "河川水位", "notes": "市内の水位計の観測値です。", "issued": "2026-11-30"},
            "distributions": [{
                "fields": {
                    "name": "CSV", "url": url, "explain_url": "https://www.example.jp/river/",
                    "caddec_resource_type": "file/http", "caddec_contract_required": "要求しない",
                    "caddec_required": "要求する",
                },
                "other": {"未知": {"a": [1, null]}},
            }],
            "extras": {"own_extra": "値"},
        });
        json!({"sharing": "limited", "public": view, "limited": view})
    }

    fn read(json: &Value) -> Result<Content, ReadError> {
        read_content(json.to_string().as_bytes(), &Limits::default())
    }

    fn summary(has: (bool, bool)) -> Summary {
        let at = datetime!(2026-11-30 00:00 UTC);
        let id = Uuid::from_u128(1);
        Summary {
            id,
            name: PackageName::of(id),
            ids: ViewIds {
                public: Uuid::from_u128(2),
                limited: Uuid::from_u128(3),
            },
            state: State::Checking,
            revision: 1,
            version: 1,
            visible_version: None,
            checked_version: Some(1),
            title: String::new(),
            has,
            created_at: at,
            modified_at: at,
            published_at: None,
            withdrawn_at: None,
        }
    }

    fn planned(json: &Value) -> Result<Plan, Hitch> {
        let content = read(json).unwrap();
        plan(PROVIDER, &summary(content.has), &content.json)
    }

    #[test]
    fn distributions_get_ids_which_stay() {
        let first = read(&rivers("https://d.example/a.csv")).unwrap();
        assert_eq!(
            (first.title.as_str(), first.has),
            ("河川水位", (true, true))
        );
        let id = |content: &Content| {
            let other = &content.json["public"]["distributions"][0]["other"];
            assert_eq!(other["未知"], json!({"a": [1, null]}));
            other["id"].as_str().unwrap().to_owned()
        };
        let again = read(&first.json).unwrap();
        assert_eq!((id(&again), &again), (id(&first), &first));
        // One that is there twice counts once.
        let mut twice = first.json.clone();
        let distribution = twice["public"]["distributions"][0].clone();
        twice["public"]["distributions"]
            .as_array_mut()
            .unwrap()
            .push(distribution);
        let twice = read(&twice).unwrap();
        assert_eq!(id(&twice), id(&first));
        let second = &twice.json["public"]["distributions"][1]["other"]["id"];
        assert_ne!(*second, json!(id(&first)));
    }

    #[test]
    fn a_dataset_has_a_view() {
        let error = read(&json!({"sharing": "open"})).unwrap_err();
        assert_eq!(error.kind(), "unexpected-shape");
    }

    #[test]
    fn both_views_name_the_link_and_a_place_once() {
        let plan = planned(&rivers("https://d.example/a.csv")).unwrap();
        let sides: Vec<Side> = plan.views.iter().map(|view| view.side).collect();
        assert_eq!(sides, Side::BOTH);
        for view in &plan.views {
            let extras = view.content["extras"].as_array().unwrap();
            let said = |key: &str| {
                extras
                    .iter()
                    .find(|extra| extra["key"] == key)
                    .map(|extra| &extra["value"])
            };
            let link = Uuid::from_u128(3).to_string();
            assert_eq!(said("caddec_dataset_id_for_detail"), Some(&json!(link)));
            assert_eq!(said("caddec_provider_id"), Some(&json!(PROVIDER)));
            assert_eq!(said("own_extra"), Some(&json!("値")));
            assert_eq!(view.resources.len(), 1);
            assert_eq!(
                view.resources[0].id,
                view.content["resources"][0]["id"].as_str().unwrap()
            );
        }
        let [(place, _, None)] = plan.places.as_slice() else {
            panic!("{:?}", plan.places)
        };
        assert_eq!(place.url, "https://d.example/a.csv");
    }

    #[test]
    fn an_event_that_either_view_names_is_the_places() {
        let mut named = rivers("https://d.example/a.csv");
        named["public"]["distributions"][0]["fields"]["caddec_resource_id_for_provenance"] =
            json!("e1");
        let plan = planned(&named).unwrap();
        assert_eq!(plan.places.len(), 1);
        assert_eq!(plan.places[0].2.as_deref(), Some("e1"));
    }

    #[test]
    fn what_no_connector_fetches_is_not_read() {
        let mut open = rivers("https://elsewhere.example/a.csv");
        open["sharing"] = json!("open");
        open["limited"] = Value::Null;
        open["public"]["distributions"][0]["fields"]["caddec_required"] = json!(NOT_REQUIRED);
        assert!(planned(&open).unwrap().places.is_empty());
    }

    #[test]
    fn what_is_missing_is_named() {
        let hitch = planned(&json!({"sharing": "limited", "public": {"fields": {"title": "川"}}}))
            .unwrap_err();
        assert_eq!(hitch.kind, "dataset-incomplete");
        let missing = |found: &Fault| found.pointer == "/public/fields/notes";
        assert!(hitch.findings.iter().any(missing), "{:?}", hitch.findings);
    }

    #[test]
    fn an_address_beyond_what_is_kept_is_refused() {
        let long = format!("https://d.example/{}", "a".repeat(2_000));
        assert_eq!(
            planned(&rivers(&long)).unwrap_err().kind,
            "address-too-long"
        );
    }
}
