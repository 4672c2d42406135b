//! Whether a record would close a cycle.

use std::collections::HashSet;

use super::effort::Effort;
use crate::domain::store::{Index, Known, LedgerStoreError, LedgerTx, Waiting};

/// Steps that the search for a cycle may take for one record. Each is a question to the database, for up to as many neighbours
/// as it tells at a time; over a network a question takes half a millisecond.
const STEPS_EACH: usize = 64;

/// Whether a predecessor is seen to descend from an event that waits for this one.
///
/// Searched from both ends at once, a step here and a step there, until they meet or one of them has no more: what is sent late
/// mostly has few ancestors, and what came early few descendants. Either may have a million, laid out by somebody who wants the
/// writer busy: what so many steps don't show is recorded. Whoever walks a lineage goes to each event once, so that a cycle is an
/// oddity to be seen in the answer and harms nobody.
pub(super) fn closes_cycle<T: LedgerTx>(
    tx: &mut T,
    waiting: &[Waiting],
    predecessors: &[Option<Known>],
    effort: &mut Effort,
) -> Result<bool, LedgerStoreError> {
    if waiting.is_empty() {
        return Ok(false);
    }
    let mut ancestors = Reach::from(predecessors.iter().flatten().map(|known| known.idx));
    let mut descendants = Reach::from(waiting.iter().map(|event| event.idx));
    if descendants
        .open
        .iter()
        .any(|idx| ancestors.seen.contains(idx))
    {
        return Ok(true);
    }
    for _ in 0..STEPS_EACH / 2 {
        let (Some(above), Some(below)) = (ancestors.open.pop(), descendants.open.pop()) else {
            return Ok(false);
        };
        let Some(left) = effort.steps.checked_sub(2) else {
            break;
        };
        effort.steps = left;
        if ancestors.meets(tx.predecessors(above)?, &descendants)
            || descendants.meets(tx.successors(below)?, &ancestors)
        {
            return Ok(true);
        }
    }
    metrics::counter!("ledger_cycles_undecided_total").increment(1);
    Ok(false)
}

/// Of how many events that wait it is asked who made them. Whoever has so many of their own has made the cycle themselves.
const WAITING_ASKED: usize = 64;

/// Whether somebody else than `actor` made an event that waits.
pub(super) fn waits_by_another<T: LedgerTx>(
    tx: &mut T,
    waiting: &[Waiting],
    actor: &str,
) -> Result<bool, LedgerStoreError> {
    for event in waiting.iter().take(WAITING_ASKED) {
        if tx
            .find(&event.id)?
            .is_some_and(|known| known.actor != actor)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How far a search has come.
struct Reach {
    seen: HashSet<Index>,
    open: Vec<Index>,
}

impl Reach {
    fn from(start: impl Iterator<Item = Index>) -> Self {
        let open: Vec<Index> = start.collect();
        Self {
            seen: open.iter().copied().collect(),
            open,
        }
    }

    /// Goes on to `found`. True if the search from the other side has been there.
    fn meets(&mut self, found: Vec<Index>, other: &Self) -> bool {
        for idx in found {
            if other.seen.contains(&idx) {
                return true;
            }
            if self.seen.insert(idx) {
                self.open.push(idx);
            }
        }
        false
    }
}
