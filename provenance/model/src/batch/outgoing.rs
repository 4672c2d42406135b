//! Items as the outbox writes them.

use common::ids::{EventId, ExchangeId, UserId};
use serde::Serialize;
use serde_json::Value;

use super::{AbortReason, BodyEnd, Dig, Jti};
use crate::model::event_id::Nonce;

/// An item as the outbox writes it. The members of what the ledger repeats in its cores stand in canonical order, so that both texts
/// are the same.
#[derive(Debug, Serialize)]
pub(crate) struct OutItem<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dig: Option<Dig>,
    /// Where the body's end was not marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<BodyEnd>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<EventBody<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<EvidenceBody<'r>>,
    pub(crate) exchange_id: ExchangeId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jti: Option<&'r Jti>,
    /// Which of `event` and `evidence` is there.
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<Nonce>,
    pub(crate) user_id: &'r UserId,
}

/// What an item is about.
#[derive(Debug)]
pub(crate) enum ItemBody<'r> {
    Event(EventBody<'r>),
    Evidence(EvidenceBody<'r>),
}

impl<'r> OutItem<'r> {
    pub(crate) fn new(
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

#[derive(Debug, Serialize)]
pub(crate) struct EventBody<'r> {
    pub(crate) cdldatamodelversion: &'static str,
    pub(crate) cdleventid: EventId,
    pub(crate) cdleventtype: &'r str,
    pub(crate) cdlpreviousevents: [&'r str; 1],
    pub(crate) cdltimestamp: String,
    pub(crate) dataprovider: &'r UserId,
    pub(crate) datauser: &'r UserId,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum EvidenceBody<'r> {
    TransferAborted(TransferAborted<'r>),
    Fetched(Fetched<'r>),
    Unregistrable(Unregistrable<'r>),
}

/// What the ledger refused for good, handed over by an operator.
#[derive(Debug, Serialize)]
pub(crate) struct Unregistrable<'r> {
    pub(crate) id: EventId,
    pub(crate) item: &'r Value,
    pub(crate) reason: &'r str,
    pub(crate) refusal: &'r str,
    pub(crate) time: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}

impl Unregistrable<'_> {
    /// The type of such evidence.
    pub(crate) const TYPE: &'static str = "unregistrable";
}

#[derive(Debug, Serialize)]
pub(crate) struct TransferAborted<'r> {
    pub(crate) cdleventtype: &'r str,
    pub(crate) cdlpreviousevents: [&'r str; 1],
    pub(crate) dataprovider: &'r UserId,
    pub(crate) datauser: &'r UserId,
    pub(crate) id: EventId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) len: Option<u64>,
    pub(crate) reason: AbortReason,
    pub(crate) time: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}

/// A fetch without an event to follow, directly or from a provider that named none: whole with a digest beside it, or broken
/// with a reason.
#[derive(Debug, Serialize)]
pub(crate) struct Fetched<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dataprovider: Option<&'r UserId>,
    pub(crate) datauser: &'r UserId,
    pub(crate) id: EventId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) len: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<AbortReason>,
    pub(crate) source_url: &'r str,
    pub(crate) time: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}
