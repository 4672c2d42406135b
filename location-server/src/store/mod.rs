//! Databases behind [`crate::domain::LocationStore`].

#[cfg(test)]
mod conformance;
mod postgres;
mod sqlite;

use common::config::DatabaseConfig;
use common::db::{Backend, DbError};

pub use postgres::PostgresLocations;
pub use sqlite::SqliteLocations;

use crate::domain::LocationStore;

/// Opens the database of `config`, whichever it is, and brings it to the current schema.
pub async fn open(config: &DatabaseConfig) -> Result<Box<dyn LocationStore>, DbError> {
    Ok(match Backend::of(config)? {
        Backend::Sqlite => Box::new(SqliteLocations::open(config).await?),
        Backend::Postgres => Box::new(PostgresLocations::open(config).await?),
    })
}
