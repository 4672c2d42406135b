//! The wire form of `POST /v2/events:batch`: what connectors deliver and what the ledger answers.
//!
//! The outgoing types borrow and are written; incoming items are read from strict JSON by [`InItem::parse`], because one bad
//! item must not make the others unreadable, and an unknown member must show.

use std::fmt;

use common::ids::{EventId, ExchangeId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::json;

/// Most items in one request.
pub const MAX_ITEMS: usize = 1024;
/// Longest request body.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Longest item, as sent.
pub const MAX_ITEM_BYTES: usize = 64 * 1024;
/// Longest id of an event or a predecessor.
pub const MAX_ID_BYTES: usize = 256;

/// Why a transfer did not end whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbortReason {
    /// The side that takes the bytes went away.
    PeerClosed,
    /// The side that gives the bytes failed.
    SourceFailed,
    /// A deadline passed.
    Timeout,
    /// The transfer was refused after it had been reserved.
    Refused,
    /// The process was told to stop.
    Shutdown,
    /// The process ended without a word; the record was found open when it started again.
    FoundOpenAtStart,
}

/// Digest of the exchanged bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dig {
    /// How many bytes.
    pub len: u64,
    /// SHA-256, 64 lower-case hex digits.
    pub sha256: String,
    /// SHA-512, 128 lower-case hex digits, only where a voucher needs it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha512: Option<String>,
}

impl Dig {
    fn is_well_formed(&self) -> bool {
        is_lower_hex(&self.sha256, 64)
            && self.sha512.as_deref().is_none_or(|h| is_lower_hex(h, 128))
    }
}

fn is_lower_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// An item as the outbox writes it.
#[derive(Debug, Serialize)]
pub(crate) struct OutItem<'r> {
    pub(crate) exchange_id: ExchangeId,
    pub(crate) user_id: &'r UserId,
    #[serde(flatten)]
    pub(crate) body: ItemBody<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dig: Option<Dig>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum ItemBody<'r> {
    Event { event: EventBody<'r> },
    Evidence { evidence: EvidenceBody<'r> },
}

#[derive(Debug, Serialize)]
pub(crate) struct EventBody<'r> {
    pub(crate) cdldatamodelversion: &'static str,
    pub(crate) cdleventid: EventId,
    pub(crate) cdleventtype: &'r str,
    pub(crate) cdltimestamp: String,
    pub(crate) dataprovider: &'r UserId,
    pub(crate) datauser: &'r UserId,
    pub(crate) cdlpreviousevents: [&'r str; 1],
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum EvidenceBody<'r> {
    TransferAborted(TransferAborted<'r>),
    Direct(Direct<'r>),
}

#[derive(Debug, Serialize)]
pub(crate) struct TransferAborted<'r> {
    pub(crate) id: EventId,
    pub(crate) cdleventtype: &'r str,
    pub(crate) dataprovider: &'r UserId,
    pub(crate) datauser: &'r UserId,
    pub(crate) cdlpreviousevents: [&'r str; 1],
    pub(crate) time: String,
    pub(crate) reason: AbortReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) len: Option<u64>,
}

/// A fetch without a provider connector: whole with a digest beside it, or broken with a reason.
#[derive(Debug, Serialize)]
pub(crate) struct Direct<'r> {
    pub(crate) id: EventId,
    pub(crate) source_url: &'r str,
    pub(crate) datauser: &'r UserId,
    pub(crate) time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<AbortReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) len: Option<u64>,
}

/// Which side of an exchange a record describes, hence who may submit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The provider's.
    Provider,
    /// The receiver's.
    Receiver,
}

/// What kind of evidence an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceKind {
    /// A transfer that did not end whole.
    TransferAborted,
    /// A fetch without a provider connector.
    Direct,
    /// The provider's notice to the contract service.
    VoucherSent,
    /// The receiver's notice to the contract service.
    VoucherReceived,
}

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
        let content = Sha256::digest(json::canonical(&value)).into();
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

struct Parts {
    id: String,
    body: InBody,
    side: Side,
    provider: Option<UserId>,
    consumer: Option<UserId>,
    previous: Vec<String>,
}

