//! What is written of a decision: the record with its edges, and what the ledger itself has to say of it.

use std::{borrow::Cow, collections::HashSet};

use provenance_model::{
    commitment::{Commitment, Salt},
    core::{CoreParts, Predecessor, Subject},
};

use crate::domain::{
    evidence,
    mismatch::Stated,
    moment::Moment,
    store::{
        Arrived, Edge, Index, Known, LedgerStoreError, LedgerTx, NewRecord, Recorded, TOLD_EACH,
        Waiting,
    },
    submission::Submission,
};

/// Most events that one `link` record names, so that its size has a bound.
pub(super) const LINK_MAX: usize = TOLD_EACH;

/// Turns into edges to `arrived`, at `idx`, what `waiting` name; `is_more` where others wait behind them.
pub(super) fn tell<T: LedgerTx>(
    tx: &mut T,
    arrived: &Stated<'_>,
    idx: Index,
    waiting: &[Waiting],
    is_more: bool,
    moment: &Moment,
) -> Result<(), LedgerStoreError> {
    let Some(last) = waiting.last() else {
        return Ok(());
    };
    let strangers: Vec<Index> = waiting
        .iter()
        .filter(|event| !event.facts.gives_right_to(arrived.facts))
        .map(|event| event.idx)
        .collect();
    let through = if is_more { last.idx } else { Index::MAX };
    tx.resolve(Arrived {
        prev_id: arrived.id,
        prev: idx,
        through,
        strangers: &strangers,
    })?;
    link(tx, arrived, waiting, moment)
}

/// What is recorded of a submission where a rule of the ledger may have added to it.
pub(super) struct Entry<'s> {
    pub(super) previous: Cow<'s, [String]>,
    pub(super) parts: Cow<'s, CoreParts>,
}

/// Records `submission` in the database under `key`.
pub(super) fn record<T: LedgerTx>(
    tx: &mut T,
    submission: &Submission,
    (key, entry): (&str, &Entry<'_>),
    actor: &str,
    predecessors: &[Option<Known>],
    moment: &Moment,
) -> Result<(Recorded, Commitment), LedgerStoreError> {
    let prev: Vec<Predecessor> = entry
        .previous
        .iter()
        .zip(predecessors)
        .map(|(id, known)| Predecessor {
            id: id.clone(),
            commitment: known.as_ref().map(|k| k.commitment),
        })
        .collect();
    let core = entry.parts.assemble(&prev, &moment.rx);
    let salt = Salt::random();
    let commitment = Commitment::new(&salt, &core);
    let idx = tx.insert(&NewRecord {
        id: key,
        subject_kind: submission.subject,
        commitment: &commitment,
        salt: &salt,
        core: &core,
        columns: &submission.columns,
        rx_ms: moment.rx_ms,
        actor,
        content: Some(&submission.content),
        about: None,
    })?;
    let (mut pending, mut seen) = (Vec::new(), HashSet::new());
    if submission.subject == Subject::Event {
        let facts = &submission.columns.facts;
        for (ord, (id, known)) in entry.previous.iter().zip(predecessors).enumerate() {
            if let Some(known) = known {
                tx.insert_edge(Edge {
                    next: idx,
                    ord,
                    prev: known.idx,
                    gives_right: facts.gives_right_to(&known.facts),
                })?;
            } else {
                tx.insert_pending(id, idx, ord)?;
                if seen.insert(id) {
                    pending.push(id.clone());
                }
            }
        }
    }
    let recorded = Recorded {
        id: submission.id.clone(),
        idx,
        salt: Some(salt),
        core: Some(core),
        pending,
    };
    Ok((recorded, commitment))
}

/// Records that an event has arrived after others that name it: their cores have no commitment of it, this record has both.
fn link<T: LedgerTx>(
    tx: &mut T,
    arrived: &Stated<'_>,
    waiting: &[Waiting],
    moment: &Moment,
) -> Result<(), LedgerStoreError> {
    for part in waiting.chunks(LINK_MAX) {
        let named = part
            .iter()
            .map(|event| (event.id.as_str(), event.commitment));
        let all = std::iter::once((arrived.id, arrived.commitment)).chain(named);
        evidence::record(tx, arrived.actor, ("link", arrived.id), None, all, moment)?;
    }
    Ok(())
}
