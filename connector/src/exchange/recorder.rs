//! Delivering a body so that the exchange is recorded, or seen to have failed.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use common::{
    clock::SharedClock,
    http::Refused,
    ids::{ConnectorId, EventId},
    process::Shutdown,
};
use futures_util::future::BoxFuture;
use http::{HeaderMap, Response};
use provenance_model::event_id::{EventIds, OwnedId};
use provenance_outbox::{
    AbortReason, BodyEnd, Digest, Kind, Outbox, OutboxError, Reservation, Reserved,
};

use super::{
    body::{Ending, TransferBody},
    collect::Collected,
    deadline::Budget,
    digest::BodyDigest,
    downstream::Downstream,
    lifecycle::Exchange,
    record_error::RecordError,
    refusals,
    standing::{Running, Stay},
    watch::Watch,
};
use crate::upstream::{BodyError, Framing, PooledBody};

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

/// An answer that is ready to leave, as soon as it is recorded. It goes through many hands, and in a box: it is large.
#[derive(Debug)]
pub struct Opened {
    /// The upstream's body, as far as it was read.
    pub body: Collected<PooledBody>,
    /// The length that it announced.
    pub announced: Option<u64>,
    /// How it is recorded.
    pub recording: Recording,
    /// Where it goes.
    pub caller: Downstream,
    /// The time it has.
    pub budget: Budget,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// Those that it has only if there is a record, because they name it.
    pub of_record: HeaderMap,
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

    /// Whether an exchange that begins now could be recorded; asked before anything is fetched.
    ///
    /// # Errors
    /// [`RecordError::Outbox`], unless the outbox may be done without.
    pub fn can_record(&self) -> Result<bool, RecordError> {
        match self.outbox().check_room() {
            Ok(()) => Ok(true),
            Err(full) if self.outbox().is_required() => Err(full.into()),
            Err(full) => {
                tracing::warn!(reason = %full, "an exchange goes unrecorded");
                Ok(false)
            }
        }
    }

    /// The answer to `exchange`: what was opened, if it was, or the refusal.
    pub async fn answer(
        &self,
        opened: Result<Box<Opened>, Refused>,
        exchange: Exchange,
    ) -> Response<Body> {
        let (refused, exchange) = match opened {
            Err(refused) => (refused, exchange),
            Ok(opened) => match self.deliver(opened, exchange).await {
                Ok(response) => return response,
                Err(undelivered) => {
                    let (error, exchange) = *undelivered;
                    (error.into(), exchange)
                }
            },
        };
        let role = exchange.role();
        exchange.refused(&refused);
        refused.log();
        refusals::respond(&refused, role)
    }

    /// What was opened, already recorded if it is whole, reserved and to be completed while it streams if not.
    /// On return headers may leave. `exchange` comes back with the error.
    ///
    /// Cancel safe: a reservation whose future is dropped is aborted.
    async fn deliver(
        &self,
        opened: Box<Opened>,
        mut exchange: Exchange,
    ) -> Result<Response<Body>, Box<(RecordError, Exchange)>> {
        let Opened {
            body,
            announced,
            recording,
            caller,
            budget,
            headers,
            of_record,
        } = *opened;
        let (event, body) = match body {
            Collected::Whole(bytes) => {
                let digest = BodyDigest::of(&bytes);
                let event = match self.record(recording, digest).await {
                    Ok(event) => event,
                    Err(error) => return Err(Box::new((error, exchange))),
                };
                exchange.event = event;
                exchange.completed(&digest);
                (event, Body::from(bytes))
            }
            Collected::Rest { body, prefix } => {
                let (reservation, waits_for_ledger) = match recording {
                    Recording::Off => (None, false),
                    Recording::Outbox(reservation) => (Some(reservation), false),
                    Recording::Ledger(reservation) => (Some(reservation), true),
                };
                let reserved = match reservation {
                    None => Ok(None),
                    Some(reservation) => {
                        self.unless_optional(self.0.outbox.reserve(reservation).await)
                    }
                };
                let reserved = match reserved {
                    Ok(reserved) => reserved,
                    Err(error) => return Err(Box::new((error.into(), exchange))),
                };
                let event = reserved.as_ref().map(Reserved::event_id);
                exchange.event = event;
                caller.begins(announced);
                let stay = self.0.running.enter(exchange.parties());
                let suspended = stay.suspended().clone();
                let length = caller.length(announced);
                let ending = Streamed {
                    recorder: self.clone(),
                    reserved,
                    waits_for_ledger,
                    watch: Watch::start(&caller, &budget, suspended.clone()),
                    caller,
                    exchange,
                    stay,
                };
                let body = TransferBody::new(body, prefix, announced, &budget, Box::new(ending))
                    .telling(length)
                    .unless(suspended);
                (event, Body::new(body))
            }
        };
        let mut response = Response::new(body);
        *response.headers_mut() = headers;
        if event.is_some() {
            response.headers_mut().extend(of_record);
        }
        Ok(response)
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
    caller: Downstream,
    exchange: Exchange,
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
            self.exchange.passed = digest.len;
            let completed = self.complete_record(digest).await;
            match &completed {
                Ok(()) => {
                    self.caller.may_end();
                    self.exchange.completed(&digest);
                }
                Err(error) => {
                    self.caller.must_see_a_break();
                    let cause = format!("not recorded: {}", common::telemetry::Chain(error));
                    self.exchange.failed(&cause, digest.len);
                }
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
        self.exchange
            .failed(&common::telemetry::Chain(error).to_string(), passed);
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
        if is_suspended {
            self.exchange
                .failed(&BodyError::Suspended.to_string(), passed);
        } else if was_cut {
            self.exchange
                .failed("the caller held its body up for too long", passed);
        } else {
            self.exchange.left(passed);
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
