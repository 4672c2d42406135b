//! Items as the outbox writes them.

use common::ids::{EventId, ExchangeId, UserId};
use serde::Serialize;

use super::{AbortReason, Dig};

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
