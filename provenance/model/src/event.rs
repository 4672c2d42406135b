//! An event as clients send it (`CDLEvent` of CADDE 4.0): an open object, of which some members have a meaning.

use serde_json::{Map, Value};

use super::{batch::MAX_ID_BYTES, json};

/// Why an event is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EventError(pub String);

impl From<&str> for EventError {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for EventError {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// An event that fits the data model, without `cdlnextevents`, which the ledger computes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    members: Map<String, Value>,
    previous: Vec<String>,
}

/// The one tag that the rule against duplicates looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleTag {
    /// Who provides the data.
    pub provider: String,
    /// The resource's URL, as sent.
    pub uri: String,
    /// SHA-256 of the resource, as recorded.
    pub sha256: String,
}

/// Most predecessors of an event: each costs the ledger's writer a step.
const MAX_PREVIOUS: usize = 10_000;

/// Most tags of an event, for the same reason.
const MAX_TAGS: usize = 1_000;
/// Most tags of an event in a batch, where there are many.
pub const MAX_TAGS_OF_MANY: usize = 64;

/// Refuses more than `most` tags.
pub fn limit_tags(event: &Map<String, Value>, most: usize) -> Result<(), String> {
    match event.get("cdldatatags") {
        Some(Value::Array(tags)) if tags.len() > most => {
            Err(format!("there are more than {most} tags"))
        }
        _ => Ok(()),
    }
}

/// A tag as it is indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// `cdluri`.
    pub uri: Option<String>,
    /// `cdlsha256hash`.
    pub sha256: Option<String>,
    /// `cdlsize`, where it is an integer.
    pub size: Option<i64>,
}

impl Event {
    /// Reads the JSON text of an event.
    ///
    /// # Errors
    /// [`EventError`]: not an object of strict JSON, `cdldatamodelversion` other than `2.0`, no `cdleventtype`, a member of the
    /// wrong type, an id longer than 256 bytes, or a member name that a root object may not have.
    pub fn parse(text: &[u8]) -> Result<Self, EventError> {
        let value = json::parse(text).map_err(|e| EventError(e.to_string()))?;
        let Value::Object(mut members) = value else {
            return Err("an event is a JSON object".into());
        };
        check_names(&members)?;
        if string(&members, "cdldatamodelversion")? != Some("2.0") {
            return Err("cdldatamodelversion must be \"2.0\"".into());
        }
        string(&members, "cdleventtype")?.ok_or("cdleventtype is missing")?;
        for name in ["cdltimestamp", "dataprovider", "datauser"] {
            string(&members, name)?;
        }
        let id = string(&members, "cdleventid")?.unwrap_or_default();
        check_id(id, "cdleventid")?;
        let previous = previous(&members)?;
        if previous.len() > MAX_PREVIOUS {
            return Err(EventError(format!(
                "there are more than {MAX_PREVIOUS} predecessors"
            )));
        }
        limit_tags(&members, MAX_TAGS)?;
        members.insert("cdlpreviousevents".to_owned(), previous.clone().into());
        members.remove("cdlnextevents");
        Ok(Self { members, previous })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// `cdleventid`, if the client chose one.
    pub fn id(&self) -> Option<&str> {
        self.text("cdleventid")
    }

    /// `cdleventtype`; may be empty.
    pub fn event_type(&self) -> &str {
        self.text("cdleventtype").unwrap_or_default()
    }

    /// `dataprovider`.
    pub fn provider(&self) -> Option<&str> {
        self.text("dataprovider")
    }

    /// `datauser`.
    pub fn consumer(&self) -> Option<&str> {
        self.text("datauser")
    }

    /// `cdltimestamp`.
    pub fn timestamp(&self) -> Option<&str> {
        self.text("cdltimestamp")
    }

    /// `cdlpreviousevents`, in the order sent.
    pub fn previous(&self) -> &[String] {
        &self.previous
    }

    /// Sets the hashes of uploaded files: of tag *i* that of file *i*, surplus hashes as new tags.
    ///
    /// # Errors
    /// [`EventError`] if `cdldatatags` is not an array of objects.
    pub fn set_hashes(&mut self, hashes: &[[u8; 32]]) -> Result<(), EventError> {
        if !hashes.is_empty() {
            let tags = self
                .members
                .entry("cdldatatags")
                .or_insert_with(|| Value::Array(Vec::new()));
            if tags.is_null() {
                *tags = Value::Array(Vec::new());
            }
            let Value::Array(tags) = tags else {
                return Err("cdldatatags must be an array".into());
            };
            for (i, hash) in hashes.iter().enumerate() {
                if i == tags.len() {
                    tags.push(Value::Object(Map::new()));
                }
                let Value::Object(tag) = &mut tags[i] else {
                    return Err("a data tag must be an object".into());
                };
                tag.insert("cdlsha256hash".to_owned(), hex::encode(hash).into());
            }
        }
        check_tags(&self.members)?;
        Ok(())
    }

    /// Fills what the system sets: organisation always, id and time where the client left them out.
    pub fn set_defaults(
        &mut self,
        organization: &str,
        new_id: impl FnOnce() -> String,
        now: impl FnOnce() -> String,
    ) {
        self.members
            .insert("cdlorganization".to_owned(), organization.into());
        if self.id().is_none() {
            self.members
                .insert("cdleventid".to_owned(), new_id().into());
        }
        if self.timestamp().is_none() {
            self.members.insert("cdltimestamp".to_owned(), now().into());
        }
    }

    /// Puts other predecessors in place.
    pub fn set_previous(&mut self, previous: Vec<String>) {
        self.members
            .insert("cdlpreviousevents".to_owned(), previous.clone().into());
        self.previous = previous;
    }

    /// The tag that the rule against duplicates looks at: there is exactly one, and provider, URL and hash are all there.
    pub fn single_tag(&self) -> Option<SingleTag> {
        let [tag] = self.members.get("cdldatatags")?.as_array()?.as_slice() else {
            return None;
        };
        let text = |name| {
            tag.get(name)
                .and_then(Value::as_str)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        Some(SingleTag {
            provider: self.provider()?.to_owned(),
            uri: text("cdluri")?,
            sha256: text("cdlsha256hash")?,
        })
    }

    /// All tags.
    pub fn tags(&self) -> Vec<Tag> {
        tags(&self.members)
    }

    /// The event as canonical JSON.
    pub fn canonical(&self) -> String {
        json::canonical_object(&self.members)
    }
}

/// The tags of an event.
pub fn tags(event: &Map<String, Value>) -> Vec<Tag> {
    let Some(Value::Array(tags)) = event.get("cdldatatags") else {
        return Vec::new();
    };
    let text = |tag: &Value, name| tag.get(name).and_then(Value::as_str).map(str::to_owned);
    tags.iter()
        .map(|tag| Tag {
            uri: text(tag, "cdluri"),
            sha256: text(tag, "cdlsha256hash"),
            size: tag.get("cdlsize").and_then(Value::as_i64),
        })
        .collect()
}

/// `null` counts as absent, as existing clients send it. What an event is found by has no NUL, which not every database takes.
fn string<'v>(members: &'v Map<String, Value>, name: &str) -> Result<Option<&'v str>, String> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.contains('\0') => {
            Err(format!("{name} has a NUL character"))
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} must be a string")),
    }
}

