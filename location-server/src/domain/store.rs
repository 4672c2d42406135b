//! What the directory needs from its database.

use async_trait::async_trait;
use common::ids::{ConnectorId, UserId};
pub use common_db::StoreError;
use location_client::api::{Change, Entry};
use time::OffsetDateTime;

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Whose record it is.
    pub provider: UserId,
    /// Its members.
    pub entry: Entry,
    /// The number of the change that made it what it is; never used twice, not even for a record
    /// that was deleted and made again.
    pub version: i64,
}

/// Who makes a change, as the history names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The operator; `None` where a connector changes its own record.
    pub user: Option<UserId>,
    /// The name in the client certificate.
    pub certificate_id: ConnectorId,
    /// SHA-256 of the client certificate, hexadecimal.
    pub certificate_sha256: String,
    /// The request.
    pub request_id: String,
}

/// Locations and their history. Every change and its line of history are one transaction.
#[async_trait]
pub trait LocationStore: Send + Sync {
    /// The record of a provider.
    async fn get(&self, provider: &UserId) -> Result<Option<Stored>, StoreError>;

    /// At most `limit` records, those after `after`, in the order of their provider IDs (by bytes).
    async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Stored>, StoreError>;

    /// Makes a record; `None` where the provider has one already.
    async fn create(
        &self,
        provider: &UserId,
        entry: &Entry,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<Option<Stored>, StoreError>;

    /// Replaces the record that stands at `from`; `None` where that is no longer so.
    async fn replace(
        &self,
        from: &Stored,
        entry: &Entry,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<Option<Stored>, StoreError>;

    /// Removes the record that stands at `from`; `false` where that is no longer so.
    async fn delete(
        &self,
        from: &Stored,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// At most `limit` changes with a number above `after`, oldest first, of one provider or of all.
    async fn changes(
        &self,
        provider: Option<&UserId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError>;

    /// Forgets changes that were made before `before`, in small steps, and returns how many. One that made a record what it is stays.
    async fn forget_changes(&self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
