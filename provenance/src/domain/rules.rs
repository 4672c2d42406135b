//! What is decided about a submission inside the transaction of the one writer.

mod claims;
mod cycles;
mod effort;
mod recording;

use std::borrow::Cow;

use provenance_model::{core::Subject, event::Event, event_id::of_ledger};

pub use self::effort::Effort;
use self::{
    claims::{Taken, contest, predecessors, taken},
    cycles::{closes_cycle, waits_by_another},
    effort::TOLD_GROUP,
    recording::{Entry, LINK_MAX, record, tell},
};
use super::{
    mismatch::{self, Stated},
    moment::Moment,
    store::{Arrival, Known, LedgerStoreError, LedgerTx, SameData, UsedKey},
    submission::{Accepted, Call, Decision, Refused, Single, Submission},
};

/// Decides about `submission` and records it, with a part of what `effort` the group has left. The submission is left as it is:
/// a transaction that failed is tried again with it.
///
/// # Errors
/// [`LedgerStoreError`]: the transaction has to be dropped.
pub fn apply<T: LedgerTx>(
    tx: &mut T,
    submission: &Submission,
    moment: &Moment,
    effort: &mut Effort,
) -> Result<Decision, LedgerStoreError> {
    let actor = submission.actor.key();
    if let Some(decision) = repeated(tx, submission, &actor)? {
        return Ok(decision);
    }
    let entry = match original(tx, submission)? {
        Original::Recorded(id) => return Ok(Ok(Accepted::Duplicate(id))),
        Original::MadeBy(update, event) => Entry {
            previous: vec![update].into(),
            parts: Cow::Owned(submission.parts.with_body(event.canonical())),
        },
        Original::None => Entry {
            previous: Cow::Borrowed(&submission.previous),
            parts: Cow::Borrowed(&submission.parts),
        },
    };
    let first = match tx.find(&submission.id)? {
        None => None,
        Some(known) => match taken(tx, submission, &actor, known, moment)? {
            Taken::Decided(decision) => return Ok(decision),
            Taken::Beside(first) => Some(first),
        },
    };
    if entry.previous.contains(&submission.id) {
        return Ok(Err(Refused::SelfReference));
    }
    let predecessors = predecessors(tx, &entry.previous, &submission.columns.facts)?;
    if let Call::Single(single) = &submission.by
        && !single.allow_pending
        && let Some((id, _)) = entry
            .previous
            .iter()
            .zip(&predecessors)
            .find(|(_, known)| known.is_none())
    {
        return Ok(Err(Refused::Missing(id.clone())));
    }
    let room = LINK_MAX.min(effort.told);
    let mut waiting = match submission.subject {
        Subject::Event => tx.waiting_for(&submission.id, room + 1)?,
        // An id that ends as evidence never becomes an event: what waits for it goes on waiting.
        Subject::Evidence => Vec::new(),
    };
    let mut is_more = waiting.len() > room;
    waiting.truncate(room);
    effort.told -= waiting.len();
    if closes_cycle(tx, &waiting, &predecessors, effort)? {
        // Others know the id of a record before it is here, and may have named it to close a cycle over it. That must not keep it
        // from being recorded: what they wait for goes on waiting.
        if matches!(submission.by, Call::Single(_)) || !waits_by_another(tx, &waiting, &actor)? {
            return Ok(Err(Refused::Cycle));
        }
        waiting.clear();
        is_more = false;
    }
    let key = first.as_ref().map(|_| of_ledger(moment.at).to_string());
    let (recorded, commitment) = record(
        tx,
        submission,
        (key.as_deref().unwrap_or(&submission.id), &entry),
        &actor,
        &predecessors,
        moment,
    )?;
    if let Some((first, key)) = first.zip(key) {
        contest(
            tx,
            submission,
            &actor,
            &first,
            (&key, &recorded, commitment),
            moment,
        )?;
    }
    let side = Stated {
        id: &submission.id,
        actor: &submission.actor,
        commitment,
        facts: &submission.columns.facts,
    };
    tell(tx, &side, recorded.idx, &waiting, is_more, moment)?;
    if is_more {
        tx.leave_arrival(&Arrival {
            id: submission.id.clone(),
            idx: recorded.idx,
            actor: submission.actor.clone(),
        })?;
        effort.leaves_arrivals = true;
    }
    let others = entry.previous.iter().zip(&predecessors);
    mismatch::compare(tx, &side, others, &waiting, moment)?;
    if let Call::Single(single) = &submission.by
        && let Some(key) = &single.key
    {
        tx.remember_key(UsedKey {
            actor: &actor,
            key,
            content: &submission.content,
            idx: recorded.idx,
            now_ms: moment.rx_ms,
        })?;
    }
    Ok(Ok(Accepted::Created(recorded)))
}