fn check_id(id: &str, name: &str) -> Result<(), String> {
    if id.len() > MAX_ID_BYTES {
        return Err(format!(
            "an id in {name} is longer than {MAX_ID_BYTES} bytes"
        ));
    }
    if id.chars().any(char::is_control) {
        return Err(format!("an id in {name} has control characters"));
    }
    Ok(())
}

/// Member names that existing ledgers cannot store.
pub fn check_names(members: &Map<String, Value>) -> Result<(), String> {
    match members
        .keys()
        .find(|name| name.starts_with('_') || *name == "~version")
    {
        Some(name) => Err(format!("a root member may not be named {name:?}")),
        None => Ok(()),
    }
}

/// `cdlpreviousevents` as a list of ids; absent and `null` are an empty list.
pub fn previous(members: &Map<String, Value>) -> Result<Vec<String>, String> {
    let ids = match members.get("cdlpreviousevents") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(ids)) => ids,
        Some(_) => return Err(NOT_IDS.to_owned()),
    };
    ids.iter()
        .map(|id| match id {
            Value::String(id) => check_predecessor(id).map(|()| id.clone()),
            _ => Err(NOT_IDS.to_owned()),
        })
        .collect()
}

const NOT_IDS: &str = "cdlpreviousevents must be an array of ids";

/// What every id in `cdlpreviousevents` has to be.
pub fn check_predecessor(id: &str) -> Result<(), String> {
    if id.is_empty() {
        return Err(NOT_IDS.to_owned());
    }
    check_id(id, "cdlpreviousevents")
}

