//! What a connector tells the outbox about one exchange, and the exact batch items made of it.

use std::sync::mpsc::Sender;

use bytes::Bytes;
use common::{
    clock::{SharedClock, rfc3339_millis, unix_millis},
    ids::{EventId, ExchangeId, UserId},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{OutboxError, writer::Command};
use crate::model::{
    batch::{
        self, AbortReason, Dig, EventBody, EvidenceBody, Fetched, ItemBody, OutItem,
        TransferAborted,
    },
    event_id::Nonce,
};

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// The provider's side of an exchange.
    Sent {
        /// Who offers the data (`dataprovider`).
        provider: UserId,
        /// The event that describes the resource, usually its `Create`.
        predecessor: String,
    },
    /// The receiver's side of an exchange.
    Received {
        /// Who offers the data (`dataprovider`).
        provider: UserId,
        /// The provider's `Sent` event.
        predecessor: String,
    },
    /// A fetch without a provider connector. Recorded as evidence, not as an event.
    Direct {
        /// Where the data came from, at most 32 KiB.
        source_url: String,
    },
    /// A fetch from a provider that named no event which is its own. Recorded as evidence, for there is nothing to follow.
    Unsent {
        /// Who offers the data (`dataprovider`).
        provider: UserId,
        /// What was asked for, at most 32 KiB.
        source_url: String,
    },
}

/// An exchange that is about to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The exchange, unique for its sender only.
    pub exchange_id: ExchangeId,
    /// The id that the event, or the evidence of its failure, will have.
    pub event_id: EventId,
    /// What shows that the id is this connector's. Reservations of earlier versions have ids without an owner, and none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// Which side, and what it knows.
    #[serde(flatten)]
    pub kind: Kind,
    /// Who gets the data (`datauser`): the user, or the participant of the receiver connector where there is none.
    pub consumer: UserId,
    /// Who acts: of a `Sent` the provider's own ID, of the others the verified user.
    pub user_id: UserId,
    /// What is fetched, for people who look into the outbox; it does not leave it.
    #[serde(skip)]
    pub resource: Option<String>,
}

/// What passed, when all of it passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// SHA-512 of the bytes, only where a voucher needs it.
    pub sha512: Option<[u8; 64]>,
    /// How many bytes.
    pub len: u64,
}

/// 32 KiB: leaves room for the rest of an item, whose limit is 64 KiB.
const MAX_URL_BYTES: usize = 32 * 1024;

/// Most items are shorter, in bytes.
const USUAL_ITEM: usize = 640;

impl Reservation {
    /// Refuses what the ledger would refuse for good, while the exchange can still be refused.
    pub(super) fn check(&self) -> Result<(), OutboxError> {
        match &self.kind {
            Kind::Sent { predecessor, .. } | Kind::Received { predecessor, .. } => {
                if predecessor.is_empty() || predecessor.len() > batch::MAX_ID_BYTES {
                    return Err(OutboxError::Invalid(
                        "the predecessor's id must have 1 to 256 bytes",
                    ));
                }
                if *predecessor == self.event_id.to_string() {
                    return Err(OutboxError::Invalid(
                        "the event names itself as predecessor",
                    ));
                }
            }
            Kind::Direct { source_url } | Kind::Unsent { source_url, .. }
                if source_url.len() > MAX_URL_BYTES =>
            {
                return Err(OutboxError::Invalid("the source URL is longer than 32 KiB"));
            }
            Kind::Direct { .. } | Kind::Unsent { .. } => {}
        }
        if self
            .resource
            .as_ref()
            .is_some_and(|r| r.len() > MAX_URL_BYTES)
        {
            return Err(OutboxError::Invalid(
                "the resource URL is longer than 32 KiB",
            ));
        }
        Ok(())
    }

