//! Whose turn it is: everybody who waits for the writer has one request written before anybody has a second.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    job::{Amount, Job},
    limits::SequencerLimits,
};

/// A caller has one part of so many of what may wait. A connector's four largest requests fit into it.
const SHARE: usize = 4;

/// What waits to be written, in all and of each caller.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    all: Amount,
    callers: HashMap<String, Amount>,
}

impl Waiting {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing between two changes can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `new` of `caller` wait, if there is room for it. False if not.
    pub(super) fn add(&self, caller: &str, new: Amount, limits: &SequencerLimits) -> bool {
        let most = Amount {
            records: limits.queue,
            bytes: limits.queue_bytes,
        };
        let share = Amount {
            records: most.records / SHARE,
            bytes: most.bytes / SHARE,
        };
        let mut state = self.state();
        let own = state.callers.get(caller).copied().unwrap_or_default();
        let fits = new.records <= most.records && state.all.has_room_for(new, most);
        if !fits || !own.has_room_for(new, share) {
            return false;
        }
        state.all = state.all.and(new);
        state.callers.insert(caller.to_owned(), own.and(new));
        true
    }

    /// `gone` of `caller` waits no longer.
    pub(super) fn remove(&self, caller: &str, gone: Amount) {
        let mut state = self.state();
        state.all = state.all.without(gone);
        let Some(own) = state.callers.get_mut(caller) else {
            return;
        };
        *own = own.without(gone);
        if own.records == 0 {
            state.callers.remove(caller);
        }
    }

    /// How much waits in all.
    pub(super) fn all(&self) -> Amount {
        self.state().all
    }
}

/// The requests that wait, in the order of their turns. Only callers with requests are in here.
#[derive(Debug, Default)]
pub(super) struct Turns {
    requests: HashMap<String, VecDeque<Job>>,
    order: VecDeque<String>,
}

impl Turns {
    /// Puts a request behind the others of its caller.
    pub(super) fn push(&mut self, job: Job) {
        let own = self.requests.entry(job.caller.clone()).or_default();
        if own.is_empty() {
            self.order.push_back(job.caller.clone());
        }
        own.push_back(job);
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Moves requests to `group`, in their turns, until these have `most` of anything; the last one may go beyond it.
    pub(super) fn fill(&mut self, group: &mut Vec<Job>, most: Amount) {
        let mut size = Amount::default();
        while size.records < most.records
            && size.bytes < most.bytes
            && let Some(job) = self.next()
        {
            size = size.and(job.amount);
            group.push(job);
        }
    }

    /// The request of whoever has waited longest; who has more of them goes to the end.
    fn next(&mut self) -> Option<Job> {
        let caller = self.order.pop_front()?;
        let own = self.requests.get_mut(&caller)?;
        let job = own.pop_front();
        if own.is_empty() {
            self.requests.remove(&caller);
        } else {
            self.order.push_back(caller);
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::LedgerConfig;

    fn amount(records: usize, bytes: usize) -> Amount {
        Amount { records, bytes }
    }

    #[test]
    fn a_group_is_full_by_its_records_or_by_their_bytes() {
        let mut turns = Turns::default();
        for amount in [amount(4, 100), amount(4, 100), amount(1, 900), amount(1, 1)] {
            let (reply, _) = tokio::sync::oneshot::channel();
            let (caller, submissions) = ("a".to_owned(), Vec::new());
            turns.push(Job {
                caller,
                submissions,
                amount,
                reply,
            });
        }
        let mut fill = |most| {
            let mut group = Vec::new();
            turns.fill(&mut group, most);
            group.len()
        };
        assert_eq!(fill(amount(8, 1000)), 2, "its records");
        assert_eq!(fill(amount(8, 900)), 1, "their bytes");
        assert_eq!(fill(amount(8, 900)), 1, "all there is");
        assert!(turns.is_empty());
    }

    #[test]
    fn nobody_has_more_than_a_share_of_what_may_wait_and_what_is_large_passes_alone() {
        let limits = SequencerLimits {
            queue: 40,
            queue_bytes: 400,
            disk: None,
            watermark: LedgerConfig::default().watermark(),
            keep_keys: Duration::ZERO,
            patience: Duration::ZERO,
        };
        let waiting = Waiting::default();
        assert!(waiting.add("a", amount(10, 10), &limits));
        assert!(
            !waiting.add("a", amount(1, 1), &limits),
            "ten are its share"
        );
        assert!(waiting.add("b", amount(2, 100), &limits));
        assert!(!waiting.add("b", amount(1, 1), &limits), "so are 100 bytes");
        assert!(
            waiting.add("c", amount(20, 200), &limits),
            "alone of its own"
        );
        assert!(!waiting.add("d", amount(9, 9), &limits), "no more for all");
        for (caller, gone) in [
            ("a", amount(10, 10)),
            ("b", amount(2, 100)),
            ("c", amount(20, 200)),
        ] {
            waiting.remove(caller, gone);
        }
        assert!(!waiting.add("e", amount(41, 1), &limits), "never so many");
        assert!(waiting.add("e", amount(4, 4000), &limits));
        waiting.remove("e", amount(4, 4000));
        assert_eq!(waiting.all(), Amount::default());
        assert!(waiting.state().callers.is_empty());
    }
}