fn event(
    event: &Map<String, Value>,
    event_types: &[String],
    has_dig: bool,
) -> Result<Parts, String> {
    super::event::check_names(event)?;
    if text(event, "cdldatamodelversion")? != Some("2.0") {
        return Err("cdldatamodelversion must be \"2.0\"".to_owned());
    }
    let event_type = text(event, "cdleventtype")?.ok_or("cdleventtype is missing")?;
    if !event_types.iter().any(|t| t == event_type) {
        return Err(format!("cdleventtype {event_type:?} is not taken here"));
    }
    if event.contains_key("cdlnextevents") {
        return Err("cdlnextevents is computed by the ledger".to_owned());
    }
    super::event::check_tags(event)?;
    if !has_dig {
        return Err("an event needs the item's dig".to_owned());
    }
    Ok(Parts {
        id: event_id(event, "cdleventid")?,
        body: InBody::Event {
            event_type: event_type.to_owned(),
        },
        // Anything but a `Sent` follows the stricter reading: its `datauser` must be the acting user.
        side: if event_type == "Sent" {
            Side::Provider
        } else {
            Side::Receiver
        },
        provider: Some(user(event, "dataprovider")?.ok_or("dataprovider is missing")?),
        consumer: Some(user(event, "datauser")?.ok_or("datauser is missing")?),
        previous: {
            moment(event, "cdltimestamp")?;
            one_predecessor(event)?
        },
    })
}

fn evidence(evidence: &Map<String, Value>, has_dig: bool) -> Result<Parts, String> {
    let id = event_id(evidence, "id")?;
    let kind = text(evidence, "type")?.ok_or("type is missing")?;
    moment(evidence, "time")?;
    match kind {
        "transfer-aborted" => {
            only(
                evidence,
                &[
                    "type",
                    "id",
                    "cdleventtype",
                    "dataprovider",
                    "datauser",
                    "cdlpreviousevents",
                    "time",
                    "reason",
                    "len",
                ],
            )?;
            aborted(evidence)?;
            if has_dig {
                return Err("an aborted transfer has no dig".to_owned());
            }
            let side = match text(evidence, "cdleventtype")? {
                Some("Sent") => Side::Provider,
                Some("Received") => Side::Receiver,
                _ => return Err("cdleventtype must be Sent or Received".to_owned()),
            };
            Ok(Parts {
                id,
                body: InBody::Evidence(EvidenceKind::TransferAborted),
                side,
                provider: Some(user(evidence, "dataprovider")?.ok_or("dataprovider is missing")?),
                consumer: Some(user(evidence, "datauser")?.ok_or("datauser is missing")?),
                previous: one_predecessor(evidence)?,
            })
        }
        "direct" => {
            only(
                evidence,
                &[
                    "type",
                    "id",
                    "source_url",
                    "datauser",
                    "time",
                    "reason",
                    "len",
                ],
            )?;
            text(evidence, "source_url")?.ok_or("source_url is missing")?;
            match (
                has_dig,
                evidence.contains_key("reason") || evidence.contains_key("len"),
            ) {
                (true, false) => {}
                (false, true) => aborted(evidence)?,
                _ => {
                    return Err(
                        "a direct fetch has either the item's dig or reason and len".to_owned()
                    );
                }
            }
            Ok(Parts {
                id,
                body: InBody::Evidence(EvidenceKind::Direct),
                side: Side::Receiver,
                provider: None,
                consumer: Some(user(evidence, "datauser")?.ok_or("datauser is missing")?),
                previous: Vec::new(),
            })
        }
        "voucher-sent" | "voucher-received" => {
            only(
                evidence,
                &[
                    "type",
                    "id",
                    "contract_id",
                    "dataprovider",
                    "datauser",
                    "status",
                    "time",
                ],
            )?;
            text(evidence, "contract_id")?.ok_or("contract_id is missing")?;
            if !has_dig {
                return Err("a voucher needs the item's dig".to_owned());
            }
            let status = evidence.get("status").and_then(Value::as_u64);
            if !status.is_some_and(|s| (100..=599).contains(&s)) {
                return Err("status must be the HTTP status of the answer".to_owned());
            }
            let (kind, side) = match kind {
                "voucher-sent" => (EvidenceKind::VoucherSent, Side::Provider),
                _ => (EvidenceKind::VoucherReceived, Side::Receiver),
            };
            Ok(Parts {
                id,
                body: InBody::Evidence(kind),
                side,
                provider: Some(user(evidence, "dataprovider")?.ok_or("dataprovider is missing")?),
                consumer: Some(user(evidence, "datauser")?.ok_or("datauser is missing")?),
                previous: Vec::new(),
            })
        }
        other => Err(format!("type {other:?} is not taken here")),
    }
}

