//! Where grants are kept.

#[cfg(test)]
mod conformance;
mod postgres;
mod row;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use common::config::DatabaseConfig;
use common::db::{Backend, DbError};
use common::ids::{ConnectorId, UserId};
use time::OffsetDateTime;

pub use postgres::PostgresGrants;
pub use sqlite::{MIGRATIONS, SqliteGrants};

use super::grant::{Assignee, Grant};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the database of grants failed")]
    Database(#[from] sqlx::Error),
    /// A row holds what no grant can hold.
    #[error("grant {seq} cannot be read: {what}")]
    Corrupt {
        /// Key of the row.
        seq: i64,
        /// What is wrong.
        what: String,
    },
}

/// Who changes a grant, and when.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// The user of the token.
    pub actor: &'a UserId,
    /// The connector or service of the certificate.
    pub via: &'a ConnectorId,
    /// Now.
    pub at: OffsetDateTime,
}

/// Which grants on a target are removed.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// Those of this trade.
    Trade(&'a str),
    /// The one without a contract that has exactly these conditions.
    Assignee(&'a Assignee),
}

/// The provider's grants.
#[async_trait]
pub trait GrantStore: Send + Sync + std::fmt::Debug {
    /// Adds a grant; `false` if the same one is there already.
    async fn register(&self, grant: &Grant, change: &Change<'_>) -> Result<bool, StoreError>;

    /// Removes grants on `target` and returns how many there were.
    async fn remove(
        &self,
        target: &str,
        which: Which<'_>,
        change: &Change<'_>,
    ) -> Result<u64, StoreError>;

    /// The grants on `target`, or all, in order of registration.
    async fn list(&self, target: Option<&str>) -> Result<Vec<Grant>, StoreError>;

    /// All grants with the revision that they are of.
    async fn load(&self) -> Result<(i64, Vec<Grant>), StoreError>;

    /// The current revision: another number after every change, whoever made it.
    async fn revision(&self) -> Result<i64, StoreError>;
}

/// Opens the database of `config`, whichever it is, and brings it to the current schema.
///
/// # Errors
/// [`DbError`].
pub async fn open(config: &DatabaseConfig) -> Result<Arc<dyn GrantStore>, DbError> {
    Ok(match Backend::of(config)? {
        Backend::Sqlite => Arc::new(SqliteGrants::new(
            common::db::open_sqlite(config, &MIGRATIONS).await?,
        )),
        Backend::Postgres => Arc::new(PostgresGrants::open(config).await?),
    })
}
