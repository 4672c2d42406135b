//! The ledger on PostgreSQL. Several servers may write to it: each group of records is one transaction, and one after the other,
//! for all of them take their places under the lock of one row.
//!
//! Each question costs a round trip, so a group asks for all its records at once and is written by one statement.

mod group;
mod loaded;
mod reader;
mod rows;
#[cfg(test)]
mod tests;
mod transaction;
mod writer;

use std::sync::LazyLock;

use common_db::{self as db, DatabaseConfig, DbError, PostgresDatabase};
use sqlx::migrate::Migrator;

pub use self::{reader::PostgresReader, writer::PostgresLedger};
use crate::domain::store::LedgerStoreError;

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    common_db::migrator!(
        "migrations/postgres":
        "0001_ledger",
        "0002_claims",
        "0004_rights",
        "0005_arriving",
    )
});

/// Opens the database of `config`, brings it to its current schema, and returns its writing and its reading side, and the
/// database itself, to be asked whether it is there.
///
/// # Errors
/// [`DbError`].
pub async fn open_postgres(
    config: &DatabaseConfig,
) -> Result<(PostgresLedger, PostgresReader, PostgresDatabase), DbError> {
    let database = db::open_postgres(config, &MIGRATIONS).await?;
    Ok((
        PostgresLedger::new(database.clone()),
        PostgresReader::new(database.clone()),
        database,
    ))
}

impl From<sqlx::Error> for LedgerStoreError {
    fn from(error: sqlx::Error) -> Self {
        if db::is_unavailable(&error) {
            Self::unavailable(error)
        } else {
            Self(Box::new(error))
        }
    }
}
