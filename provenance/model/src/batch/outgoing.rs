//! Items as the outbox writes them.

use common_ids::{EventId, ExchangeId, UserId};
use serde::Serialize;
use serde_json::Value;

use super::{AbortReason, BodyEnd, Dig, Jti};
use crate::event_id::Nonce;

/// An item as the outbox writes it. The members of what the ledger repeats in its cores stand in canonical order, so that both texts
/// are the same.
#[derive(Debug, Serialize)]
pub struct OutItem<'r> {
    /// What passed, with its length; of what broke there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dig: Option<Dig>,
    /// Where the body's end was not marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<BodyEnd>,
    /// The event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventBody<'r>>,
    /// What is kept in place of an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceBody<'r>>,
    /// The exchange.
    pub exchange_id: ExchangeId,
    /// The token that the provider checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<&'r Jti>,
    /// Which of `event` and `evidence` is there.
    pub kind: &'static str,
    /// What shows that the id is the sender's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// Who acts.
    pub user_id: &'r UserId,
}

/// What an item is about.
#[derive(Debug)]
pub enum ItemBody<'r> {
    /// An event.
    Event(EventBody<'r>),
    /// Evidence without an event.
    Evidence(EvidenceBody<'r>),
}

impl<'r> OutItem<'r> {
    /// An item about `body`, whose end nobody marked.
    pub fn new(
        exchange_id: ExchangeId,
        jti: Option<&'r Jti>,
        nonce: Option<Nonce>,
        user_id: &'r UserId,
        body: ItemBody<'r>,
        dig: Option<Dig>,
    ) -> Self {
        let (kind, event, evidence) = match body {
            ItemBody::Event(event) => ("event", Some(event), None),
            ItemBody::Evidence(evidence) => ("evidence", None, Some(evidence)),
        };
        Self {
            dig,
            end: None,
            event,
            evidence,
            exchange_id,
            jti,
            kind,
            nonce,
            user_id,
        }
    }
}

/// An event, `Sent` or `Received`, in the members of CADDE.
#[derive(Debug, Serialize)]
pub struct EventBody<'r> {
    /// `2.0`.
    pub cdldatamodelversion: &'static str,
    /// Its id.
    pub cdleventid: EventId,
    /// `Sent` or `Received`.
    pub cdleventtype: &'r str,
    /// What it goes back to.
    pub cdlpreviousevents: [&'r str; 1],
    /// When it happened.
    pub cdltimestamp: String,
    /// Who offers the data.
    pub dataprovider: &'r UserId,
    /// Who gets it.
    pub datauser: &'r UserId,
}

/// What is kept in place of an event.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum EvidenceBody<'r> {
    /// A transfer that broke.
    TransferAborted(TransferAborted<'r>),
    /// A fetch without an event to follow.
    Fetched(Fetched<'r>),
    /// A record that the ledger refused for good.
    Unregistrable(Unregistrable<'r>),
}

/// What the ledger refused for good, handed over by an operator.
#[derive(Debug, Serialize)]
pub struct Unregistrable<'r> {
    /// Its own id.
    pub id: EventId,
    /// The item as it was refused.
    pub item: &'r Value,
    /// Why it is handed over, in the operator's words.
    pub reason: &'r str,
    /// Why the ledger refused it.
    pub refusal: &'r str,
    /// When it was handed over.
    pub time: String,
    /// [`Unregistrable::TYPE`].
    #[serde(rename = "type")]
    pub kind: &'static str,
}

impl Unregistrable<'_> {
    /// The type of such evidence.
    pub const TYPE: &'static str = "unregistrable";
}

/// A transfer that broke.
#[derive(Debug, Serialize)]
pub struct TransferAborted<'r> {
    /// The event that it would have become.
    pub cdleventtype: &'r str,
    /// What that would have gone back to.
    pub cdlpreviousevents: [&'r str; 1],
    /// Who offers the data.
    pub dataprovider: &'r UserId,
    /// Who was to get it.
    pub datauser: &'r UserId,
    /// The id that was reserved for the event.
    pub id: EventId,
    /// How many bytes had passed, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub len: Option<u64>,
    /// Why it broke.
    pub reason: AbortReason,
    /// When.
    pub time: String,
    /// `transfer-aborted`.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// A fetch without an event to follow, directly or from a provider that named none: whole with a digest beside it, or broken
/// with a reason.
#[derive(Debug, Serialize)]
pub struct Fetched<'r> {
    /// Who offers the data, where a provider was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataprovider: Option<&'r UserId>,
    /// Who gets it.
    pub datauser: &'r UserId,
    /// The id that was reserved for it.
    pub id: EventId,
    /// How many bytes had passed, of what broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub len: Option<u64>,
    /// Why it broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<AbortReason>,
    /// From where.
    pub source_url: &'r str,
    /// When.
    pub time: String,
    /// What kind of fetch.
    #[serde(rename = "type")]
    pub kind: &'static str,
}
