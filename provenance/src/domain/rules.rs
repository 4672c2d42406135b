//! What is decided about a submission inside the transaction of the one writer.

use std::{borrow::Cow, collections::HashSet};

use provenance_model::{
    commitment::{Commitment, Salt},
    core::{Actor, CoreParts, Predecessor, Subject},
    event::Event,
    event_id::{self, of_ledger},
    json,
};
use serde_json::json;

use super::{
    mismatch::{self, Stated},
    moment::Moment,
    parties::{Facts, SENT},
    store::{
        Arrival, Columns, Index, Known, LedgerStoreError, LedgerTx, NewRecord, Recorded, SameData,
        TOLD_EACH, Waiting,
    },
    submission::{Accepted, Call, Decision, Refused, Single, Submission},
};

/// Steps that the search for a cycle may take for one record. Each is a question to the database, for up to as many neighbours
/// as it tells at a time; over a network a question takes half a millisecond.
const STEPS_EACH: usize = 64;

/// Steps for all records of one group together: whatever it holds, others wait behind it.
const STEPS_GROUP: usize = 1024;

/// Events that are told in one transaction that a predecessor has arrived, [`LINK_MAX`] of them of one. A million may wait for an id
/// on purpose: the rest are told in transactions of their own, between those of others.
const TOLD_GROUP: usize = 1024;

/// What the records of one group may still cost its writer.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    steps: usize,
    told: usize,
    leaves_arrivals: bool,
}

impl Effort {
    /// That of a whole group.
    pub const fn of_a_group() -> Self {
        Self {
            steps: STEPS_GROUP,
            told: TOLD_GROUP,
            leaves_arrivals: false,
        }
    }

    /// Whether somebody is left to be told later that a predecessor has arrived: see [`tell_more`].
    pub const fn leaves_arrivals(&self) -> bool {
        self.leaves_arrivals
    }
}

/// Most events that one `link` record names, so that its size has a bound.
const LINK_MAX: usize = TOLD_EACH;

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
        tx.remember_key(&actor, key, &submission.content, recorded.idx, moment.rx_ms)?;
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

/// Turns into edges to `arrived`, at `idx`, what `waiting` name; `is_more` where others wait behind them.
fn tell<T: LedgerTx>(
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
    tx.resolve(arrived.id, idx, through, &strangers)?;
    link(tx, arrived, waiting, moment)
}

/// What is recorded of a submission where a rule of the ledger may have added to it.
struct Entry<'s> {
    previous: Cow<'s, [String]>,
    parts: Cow<'s, CoreParts>,
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

/// What becomes of a submission whose id is in the ledger.
enum Taken {
    /// It is the same again, or refused.
    Decided(Decision),
    /// It is recorded beside this one.
    Beside(Known),
}

/// The id is in the ledger: the same again, or something else.
fn taken<T: LedgerTx>(
    tx: &mut T,
    submission: &Submission,
    actor: &str,
    known: Known,
    moment: &Moment,
) -> Result<Taken, LedgerStoreError> {
    let same = |known: &Known| known.content == Some(submission.content) && known.actor == actor;
    let id = submission.id.clone();
    let decision = match &submission.by {
        Call::Batch if same(&known) => Ok(Accepted::Exists(tx.recorded(known.idx)?)),
        Call::Batch if known.actor == actor => {
            Err(Refused::Contradicts(Box::new(tx.recorded(known.idx)?)))
        }
        Call::Batch => {
            let claims = if known.is_contested {
                tx.claims(&id)?
            } else {
                Vec::new()
            };
            match claims.iter().find(|claim| claim.actor == actor) {
                Some(own) => {
                    let recorded = Recorded {
                        id,
                        ..tx.recorded(own.idx)?
                    };
                    if same(own) {
                        Ok(Accepted::Exists(recorded))
                    } else {
                        Err(Refused::Contradicts(Box::new(recorded)))
                    }
                }
                None if may_contest(&id, &known, moment) => return Ok(Taken::Beside(known)),
                None => Err(Refused::Conflict(id)),
            }
        }
        Call::Single(single) => match &single.key {
            Some(key) if same(&known) => {
                tx.remember_key(actor, key, &submission.content, known.idx, moment.rx_ms)?;
                Ok(Accepted::Exists(tx.recorded(known.idx)?))
            }
            _ => Err(Refused::IdTaken(id)),
        },
    };
    Ok(Taken::Decided(decision))
}

/// 24 hours: after that, who has an id of version 7 has it.
const CONTESTED_MS: i64 = 24 * 3_600_000;

/// Whether a connector's record may stand beside `known`, another actor's under the same id.
///
/// An id of version 7 says nothing of its owner, and whoever sees one can use it first; nobody contradicts old records, though.
/// One of version 8 is shown to be the connector's, so that whatever else has it, as a ledger of before may have taken it, is not
/// its owner's.
fn may_contest(id: &str, known: &Known, moment: &Moment) -> bool {
    let is_recent = moment.rx_ms.saturating_sub(known.rx_ms) < CONTESTED_MS;
    let version = event_id::canonical(id).map_or(0, |id| id.get_version_num());
    version == 8 || (version == 7 && is_recent)
}