    /// The batch item of a transfer that ended whole.
    pub(super) fn completed(&self, digest: &Digest, at: OffsetDateTime) -> Bytes {
        let dig = Dig {
            sha256: hex::encode(digest.sha256),
            sha512: digest.sha512.map(hex::encode),
            len: digest.len,
        };
        match &self.kind {
            Kind::Sent {
                provider,
                predecessor,
            } => self.event("Sent", provider, predecessor, dig, at),
            Kind::Received {
                provider,
                predecessor,
            } => self.event("Received", provider, predecessor, dig, at),
            Kind::Direct { source_url } => self.item(
                ItemBody::Evidence(self.fetched(None, source_url, at, None, None)),
                Some(dig),
            ),
            Kind::Unsent {
                provider,
                source_url,
            } => self.item(
                ItemBody::Evidence(self.fetched(Some(provider), source_url, at, None, None)),
                Some(dig),
            ),
        }
    }

    /// The batch item of a transfer that broke after `len` bytes (`None`: nobody knows how many).
    pub(super) fn aborted(
        &self,
        reason: AbortReason,
        len: Option<u64>,
        at: OffsetDateTime,
    ) -> Bytes {
        let evidence = match &self.kind {
            Kind::Sent {
                provider,
                predecessor,
            } => self.transfer_aborted("Sent", provider, predecessor, reason, len, at),
            Kind::Received {
                provider,
                predecessor,
            } => self.transfer_aborted("Received", provider, predecessor, reason, len, at),
            Kind::Direct { source_url } => self.fetched(None, source_url, at, Some(reason), len),
            Kind::Unsent {
                provider,
                source_url,
            } => self.fetched(Some(provider), source_url, at, Some(reason), len),
        };
        self.item(ItemBody::Evidence(evidence), None)
    }

    fn event(
        &self,
        event_type: &str,
        provider: &UserId,
        predecessor: &str,
        dig: Dig,
        at: OffsetDateTime,
    ) -> Bytes {
        let event = EventBody {
            cdldatamodelversion: "2.0",
            cdleventid: self.event_id,
            cdleventtype: event_type,
            cdlpreviousevents: [predecessor],
            cdltimestamp: rfc3339_millis(at),
            dataprovider: provider,
            datauser: &self.consumer,
        };
        self.item(ItemBody::Event(event), Some(dig))
    }

    fn transfer_aborted<'r>(
        &'r self,
        event_type: &'r str,
        provider: &'r UserId,
        predecessor: &'r str,
        reason: AbortReason,
        len: Option<u64>,
        at: OffsetDateTime,
    ) -> EvidenceBody<'r> {
        EvidenceBody::TransferAborted(TransferAborted {
            cdleventtype: event_type,
            cdlpreviousevents: [predecessor],
            dataprovider: provider,
            datauser: &self.consumer,
            id: self.event_id,
            len,
            reason,
            time: rfc3339_millis(at),
            kind: "transfer-aborted",
        })
    }

    fn fetched<'r>(
        &'r self,
        provider: Option<&'r UserId>,
        source_url: &'r str,
        at: OffsetDateTime,
        reason: Option<AbortReason>,
        len: Option<u64>,
    ) -> EvidenceBody<'r> {
        EvidenceBody::Fetched(Fetched {
            dataprovider: provider,
            datauser: &self.consumer,
            id: self.event_id,
            len,
            reason,
            source_url,
            time: rfc3339_millis(at),
            kind: match provider {
                None => "direct",
                Some(_) => "received-unsent",
            },
        })
    }

    fn item(&self, body: ItemBody<'_>, dig: Option<Dig>) -> Bytes {
        let item = OutItem::new(self.exchange_id, self.nonce, &self.user_id, body, dig);
        let mut text = Vec::with_capacity(USUAL_ITEM);
        serde_json::to_writer(&mut text, &item).expect("an item has only strings and numbers");
        text.into()
    }
}

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
                outcome: super::file::Outcome::Aborted,
                item: open.reservation.aborted(open.reason, Some(open.passed), at),
                ended_ms: unix_millis(at),
                reply: None,
            };
            // A writer that has gone leaves the record open in the file; the next start aborts it.
            let _ = open.writer.send(command);
        }
    }
}
