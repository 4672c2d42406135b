//! Delivering a body so that the exchange is recorded, or seen to have failed.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use common::clock::SharedClock;
use common::ids::{ConnectorId, EventId};
use common::service::Shutdown;
use futures_util::future::BoxFuture;
use provenance_model::event_id::{EventIds, OwnedId};
use provenance_outbox::{
    AbortReason, BodyEnd, Digest, Kind, Outbox, OutboxError, Reservation, Reserved,
};

use super::body::{Ending, RecordError, TransferBody};
use super::caller::Caller;
use super::collect::Collected;
use super::deadline::Budget;
use super::digest::BodyDigest;
use super::progress::Exchange;
use super::standing::{Running, Stay};
use super::watch::Watch;
use crate::upstream::{BodyError, Framing};

/// Whether and how an exchange is recorded.
#[derive(Debug)]
pub enum Recording {
    /// Not at all.
    Off,
    /// In the outbox, before the last byte is released.
    Outbox(Reservation),
    /// In the outbox and, before the last byte is released, in the ledger.
    Ledger(Reservation),
}

impl Recording {
    /// With what the body's framing says of its end.
    #[must_use]
    pub fn of_body(mut self, framing: Framing) -> Self {
        if let Self::Outbox(reservation) | Self::Ledger(reservation) = &mut self {
            reservation.end = match framing {
                Framing::Marked => None,
                Framing::Close => Some(BodyEnd::Close),
            };
        }
        self
    }
}

/// What an exchange is answered with.
#[derive(Debug)]
pub struct Delivered {
    /// The body.
    pub body: Body,
    /// Id of the record that there is, or will be; `None` where nothing is recorded.
    pub event: Option<EventId>,
}

/// Writes the records of a connector's exchanges.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    outbox: Outbox,
    event_ids: EventIds,
    clock: SharedClock,
    shutdown: Shutdown,
    ledger_wait: Duration,
    running: Running,
}

impl Recorder {
    /// A recorder on `outbox` for the connector `connector_id`, to which the ids of its events belong. Exchanges of
    /// [`Recording::Ledger`] wait up to `ledger_wait` for the ledger; those that stream stand in `running` meanwhile.
    pub fn new(
        outbox: Outbox,
        connector_id: ConnectorId,
        clock: SharedClock,
        shutdown: Shutdown,
        ledger_wait: Duration,
        running: Running,
    ) -> Self {
        Self(Arc::new(Shared {
            outbox,
            event_ids: EventIds::new(connector_id),
            clock,
            shutdown,
            ledger_wait,
            running,
        }))
    }

    /// The transfers under way.
    pub fn running(&self) -> &Running {
        &self.0.running
    }

    /// The outbox.
    pub fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    /// A new event id, which belongs to this connector.
    pub fn new_event(&self) -> OwnedId {
        self.0.event_ids.next(self.0.clock.now())
    }

    /// The time.
    pub fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    /// The body to answer with: already recorded if it is whole, reserved and to be completed while it streams if not.
    /// On return headers may leave. `exchange` is taken when its end is known or in the body's hands, and stays on errors.
    ///
    /// Cancel safe: a reservation whose future is dropped is aborted.
    ///
    /// # Errors
    /// [`RecordError`], unless the outbox may be done without.
    pub async fn deliver<B>(
        &self,
        collected: Collected<B>,
        announced: Option<u64>,
        recording: Recording,
        caller: &Caller,
        budget: &Budget,
        exchange: &mut Option<Exchange>,
    ) -> Result<Delivered, RecordError>
    where
        B: http_body::Body<Data = Bytes, Error = BodyError> + Unpin + Send + 'static,
    {
        match collected {
            Collected::Whole(bytes) => {
                let digest = BodyDigest::of(&bytes);
                let event = self.record(recording, digest).await?;
                if let Some(mut exchange) = exchange.take() {
                    exchange.event = event;
                    exchange.completed(&digest);
                }
                let body = Body::from(bytes);
                Ok(Delivered { body, event })
            }
            Collected::Rest { body, prefix } => {
                let (reservation, waits) = match recording {
                    Recording::Off => (None, false),
                    Recording::Outbox(reservation) => (Some(reservation), false),
                    Recording::Ledger(reservation) => (Some(reservation), true),
                };
                let reserved = match reservation {
                    None => None,
                    Some(reservation) => {
                        self.unless_optional(self.0.outbox.reserve(reservation).await)?
                    }
                };
                let event = reserved.as_ref().map(Reserved::event_id);
                if let Some(exchange) = exchange.as_mut() {
                    exchange.event = event;
                }
                caller.begins(announced);
                let parties = exchange.as_ref().map(Exchange::parties);
                let stay = self.0.running.enter(parties.unwrap_or_default());
                let suspended = stay.suspended().clone();
                let ending = Streamed {
                    recorder: self.clone(),
                    reserved,
                    waits_for_ledger: waits,
                    caller: caller.clone(),
                    exchange: exchange.take(),
                    watch: Watch::start(caller, budget, suspended.clone()),
                    stay,
                };
                let body = TransferBody::new(body, prefix, announced, budget, Box::new(ending))
                    .telling(caller.length(announced))
                    .unless(suspended);
                let body = Body::new(body);
                Ok(Delivered { body, event })
            }
        }
    }

