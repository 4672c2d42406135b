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
use crate::DeliveredError;

type Waiter = oneshot::Sender<Result<(), DeliveredError>>;

/// How much there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Records.
    pub(crate) records: usize,
    /// Bytes of items, exceeded by the last record at most.
    pub(crate) bytes: usize,
}

/// What is held in memory. An item has some 600 bytes, seldom more, at most 64 KiB.
const HOLD_MAX: Room = Room {
    records: 4096,
    bytes: 4 << 20,
};

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Notify,
    batch: usize,
}

#[derive(Debug)]
struct State {
    ready: VecDeque<Outgoing>,
    /// Everything in memory, with the size of its item: ready, on its way, or waiting for its next try.
    held: HashMap<Uuid, usize>,
    held_bytes: usize,
    backlog: Backlog,
    /// Somebody waits for a record that is ready.
    hurry: bool,
    waiters: HashMap<Uuid, Vec<Waiter>>,
}

/// Records that wait in the file and are not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backlog {
    /// There are none.
    None,
    /// There may be some.
    Waiting,
    /// Some are being read.
    Loading,
    /// They could not be read.
    Unreadable,
}

/// What the queue looks like to whoever decides what to do next.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) ready: usize,
    pub(super) has_room: bool,
    pub(super) backlog: Backlog,
    pub(super) hurry: bool,
}

impl State {
    /// How much more may be held; `None` if nothing.
    fn room(&self) -> Option<Room> {
        let records = HOLD_MAX.records.saturating_sub(self.held.len());
        let bytes = HOLD_MAX.bytes.saturating_sub(self.held_bytes);
        (records > 0 && bytes > 0).then_some(Room { records, bytes })
    }

    /// Notes that `record` is in memory. False if it was.
    fn hold(&mut self, record: &Outgoing) -> bool {
        let is_new = self.held.insert(record.id, record.item.len()).is_none();
        if is_new {
            self.held_bytes += record.item.len();
        }
        is_new
    }

    fn release(&mut self, id: Uuid) {
        self.held_bytes -= self.held.remove(&id).unwrap_or_default();
    }
}

impl Queue {
    /// A queue that knows nothing of the file yet, for batches of at most `batch`.
    pub(crate) fn new(batch: usize) -> Self {
        let state = State {
            ready: VecDeque::new(),
            held: HashMap::new(),
            held_bytes: 0,
            backlog: Backlog::Waiting,
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
                if state.backlog == Backlog::None && state.room().is_none() {
                    state.backlog = Backlog::Waiting;
                }
                if state.backlog != Backlog::None {
                    // It is in the file, and read with the others there.
                    continue;
                }
                if state.hold(&record) {
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
            state.backlog = if is_all {
                Backlog::None
            } else {
                Backlog::Waiting
            };
            for record in records {
                if state.hold(&record) {
                    state.ready.push_back(record);
                }
            }
        }
        self.wake.notify_one();
    }

    /// The file could not be read.
    pub(crate) fn load_failed(&self) {
        self.state().backlog = Backlog::Unreadable;
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
            has_room: state.room().is_some(),
            backlog: state.backlog,
            hurry: state.hurry,
        }
    }

    /// Notes that the file is being read. Returns what need not be read and how much there is room for.
    pub(super) fn begin_load(&self) -> (HashSet<Uuid>, Room) {
        let mut state = self.state();
        state.backlog = Backlog::Loading;
        // Some room always: a load without any would find nothing and could not tell whether there is more.
        let room = state.room().unwrap_or(Room {
            records: 1,
            bytes: 1,
        });
        (state.held.keys().copied().collect(), room)
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
            state.release(id);
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
        let is_held = state.held.contains_key(&id);
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
            if state.hold(&record) {
                state.ready.push_front(record);
                state.hurry = true;
            }
        }
        self.wake.notify_one();
    }
}
