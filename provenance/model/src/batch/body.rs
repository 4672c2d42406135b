//! The events and the evidence inside incoming items.

use common_ids::UserId;
use serde::Deserialize as _;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    AbortReason, ExchangeRole, Unregistrable,
    fields::{Wrong, moment, one_predecessor, required_user, text, user, uuid},
};
use crate::event::{MAX_TAGS_OF_MANY, check_tags, limit_tags};

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

/// What kind of evidence an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceKind {
    /// A transfer that did not end whole.
    TransferAborted,
    /// A fetch without a provider connector.
    Direct,
    /// A fetch from a provider that named no event of its own.
    ReceivedUnsent,
    /// What a ledger refused for good, handed over by an operator.
    Unregistrable,
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
    pub(super) side: ExchangeRole,
    pub(super) provider: Option<UserId>,
    pub(super) consumer: Option<UserId>,
    pub(super) previous: Vec<String>,
}

pub(super) fn event(
    event: &Map<String, Value>,
    event_types: &[String],
    has_dig: bool,
) -> Result<Parts, Wrong> {
    crate::event::check_names(event)?;
    if text(event, "cdldatamodelversion")? != Some("2.0") {
        return Err("cdldatamodelversion must be \"2.0\"".into());
    }
    let event_type = text(event, "cdleventtype")?.ok_or("cdleventtype is missing")?;
    if !event_types.iter().any(|t| t == event_type) {
        return Err(Wrong::unknown("cdleventtype", event_type));
    }
    if event.contains_key("cdlnextevents") {
        return Err("cdlnextevents is computed by the ledger".into());
    }
    check_tags(event)?;
    if !has_dig {
        return Err("an event needs the item's dig".into());
    }
    limit_tags(event, MAX_TAGS_OF_MANY)?;
    Ok(Parts {
        id: uuid(event, "cdleventid")?,
        body: InBody::Event {
            event_type: event_type.to_owned(),
        },
        side: side_of(Some(event_type)),
        provider: Some(required_user(event, "dataprovider")?),
        consumer: Some(required_user(event, "datauser")?),
        time: moment(event, "cdltimestamp")?,
        previous: one_predecessor(event)?,
    })
}

/// Refuses members that have their meaning in evidence of another type. What no type here has is of a later version, and kept.
fn nothing_else(evidence: &Map<String, Value>, own: &[&str]) -> Result<(), Wrong> {
    const OF_SOME: [&str; 11] = [
        "cdleventtype",
        "cdlpreviousevents",
        "contract_id",
        "dataprovider",
        "datauser",
        "item",
        "len",
        "reason",
        "refusal",
        "source_url",
        "status",
    ];
    let has = |name: &&str| !own.contains(name) && evidence.contains_key(*name);
    match OF_SOME.iter().find(|name| has(name)) {
        Some(name) => Err(format!("{name} does not belong to evidence of this type").into()),
        None => Ok(()),
    }
}

/// Reads the evidence of an item.
pub(super) fn evidence(evidence: &Map<String, Value>, has_dig: bool) -> Result<Parts, Wrong> {
    match text(evidence, "type")?.ok_or("type is missing")? {
        "transfer-aborted" => transfer_aborted(evidence, has_dig),
        "direct" => fetched(evidence, has_dig, EvidenceKind::Direct),
        "received-unsent" => fetched(evidence, has_dig, EvidenceKind::ReceivedUnsent),
        Unregistrable::TYPE => unregistrable(evidence, has_dig),
        "voucher-sent" => voucher(
            evidence,
            has_dig,
            EvidenceKind::VoucherSent,
            ExchangeRole::Provider,
        ),
        "voucher-received" => voucher(
            evidence,
            has_dig,
            EvidenceKind::VoucherReceived,
            ExchangeRole::Receiver,
        ),
        other => Err(Wrong::unknown("type", other)),
    }
}

