//! Items as the ledger reads them.

use std::fmt;

use common::ids::UserId;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Dig, MAX_ID_BYTES, MAX_ITEM_BYTES, Side,
    body::{EvidenceKind, Parts, event, evidence},
    fields::{text, user, uuid},
};
use crate::model::json;

/// What an incoming item is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InBody {
    /// An event.
    Event {
        /// `cdleventtype`.
        event_type: String,
    },
    /// Evidence.
    Evidence(EvidenceKind),
}

/// An incoming item that fits the schema.
#[derive(Debug, Clone, PartialEq)]
pub struct InItem {
    /// The id of the event or of the evidence.
    pub id: String,
    /// The exchange.
    pub exchange_id: Uuid,
    /// Who acts, as the connector states it.
    pub user_id: UserId,
    /// What it is about.
    pub body: InBody,
    /// Which side it describes.
    pub side: Side,
    /// The event or evidence itself.
    pub object: Map<String, Value>,
    /// `dataprovider`.
    pub provider: Option<UserId>,
    /// `datauser`.
    pub consumer: Option<UserId>,
    /// `cdlpreviousevents`.
    pub previous: Vec<String>,
    /// The digest of the exchanged bytes.
    pub dig: Option<Dig>,
    /// The connector's signature.
    pub sig: Option<String>,
    /// SHA-256 of the canonical form of the whole item.
    pub content: [u8; 32],
}

/// Why an item does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The id, where it could be read.
    pub id: Option<String>,
    /// What is wrong, naming the member.
    pub detail: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

const MEMBERS: [&str; 7] = [
    "kind",
    "exchange_id",
    "user_id",
    "event",
    "evidence",
    "dig",
    "sig",
];

impl InItem {
    /// Reads one item of a request, `text` being its part of the body.
    ///
    /// `event_types` are the types of events that are taken here.
    ///
    /// # Errors
    /// [`Invalid`], with the first thing that is wrong.
    pub fn parse(text: &str, event_types: &[String]) -> Result<Self, Invalid> {
        if text.len() > MAX_ITEM_BYTES {
            let id = None;
            return Err(Invalid {
                id,
                detail: format!(
                    "an item may have {MAX_ITEM_BYTES} bytes, this has {}",
                    text.len()
                ),
            });
        }
        let value = json::parse(text.as_bytes()).map_err(|e| Invalid {
            id: None,
            detail: e.to_string(),
        })?;
        let content = Sha256::digest(json::canonical_value(&value)).into();
        let id = read_id(&value);
        Self::from_value(value, content, event_types).map_err(|detail| Invalid { id, detail })
    }

    fn from_value(value: Value, content: [u8; 32], event_types: &[String]) -> Result<Self, String> {
        let Value::Object(mut item) = value else {
            return Err("an item is an object".to_owned());
        };
        if let Some(name) = item.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(format!("unknown member {name:?}"));
        }
        let exchange_id = uuid(&item, "exchange_id")?;
        if exchange_id.get_version_num() != 7 {
            return Err("exchange_id must be a UUID of version 7".to_owned());
        }
        let user_id = user(&item, "user_id")?.ok_or("user_id is missing")?;
        let dig = item
            .remove("dig")
            .map(serde_json::from_value::<Dig>)
            .transpose()
            .map_err(|e| format!("dig: {e}"))?;
        if dig.as_ref().is_some_and(|dig| !dig.is_well_formed()) {
            return Err(
                "dig: digests are lower-case hex, 64 digits for sha256 and 128 for sha512"
                    .to_owned(),
            );
        }
        let sig = text(&item, "sig")?.map(str::to_owned);
        let kind = text(&item, "kind")?.ok_or("kind is missing")?;
        let (name, other) = match kind {
            "event" => ("event", "evidence"),
            "evidence" => ("evidence", "event"),
            _ => return Err("kind must be event or evidence".to_owned()),
        };
        let is_event = name == "event";
        if item.contains_key(other) {
            return Err(format!("an item of kind {name} has no {other}"));
        }
        let Some(Value::Object(object)) = item.remove(name) else {
            return Err(format!("{name} must be an object"));
        };
        let parts = if is_event {
            event(&object, event_types, dig.is_some())
        } else {
            evidence(&object, dig.is_some())
        };
        let Parts {
            id,
            body,
            side,
            provider,
            consumer,
            previous,
        } = parts.map_err(|detail| format!("{name}: {detail}"))?;
        Ok(Self {
            id,
            exchange_id,
            user_id,
            body,
            side,
            object,
            provider,
            consumer,
            previous,
            dig,
            sig,
            content,
        })
    }
}

/// The id of an item that may be wrong otherwise.
fn read_id(item: &Value) -> Option<String> {
    let id = match item.get("kind")?.as_str()? {
        "event" => item.get("event")?.get("cdleventid")?,
        _ => item.get("evidence")?.get("id")?,
    };
    id.as_str()
        .filter(|id| id.len() <= MAX_ID_BYTES)
        .map(str::to_owned)
}
