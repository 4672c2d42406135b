//! Callers that hold up what they asked for.
//!
//! A body that nobody polls cannot look at a clock. HTTP/2 polls a body only while its stream's window has room, and a client
//! that never opens it, or only by a byte now and then, keeps its connection alive otherwise: without this, it would hold its
//! exchange, the upstream's connection and an open reservation for ever. On HTTP/1.1 the kernel ends a connection whose
//! client takes nothing (`write_stall` of the listener); what is left there is the end of the exchange's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::caller::Caller;
use super::deadline::Budget;

/// What a body that is asked for its next frame may take to see by itself that its time is over.
const GRACE: Duration = Duration::from_secs(1);

/// Watches one body until it is dropped.
#[derive(Debug)]
pub struct Watch {
    pulse: Arc<Pulse>,
    task: AbortHandle,
}

/// What the body and its watch know of each other.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    polls: AtomicU64,
    is_overdue: AtomicBool,
}

impl Pulse {
    /// Whether the caller was cut off.
    pub(super) fn is_overdue(&self) -> bool {
        self.is_overdue.load(Relaxed)
    }
}

impl Watch {
    /// Cuts `caller` off when its body was not polled for twice `stall` and a pause of the upstream, or lives longer than
    /// the exchange may.
    pub(super) fn start(caller: &Caller, budget: &Budget, stall: Duration) -> Self {
        let pulse = Arc::new(Pulse::default());
        let watching = watch(Arc::clone(&pulse), caller.clone(), *budget, stall);
        let task = tokio::spawn(watching).abort_handle();
        Self { pulse, task }
    }

    pub(super) fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// The body was polled. Only one task at a time polls it.
    pub(super) fn polled(&self) {
        let polls = self.pulse.polls.load(Relaxed);
        self.pulse.polls.store(polls.wrapping_add(1), Relaxed);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(pulse: Arc<Pulse>, caller: Caller, budget: Budget, stall: Duration) {
    let end = budget.end_by() + GRACE;
    // An upstream that pauses has its body polled again when its own limit rings.
    let pause = stall + budget.idle();
    let mut seen = pulse.polls.load(Relaxed);
    loop {
        let next = if caller.has_streams() {
            end.min(Instant::now() + pause)
        } else {
            end
        };
        sleep_until(next).await;
        let polls = pulse.polls.load(Relaxed);
        if Instant::now() >= end || polls == seen {
            pulse.is_overdue.store(true, Relaxed);
            return caller.cut();
        }
        seen = polls;
    }
}