/// `reason` and `len` of a broken transfer. Nobody knows how much had passed when a process ended without a word.
fn aborted(evidence: &Map<String, Value>) -> Result<(), String> {
    let reason = evidence.get("reason").ok_or("reason is missing")?;
    let reason =
        AbortReason::deserialize(reason).map_err(|_| format!("reason {reason} is not known"))?;
    match evidence.get("len") {
        None if reason == AbortReason::FoundOpenAtStart => Ok(()),
        Some(len) if len.is_u64() => Ok(()),
        _ => Err("len must be the number of bytes that had passed".to_owned()),
    }
}

fn only(object: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("unknown member {name:?}")),
        None => Ok(()),
    }
}

fn text<'v>(object: &'v Map<String, Value>, name: &str) -> Result<Option<&'v str>, String> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} must be a string")),
    }
}

fn user(object: &Map<String, Value>, name: &str) -> Result<Option<UserId>, String> {
    text(object, name)?
        .map(|id| UserId::parse(id).map_err(|e| format!("{name}: {e}")))
        .transpose()
}

/// A UUID in the one form in which ids are compared: lower case with hyphens.
fn uuid(object: &Map<String, Value>, name: &str) -> Result<Uuid, String> {
    let id = text(object, name)?.ok_or_else(|| format!("{name} is missing"))?;
    let mut buffer = Uuid::encode_buffer();
    match Uuid::try_parse(id) {
        Ok(uuid) if uuid.hyphenated().encode_lower(&mut buffer) == id => Ok(uuid),
        _ => Err(format!("{name} must be a UUID in lower case with hyphens")),
    }
}

fn event_id(object: &Map<String, Value>, name: &str) -> Result<String, String> {
    uuid(object, name).map(|id| id.to_string())
}

fn moment(object: &Map<String, Value>, name: &str) -> Result<OffsetDateTime, String> {
    let time = text(object, name)?.ok_or_else(|| format!("{name} is missing"))?;
    OffsetDateTime::parse(time, &Rfc3339)
        .map_err(|_| format!("{name} must be a time such as 2025-01-01T00:00:02.000Z (RFC 3339)"))
}

fn one_predecessor(object: &Map<String, Value>) -> Result<Vec<String>, String> {
    let ids = super::event::previous(object)?;
    match ids.len() {
        1 => Ok(ids),
        n => Err(format!(
            "cdlpreviousevents must name exactly one event, this names {n}"
        )),
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BatchReply {
    /// One for each item, in the same order.
    pub results: Vec<ItemResult>,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ItemStatus {
    /// It is recorded now.
    Created,
    /// The same item had been recorded before.
    Exists,
    /// It is not recorded.
    Rejected,
}

/// The answer to one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ItemResult {
    /// The id of the event or evidence; null if it could not be read.
    pub id: Option<String>,
    /// What became of it.
    pub status: ItemStatus,
    /// Predecessors that have not arrived yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<String>,
    /// What is recorded, for `created` and `exists`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// For `rejected`: whether sending the same again may succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<bool>,
    /// For `rejected`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ItemProblem>,
}

/// What the ledger recorded of an item. Salt and core are left out after an erasure, the others while there is no log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Receipt {
    /// The name of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The index of the record in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The leaf's hash, Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf_hash: Option<String>,
    /// The record's salt, Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// The exact text of the core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<String>,
}

/// Why an item was rejected (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ItemProblem {
    /// A URI that ends in `invalid`, `forbidden`, `conflict` or `unavailable`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status that a single request would have had.
    pub status: u16,
    /// What was wrong with this item.
    pub detail: String,
}
