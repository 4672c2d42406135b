//! What an answer of the ledger means for a record.

#[cfg(test)]
mod tests;

use common::ids::ConnectorId;
use provenance_model::{
    batch::{ItemProblem, ItemStatus, Receipt},
    commitment::{Commitment, Salt},
    json,
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{Problem, packing::Packed};

/// A result as it is read here. The form is that of [`ItemResult`](provenance_model::batch::ItemResult); the receipt stays as the
/// ledger wrote it, for that is what is kept.
#[derive(Debug, Deserialize)]
pub(super) struct ItemResult<'t> {
    pub(super) id: Option<String>,
    pub(super) status: ItemStatus,
    #[serde(borrow, default)]
    receipt: Option<&'t RawValue>,
    #[serde(default)]
    retry: Option<bool>,
    #[serde(default)]
    problem: Option<ItemProblem>,
}

/// What to do with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Keep the receipt, forget the record.
    Delivered(Packed),
    /// Set it aside; `why` is for people.
    Park { problem: Problem, why: String },
    /// The ledger has something else of this connector under the id (this receipt): it is ahead of the outbox.
    Behind(Packed),
    /// Try again once the ledger is up to date: it does not know this.
    Older(String),
    /// Try again later.
    Retry,
}

pub(super) fn judge(item: &[u8], result: &ItemResult<'_>, connector: &ConnectorId) -> Verdict {
    match result.status {
        ItemStatus::Created | ItemStatus::Exists => {
            let packed = result.receipt.map_or_else(Packed::empty, Packed::new);
            let verified = match packed.core() {
                Some(core) => verify_core(item, core),
                None => verify(
                    item,
                    result.receipt.map_or("{}", RawValue::get),
                    result.status,
                ),
            };
            match verified {
                Ok(()) => Verdict::Delivered(packed),
                Err(why) => Verdict::Park {
                    problem: Problem::Receipt,
                    why: format!("the receipt does not fit the record: {why}"),
                },
            }
        }
        ItemStatus::Rejected => {
            let problem = result.problem.as_ref();
            if result
                .retry
                .unwrap_or_else(|| problem.is_some_and(|p| p.status == 503))
            {
                return Verdict::Retry;
            }
            let kind = problem.map_or("", |p| p.kind.rsplit(['/', ':']).next().unwrap_or_default());
            if let Some(unknown) = problem.filter(|_| kind == "invalid").and_then(unknown) {
                return Verdict::Older(unknown);
            }
            if let Some(receipt) = result.receipt.filter(|_| kind == "conflict")
                && is_own(receipt.get(), result.id.as_deref(), connector)
            {
                return Verdict::Behind(Packed::new(receipt));
            }
            let why = problem.map_or_else(
                || "no reason given".to_owned(),
                |p| format!("{kind}: {}", p.detail),
            );
            Verdict::Park {
                problem: Problem::named(kind),
                why,
            }
        }
    }
}

/// What an older ledger does not know of an item, if that is why it was refused.
fn unknown(problem: &ItemProblem) -> Option<String> {
    // The version before this one refused members, and said so in words alone.
    let in_words = || {
        problem
            .detail
            .split_once("unknown member ")
            .map(|(_, name)| name.trim_matches('"').to_owned())
    };
    problem.unknown.clone().or_else(in_words)
}

/// Whether `receipt` is for a record that `connector` registered under `id`.
fn is_own(receipt: &str, id: Option<&str>, connector: &ConnectorId) -> bool {
    #[derive(Deserialize)]
    struct Core {
        actor: Actor,
        #[serde(default)]
        event: Value,
        #[serde(default)]
        evidence: Value,
    }
    #[derive(Deserialize)]
    struct Actor {
        #[serde(default)]
        client: Option<String>,
    }

    // What derives `Deserialize` is read from an array as well.
    let object = Some(receipt).filter(|text| text.starts_with('{'));
    let Some(Ok(receipt)) = object.map(serde_json::from_str::<Receipt>) else {
        return false;
    };
    let Some(text) = receipt.core.as_deref() else {
        // Erased since: the ledger's word has to do, as where a record exists.
        return receipt.salt.is_none();
    };
    let Some(salt) = receipt.salt.as_deref().and_then(Salt::from_base64) else {
        return false;
    };
    let leaf = || Commitment(Commitment::new(&salt, text).leaf_hash()).to_base64();
    if receipt
        .leaf_hash
        .as_ref()
        .is_some_and(|hash| *hash != leaf())
    {
        return false;
    }
    let Ok(core) = serde_json::from_str::<Core>(text) else {
        return false;
    };
    let recorded = core.event.get("cdleventid").or(core.evidence.get("id"));
    core.actor.client.as_deref() == Some(connector.as_str())
        && id.is_some_and(|id| recorded.and_then(Value::as_str) == Some(id))
}

/// What an outbox sent, in the parts that the ledger repeats.
#[derive(Deserialize)]
struct Item<'t> {
    #[serde(borrow)]
    exchange_id: &'t RawValue,
    #[serde(borrow)]
    user_id: &'t RawValue,
    #[serde(borrow)]
    event: Option<&'t RawValue>,
    #[serde(borrow)]
    evidence: Option<&'t RawValue>,
    #[serde(borrow)]
    dig: Option<&'t RawValue>,
    #[serde(borrow)]
    jti: Option<&'t RawValue>,
    #[serde(borrow)]
    end: Option<&'t RawValue>,
    #[serde(borrow)]
    nonce: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Core<'t> {
    v: u64,
    #[serde(borrow)]
    more: Option<More<'t>>,
    #[serde(borrow)]
    xid: Option<&'t RawValue>,
    #[serde(borrow)]
    actor: Actor<'t>,
    #[serde(borrow)]
    event: Option<&'t RawValue>,
    #[serde(borrow)]
    evidence: Option<&'t RawValue>,
    #[serde(borrow)]
    dig: Option<&'t RawValue>,
    #[serde(borrow)]
    jti: Option<&'t RawValue>,
    nonce: Option<&'t RawValue>,
}

