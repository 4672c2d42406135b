//! The outbox: a connector's own durable record of every exchange, and its delivery to the ledger.
//!
//! A record is *reserved* before the first header of an exchange leaves, *completed* with its digest before the last byte
//! does, or *aborted*; all three are on disk when the call returns. The ledger gets it in the background, as often as it takes,
//! and its receipt is kept. So an exchange does not depend on the ledger, and none goes unrecorded:
//!
//! ```text
//! RESERVED ─┬─ complete ─► COMPLETED ─┐             ┌─► DELIVERED (receipt)
//!           └─ abort ────► ABORTED ───┴─ delivery ──┤
//!              drop, or found open at start         └─► PARKED (the ledger refused it for good)
//! ```
//!
//! One thread writes the file, in groups of whatever arrived during the last sync (`writer`); one task delivers
//! (`delivery`). Between them and the callers there are only messages, so that a caller who leaves in the middle of a call
//! leaves nothing half done: what was sent to the writer is written, in the order sent, and the first end of a reservation
//! counts.
//!
//! ```no_run
//! # use provenance_outbox::*;
//! # async fn example(clock: common::clock::SharedClock, reservation: Reservation, digest: Digest) -> anyhow::Result<()> {
//! let connector = "provider.a.example".parse()?;
//! let outbox = Outbox::open(OutboxConfig::new("outbox.db"), &connector, clock.clone())?;
//! let reserved = outbox.reserve(reservation).await?; // now the headers may leave
//! // … the bytes pass, hashed …
//! outbox.complete(reserved, digest, clock.now()).await?; // now the last byte may leave
//! # Ok(())
//! # }
//! ```

mod asking;
mod capacity;
mod config;
mod delivery;
mod desk;
mod errand;
mod error;
mod file;
mod format;
mod millis;
mod open;
mod packing;
mod parked;
mod record;
mod reserved;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc::Sender},
    thread::JoinHandle as Thread,
    time::Duration,
};

use bytes::Bytes;
use common::{
    clock::{SharedClock, unix_millis},
    ids::ConnectorId,
    process::{Findings, Heartbeat},
};
pub use provenance_model::batch::{AbortReason, BodyEnd, Receipt};
use time::OffsetDateTime;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle as Task,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[doc(hidden)]
pub use self::delivery::is_delivered;
use self::{
    capacity::Capacity,
    delivery::{Delivery, LedgerLink, Queue},
    file::Outcome,
    status::Counts,
    writer::{Command, Reply},
};
pub use self::{
    config::OutboxConfig,
    delivery::{DeliveryError, HttpLedger, Transport},
    desk::{Desk, DeskError, Details, Entry},
    error::{DeliveredError, FullReason, OpenError, OutboxError},
    parked::{Done, Parked, Problem, Wish},
    record::{Digest, Kind, Reservation},
    reserved::Reserved,
    state::State,
    status::{LedgerContact, OutboxStatus},
};

/// A connector's outbox. Clones are the same outbox.
#[derive(Debug, Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    commands: Sender<Command>,
    clock: SharedClock,
    connector: ConnectorId,
    config: OutboxConfig,
    gate: Arc<Capacity>,
    beat: Heartbeat,
    queue: Arc<Queue>,
    counts: watch::Receiver<Counts>,
    contact: watch::Sender<LedgerContact>,
    stop: CancellationToken,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    writer: Option<Thread<()>>,
    delivery: Option<Task<()>>,
}