/// Puts on record that the id of `first` has been claimed by another record as well, and lets those name that one who mean it.
fn contest<T: LedgerTx>(
    tx: &mut T,
    submission: &Submission,
    actor: &str,
    first: &Known,
    (key, second, commitment): (&str, &Recorded, Commitment),
    moment: &Moment,
) -> Result<(), LedgerStoreError> {
    metrics::counter!("ledger_ids_contested_total").increment(1);
    tracing::warn!(
        record.id = submission.id,
        first = first.actor,
        second = actor,
        "two actors claim one id; both records are kept"
    );
    tx.insert_claim(&submission.id, second.idx)?;
    let both = [(&submission.id[..], first.commitment), (key, commitment)];
    let both: Vec<Predecessor> = both
        .into_iter()
        .map(|(id, commitment)| Predecessor {
            id: id.to_owned(),
            commitment: Some(commitment),
        })
        .collect();
    let facts = &submission.columns.facts;
    let is_delivered = first.actor.starts_with("connector:") && first.facts.is_of_an_exchange();
    let kinds = [
        ("correction", true),
        // Both were delivered by connectors that are registered for them: one says what is not so.
        ("mismatch", is_delivered && facts.is_of_an_exchange()),
    ];
    for (kind, _) in kinds.into_iter().filter(|(_, is_so)| *is_so) {
        evidence(tx, &submission.actor, (kind, &submission.id), &both, moment)?;
    }
    let is_sent = facts.event_type.as_deref() == Some(SENT);
    if let (true, Some(provider), Some(consumer)) =
        (first.is_event && is_sent, &facts.provider, &facts.consumer)
    {
        let moved = followers(tx, first.idx, facts)?;
        tx.reattach(first.idx, second.idx, provider, consumer)?;
        // They came before the one that they mean, and were held against another.
        let side = Stated {
            id: &submission.id,
            actor: &submission.actor,
            commitment,
            facts,
        };
        mismatch::compare(tx, &side, std::iter::empty(), &moved, moment)?;
    }
    Ok(())
}

/// The `Received`s among the first successors of the event at `first` that follow `sent`.
fn followers<T: LedgerTx>(
    tx: &mut T,
    first: Index,
    sent: &Facts,
) -> Result<Vec<Waiting>, LedgerStoreError> {
    let mut found = Vec::new();
    for idx in tx.successors(first)? {
        let Recorded {
            id,
            salt: Some(salt),
            core: Some(core),
            ..
        } = tx.recorded(idx)?
        else {
            continue;
        };
        let facts = Facts::of_core(&core).map_err(|error| LedgerStoreError(Box::new(error)))?;
        if facts.follows(sent) {
            found.push(Waiting {
                idx,
                id,
                commitment: Commitment::new(&salt, &core),
                facts,
            });
        }
    }
    Ok(found)
}

/// The predecessors that have arrived. An id that ended as evidence is no event and stays pending; of several records under one id
/// an event names the one that it means, or else the first.
fn predecessors<T: LedgerTx>(
    tx: &mut T,
    ids: &[String],
    facts: &Facts,
) -> Result<Vec<Option<Known>>, LedgerStoreError> {
    let mut predecessors = Vec::with_capacity(ids.len());
    for id in ids {
        let known = tx.find(id)?;
        let claims = match &known {
            Some(known) if known.is_contested => tx.claims(id)?,
            _ => Vec::new(),
        };
        let is_alone = claims.is_empty();
        let mut events = known.into_iter().chain(claims).filter(|one| one.is_event);
        let meant = |one: &Known| is_alone || facts.means(&one.facts);
        let first = events.next();
        predecessors.push(match first {
            Some(first) if !meant(&first) => Some(events.find(meant).unwrap_or(first)),
            other => other,
        });
    }
    Ok(predecessors)
}

/// Whether a predecessor is seen to descend from an event that waits for this one.
///
/// Searched from both ends at once, a step here and a step there, until they meet or one of them has no more: what is sent late
/// mostly has few ancestors, and what came early few descendants. Either may have a million, laid out by somebody who wants the
/// writer busy: what so many steps don't show is recorded. Whoever walks a lineage goes to each event once, so that a cycle is an
/// oddity to be seen in the answer and harms nobody.
fn closes_cycle<T: LedgerTx>(
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
fn waits_by_another<T: LedgerTx>(
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

/// Records `submission` in the database under `key`.
fn record<T: LedgerTx>(
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
                tx.insert_edge(idx, ord, known.idx, facts.gives_right_to(&known.facts))?;
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
        let own = Predecessor {
            id: arrived.id.to_owned(),
            commitment: Some(arrived.commitment),
        };
        let prev: Vec<Predecessor> = std::iter::once(own)
            .chain(part.iter().map(|w| Predecessor {
                id: w.id.clone(),
                commitment: Some(w.commitment),
            }))
            .collect();
        evidence(tx, arrived.actor, ("link", arrived.id), &prev, moment)?;
    }
    Ok(())
}

/// Records evidence of the ledger's own about the record of the id `about`, on the occasion of what `by` submitted.
fn evidence<T: LedgerTx>(
    tx: &mut T,
    by: &Actor,
    (kind, about): (&str, &str),
    prev: &[Predecessor],
    moment: &Moment,
) -> Result<(), LedgerStoreError> {
    let id = of_ledger(moment.at).to_string();
    let body = json!({ "type": kind, "id": id, "cdleventid": about });
    let parts = CoreParts::new(Subject::Evidence, json::canonical(&body), by);
    let core = parts.assemble(prev, &moment.rx);
    let salt = Salt::random();
    let columns = Columns::of_evidence(kind);
    tx.insert(&NewRecord {
        id: &id,
        subject_kind: Subject::Evidence,
        commitment: &Commitment::new(&salt, &core),
        salt: &salt,
        core: &core,
        columns: &columns,
        rx_ms: moment.rx_ms,
        actor: &by.key(),
        content: None,
        about: Some(about),
    })?;
    Ok(())
}
