//! What the writing side reads, row by row.

use common::clock::unix_millis;
use provenance_model::commitment::{Commitment, Salt};
use time::OffsetDateTime;

use super::group::hash;
use crate::domain::{
    parties::Facts,
    store::{Index, Known, LedgerStoreError, Recorded, SameData, Waiting},
};

common_db::row! { sqlx::postgres::PgRow =>
    pub(super) struct ReceiptRow {
        pub(super) idx: Index,
        id: String,
        salt: Option<Vec<u8>>,
        core: Option<String>,
    }
}

impl ReceiptRow {
    /// Without what it waits for.
    pub(super) fn read(self) -> Result<Recorded, LedgerStoreError> {
        Ok(Recorded {
            id: self.id,
            idx: self.idx,
            salt: self.salt.as_deref().map(hash).transpose()?.map(Salt),
            core: self.core,
            pending: Vec::new(),
        })
    }
}

common_db::row! { sqlx::postgres::PgRow =>
    pub(super) struct KnownRow {
        id: String,
        idx: Index,
        kind: i16,
        commitment: Vec<u8>,
        actor: String,
        content: Option<Vec<u8>>,
        rx: OffsetDateTime,
        is_contested: bool,
        ..facts: FactsRow,
    }
}

common_db::row! { sqlx::postgres::PgRow =>
    /// By what an event is judged.
    pub(super) struct FactsRow {
        etype: Option<String>,
        provider: Option<String>,
        consumer: Option<String>,
        made: Option<String>,
    }
}

impl FactsRow {
    pub(super) fn read(self) -> Result<Facts, LedgerStoreError> {
        let made = self
            .made
            .map(|made| serde_json::from_str(&made))
            .transpose();
        Ok(Facts {
            event_type: self.etype,
            provider: self.provider,
            consumer: self.consumer,
            made: made.map_err(|error| LedgerStoreError(Box::new(error)))?,
        })
    }
}

common_db::row! { sqlx::postgres::PgRow =>
    pub(super) struct WaitingRow {
        prev_id: String,
        idx: Index,
        id: String,
        commitment: Vec<u8>,
        actor: String,
        ..facts: FactsRow,
    }
}

impl WaitingRow {
    pub(super) fn read(self) -> Result<(String, Waiting), LedgerStoreError> {
        let waiting = Waiting {
            idx: self.idx,
            id: self.id,
            commitment: Commitment(hash(&self.commitment)?),
            facts: self.facts.read()?.or_by(&self.actor),
        };
        Ok((self.prev_id, waiting))
    }
}

common_db::row! { sqlx::postgres::PgRow =>
    pub(super) struct SameRow {
        id: String,
        actor: String,
        ..facts: FactsRow,
    }
}

impl KnownRow {
    pub(super) fn read(self) -> Result<(String, Known), LedgerStoreError> {
        let known = Known {
            facts: self.facts.read()?.or_by(&self.actor),
            idx: self.idx,
            is_event: self.kind == 1,
            commitment: Commitment(hash(&self.commitment)?),
            actor: self.actor,
            content: self.content.as_deref().map(hash).transpose()?,
            rx_ms: i64::try_from(unix_millis(self.rx)).unwrap_or(i64::MAX),
            is_contested: self.is_contested,
        };
        Ok((self.id, known))
    }
}

impl SameRow {
    /// `None` where it is not the provider's own.
    pub(super) fn read(self) -> Result<Option<SameData>, LedgerStoreError> {
        let facts = self.facts.read()?.or_by(&self.actor);
        Ok(facts.is_the_providers().then(|| SameData {
            id: self.id,
            event_type: facts.event_type.unwrap_or_default(),
        }))
    }
}
