//! Delivering a body so that the exchange is recorded, or seen to have failed.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use common::clock::SharedClock;
use common::ids::EventId;
use common::listener::{ConnectionControl, ConnectionInfo};
use common::service::Shutdown;
use futures_util::future::BoxFuture;
use http::Version;
use provenance::outbox::{AbortReason, Digest, Outbox, Reservation, Reserved};

use super::body::{Ending, RecordError, TransferBody};
use super::collect::{Collected, collect};
use super::deadline::Budget;
use super::digest::BodyDigest;
use super::progress::Exchange;
use crate::upstream::BodyError;

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

/// The connection that the body goes to.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Only of HTTP/1: a broken HTTP/2 stream is reset by itself, its connection carries others.
    control: Option<ConnectionControl>,
    /// HTTP/1.0: a body without an announced length ends with the connection.
    ends_with_connection: bool,
}

impl Caller {
    /// The caller of a request that came on the connection `info`.
    pub fn new(info: &ConnectionInfo, version: Version) -> Self {
        Self {
            control: (version < Version::HTTP_2).then(|| info.control.clone()),
            ends_with_connection: version < Version::HTTP_11,
        }
    }

    /// A caller of whose connection nothing is known.
    pub fn unknown() -> Self {
        Self {
            control: None,
            ends_with_connection: false,
        }
    }

    /// A body begins whose end the caller knows by `announced` or by the way its connection ends.
    fn begins(&self, announced: Option<u64>) {
        if let Some(control) = &self.control
            && self.ends_with_connection
            && announced.is_none()
        {
            control.reset_if_cut();
        }
    }

    /// What is left of the body may leave.
    fn may_end(&self) {
        if let Some(control) = &self.control {
            control.may_end();
        }
    }

    /// Makes sure that a body that breaks does not look whole.
    fn must_see_a_break(&self) {
        if let Some(control) = &self.control {
            control.reset_on_close();
        }
    }
}

/// Why there is no body to answer with.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The upstream's body broke while it was collected.
    #[error("the upstream's body broke off")]
    Upstream(#[source] BodyError),
    /// The exchange could not be recorded.
    #[error("the exchange could not be recorded")]
    Record(#[source] RecordError),
}

/// Writes the records of a connector's exchanges.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    outbox: Outbox,
    clock: SharedClock,
    shutdown: Shutdown,
    ledger_wait: Duration,
}

impl Recorder {
    /// A recorder on `outbox`. Exchanges of [`Recording::Ledger`] wait up to `ledger_wait` for the ledger.
    pub fn new(
        outbox: Outbox,
        clock: SharedClock,
        shutdown: Shutdown,
        ledger_wait: Duration,
    ) -> Self {
        Self(Arc::new(Shared {
            outbox,
            clock,
            shutdown,
            ledger_wait,
        }))
    }

    /// The outbox.
    pub fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    /// A new event id.
    pub fn new_event(&self) -> EventId {
        EventId::new_v7(self.0.clock.now())
    }

    /// The time.
    pub fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    /// The body to answer with: already recorded if it is small, reserved and to be completed while it streams if not.
    /// On return headers may leave. `exchange` is taken when its end is known or in the body's hands, and stays on errors.
    ///
    /// Cancel safe: a reservation whose future is dropped is aborted.
    ///
    /// # Errors
    /// [`DeliverError`].
    pub async fn deliver<B>(
        &self,
        upstream: B,
        announced: Option<u64>,
        recording: Recording,
        caller: &Caller,
        budget: &Budget,
        exchange: &mut Option<Exchange>,
    ) -> Result<Body, DeliverError>
    where
        B: http_body::Body<Data = Bytes, Error = BodyError> + Unpin + Send + 'static,
    {
        match collect(upstream, announced, budget)
            .await
            .map_err(DeliverError::Upstream)?
        {
            Collected::Whole(bytes) => {
                let digest = BodyDigest::of(&bytes);
                self.record(recording, digest)
                    .await
                    .map_err(DeliverError::Record)?;
                if let Some(exchange) = exchange.take() {
                    exchange.completed(&digest);
                }
                Ok(Body::from(bytes))
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
                        let reserved = self.0.outbox.reserve(reservation).await;
                        Some(reserved.map_err(|error| DeliverError::Record(error.into()))?)
                    }
                };
                caller.begins(announced);
                let ending = Streamed {
                    recorder: self.clone(),
                    reserved,
                    waits_for_ledger: waits,
                    caller: caller.clone(),
                    exchange: exchange.take(),
                };
                Ok(Body::new(TransferBody::new(
                    body,
                    prefix,
                    announced,
                    budget,
                    Box::new(ending),
                )))
            }
        }
    }

    async fn record(&self, recording: Recording, digest: BodyDigest) -> Result<(), RecordError> {
        let (reservation, waits) = match recording {
            Recording::Off => return Ok(()),
            Recording::Outbox(reservation) => (reservation, false),
            Recording::Ledger(reservation) => (reservation, true),
        };
        let event = reservation.event_id;
        self.0
            .outbox
            .record(reservation, outbox_digest(&digest), self.0.clock.now())
            .await?;
        if waits {
            self.acknowledged(&event).await
        } else {
            Ok(())
        }
    }

    async fn acknowledged(&self, event: &EventId) -> Result<(), RecordError> {
        match tokio::time::timeout(self.0.ledger_wait, self.0.outbox.delivered(event)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(RecordError::Ledger(error.to_string())),
            Err(_) => Err(RecordError::Ledger("it did not answer in time".to_owned())),
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
                (_, None) => {}
            }
            completed
        })
    }

    fn fail(mut self: Box<Self>, error: &BodyError, passed: u64) {
        let reason = if error.is_timeout() {
            AbortReason::Timeout
        } else {
            AbortReason::SourceFailed
        };
        self.abort(reason, passed);
        if let Some(exchange) = self.exchange.take() {
            exchange.failed(&common::telemetry::Chain(error).to_string(), passed);
        }
    }

    fn leave(mut self: Box<Self>, passed: u64) {
        let is_stopping = self.recorder.0.shutdown.is_cancelled();
        self.abort(
            if is_stopping {
                AbortReason::Shutdown
            } else {
                AbortReason::PeerClosed
            },
            passed,
        );
        if let Some(exchange) = self.exchange.take() {
            exchange.left(passed);
        }
    }
}

impl Streamed {
    async fn complete_record(&mut self, digest: BodyDigest) -> Result<(), RecordError> {
        let Some(mut reserved) = self.reserved.take() else {
            return Ok(());
        };
        reserved.set_passed(digest.len);
        let event = reserved.event_id();
        let shared = &self.recorder.0;
        shared
            .outbox
            .complete(reserved, outbox_digest(&digest), shared.clock.now())
            .await?;
        if self.waits_for_ledger {
            self.recorder.acknowledged(&event).await
        } else {
            Ok(())
        }
    }
}
