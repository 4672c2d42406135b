//! The judge: what the callers saw against what was recorded.
//!
//! The invariants are those of an exchange. What reached its caller whole has a `Sent` and a `Received` with the digest of what
//! it is. A `Received` exists only for bytes that arrived whole. Every reservation ended as exactly one of event or aborted
//! transfer. A `Sent` without a `Received` is no fault: a process may die between recording the end and releasing the last byte.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
};

use super::{
    books::{Books, Event},
    goods::Truth,
    journal::{Attempt, Cut, End},
};

/// What the judge found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Exchanges that arrived whole.
    pub whole: usize,
    /// Transfers that broke off for their callers.
    pub broken: usize,
    /// Transfers whose callers left.
    pub left: usize,
    /// Attempts that were refused, by status and message id.
    pub refused: BTreeMap<(u16, String), usize>,
    /// Attempts without an answer.
    pub unanswered: usize,
    /// `Sent` without a `Received`: true, and shown.
    pub sent_only: usize,
    /// `Received` whose bytes did not get to the caller: its receiver had them all.
    pub received_only: usize,
    /// Transfers that were recorded as aborted.
    pub aborted: usize,
    /// Exchanges that arrived whole and are not recorded as they were.
    pub lost: Vec<String>,
    /// Records of what did not happen like that.
    pub wrong: Vec<String>,
    /// Reservations that did not end in exactly one way.
    pub open: Vec<String>,
}

impl Verdict {
    /// Whether every invariant holds.
    pub fn holds(&self) -> bool {
        self.lost.is_empty() && self.wrong.is_empty() && self.open.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused: usize = self.refused.values().sum();
        writeln!(
            f,
            "{} whole, {} broken off, {} left by their callers, {refused} refused, {} unanswered; {} Sent without Received, \
             {} Received that the caller did not get, {} aborted; lost {}, false {}, open {}",
            self.whole,
            self.broken,
            self.left,
            self.unanswered,
            self.sent_only,
            self.received_only,
            self.aborted,
            self.lost.len(),
            self.wrong.len(),
            self.open.len()
        )?;
        for ((status, message_id), count) in &self.refused {
            writeln!(f, "  refused {count} times: {status} {message_id}")?;
        }
        for (what, all) in [
            ("lost", &self.lost),
            ("false", &self.wrong),
            ("open", &self.open),
        ] {
            for one in all.iter().take(20) {
                writeln!(f, "  {what}: {one}")?;
            }
        }
        Ok(())
    }
}

/// Judges `books` by the callers' `attempts`; `before` is what was recorded before the first of them, `truth` what the
/// resources really are.
pub fn judge(attempts: &[Attempt], before: &Books, books: &Books, truth: &Truth) -> Verdict {
    let mut verdict = Verdict {
        aborted: books.aborted.len() - before.aborted.len().min(books.aborted.len()),
        ..Verdict::default()
    };
    verdict.count(attempts);
    let court = Court {
        books,
        truth,
        sent: books.sent.iter().map(|event| (&*event.id, event)).collect(),
        received: books
            .received
            .iter()
            .map(|event| (&*event.id, event))
            .collect(),
    };
    court.whole_is_recorded(attempts, &mut verdict);
    court.recorded_is_true(attempts, before, &mut verdict);
    court.sent_is_true(before, &mut verdict);
    court.all_ended_once(attempts, &mut verdict);
    verdict
}

impl Verdict {
    fn count(&mut self, attempts: &[Attempt]) {
        for attempt in attempts {
            match &attempt.end {
                End::Whole { .. } => self.whole += 1,
                End::Cut {
                    how: Cut::Broken, ..
                } => self.broken += 1,
                End::Cut { how: Cut::Left, .. } => self.left += 1,
                End::Unanswered => self.unanswered += 1,
                End::Refused { status, message_id } => {
                    *self
                        .refused
                        .entry((*status, message_id.clone()))
                        .or_default() += 1;
                }
            }
        }
    }
}

struct Court<'a> {
    books: &'a Books,
    truth: &'a Truth,
    sent: HashMap<&'a str, &'a Event>,
    received: HashMap<&'a str, &'a Event>,
}

