//! What a connector tells the outbox about one exchange, and the exact batch items made of it.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use common::{
    clock::rfc3339_millis,
    ids::{ConnectorId, EventId, ExchangeId, UserId},
};
use provenance_model::{
    batch::{
        AbortReason, BodyEnd, Dig, EventBody, EvidenceBody, Fetched, InItem, ItemBody, Jti,
        OutItem, TransferAborted,
    },
    event,
    event_id::{Nonce, belongs_to, is_owned},
    json,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::OutboxError;

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
        /// Where the data came from, as long as an item has room for it.
        source_url: String,
    },
    /// A fetch from a provider that named no event which is its own. Recorded as evidence, for there is nothing to follow.
    Unsent {
        /// Who offers the data (`dataprovider`).
        provider: UserId,
        /// What was asked for, as long as an item has room for it.
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
    /// The token that the provider checked, where there was one: both sides state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<Jti>,
    /// Which side, and what it knows.
    #[serde(flatten)]
    pub kind: Kind,
    /// Who gets the data (`datauser`): the user, or the participant of the receiver connector where there is none.
    pub consumer: UserId,
    /// Who acts: of a `Sent` the provider's own ID, of the others the verified user.
    pub user_id: UserId,
    /// How the body's end will be known; `None` where it is marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<BodyEnd>,
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

/// 32 KiB: what the file keeps for people; a URL that connectors take has 4 KiB.
const MAX_URL_BYTES: usize = 32 * 1024;

/// 10,000 bytes of text have at most 60,000 in JSON, which leaves room for the rest of an item, whatever its characters are.
const FITS_ALWAYS: usize = 10_000;

/// Most items are shorter, in bytes.
const USUAL_ITEM: usize = 640;

impl Reservation {
    /// Refuses what the ledger would refuse for good, while the exchange can still be refused: what passes here the ledger's reader
    /// ([`InItem::parse`]) takes, however the transfer ends.
    ///
    /// Most of that is known without reading anything: ids and times are written by their types, and user IDs are read by the same
    /// type there. What is left are texts, which the reader's own functions look at, and their size. Only where a text may be too
    /// long is it written and read as the ledger will; every exchange passes here.
    pub(super) fn check(&self, connector: &ConnectorId) -> Result<(), OutboxError> {
        self.check_parts(connector)
            .map_err(|why| OutboxError::Invalid(why.into()))
    }

    fn check_parts(&self, connector: &ConnectorId) -> Result<(), String> {
        let is_own = match self.nonce {
            Some(nonce) => belongs_to(&self.event_id.0, nonce, connector),
            None => !is_owned(&self.event_id.0),
        };
        if !is_own {
            return Err("the event id is not one of this connector".to_owned());
        }
        if self
            .resource
            .as_ref()
            .is_some_and(|r| r.len() > MAX_URL_BYTES)
        {
            return Err("the resource URL is longer than 32 KiB".to_owned());
        }
        match &self.kind {
            Kind::Sent {
                provider,
                predecessor,
            } => {
                self.check_predecessor(predecessor)?;
                self.check_actor(provider, "provider")
            }
            Kind::Received { predecessor, .. } => {
                self.check_predecessor(predecessor)?;
                self.check_actor(&self.consumer, "user")
            }
            Kind::Direct { source_url } | Kind::Unsent { source_url, .. } => {
                self.check_actor(&self.consumer, "user")?;
                if source_url.len() > FITS_ALWAYS {
                    self.check_by_reading(connector)?;
                }
                Ok(())
            }
        }
    }

    fn check_predecessor(&self, id: &str) -> Result<(), String> {
        event::check_predecessor(id)?;
        if self
            .event_id
            .0
            .hyphenated()
            .encode_lower(&mut Uuid::encode_buffer())
            == id
        {
            return Err("the event names itself as predecessor".to_owned());
        }
        Ok(())
    }

    fn check_actor(&self, expected: &UserId, whose: &str) -> Result<(), String> {
        if self.user_id == *expected {
            Ok(())
        } else {
            Err(format!("the one who acts has to be the {whose}"))
        }
    }

    /// Writes both ends of the transfer at their longest, and reads them as the ledger does.
    fn check_by_reading(&self, connector: &ConnectorId) -> Result<(), String> {
        let digest = Digest {
            sha256: [0; 32],
            sha512: Some([0; 64]),
            len: u64::MAX,
        };
        let at = OffsetDateTime::UNIX_EPOCH;
        let ends = [
            self.completed(&digest, at),
            self.aborted(AbortReason::FoundOpenAtStart, Some(u64::MAX), at),
        ];
        for item in ends {
            let text = std::str::from_utf8(&item).map_err(|e| e.to_string())?;
            InItem::parse(text, &[], connector).map_err(|invalid| invalid.detail)?;
        }
        Ok(())
    }

    /// The batch item of a transfer that ended whole.
    pub(super) fn completed(&self, digest: &Digest, at: OffsetDateTime) -> Bytes {
        let dig = Dig {
            sha256: hex(&digest.sha256),
            sha512: digest.sha512.as_ref().map(|sha512| hex(sha512)),
            len: countable(digest.len),
            more: serde_json::Map::new(),
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
        let len = len.map(countable);
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
        let mut item = OutItem::new(
            self.exchange_id,
            self.jti.as_ref(),
            self.nonce,
            &self.user_id,
            body,
            dig,
        );
        // Of what did not arrive whole nobody asks where it ended.
        item.end = self.end.filter(|_| item.dig.is_some());
        let mut text = Vec::with_capacity(USUAL_ITEM);
        serde_json::to_writer(&mut text, &item).expect("an item has only strings and numbers");
        text.into()
    }
}

/// In lower-case hexadecimal; `hex::encode` puts one digit at a time into the string, which takes eight times as long.
fn hex(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    hex::encode_to_slice(bytes, &mut digits).expect("each byte has two digits");
    String::from_utf8(digits).expect("digits are ASCII")
}

/// A number of bytes as JSON has it exactly. No transfer comes near the limit, 9 PB.
fn countable(len: u64) -> u64 {
    len.min(json::MAX_INTEGER)
}
