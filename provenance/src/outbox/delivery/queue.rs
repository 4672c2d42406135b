//! What waits for delivery, in memory, and who waits for it.
//!
//! The writer hands committed records over here, so that the file is read only after a start and after a backlog: the queue
//! holds a bounded number, and what ends beyond it stays in the file ("spilled") until the queue has room.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::Outgoing;
use crate::outbox::DeliveredError;

type Waiter = oneshot::Sender<Result<(), DeliveredError>>;

/// Most records in memory; at some 600 bytes each about 2.5 MB.
pub(super) const HOLD_MAX: usize = 4096;

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Notify,
    batch: usize,
}

#[derive(Debug)]
struct State {
    ready: VecDeque<Outgoing>,
    /// Ids of everything in memory: ready, on its way, or waiting for its next try.
    held: HashSet<Uuid>,
    /// The file has waiting records that are not held.
    spilled: bool,
    loading: bool,
    load_failed: bool,
    /// Somebody waits for a record that is ready.
    hurry: bool,
    waiters: HashMap<Uuid, Vec<Waiter>>,
}

/// What the queue looks like to whoever decides what to do next.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) ready: usize,
    pub(super) hurry: bool,
    pub(super) spilled: bool,
    pub(super) loading: bool,
    pub(super) load_failed: bool,
    pub(super) held: usize,
}

impl Queue {
    /// A queue that knows nothing of the file yet, for batches of at most `batch`.
    pub(crate) fn new(batch: usize) -> Self {
        let state = State {
            ready: VecDeque::new(),
            held: HashSet::new(),
            spilled: true,
            loading: false,
            load_failed: false,
            hurry: false,
            waiters: HashMap::new(),
        };
        Self {
            state: Mutex::new(state),
            wake: Notify::new(),
            batch,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete before anything that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes records that are durable now, in the writer's order.
    pub(crate) fn hand_over(&self, ended: Vec<Outgoing>) {
        if ended.is_empty() {
            return;
        }
        let wakes = {
            let mut state = self.state();
            let before = state.ready.len();
            for record in ended {
                if state.spilled || state.held.len() >= HOLD_MAX {
                    state.spilled = true;
                } else if state.held.insert(record.id) {
                    state.ready.push_back(record);
                }
            }
            let after = state.ready.len();
            // While it collects a batch, delivery need not hear of every record.
            (before == 0 && after > 0) || (before < self.batch && after >= self.batch)
        };
        if wakes {
            self.wake.notify_one();
        }
    }

    /// Takes records that the writer read from the file. `is_all`: the file has no others that wait.
    pub(crate) fn loaded(&self, records: Vec<Outgoing>, is_all: bool) {
        {
            let mut state = self.state();
            state.loading = false;
            state.spilled = !is_all;
            for record in records {
                if state.held.insert(record.id) {
                    state.ready.push_back(record);
                }
            }
        }
        self.wake.notify_one();
    }

    /// The file could not be read.
    pub(crate) fn load_failed(&self) {
        {
            let mut state = self.state();
            state.loading = false;
            state.load_failed = true;
        }
        self.wake.notify_one();
    }

    /// Waits until something may have changed. Changes before the call count.
    pub(super) async fn changed(&self) {
        self.wake.notified().await;
    }

    pub(super) fn view(&self) -> View {
        let state = self.state();
        View {
            ready: state.ready.len(),
            hurry: state.hurry,
            spilled: state.spilled,
            loading: state.loading,
            load_failed: state.load_failed,
            held: state.held.len(),
        }
    }

    /// Notes that the file is being read. Returns what need not be read and how many there is room for.
    pub(super) fn begin_load(&self) -> (HashSet<Uuid>, usize) {
        let mut state = self.state();
        state.loading = true;
        state.load_failed = false;
        // At least one, or a queue full of postponed records would read nothing and call it everything.
        (
            state.held.clone(),
            HOLD_MAX.saturating_sub(state.held.len()).max(1),
        )
    }

    /// Takes at most `limit` records with at most `max_bytes` together, but at least one if there is any.
    pub(super) fn take(&self, limit: usize, max_bytes: usize) -> Vec<Outgoing> {
        let mut state = self.state();
        state.hurry = false;
        let mut bytes = 0;
        let mut batch = Vec::new();
        while batch.len() < limit
            && let Some(next) = state.ready.front()
        {
            bytes += next.item.len() + 1;
            if bytes > max_bytes && !batch.is_empty() {
                break;
            }
            batch.extend(state.ready.pop_front());
        }
        batch
    }

    /// Puts records back, to be taken next, in their order.
    pub(super) fn put_back(&self, records: Vec<Outgoing>) {
        let mut state = self.state();
        for record in records.into_iter().rev() {
            state.ready.push_front(record);
        }
    }

    /// The record needs nothing more here; tells those who wait for it.
    pub(super) fn settle(&self, id: Uuid, result: &Result<(), DeliveredError>) {
        let waiters = {
            let mut state = self.state();
            state.held.remove(&id);
            if state.waiters.is_empty() {
                None
            } else {
                state.waiters.remove(&id)
            }
        };
        for waiter in waiters.into_iter().flatten() {
            // Whoever waited may have given up.
            let _ = waiter.send(result.clone());
        }
    }

    /// Whether somebody waits for a record.
    pub(super) fn is_waited_for(&self) -> bool {
        self.state()
            .waiters
            .values()
            .flatten()
            .any(|waiter| !waiter.is_closed())
    }

    /// Registers somebody who waits for `id`. True if the record is in memory: then it will be told.
    pub(crate) fn wait_for(&self, id: Uuid, waiter: Waiter) -> bool {
        let mut state = self.state();
        state.waiters.retain(|_, waiters| {
            waiters.retain(|w| !w.is_closed());
            !waiters.is_empty()
        });
        state.waiters.entry(id).or_default().push(waiter);
        let is_held = state.held.contains(&id);
        if let Some(at) = state.ready.iter().position(|r| r.id == id)
            && let Some(record) = state.ready.remove(at)
        {
            state.ready.push_front(record);
            state.hurry = true;
            drop(state);
            self.wake.notify_one();
        }
        is_held
    }

    /// Takes a record that somebody waits for and that only the file had.
    pub(crate) fn push_urgent(&self, record: Outgoing) {
        {
            let mut state = self.state();
            if state.held.insert(record.id) {
                state.ready.push_front(record);
                state.hurry = true;
            }
        }
        self.wake.notify_one();
    }
}
