//! Reading single members; what is wrong is said in words that name the member.

use common_ids::UserId;
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::event_id::canonical;

/// What is wrong with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// In words that name the member.
    pub(super) detail: String,
    /// The type that is not known here, if that is what is wrong: a later version may know it.
    pub(super) unknown: Option<String>,
}

impl Wrong {
    /// The type `value` of the member `name` is not known here.
    pub(super) fn unknown(name: &str, value: &str) -> Self {
        Self {
            detail: format!("{name} {value:?} is not taken here"),
            unknown: Some(value.to_owned()),
        }
    }

    pub(super) fn within(mut self, name: &str) -> Self {
        self.detail = format!("{name}: {}", self.detail);
        self
    }
}

impl From<String> for Wrong {
    fn from(detail: String) -> Self {
        Self {
            detail,
            unknown: None,
        }
    }
}

impl From<&str> for Wrong {
    fn from(detail: &str) -> Self {
        detail.to_owned().into()
    }
}

pub(super) fn text<'v>(
    object: &'v Map<String, Value>,
    name: &str,
) -> Result<Option<&'v str>, String> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} must be a string")),
    }
}

pub(super) fn user(object: &Map<String, Value>, name: &str) -> Result<Option<UserId>, String> {
    text(object, name)?
        .map(|id| UserId::parse(id).map_err(|e| format!("{name}: {e}")))
        .transpose()
}

pub(super) fn uuid(object: &Map<String, Value>, name: &str) -> Result<Uuid, String> {
    let id = text(object, name)?.ok_or_else(|| format!("{name} is missing"))?;
    canonical(id).ok_or_else(|| format!("{name} must be a UUID in lower case with hyphens"))
}

pub(super) fn moment(object: &Map<String, Value>, name: &str) -> Result<OffsetDateTime, String> {
    let time = text(object, name)?.ok_or_else(|| format!("{name} is missing"))?;
    OffsetDateTime::parse(time, &Rfc3339)
        .map_err(|_| format!("{name} must be a time such as 2025-01-01T00:00:02.000Z (RFC 3339)"))
}

pub(super) fn one_predecessor(object: &Map<String, Value>) -> Result<Vec<String>, String> {
    let ids = crate::event::previous(object)?;
    match ids.len() {
        1 => Ok(ids),
        n => Err(format!(
            "cdlpreviousevents must name exactly one event, this names {n}"
        )),
    }
}

pub(super) fn required_user(object: &Map<String, Value>, name: &str) -> Result<UserId, String> {
    user(object, name)?.ok_or_else(|| format!("{name} is missing"))
}
