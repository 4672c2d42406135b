//! Items as the ledger reads them.

use std::fmt;

use common_ids::{ConnectorId, UserId};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Dig, ExchangeRole, Jti, MAX_ID_BYTES, MAX_ITEM_BYTES,
    body::{InBody, Parts, event, evidence},
    fields::{Wrong, text, user, uuid},
};
use crate::{
    event_id::{Nonce, belongs_to, canonical, is_owned},
    json,
};

/// An incoming item that fits the schema.
#[derive(Debug, Clone, PartialEq)]
pub struct InItem {
    /// The id of the event or of the evidence.
    pub id: Uuid,
    /// What shows that the id is the connector's; there for every id of version 8, and for no other.
    pub nonce: Option<Nonce>,
    /// When it happened, as the connector states it.
    pub time: OffsetDateTime,
    /// The exchange.
    pub exchange_id: Uuid,
    /// Who acts, as the connector states it.
    pub user_id: UserId,
    /// What it is about.
    pub body: InBody,
    /// Which side it describes.
    pub side: ExchangeRole,
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
    /// The token that the provider checked.
    pub jti: Option<Jti>,
    /// The connector's signature.
    pub sig: Option<String>,
    /// Members that this version does not know.
    pub more: Map<String, Value>,
    /// SHA-256 of the canonical form of the whole item.
    pub content: [u8; 32],
}

/// What is wrong with an item that is looked at by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does not fit the schema.
    Invalid,
    /// Its id belongs to another connector.
    Forbidden,
}

/// Why an item does not fit the schema, or is not this connector's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The id, where it could be read.
    pub id: Option<String>,
    /// What kind of fault it is.
    pub fault: Fault,
    /// What is wrong, naming the member.
    pub detail: String,
    /// The type that is not known here, if that is what is wrong: a later version may know it.
    pub unknown: Option<String>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

const MEMBERS: [&str; 9] = [
    "kind",
    "exchange_id",
    "user_id",
    "event",
    "evidence",
    "dig",
    "jti",
    "nonce",
    "sig",
];

impl InItem {
    /// Reads one item of a request, `text` being its part of the body.
    ///
    /// `event_types` are the types of events that are taken here, `connector` is whose certificate came with it.
    ///
    /// # Errors
    /// [`Invalid`], with the first thing that is wrong. Whose the id is comes before everything else, so that nobody learns
    /// more about the id of another connector than that it is not theirs.
    pub fn parse(
        text: &str,
        event_types: &[String],
        connector: &ConnectorId,
    ) -> Result<Self, Invalid> {
        let wrong = |id, fault, Wrong { detail, unknown }: Wrong| Invalid {
            id,
            fault,
            detail,
            unknown,
        };
        if text.len() > MAX_ITEM_BYTES {
            let detail = format!(
                "an item may have {MAX_ITEM_BYTES} bytes, this has {}",
                text.len()
            );
            return Err(wrong(None, Fault::Invalid, detail.into()));
        }
        let value = json::parse(text.as_bytes())
            .map_err(|e| wrong(None, Fault::Invalid, e.to_string().into()))?;
        let nonce = match owner(&value, connector) {
            Ok(nonce) => nonce,
            Err((fault, detail)) => {
                let id = read_id(&value).map(str::to_owned);
                return Err(wrong(id, fault, detail.into()));
            }
        };
        let content = Sha256::digest(json::canonical_value(&value)).into();
        let id = read_id(&value).map(str::to_owned);
        Self::from_value(value, nonce, content, event_types)
            .map_err(|what| wrong(id, Fault::Invalid, what))
    }

    fn from_value(
        value: Value,
        nonce: Option<Nonce>,
        content: [u8; 32],
        event_types: &[String],
    ) -> Result<Self, Wrong> {
        let Value::Object(mut item) = value else {
            return Err("an item is an object".into());
        };
        let exchange_id = uuid(&item, "exchange_id")?;
        if exchange_id.get_version_num() != 7 {
            return Err("exchange_id must be a UUID of version 7".into());
        }
        let user_id = user(&item, "user_id")?.ok_or("user_id is missing")?;
        let dig = item
            .remove("dig")
            .map(serde_json::from_value::<Dig>)
            .transpose()
            .map_err(|e| format!("dig: {e}"))?;
        if dig.as_ref().is_some_and(|dig| !dig.is_well_formed()) {
            return Err(
                "dig: digests are lower-case hex, 64 digits for sha256 and 128 for sha512".into(),
            );
        }
        let jti = text(&item, "jti")?
            .map(|jti| Jti::try_from(jti.to_owned()))
            .transpose()?;
        let sig = text(&item, "sig")?.map(str::to_owned);
        let kind = text(&item, "kind")?.ok_or("kind is missing")?;
        let (name, other) = match kind {
            "event" => ("event", "evidence"),
            "evidence" => ("evidence", "event"),
            other => return Err(Wrong::unknown("kind", other)),
        };
        let is_event = name == "event";
        if item.contains_key(other) {
            return Err(format!("an item of kind {name} has no {other}").into());
        }
        let Some(Value::Object(object)) = item.remove(name) else {
            return Err(format!("{name} must be an object").into());
        };
        let parts = if is_event {
            event(&object, event_types, dig.is_some())
        } else {
            evidence(&object, dig.is_some())
        };
        let Parts {
            id,
            time,
            body,
            side,
            provider,
            consumer,
            previous,
        } = parts.map_err(|wrong| wrong.within(name))?;
        // What is left was not looked at.
        item.retain(|name, _| !MEMBERS.contains(&name.as_str()));
        Ok(Self {
            id,
            nonce,
            time,
            exchange_id,
            user_id,
            body,
            side,
            object,
            provider,
            consumer,
            previous,
            dig,
            jti,
            sig,
            more: item,
            content,
        })
    }
}

/// The nonce of an item whose id has to belong to `connector`. An id that cannot be read is left to the schema.
fn owner(item: &Value, connector: &ConnectorId) -> Result<Option<Nonce>, (Fault, &'static str)> {
    let id = read_id(item).and_then(canonical);
    let stated = item.get("nonce");
    if !id.as_ref().is_some_and(is_owned) {
        return match stated {
            None => Ok(None),
            Some(_) => Err((Fault::Invalid, "nonce is for ids of version 8 alone")),
        };
    }
    let nonce = stated
        .and_then(Value::as_str)
        .and_then(Nonce::parse)
        .ok_or((
            Fault::Invalid,
            "an id of version 8 needs its nonce, 32 lower-case hex digits",
        ))?;
    if id.is_some_and(|id| belongs_to(&id, nonce, connector)) {
        Ok(Some(nonce))
    } else {
        Err((Fault::Forbidden, "the id does not belong to this connector"))
    }
}

/// The id of an item that may be wrong otherwise.
fn read_id(item: &Value) -> Option<&str> {
    let id = match item.get("kind")?.as_str()? {
        "event" => item.get("event")?.get("cdleventid")?,
        _ => item.get("evidence")?.get("id")?,
    };
    id.as_str().filter(|id| id.len() <= MAX_ID_BYTES)
}