impl<'a> Court<'a> {
    /// The resource that a `Sent` continues.
    fn resource(&self, sent: &Event) -> Option<&'a str> {
        self.books.originals.get(&sent.previous).map(String::as_str)
    }

    fn is_true(&self, sent: &Event, digest: &(String, u64)) -> bool {
        self.resource(sent)
            .and_then(|url| self.truth.get(url))
            .is_some_and(|known| known == digest)
    }

    /// Create, Sent and Received, with the digest of what arrived, which is the resource's.
    fn whole_is_recorded(&self, attempts: &[Attempt], verdict: &mut Verdict) {
        let mut seen = HashSet::new();
        for attempt in attempts {
            let End::Whole { event, sha256, len } = &attempt.end else {
                continue;
            };
            let digest = (sha256.clone(), *len);
            let mut lost = |why: &str| {
                let name = format!("{event} ({} by {}): {why}", attempt.resource, attempt.user);
                verdict.lost.push(name);
            };
            if self.truth.get(&attempt.resource) != Some(&digest) {
                lost("looked whole to its caller and was not");
            } else if !seen.insert(event) {
                lost("two exchanges were given this one id");
            } else if let Some(received) = self.received.get(event.as_str()) {
                let sent = self.sent.get(received.previous.as_str());
                if received.digest != digest || received.user != attempt.user {
                    lost("its Received says something else");
                } else if sent.is_none_or(|sent| sent.digest != digest) {
                    lost("no Sent with its digest");
                } else if sent.and_then(|sent| self.resource(sent)) != Some(&*attempt.resource) {
                    lost("its Sent does not continue the resource's Create");
                }
            } else {
                lost("no Received");
            }
        }
    }

    /// Each `Received` belongs to one attempt, and to a body that exists, whole.
    fn recorded_is_true(&self, attempts: &[Attempt], before: &Books, verdict: &mut Verdict) {
        let mut known: HashSet<&str> = before.received.iter().map(|event| &*event.id).collect();
        // A receiver may have had everything when it died: as many more as attempts ended without the caller knowing an id.
        let mut unknown: HashMap<(&str, &str), usize> = HashMap::new();
        for attempt in attempts {
            match &attempt.end {
                End::Whole { event, .. } => _ = known.insert(event),
                End::Cut { event, .. } => {
                    if self.received.contains_key(event.as_str()) && known.insert(event) {
                        verdict.received_only += 1;
                    }
                }
                End::Unanswered | End::Refused { .. } => {
                    *unknown
                        .entry((&attempt.user, &attempt.resource))
                        .or_default() += 1;
                }
            }
        }
        for received in &self.books.received {
            let sent = self.sent.get(received.previous.as_str());
            let resource = sent.and_then(|sent| self.resource(sent));
            let mut wrong = |why: &str| {
                let name = format!("{} ({resource:?} by {}): {why}", received.id, received.user);
                verdict.wrong.push(name);
            };
            if !sent.is_some_and(|sent| self.is_true(sent, &received.digest)) {
                wrong("a Received of bytes that do not exist");
            } else if !known.contains(&*received.id) {
                let spare = unknown.get_mut(&(&*received.user, resource.unwrap_or_default()));
                match spare.filter(|spare| **spare > 0) {
                    Some(spare) => {
                        *spare -= 1;
                        verdict.received_only += 1;
                    }
                    None => wrong("a Received that nobody fetched"),
                }
            }
        }
    }

    /// Each `Sent` has the digest of a body that exists, and at most one `Received`.
    fn sent_is_true(&self, before: &Books, verdict: &mut Verdict) {
        let mut followers: HashMap<&str, usize> = HashMap::new();
        for received in &self.books.received {
            *followers.entry(&received.previous).or_default() += 1;
        }
        let before: HashSet<&str> = before.sent.iter().map(|event| &*event.id).collect();
        for sent in &self.books.sent {
            if !self.is_true(sent, &sent.digest) {
                let name = format!(
                    "{} ({:?}): a Sent of bytes that do not exist",
                    sent.id,
                    self.resource(sent)
                );
                verdict.wrong.push(name);
            }
            match followers.get(&*sent.id) {
                None if !before.contains(&*sent.id) => verdict.sent_only += 1,
                None | Some(1) => {}
                Some(count) => verdict
                    .wrong
                    .push(format!("{}: {count} Received for one Sent", sent.id)),
            }
        }
    }

    /// Each id that a caller was given, that an outbox delivered or that the ledger has stands in the ledger once: as an event
    /// or as an aborted transfer.
    fn all_ended_once(&self, attempts: &[Attempt], verdict: &mut Verdict) {
        let mut ended: BTreeMap<&str, usize> = BTreeMap::new();
        let events = self.books.sent.iter().chain(&self.books.received);
        for id in events.map(|event| &event.id).chain(&self.books.aborted) {
            *ended.entry(id).or_default() += 1;
        }
        for (id, count) in &ended {
            if *count > 1 {
                verdict
                    .open
                    .push(format!("{id} is in the ledger {count} times"));
            }
        }
        for attempt in attempts {
            if let End::Cut { event, .. } = &attempt.end
                && !ended.contains_key(event.as_str())
            {
                let name = format!(
                    "{event} ({} by {}): given to a caller, in the ledger as nothing",
                    attempt.resource, attempt.user
                );
                verdict.open.push(name);
            }
        }
        let mut delivered = BTreeSet::new();
        for outbox in &self.books.outboxes {
            for (id, state) in &outbox.left {
                verdict
                    .open
                    .push(format!("{id} is {state} in {}", outbox.name));
            }
            for id in &outbox.delivered {
                if !ended.contains_key(id.as_str()) {
                    verdict.open.push(format!(
                        "{id} was delivered by {}, in the ledger as nothing",
                        outbox.name
                    ));
                }
                if !delivered.insert(&**id) {
                    verdict
                        .open
                        .push(format!("{id} is in two outboxes, {} is one", outbox.name));
                }
            }
        }
        let strangers = ended.keys().filter(|id| !delivered.contains(*id));
        for id in strangers.filter(|_| !self.books.outboxes.is_empty()) {
            verdict
                .open
                .push(format!("{id} is in the ledger and in no outbox"));
        }
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
