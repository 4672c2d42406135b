//! A reservation whose exchange is under way.

use std::sync::mpsc::Sender;

use common::{
    clock::{SharedClock, unix_millis},
    ids::EventId,
};
use provenance_model::batch::AbortReason;

use super::{file::Outcome, record::Reservation, writer::Command};

/// A reservation that is durable and not ended.
///
/// End it with [`Outbox::complete`](super::Outbox::complete) or [`Outbox::abort`](super::Outbox::abort). Dropped before
/// that (the caller left, a panic), it is aborted durably by the writer thread, with what [`set_passed`](Self::set_passed) and
/// [`set_reason`](Self::set_reason) said last.
#[derive(Debug)]
#[must_use = "a reservation that is dropped is aborted"]
pub struct Reserved {
    open: Option<Box<Open>>,
}

#[derive(Debug)]
struct Open {
    reservation: Reservation,
    writer: Sender<Command>,
    clock: SharedClock,
    passed: u64,
    reason: AbortReason,
}

impl Reserved {
    pub(super) fn new(
        reservation: Reservation,
        writer: Sender<Command>,
        clock: SharedClock,
    ) -> Self {
        let open = Open {
            reservation,
            writer,
            clock,
            passed: 0,
            reason: AbortReason::PeerClosed,
        };
        Self {
            open: Some(Box::new(open)),
        }
    }

    fn open(&self) -> &Open {
        self.open
            .as_deref()
            .expect("only the methods that consume the reservation take it out")
    }

    fn open_mut(&mut self) -> &mut Open {
        self.open
            .as_deref_mut()
            .expect("only the methods that consume the reservation take it out")
    }

    /// What was reserved.
    pub fn reservation(&self) -> &Reservation {
        &self.open().reservation
    }

    /// The id that the event will have.
    pub fn event_id(&self) -> EventId {
        self.open().reservation.event_id
    }

    /// Notes how many bytes have passed, for the case that the reservation is dropped.
    pub fn set_passed(&mut self, len: u64) {
        self.open_mut().passed = len;
    }

    /// Notes why the transfer would have broken, were the reservation dropped now. `peer-closed` unless said.
    pub fn set_reason(&mut self, reason: AbortReason) {
        self.open_mut().reason = reason;
    }

    /// Nothing is open any more (or ever was): dropping does nothing.
    pub(super) fn disarm(mut self) {
        self.open = None;
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            let at = open.clock.now();
            let command = Command::Finish {
                id: open.reservation.event_id.0,
                outcome: Outcome::Aborted,
                item: open.reservation.aborted(open.reason, Some(open.passed), at),
                ended_ms: unix_millis(at),
                reply: None,
            };
            // A writer that has gone leaves the record open in the file; the next start aborts it.
            let _ = open.writer.send(command);
        }
    }
}
