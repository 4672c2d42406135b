//! The store on `SQLite`. One file an aggregate.

mod certificates;
mod clients;
mod events;
mod families;
mod installation;
mod people;
mod rows;

use crate::domain::store::{Duplicate, StoreError};
use common::{
    config::DatabaseConfig,
    db::{DbError, SqliteDatabase, open_sqlite},
};
use sqlx::{Sqlite, Transaction};
use time::OffsetDateTime;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// Registrations, certificates and sessions in one `SQLite` file.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    database: SqliteDatabase,
}

impl SqliteStore {
    /// Opens the database of `config` and brings it to the current schema.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DbError> {
        Ok(Self {
            database: open_sqlite(config, &MIGRATOR).await?,
        })
    }

    /// `BEGIN IMMEDIATE`: a transaction that reads first and then writes must not find somebody else's write in between.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.database
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(StoreError::from)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(inner) = &error {
            if inner.is_foreign_key_violation() {
                return Self::Reference;
            }
            if inner.is_unique_violation()
                && let Some(what) = duplicate(inner.message())
            {
                return Self::Duplicate(what);
            }
        }
        Self::Database(error.into())
    }
}

/// `SQLite` names the columns, or the index if it is over an expression.
fn duplicate(message: &str) -> Option<Duplicate> {
    [
        ("participants.number", Duplicate::Number),
        ("users.user_id", Duplicate::UserId),
        ("users_user_id_folded", Duplicate::UserId),
        ("clients.client_id", Duplicate::ClientId),
        ("clients.base_url", Duplicate::BaseUrl),
        ("certificates.serial", Duplicate::Key),
    ]
    .into_iter()
    .find_map(|(name, what)| message.contains(name).then_some(what))
}

/// Microseconds since 1970.
fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}