fn transfer_aborted(evidence: &Map<String, Value>, has_dig: bool) -> Result<Parts, Wrong> {
    let own = [
        "cdleventtype",
        "dataprovider",
        "datauser",
        "cdlpreviousevents",
        "reason",
        "len",
    ];
    nothing_else(evidence, &own)?;
    aborted(evidence)?;
    if has_dig {
        return Err("an aborted transfer has no dig".into());
    }
    let side = match text(evidence, "cdleventtype")? {
        Some("Sent") => ExchangeRole::Provider,
        Some("Received") => ExchangeRole::Receiver,
        Some(other) => return Err(Wrong::unknown("cdleventtype", other)),
        None => return Err("cdleventtype is missing".into()),
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
) -> Result<Parts, Wrong> {
    let has_provider = kind == EvidenceKind::ReceivedUnsent;
    let own = ["source_url", "datauser", "reason", "len", "dataprovider"];
    nothing_else(evidence, &own[..own.len() - usize::from(!has_provider)])?;
    text(evidence, "source_url")?.ok_or("source_url is missing")?;
    let is_broken = evidence.contains_key("reason") || evidence.contains_key("len");
    match (has_dig, is_broken) {
        (true, false) => {}
        (false, true) => aborted(evidence)?,
        _ => return Err("a fetch has either the item's dig or reason and len".into()),
    }
    let provider = has_provider.then(|| required_user(evidence, "dataprovider"));
    Ok(Parts {
        id: uuid(evidence, "id")?,
        time: moment(evidence, "time")?,
        body: InBody::Evidence(kind),
        side: ExchangeRole::Receiver,
        provider: provider.transpose()?,
        consumer: Some(required_user(evidence, "datauser")?),
        previous: Vec::new(),
    })
}

/// The item that could not be registered need not be one that is taken here; but whose it is has to be clear.
fn unregistrable(evidence: &Map<String, Value>, has_dig: bool) -> Result<Parts, Wrong> {
    nothing_else(evidence, &["item", "reason", "refusal"])?;
    text(evidence, "reason")?.ok_or("reason is missing")?;
    text(evidence, "refusal")?.ok_or("refusal is missing")?;
    if has_dig {
        return Err("the digest stands in the item that could not be registered".into());
    }
    let Some(Value::Object(item)) = evidence.get("item") else {
        return Err("item must be an object".into());
    };
    let (side, of) = described(item).map_err(|detail| format!("item: {detail}"))?;
    let party = |name| user(of, name).map_err(|detail| format!("item: {detail}"));
    Ok(Parts {
        id: uuid(evidence, "id")?,
        time: moment(evidence, "time")?,
        body: InBody::Evidence(EvidenceKind::Unregistrable),
        side,
        provider: party("dataprovider")?,
        consumer: party("datauser")?,
        previous: Vec::new(),
    })
}

/// The side that an item describes, and its event or evidence.
fn described(item: &Map<String, Value>) -> Result<(ExchangeRole, &Map<String, Value>), String> {
    let inner = |name: &str| item.get(name).and_then(Value::as_object);
    if let Some(event) = inner("event") {
        return Ok((side_of(text(event, "cdleventtype")?), event));
    }
    let evidence = inner("evidence").ok_or("it has neither event nor evidence")?;
    let is_provider = match text(evidence, "type")? {
        Some("transfer-aborted") => text(evidence, "cdleventtype")? == Some("Sent"),
        of => of == Some("voucher-sent"),
    };
    let side = if is_provider {
        ExchangeRole::Provider
    } else {
        ExchangeRole::Receiver
    };
    Ok((side, evidence))
}

/// Anything but a `Sent` follows the stricter reading: its `datauser` must be the acting user.
fn side_of(event_type: Option<&str>) -> ExchangeRole {
    match event_type {
        Some("Sent") => ExchangeRole::Provider,
        _ => ExchangeRole::Receiver,
    }
}

fn voucher(
    evidence: &Map<String, Value>,
    has_dig: bool,
    kind: EvidenceKind,
    side: ExchangeRole,
) -> Result<Parts, Wrong> {
    let own = ["contract_id", "dataprovider", "datauser", "status"];
    nothing_else(evidence, &own)?;
    text(evidence, "contract_id")?.ok_or("contract_id is missing")?;
    if !has_dig {
        return Err("a voucher needs the item's dig".into());
    }
    let status = evidence.get("status").and_then(Value::as_u64);
    if !status.is_some_and(|s| (100..=599).contains(&s)) {
        return Err("status must be the HTTP status of the answer".into());
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
fn aborted(evidence: &Map<String, Value>) -> Result<(), Wrong> {
    let reason = evidence.get("reason").ok_or("reason is missing")?;
    let reason = AbortReason::deserialize(reason).map_err(|_| match reason.as_str() {
        Some(reason) => Wrong::unknown("reason", reason),
        None => "reason must be a string".into(),
    })?;
    match evidence.get("len") {
        None if reason == AbortReason::FoundOpenAtStart => Ok(()),
        Some(len) if len.is_u64() => Ok(()),
        _ => Err("len must be the number of bytes that had passed".into()),
    }
}
