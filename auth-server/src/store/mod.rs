//! Databases: a file, or a server. Both keep the same rules, and one suite of tests shows it.

#[cfg(test)]
mod conformance;
mod kinship;
mod postgres;
mod reading;
mod sqlite;

use crate::domain::store::{Duplicate, Store, StoreError};
use common_db::{Backend, DatabaseConfig, DbError};
use std::sync::Arc;

pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;

/// Opens the database of `config`, whichever it is, and brings it to the current schema.
///
/// # Errors
/// [`DbError`].
pub async fn open(config: &DatabaseConfig) -> Result<Arc<dyn Store>, DbError> {
    Ok(match Backend::of(config)? {
        Backend::Sqlite => Arc::new(SqliteStore::open(config).await?),
        Backend::Postgres => Arc::new(PostgresStore::open(config).await?),
    })
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(inner) = &error {
            if inner.is_foreign_key_violation() {
                return Self::Reference;
            }
            // PostgreSQL names the constraint; SQLite tells the columns, or the index if it is over an expression.
            let what = inner.constraint().unwrap_or(inner.message());
            if inner.is_unique_violation()
                && let Some(what) = duplicate(what)
            {
                return Self::Duplicate(what);
            }
        }
        Self::Database(error.into())
    }
}

fn duplicate(what: &str) -> Option<Duplicate> {
    [
        (
            ["participants.number", "participants_number"],
            Duplicate::Number,
        ),
        (["users.user_id", "users_user_id"], Duplicate::UserId),
        (
            ["clients.client_id", "clients_client_id"],
            Duplicate::ClientId,
        ),
        (["clients.base_url", "clients_base_url"], Duplicate::BaseUrl),
        (
            ["certificates.serial", "certificates_serial"],
            Duplicate::Key,
        ),
    ]
    .into_iter()
    .find_map(|(names, duplicate)| {
        names
            .iter()
            .any(|name| what.contains(name))
            .then_some(duplicate)
    })
}