/// Members of an item that are none of a core's own.
#[derive(Deserialize)]
struct More<'t> {
    #[serde(borrow)]
    end: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Actor<'t> {
    #[serde(borrow)]
    user: &'t RawValue,
}

/// Whether `receipt` shows that the ledger committed to what `item` says.
///
/// The commitment is recomputed from salt and core; where there is a log already, its leaf has to be the one that the receipt
/// names. What was sent has to stand in the core as it was sent, but for what the ledger adds. Erased records have neither salt nor
/// core; only one that had been there before can be.
fn verify(item: &[u8], receipt: &str, status: ItemStatus) -> Result<(), String> {
    // What derives `Deserialize` is read from an array as well.
    if !receipt.starts_with('{') {
        return Err("it is no object".to_owned());
    }
    let receipt: Receipt =
        serde_json::from_str(receipt).map_err(|e| format!("it cannot be read: {e}"))?;
    if status == ItemStatus::Exists && receipt.salt.is_none() && receipt.core.is_none() {
        return Ok(());
    }
    let core_text = receipt.core.as_deref().ok_or("it has no core")?;
    let salt = receipt
        .salt
        .as_deref()
        .and_then(Salt::from_base64)
        .ok_or("its salt is not 32 bytes in Base64")?;
    if let Some(leaf_hash) = &receipt.leaf_hash {
        let leaf = Commitment(Commitment::new(&salt, core_text).leaf_hash()).to_base64();
        if *leaf_hash != leaf {
            return Err("leaf_hash is not that of salt and core".to_owned());
        }
    }
    verify_core(item, core_text)
}

/// Whether `core_text` says what `item` does.
fn verify_core(item: &[u8], core_text: &str) -> Result<(), String> {
    let core: Core<'_> =
        serde_json::from_str(core_text).map_err(|e| format!("its core cannot be read: {e}"))?;
    let unread = |e: &dyn std::error::Error| format!("the item cannot be read: {e}");
    let item = std::str::from_utf8(item).map_err(|e| unread(&e))?;
    let sent: Item<'_> = serde_json::from_str(item).map_err(|e| unread(&e))?;
    if differing(&sent, &core).is_none() {
        return Ok(());
    }
    // A core is canonical; an item that an earlier version left in the file is not.
    let item: Value = serde_json::from_str(item).map_err(|e| unread(&e))?;
    let item = json::canonical_value(&item);
    let sent: Item<'_> = serde_json::from_str(&item).map_err(|e| unread(&e))?;
    match differing(&sent, &core) {
        None => Ok(()),
        Some(name) => Err(format!("{name} of its core is not what was sent")),
    }
}

/// The first member of `core` that does not say what was sent.
fn differing(sent: &Item<'_>, core: &Core<'_>) -> Option<&'static str> {
    let members = [
        ("v", core.v == 1),
        ("xid", is_same(Some(sent.exchange_id), core.xid)),
        ("actor", is_same(Some(sent.user_id), Some(core.actor.user))),
        (
            "event",
            is_same(sent.event, core.event)
                || matches!((sent.event, core.event), (Some(sent), Some(event))
                    if is_same_but_organization(sent.get(), event.get())),
        ),
        ("evidence", is_same(sent.evidence, core.evidence)),
        ("dig", is_same(sent.dig, core.dig)),
        ("jti", is_same(sent.jti, core.jti)),
        (
            "end",
            is_same(sent.end, core.more.as_ref().and_then(|more| more.end)),
        ),
        ("nonce", is_same(sent.nonce, core.nonce)),
    ];
    members
        .into_iter()
        .find_map(|(name, same)| (!same).then_some(name))
}

fn is_same(sent: Option<&RawValue>, recorded: Option<&RawValue>) -> bool {
    sent.map(RawValue::get) == recorded.map(RawValue::get)
}

/// Whether the object `recorded` is the object `sent`, which has members, with the one more that the ledger adds to every event of its
/// own accord. Both are JSON without spaces.
fn is_same_but_organization(sent: &str, recorded: &str) -> bool {
    #[derive(Deserialize)]
    struct Event<'t> {
        #[serde(borrow)]
        cdlorganization: &'t RawValue,
    }

    // Read as a member of the object itself, and only once there.
    let Ok(event) = serde_json::from_str::<Event<'_>>(recorded) else {
        return false;
    };
    let value = event.cdlorganization.get();
    let begin = value.as_ptr().addr() - recorded.as_ptr().addr();
    let (before, after) = (&recorded[..begin], &recorded[begin + value.len()..]);
    let Some(before) = before.strip_suffix("\"cdlorganization\":") else {
        return false;
    };
    let (before, after) = match (after.strip_prefix(','), before.strip_suffix(',')) {
        (Some(after), _) => (before, after),
        (None, Some(before)) => (before, after),
        (None, None) => return false,
    };
    sent.strip_prefix(before) == Some(after)
}
