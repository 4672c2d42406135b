//! The events and the evidence inside incoming items.

use common::ids::UserId;
use serde::Deserialize as _;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    AbortReason, Side,
    fields::{moment, one_predecessor, only, required_user, text, uuid},
    incoming::InBody,
};

/// What kind of evidence an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceKind {
    /// A transfer that did not end whole.
    TransferAborted,
    /// A fetch without a provider connector.
    Direct,
    /// A fetch from a provider that named no event of its own.
    ReceivedUnsent,
    /// The provider's notice to the contract service.
    VoucherSent,
    /// The receiver's notice to the contract service.
    VoucherReceived,
}

/// What an event or a piece of evidence says.
pub(super) struct Parts {
    pub(super) id: Uuid,
    pub(super) time: OffsetDateTime,
    pub(super) body: InBody,
    pub(super) side: Side,
    pub(super) provider: Option<UserId>,
    pub(super) consumer: Option<UserId>,
    pub(super) previous: Vec<String>,
}

pub(super) fn event(
    event: &Map<String, Value>,
    event_types: &[String],
    has_dig: bool,
) -> Result<Parts, String> {
    crate::model::event::check_names(event)?;
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
    crate::model::event::check_tags(event)?;
    if !has_dig {
        return Err("an event needs the item's dig".to_owned());
    }
    Ok(Parts {
        id: uuid(event, "cdleventid")?,
        body: InBody::Event {
            event_type: event_type.to_owned(),
        },
        // Anything but a `Sent` follows the stricter reading: its `datauser` must be the acting user.
        side: if event_type == "Sent" {
            Side::Provider
        } else {
            Side::Receiver
        },
        provider: Some(required_user(event, "dataprovider")?),
        consumer: Some(required_user(event, "datauser")?),
        time: moment(event, "cdltimestamp")?,
        previous: one_predecessor(event)?,
    })
}

/// Reads the evidence of an item.
pub(super) fn evidence(evidence: &Map<String, Value>, has_dig: bool) -> Result<Parts, String> {
    match text(evidence, "type")?.ok_or("type is missing")? {
        "transfer-aborted" => transfer_aborted(evidence, has_dig),
        "direct" => fetched(evidence, has_dig, EvidenceKind::Direct),
        "received-unsent" => fetched(evidence, has_dig, EvidenceKind::ReceivedUnsent),
        "voucher-sent" => voucher(evidence, has_dig, EvidenceKind::VoucherSent, Side::Provider),
        "voucher-received" => voucher(
            evidence,
            has_dig,
            EvidenceKind::VoucherReceived,
            Side::Receiver,
        ),
        other => Err(format!("type {other:?} is not taken here")),
    }
}

fn transfer_aborted(evidence: &Map<String, Value>, has_dig: bool) -> Result<Parts, String> {
    let members = [
        "type",
        "id",
        "cdleventtype",
        "dataprovider",
        "datauser",
        "cdlpreviousevents",
        "time",
        "reason",
        "len",
    ];
    only(evidence, &members)?;
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
        id: uuid(evidence, "id")?,
        time: moment(evidence, "time")?,
        body: InBody::Evidence(EvidenceKind::TransferAborted),
        side,
        provider: Some(required_user(evidence, "dataprovider")?),
        consumer: Some(required_user(evidence, "datauser")?),
        previous: one_predecessor(evidence)?,
    })
}

/// What a receiver fetched without an event to follow: directly, or from a provider that named none.
fn fetched(
    evidence: &Map<String, Value>,
    has_dig: bool,
    kind: EvidenceKind,
) -> Result<Parts, String> {
    let members = [
        "type",
        "id",
        "source_url",
        "datauser",
        "time",
        "reason",
        "len",
        "dataprovider",
    ];
    let has_provider = kind == EvidenceKind::ReceivedUnsent;
    only(
        evidence,
        &members[..members.len() - usize::from(!has_provider)],
    )?;
    text(evidence, "source_url")?.ok_or("source_url is missing")?;
    let is_broken = evidence.contains_key("reason") || evidence.contains_key("len");
    match (has_dig, is_broken) {
        (true, false) => {}
        (false, true) => aborted(evidence)?,
        _ => return Err("a fetch has either the item's dig or reason and len".to_owned()),
    }
    let provider = has_provider.then(|| required_user(evidence, "dataprovider"));
    Ok(Parts {
        id: uuid(evidence, "id")?,
        time: moment(evidence, "time")?,
        body: InBody::Evidence(kind),
        side: Side::Receiver,
        provider: provider.transpose()?,
        consumer: Some(required_user(evidence, "datauser")?),
        previous: Vec::new(),
    })
}

fn voucher(
    evidence: &Map<String, Value>,
    has_dig: bool,
    kind: EvidenceKind,
    side: Side,
) -> Result<Parts, String> {
    let members = [
        "type",
        "id",
        "contract_id",
        "dataprovider",
        "datauser",
        "status",
        "time",
    ];
    only(evidence, &members)?;
    text(evidence, "contract_id")?.ok_or("contract_id is missing")?;
    if !has_dig {
        return Err("a voucher needs the item's dig".to_owned());
    }
    let status = evidence.get("status").and_then(Value::as_u64);
    if !status.is_some_and(|s| (100..=599).contains(&s)) {
        return Err("status must be the HTTP status of the answer".to_owned());
    }
    Ok(Parts {
        id: uuid(evidence, "id")?,
        time: moment(evidence, "time")?,
        body: InBody::Evidence(kind),
        side,
        provider: Some(required_user(evidence, "dataprovider")?),
        consumer: Some(required_user(evidence, "datauser")?),
        previous: Vec::new(),
    })
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