impl Outbox {
    /// Opens the outbox of the connector `connector`, making its file where it is missing, and aborts what an earlier process
    /// left open.
    ///
    /// Blocks for up to 5 seconds while another process lets go of the file. Nothing is delivered before
    /// [`start_delivery`](Self::start_delivery).
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        config: OutboxConfig,
        connector: &ConnectorId,
        clock: SharedClock,
    ) -> Result<Self, OpenError> {
        let errors = Findings::of(&config).into_result();
        errors.map_err(OpenError::Config)?;
        let opened = open::open(&config, connector, &clock)?;
        Ok(Self {
            shared: Arc::new(Shared {
                commands: opened.commands,
                clock,
                connector: connector.clone(),
                config,
                gate: opened.gate,
                beat: opened.beat,
                queue: opened.queue,
                counts: opened.counts,
                contact: watch::Sender::new(LedgerContact::default()),
                stop: CancellationToken::new(),
                running: Mutex::new(Running {
                    writer: Some(opened.thread),
                    delivery: None,
                }),
            }),
        })
    }

    /// Shows whether the writer gets to the end of what it does.
    pub fn heartbeat(&self) -> &Heartbeat {
        &self.shared.beat
    }

    /// Starts delivering through `transport`, in a task of the current runtime. A second call changes nothing.
    pub fn start_delivery<T: Transport>(&self, transport: T) {
        let shared = &self.shared;
        let mut running = shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if running.delivery.is_some() || running.writer.is_none() {
            return;
        }
        let delivery = Delivery::new(
            shared.queue.clone(),
            shared.commands.clone(),
            LedgerLink {
                transport,
                connector: shared.connector.clone(),
            },
            shared.clock.clone(),
            shared.config.clone(),
            shared.contact.clone(),
            shared.stop.clone(),
        );
        running.delivery = Some(tokio::spawn(delivery.run()));
    }

    /// Whether an exchange that cannot be recorded is to be refused (`required` of the configuration).
    pub fn is_required(&self) -> bool {
        self.shared.config.required
    }

    /// Whether a record would be taken now. Asked before a source is opened, so that nothing is fetched in vain.
    ///
    /// # Errors
    /// [`OutboxError::Full`].
    pub fn check_room(&self) -> Result<(), OutboxError> {
        let Some(reason) = self.full() else {
            return Ok(());
        };
        writer::count_refused(reason);
        Err(OutboxError::Full(reason))
    }

    fn full(&self) -> Option<FullReason> {
        let now = self.shared.clock.now();
        self.shared.gate.closed(&self.shared.counts.borrow(), now)
    }

    /// Records that an exchange is about to happen. Durable on return.
    ///
    /// Dropping the future is safe: either nothing was written, or it is aborted.
    ///
    /// # Errors
    /// [`OutboxError`]; nothing is recorded then.
    pub async fn reserve(&self, reservation: Reservation) -> Result<Reserved, OutboxError> {
        reservation.check(&self.shared.connector)?;
        let request = serde_json::to_vec(&reservation)
            .map_err(|_| OutboxError::Invalid("it cannot be written as JSON".into()))?;
        let (id, resource) = (reservation.event_id.0, reservation.resource.clone());
        // Armed before anything is sent: if the caller leaves, the abort follows the reservation in the writer's inbox.
        let reserved = Reserved::new(
            reservation,
            self.shared.commands.clone(),
            self.shared.clock.clone(),
        );
        let at_ms = unix_millis(self.shared.clock.now());
        match self
            .ask(|reply| Command::Reserve {
                id,
                request,
                resource,
                at_ms,
                reply,
            })
            .await
        {
            Ok(()) => Ok(reserved),
            Err(error) => {
                reserved.disarm();
                Err(error)
            }
        }
    }

    /// Records that all bytes have passed. Durable on return: then the last of them may be released.
    ///
    /// Dropping the future is safe: the record ends, as completed or as aborted, never as both.
    ///
    /// # Errors
    /// [`OutboxError`]. The record is aborted then, as soon as the file can be written; break the transfer.
    pub async fn complete(
        &self,
        reserved: Reserved,
        digest: Digest,
        at: OffsetDateTime,
    ) -> Result<(), OutboxError> {
        let item = reserved.reservation().completed(&digest, at);
        self.finish(reserved, Outcome::Completed, item, at).await
    }

    /// Records that the transfer broke after `len` bytes. Durable on return.
    ///
    /// Dropping the future is safe: the record is aborted either way.
    ///
    /// # Errors
    /// [`OutboxError`]. It is tried again without the caller.
    pub async fn abort(
        &self,
        mut reserved: Reserved,
        reason: AbortReason,
        len: u64,
        at: OffsetDateTime,
    ) -> Result<(), OutboxError> {
        reserved.set_reason(reason);
        reserved.set_passed(len);
        let item = reserved.reservation().aborted(reason, Some(len), at);
        self.finish(reserved, Outcome::Aborted, item, at).await
    }

    async fn finish(
        &self,
        reserved: Reserved,
        outcome: Outcome,
        item: Bytes,
        at: OffsetDateTime,
    ) -> Result<(), OutboxError> {
        let (id, ended_ms) = (reserved.event_id().0, unix_millis(at));
        let result = self
            .ask(|reply| Command::Finish {
                id,
                outcome,
                item,
                ended_ms,
                reply: Some(reply),
            })
            .await;
        match result {
            // Only now: were the future dropped or the write failed, the guard's abort would follow, and the first one counts.
            Ok(()) => reserved.disarm(),
            Err(_) => drop(reserved),
        }
        result
    }

    /// Records an exchange whose bytes are all there, in one write: for bodies that are small enough to be held back whole.
    /// Durable on return: then headers and body may leave.
    ///
    /// Dropping the future is safe: the record is either complete or not there.
    ///
    /// # Errors
    /// [`OutboxError`]; nothing is recorded then.
    pub async fn record(
        &self,
        reservation: Reservation,
        digest: Digest,
        at: OffsetDateTime,
    ) -> Result<(), OutboxError> {
        reservation.check(&self.shared.connector)?;
        let item = reservation.completed(&digest, at);
        let (id, ended_ms) = (reservation.event_id.0, unix_millis(at));
        self.ask(|reply| Command::Record {
            id,
            item,
            resource: reservation.resource,
            ended_ms,
            reply,
        })
        .await
    }

    /// How it is now.
    pub fn status(&self) -> OutboxStatus {
        let full = self.full();
        let counts = self.shared.counts.borrow().clone();
        OutboxStatus {
            open: counts.open,
            undelivered: counts.undelivered,
            parked: counts.parked.number(),
            delivered: counts.delivered,
            oldest: counts
                .oldest_s
                .and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok()),
            bytes: counts.bytes,
            full,
            // A writer that has ended writes nothing.
            writable: counts.writable && self.shared.counts.has_changed().is_ok(),
            ledger: self.shared.contact.borrow().clone(),
        }
    }

    /// Waits until nothing is open and nothing waits for the ledger. Parked records do not count.
    ///
    /// Dropping the future is safe.
    pub async fn drained(&self) {
        let mut counts = self.shared.counts.clone();
        // An error means that the writer has ended: nothing will change any more.
        let _ = counts
            .wait_for(|counts| counts.open == 0 && counts.undelivered == 0)
            .await;
    }

    /// Ends the outbox: tries to deliver what is there for up to `patience`, writes everything that was asked before, and closes
    /// the file. What is not delivered, and reservations that are still open, are found at the next start.
    pub async fn close(&self, patience: Duration) {
        let (delivery, writer) = {
            let mut running = self
                .shared
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            (running.delivery.take(), running.writer.take())
        };
        // What was asked before is written before delivery looks for the last time.
        let (reply, written) = oneshot::channel();
        if self
            .send(Command::Find {
                id: Uuid::nil(),
                reply,
            })
            .is_ok()
        {
            let _ = written.await;
        }
        self.shared.stop.cancel();
        if let Some(mut task) = delivery
            && tokio::time::timeout(patience, &mut task).await.is_err()
        {
            // The ledger may take this batch without our hearing of it: it is sent again, and exists.
            task.abort();
        }
        let (reply, stopped) = oneshot::channel();
        if self.shared.commands.send(Command::Stop { reply }).is_ok() {
            let _ = stopped.await;
        }
        if let Some(thread) = writer {
            // It has told that it ends; what is left is closing the file.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn send(&self, command: Command) -> Result<(), OutboxError> {
        self.shared
            .commands
            .send(command)
            .map_err(|_| OutboxError::Closed)
    }

    async fn ask(&self, command: impl FnOnce(Reply) -> Command) -> Result<(), OutboxError> {
        let (reply, done) = oneshot::channel();
        self.send(command(reply))?;
        done.await.map_err(|_| OutboxError::Closed)?
    }
}
