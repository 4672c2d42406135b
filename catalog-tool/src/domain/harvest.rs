//! What the release sites of providers have told, and how they answered.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::store::StoreError;

/// A package as a site tells it, that can be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id at its site.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// What it says, as it came.
    pub content: Map<String, Value>,
    /// SHA-256 of that, hexadecimal.
    pub digest: String,
}

/// A package that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Harvested {
    /// The site.
    pub source: String,
    /// Its id there.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// What it says; nothing once it is gone.
    pub content: Option<Map<String, Value>>,
    /// The number of its last change.
    pub number: i64,
}

/// What went wrong at a site, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trouble {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

/// A site, and how it answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceStatus {
    /// The connector ID of its provider.
    pub id: String,
    /// What it calls itself.
    pub title: Option<String>,
    /// When it was asked last.
    pub asked_at: Option<OffsetDateTime>,
    /// When it answered last.
    pub answered_at: Option<OffsetDateTime>,
    /// Since when it gives no answer.
    pub silent_since: Option<OffsetDateTime>,
    /// When all of it was read.
    pub swept_at: Option<OffsetDateTime>,
    /// Records that could not be read then.
    pub skipped: u64,
    /// What is wrong.
    pub problem: Option<Trouble>,
    /// Packages that are kept of it.
    pub datasets: u64,
}

/// What a site and its packages have come to.
#[async_trait]
pub trait HarvestStore: Send + Sync {
    /// Makes a site known, and takes its turn of asking it until then; `None` where another process has it.
    async fn claim(
        &self,
        source: &str,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Option<SourceStatus>, StoreError>;

    /// Keeps how a site answered, and gives its turn back.
    async fn tell(&self, status: &SourceStatus) -> Result<(), StoreError>;

    /// All sites that are known.
    async fn sources(&self) -> Result<Vec<SourceStatus>, StoreError>;

    /// Keeps packages as they are told, and returns how many of them are new or say something else than before.
    async fn keep(
        &self,
        source: &str,
        records: &[Record],
        at: OffsetDateTime,
    ) -> Result<usize, StoreError>;

    /// Lets packages be gone.
    async fn drop_records(
        &self,
        source: &str,
        ids: &[String],
        at: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Ids of packages that are kept of a site, those behind `after`, in order.
    async fn ids(&self, source: &str, after: &str, limit: u32) -> Result<Vec<String>, StoreError>;

    /// How many are kept of a site.
    async fn count(&self, source: &str) -> Result<u64, StoreError>;

    /// Forgets a site that is asked no more: its packages are gone.
    async fn forget(&self, source: &str, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Packages by site and id, those that are there.
    async fn records(&self, keys: &[(String, String)]) -> Result<Vec<Harvested>, StoreError>;

    /// A package by site and name.
    async fn by_name(&self, source: &str, name: &str) -> Result<Option<Harvested>, StoreError>;

    /// A package by its id, whichever site has it.
    async fn by_id(&self, id: &str) -> Result<Option<Harvested>, StoreError>;

    /// The name of this database, and the number of its last change.
    async fn progress(&self) -> Result<(String, i64), StoreError>;

    /// Packages whose last change has a higher number, in the order of these; those that are gone, too.
    async fn changes(&self, after: i64, limit: u32) -> Result<Vec<Harvested>, StoreError>;
}
