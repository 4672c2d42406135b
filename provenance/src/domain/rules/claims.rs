//! Two records under one id: which of them is meant, and what is said of it.

use provenance_model::{commitment::Commitment, event_id};

use crate::domain::{
    evidence,
    mismatch::{self, Stated},
    moment::Moment,
    parties::{Facts, SENT},
    store::{Index, Known, LedgerStoreError, LedgerTx, Moved, Recorded, UsedKey, Waiting},
    submission::{Accepted, Call, Decision, Refused, Submission},
};

/// What becomes of a submission whose id is in the ledger.
pub(super) enum Taken {
    /// It is the same again, or refused.
    Decided(Decision),
    /// It is recorded beside this one.
    Beside(Known),
}

/// The id is in the ledger: the same again, or something else.
pub(super) fn taken<T: LedgerTx>(
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
                tx.remember_key(UsedKey {
                    actor,
                    key,
                    content: &submission.content,
                    idx: known.idx,
                    now_ms: moment.rx_ms,
                })?;
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
pub(super) fn contest<T: LedgerTx>(
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
    let facts = &submission.columns.facts;
    let is_delivered = first.actor.starts_with("connector:") && first.facts.is_of_an_exchange();
    let kinds = [
        ("correction", true),
        // Both were delivered by connectors that are registered for them: one says what is not so.
        ("mismatch", is_delivered && facts.is_of_an_exchange()),
    ];
    for (kind, _) in kinds.into_iter().filter(|(_, is_so)| *is_so) {
        evidence::record(
            tx,
            &submission.actor,
            (kind, &submission.id),
            None,
            both,
            moment,
        )?;
    }
    let is_sent = facts.event_type.as_deref() == Some(SENT);
    if let (true, Some(provider), Some(consumer)) =
        (first.is_event && is_sent, &facts.provider, &facts.consumer)
    {
        let moved = followers(tx, first.idx, facts)?;
        tx.reattach(Moved {
            from: first.idx,
            to: second.idx,
            provider,
            consumer,
        })?;
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
pub(super) fn predecessors<T: LedgerTx>(
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