/// `cdldatatags`, where there are any, is an array of objects whose known members have their types.
pub fn check_tags(members: &Map<String, Value>) -> Result<(), String> {
    let tags = match members.get("cdldatatags") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(tags)) => tags,
        Some(_) => return Err("cdldatatags must be an array".to_owned()),
    };
    for tag in tags {
        let Value::Object(tag) = tag else {
            return Err("a data tag must be an object".to_owned());
        };
        for name in ["cdluri", "cdlsha256hash"] {
            string(tag, name)?;
        }
        if !matches!(
            tag.get("cdlsize"),
            None | Some(Value::Null | Value::Number(_))
        ) {
            return Err("cdlsize must be a number".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn event(mut members: Value) -> Result<Event, EventError> {
        let object = members.as_object_mut().expect("tests pass objects");
        object
            .entry("cdldatamodelversion")
            .or_insert_with(|| "2.0".into());
        object
            .entry("cdleventtype")
            .or_insert_with(|| "Create".into());
        Event::parse(members.to_string().as_bytes())
    }

    #[rstest]
    #[case(json!({"cdldatamodelversion": "1.0"}))]
    #[case(json!({"cdldatamodelversion": null}))]
    #[case(json!({"cdleventtype": null}))]
    #[case(json!({"cdleventtype": 3}))]
    #[case(json!({"cdlpreviousevents": "one"}))]
    #[case(json!({"cdlpreviousevents": [1]}))]
    #[case(json!({"cdlpreviousevents": [""]}))]
    #[case(json!({"cdlpreviousevents": ["x".repeat(257)]}))]
    #[case(json!({"cdleventid": "x".repeat(257)}))]
    #[case(json!({"cdleventid": "a\u{0}b"}))]
    #[case(json!({"cdleventid": 7}))]
    #[case(json!({"dataprovider": ["a"]}))]
    #[case(json!({"dataprovider": "a\u{0}"}))]
    #[case(json!({"_id": "a"}))]
    #[case(json!({"cdlpreviousevents": vec!["x"; 10_001]}))]
    #[case(json!({"cdldatatags": vec![json!({}); 1_001]}))]
    #[case(json!({"~version": "a"}))]
    fn events_outside_the_model_are_refused(#[case] members: Value) {
        event(members).unwrap_err();
    }

    #[rstest]
    #[case(json!({}))]
    #[case(json!({"cdlpreviousevents": vec!["x"; 10_000]}))]
    #[case(json!({"cdldatatags": vec![json!({}); 1_000]}))]
    #[case(json!({"cdleventtype": ""}))]
    #[case(json!({"cdleventid": null, "cdlpreviousevents": null, "cdldatatags": null}))]
    #[case(json!({"cdleventid": "", "cdltagscope": "global", "anything": {"at": ["all"]}}))]
    fn the_model_is_open(#[case] members: Value) {
        event(members).unwrap();
    }

    #[test]
    fn next_events_of_clients_are_dropped_and_defaults_filled() {
        let mut event =
            event(json!({"cdlnextevents": ["x"], "cdlorganization": "theirs", "own": 1})).unwrap();
        event.set_defaults("ours", || "id-1".to_owned(), || "now".to_owned());
        let expected = r#"{"cdldatamodelversion":"2.0","cdleventid":"id-1","cdleventtype":"Create","cdlorganization":"ours","cdlpreviousevents":[],"cdltimestamp":"now","own":1}"#;
        assert_eq!(event.canonical(), expected);
    }

    #[test]
    fn a_client_keeps_its_id_and_time() {
        let mut event = event(json!({"cdleventid": "mine", "cdltimestamp": "then"})).unwrap();
        event.set_defaults(
            "ours",
            || unreachable!("the id is there"),
            || unreachable!("the time is there"),
        );
        assert_eq!(
            (event.id(), event.timestamp()),
            (Some("mine"), Some("then"))
        );
    }

    #[test]
    fn hashes_go_to_the_tags_in_order_and_surplus_ones_make_tags() {
        let mut event =
            event(json!({"cdldatatags": [{"cdluri": "u", "cdlsha256hash": "theirs"}]})).unwrap();
        event.set_hashes(&[[1; 32], [2; 32]]).unwrap();
        let tags = event.tags();
        assert_eq!(tags[0].uri.as_deref(), Some("u"));
        assert_eq!(tags[0].sha256.as_deref(), Some("01".repeat(32).as_str()));
        assert_eq!(tags[1].sha256.as_deref(), Some("02".repeat(32).as_str()));
    }

    #[rstest]
    #[case(json!("no array"))]
    #[case(json!(["no object"]))]
    fn tags_of_another_shape_are_refused(#[case] tags: Value) {
        event(json!({"cdldatatags": tags}))
            .unwrap()
            .set_hashes(&[[1; 32]])
            .unwrap_err();
        event(json!({"cdldatatags": tags}))
            .unwrap()
            .set_hashes(&[])
            .unwrap_err();
    }

    #[test]
    fn the_duplicate_rule_needs_one_tag_with_everything() {
        let tag = json!({"cdluri": "u", "cdlsha256hash": "h"});
        assert!(
            event(json!({"dataprovider": "p", "cdldatatags": [tag]}))
                .unwrap()
                .single_tag()
                .is_some()
        );
        assert!(
            event(json!({"cdldatatags": [tag]}))
                .unwrap()
                .single_tag()
                .is_none()
        );
        assert!(
            event(json!({"dataprovider": "p", "cdldatatags": [tag, tag]}))
                .unwrap()
                .single_tag()
                .is_none()
        );
        assert!(
            event(json!({"dataprovider": "p", "cdldatatags": [{"cdluri": "u"}]}))
                .unwrap()
                .single_tag()
                .is_none()
        );
        assert!(
            event(json!({"dataprovider": "p"}))
                .unwrap()
                .single_tag()
                .is_none()
        );
    }
}
