//! Both sides of an exchange, compared as soon as both are there.

use std::borrow::Cow;

use provenance_model::{commitment::Commitment, core::Actor};
use serde_json::{Value, json};

use super::{
    evidence,
    moment::Moment,
    parties::Facts,
    store::{Index, Known, LedgerStoreError, LedgerTx, Waiting},
};

/// Most records that one `mismatch` record names, so that its size has a bound.
const EACH: usize = 256;

/// The other side of an exchange, and what it states otherwise.
struct Other {
    id: String,
    commitment: Commitment,
    members: Vec<&'static str>,
}

/// What was just recorded, or has arrived before others were told of it.
pub(super) struct Stated<'s> {
    pub(super) id: &'s str,
    pub(super) actor: &'s Actor,
    pub(super) commitment: Commitment,
    pub(super) facts: &'s Facts,
}

/// Records where `own`, a `Received`, does not fit the `Sent` that it names, or is a `Sent` and does not fit what waited for it.
/// Which of them is right nobody can tell: both stay.
pub(super) fn compare<'p, T: LedgerTx>(
    tx: &mut T,
    own: &Stated<'_>,
    predecessors: impl Iterator<Item = (&'p String, &'p Option<Known>)>,
    waiting: &[Waiting],
    moment: &Moment,
) -> Result<(), LedgerStoreError> {
    let mut found = Vec::new();
    if own.facts.is_received() {
        for (id, known) in predecessors {
            let Some(known) = known.as_ref().filter(|known| known.facts.is_sent()) else {
                continue;
            };
            let sent = whole(tx, known.idx, &known.facts)?;
            found.push(Other {
                id: id.clone(),
                commitment: known.commitment,
                members: own.facts.differs_from(&sent),
            });
        }
    } else if own.facts.is_sent() {
        for event in waiting.iter().filter(|event| event.facts.is_received()) {
            let received = whole(tx, event.idx, &event.facts)?;
            found.push(Other {
                id: event.id.clone(),
                commitment: event.commitment,
                members: received.differs_from(own.facts),
            });
        }
    }
    found.retain(|other| !other.members.is_empty());
    for part in found.chunks(EACH) {
        record(tx, own, part, moment)?;
    }
    Ok(())
}

/// What the core of a record of before says, too.
pub(super) fn whole<'f, T: LedgerTx>(
    tx: &mut T,
    idx: Index,
    facts: &'f Facts,
) -> Result<Cow<'f, Facts>, LedgerStoreError> {
    let mut facts = Cow::Borrowed(facts);
    if facts.is_concluded() {
        facts.to_mut().made = tx.made(idx)?;
    }
    Ok(facts)
}

fn record<T: LedgerTx>(
    tx: &mut T,
    own: &Stated<'_>,
    others: &[Other],
    moment: &Moment,
) -> Result<(), LedgerStoreError> {
    metrics::counter!("ledger_mismatches_total").increment(1);
    tracing::warn!(id = own.id, others = others.len(), first = others[0].id, differs = ?others[0].members,
        "both sides of an exchange do not say the same");
    let differs: Vec<Value> = others
        .iter()
        .map(|other| json!({ "cdleventid": other.id, "members": other.members }))
        .collect();
    let differs = Some(("differs", Value::from(differs)));
    let others = others
        .iter()
        .map(|other| (other.id.as_str(), other.commitment));
    let all = std::iter::once((own.id, own.commitment)).chain(others);
    evidence::record(tx, own.actor, ("mismatch", own.id), differs, all, moment)
}
