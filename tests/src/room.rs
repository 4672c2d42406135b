//! How much of the machine a scenario takes.
//!
//! All scenarios are one program and many of them run at a time, since most of what they do is to wait. Those that start a trial
//! of their own, fill the processors or depend on when things happen say so, and begin when there is room.

use std::sync::{Condvar, Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// What a scenario takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A trial of its own, with which it waits most of the time.
    ATrial,
    /// What there is: callers that never stop, thousands of connections.
    Processors,
    /// Processors that nobody else fills: it looks at fractions of a second, or nothing at all may fail.
    Quiet,
}

/// Room for seven trials, or for two loads and one trial beside them; where it has to be quiet, for no load.
const ROOM: usize = 14;
static MACHINE: Semaphore = Semaphore::const_new(ROOM);

impl Takes {
    fn places(self) -> u32 {
        match self {
            Self::ATrial => 2,
            Self::Processors => 6,
            Self::Quiet => 9,
        }
    }
}

/// Waits until there is room, which is given back when the value is dropped.
pub async fn room(takes: Takes) -> SemaphorePermit<'static> {
    MACHINE
        .acquire_many(takes.places())
        .await
        .expect("the semaphore is never closed")
}

/// The same outside of a runtime.
pub fn room_blocking(takes: Takes) -> SemaphorePermit<'static> {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without anything can be made")
        .block_on(room(takes))
}

/// Trials that start at the same time: each fills the processors, and has to be ready within a time.
const STARTS: usize = 2;
static STARTING: Mutex<usize> = Mutex::new(0);
static STARTED: Condvar = Condvar::new();

/// One of the trials that start now.
#[derive(Debug)]
pub(crate) struct Starting(());

impl Starting {
    /// Waits until few enough others start.
    pub(crate) fn turn() -> Self {
        let starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut starting = STARTED
            .wait_while(starting, |starting| *starting >= STARTS)
            .unwrap_or_else(PoisonError::into_inner);
        *starting += 1;
        Self(())
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        *STARTING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        STARTED.notify_one();
    }
}