    async fn record(
        &self,
        recording: Recording,
        digest: BodyDigest,
    ) -> Result<Option<EventId>, RecordError> {
        let (reservation, waits) = match recording {
            Recording::Off => return Ok(None),
            Recording::Outbox(reservation) => (reservation, None),
            Recording::Ledger(reservation) => (
                reservation.clone(),
                Some(Unreleased::new(self, reservation)),
            ),
        };
        let event = reservation.event_id;
        let (digest, now) = (outbox_digest(&digest), self.0.clock.now());
        let recorded = self.0.outbox.record(reservation, digest, now).await;
        if self.unless_optional(recorded)?.is_none() {
            return Ok(None);
        }
        if let Some(unreleased) = waits {
            unreleased.acknowledged(0).await?;
        }
        Ok(Some(event))
    }

    /// Where exchanges may go unrecorded, an outbox that cannot write is none of their business.
    fn unless_optional<T>(
        &self,
        written: Result<T, OutboxError>,
    ) -> Result<Option<T>, OutboxError> {
        match written {
            Ok(written) => Ok(Some(written)),
            Err(error @ (OutboxError::Full(_) | OutboxError::Store(_) | OutboxError::Closed))
                if !self.0.outbox.is_required() =>
            {
                tracing::warn!(error = %common::telemetry::Chain(&error), "an exchange goes unrecorded");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// A `Sent` whose bytes leave only once the ledger has it.
///
/// By then it is in the outbox and will be in the ledger, whatever becomes of the bytes. Where these are not released after
/// all, because the ledger gave no answer in time or the caller did not wait for it, that is put on record as well: a
/// transfer that was refused, with the `Sent` as its predecessor.
struct Unreleased {
    recorder: Recorder,
    reservation: Reservation,
}

impl Unreleased {
    fn new(recorder: &Recorder, reservation: Reservation) -> Self {
        Self {
            recorder: recorder.clone(),
            reservation,
        }
    }

    /// Waits for the ledger. `passed` bytes have been released before.
    async fn acknowledged(self, passed: u64) -> Result<(), RecordError> {
        let shared = Arc::clone(&self.recorder.0);
        let event = self.reservation.event_id;
        let correction = Correction(Some((self, passed)));
        let told = tokio::time::timeout(shared.ledger_wait, shared.outbox.delivered(&event)).await;
        match told {
            Ok(Ok(())) => {
                correction.cancel();
                Ok(())
            }
            Ok(Err(error)) => Err(RecordError::Ledger(error.to_string())),
            Err(_) => Err(RecordError::Ledger("it did not answer in time".to_owned())),
        }
    }

    async fn correct(self, passed: u64) {
        let sent = self.reservation.event_id;
        let mut reservation = self.reservation;
        let OwnedId { id, nonce } = self.recorder.new_event();
        reservation.event_id = id;
        reservation.nonce = Some(nonce);
        if let Kind::Sent { predecessor, .. } = &mut reservation.kind {
            *predecessor = sent.to_string();
        }
        match self.recorder.0.outbox.reserve(reservation).await {
            // Dropped, it is written as aborted.
            Ok(mut reserved) => {
                reserved.set_reason(AbortReason::Refused);
                reserved.set_passed(passed);
            }
            Err(error) => {
                let error = common::telemetry::Chain(&error);
                tracing::warn!(event.id = %sent, %error, "its bytes were not released, and that could not be recorded");
            }
        }
    }
}

/// What is put on record when it is dropped.
struct Correction(Option<(Unreleased, u64)>);

impl Correction {
    fn cancel(mut self) {
        self.0 = None;
    }
}

impl Drop for Correction {
    fn drop(&mut self) {
        if let Some((unreleased, passed)) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(unreleased.correct(passed));
        }
    }
}

fn outbox_digest(digest: &BodyDigest) -> Digest {
    Digest {
        sha256: digest.sha256,
        sha512: None,
        len: digest.len,
    }
}

/// The end of a body that is being streamed.
struct Streamed {
    recorder: Recorder,
    reserved: Option<Reserved>,
    waits_for_ledger: bool,
    caller: Caller,
    exchange: Option<Exchange>,
    #[expect(dead_code, reason = "held, not read")]
    watch: Watch,
    stay: Stay,
}

impl Streamed {
    /// Dropping the reservation aborts it durably; nobody has to wait for that.
    fn abort(&mut self, reason: AbortReason, passed: u64) {
        self.caller.must_see_a_break();
        if let Some(mut reserved) = self.reserved.take() {
            reserved.set_reason(reason);
            reserved.set_passed(passed);
        }
    }
}

impl Ending for Streamed {
    fn complete(
        mut self: Box<Self>,
        digest: BodyDigest,
    ) -> BoxFuture<'static, Result<(), RecordError>> {
        Box::pin(async move {
            if let Some(exchange) = &mut self.exchange {
                exchange.passed = digest.len;
            }
            let completed = self.complete_record(digest).await;
            let exchange = self.exchange.take();
            if completed.is_ok() {
                self.caller.may_end();
            }
            match (&completed, exchange) {
                (Ok(()), Some(exchange)) => exchange.completed(&digest),
                (Err(error), Some(exchange)) => {
                    self.caller.must_see_a_break();
                    exchange.failed(
                        &format!("not recorded: {}", common::telemetry::Chain(error)),
                        digest.len,
                    );
                }
                (Ok(()), None) => {}
                (Err(_), None) => self.caller.must_see_a_break(),
            }
            completed
        })
    }

    fn fail(mut self: Box<Self>, error: &BodyError, passed: u64) {
        let reason = match error {
            BodyError::Suspended => AbortReason::Refused,
            error if error.is_timeout() => AbortReason::Timeout,
            _ => AbortReason::SourceFailed,
        };
        self.abort(reason, passed);
        if let Some(exchange) = self.exchange.take() {
            exchange.failed(&common::telemetry::Chain(error).to_string(), passed);
        }
    }

    fn leave(mut self: Box<Self>, passed: u64) {
        let was_cut = self.caller.was_cut();
        let is_suspended = self.stay.suspended().is_cancelled();
        let reason = if is_suspended {
            AbortReason::Refused
        } else if was_cut {
            AbortReason::Timeout
        } else if self.recorder.0.shutdown.is_cancelled() {
            AbortReason::Shutdown
        } else {
            AbortReason::PeerClosed
        };
        self.abort(reason, passed);
        match self.exchange.take() {
            Some(exchange) if is_suspended => {
                exchange.failed(&BodyError::Suspended.to_string(), passed);
            }
            Some(exchange) if was_cut => {
                exchange.failed("the caller held its body up for too long", passed);
            }
            Some(exchange) => exchange.left(passed),
            None => {}
        }
    }
}

impl Streamed {
    async fn complete_record(&mut self, digest: BodyDigest) -> Result<(), RecordError> {
        let Some(mut reserved) = self.reserved.take() else {
            return Ok(());
        };
        reserved.set_passed(digest.len);
        let unreleased = self
            .waits_for_ledger
            .then(|| Unreleased::new(&self.recorder, reserved.reservation().clone()));
        let shared = &self.recorder.0;
        shared
            .outbox
            .complete(reserved, outbox_digest(&digest), shared.clock.now())
            .await?;
        match unreleased {
            Some(unreleased) => unreleased.acknowledged(digest.len).await,
            None => Ok(()),
        }
    }
}