/// Tells some more of those that wait for an event which has arrived. False if there is nobody left to tell.
///
/// # Errors
/// [`LedgerStoreError`]: the transaction has to be dropped.
pub fn tell_more<T: LedgerTx>(tx: &mut T, moment: &Moment) -> Result<bool, LedgerStoreError> {
    let Some(arrival) = tx.left_arrival()? else {
        return Ok(false);
    };
    let mut waiting = tx.waiting_for(&arrival.id, TOLD_GROUP + 1)?;
    let is_more = waiting.len() > TOLD_GROUP;
    waiting.truncate(TOLD_GROUP);
    let is_it = |known: &Known| known.idx == arrival.idx;
    let known = match tx.find(&arrival.id)?.filter(is_it) {
        Some(known) => known,
        // Of two that claim the id, the second.
        None => tx
            .claims(&arrival.id)?
            .into_iter()
            .find(is_it)
            .ok_or_else(|| LedgerStoreError("an event that arrived is not there".into()))?,
    };
    let facts = mismatch::whole(tx, known.idx, &known.facts)?;
    let side = Stated {
        id: &arrival.id,
        actor: &arrival.actor,
        commitment: known.commitment,
        facts: &facts,
    };
    tell(tx, &side, known.idx, &waiting, is_more, moment)?;
    mismatch::compare(tx, &side, std::iter::empty(), &waiting, moment)?;
    if !is_more {
        tx.end_arrival(&arrival.id)?;
    }
    Ok(true)
}

/// A single registration whose idempotency key was used before.
fn repeated<T: LedgerTx>(
    tx: &mut T,
    submission: &Submission,
    actor: &str,
) -> Result<Option<Decision>, LedgerStoreError> {
    let Call::Single(single) = &submission.by else {
        return Ok(None);
    };
    let Some(key) = &single.key else {
        return Ok(None);
    };
    Ok(match tx.by_key(actor, key)? {
        None => None,
        Some((content, idx)) if content == submission.content => {
            Some(Ok(Accepted::Exists(tx.recorded(idx)?)))
        }
        Some(_) => Some(Err(Refused::KeyReused)),
    })
}

/// What the ledger has of the same data.
enum Original {
    /// Nothing that matters.
    None,
    /// An event of it, whose id is the answer.
    Recorded(String),
    /// No original, but the `Update` that made it, and the event with that as its predecessor.
    MadeBy(String, Event),
}

/// Suppresses duplicates, and links an original to the `Update` that made its data.
fn original<T: LedgerTx>(
    tx: &mut T,
    submission: &Submission,
) -> Result<Original, LedgerStoreError> {
    let Call::Single(single) = &submission.by else {
        return Ok(Original::None);
    };
    let Single {
        event,
        duplicates: Some((tag, types)),
        ..
    } = &**single
    else {
        return Ok(Original::None);
    };
    let is = |types: &[String], one: &SameData| types.contains(&one.event_type);
    let found = tx.same_data(tag)?;
    let last_update = found.iter().rfind(|one| is(&types.update, one));
    let has_original = found.iter().any(|one| is(&types.publish, one));
    if let Some(update) = last_update
        && !has_original
        && event.previous().is_empty()
        && types.add_previous.iter().any(|t| t == event.event_type())
    {
        let mut event = event.clone();
        event.set_previous(vec![update.id.clone()]);
        return Ok(Original::MadeBy(update.id.clone(), event));
    }
    // The oldest, if there are several.
    let oldest = found.into_iter().find(|one| !is(&types.update, one));
    Ok(oldest.map_or(Original::None, |one| Original::Recorded(one.id)))
}
