//! The store on `SQLite`. One file an aggregate.

mod certificates;
mod clients;
mod events;
mod families;
mod installation;
mod people;
mod rows;
#[cfg(test)]
mod tests;

use crate::domain::store::StoreError;
use common_db::{DatabaseConfig, DbError, SqliteDatabase, open_sqlite};
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

/// Microseconds since 1970.
fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}
