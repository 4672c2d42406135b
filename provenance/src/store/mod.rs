//! Databases behind the ledger.

#[cfg(test)]
pub(crate) mod conformance;
mod postgres;
mod sqlite;
mod view;

pub use postgres::{PostgresLedger, PostgresReader, open_postgres};
use provenance_model::core::Actor;
pub use sqlite::{OpenError, SqliteLedger, SqliteReader, open_sqlite};

use crate::domain::store::LedgerStoreError;

/// Who submitted a record, as a column has it.
fn actor_text(actor: &Actor) -> Result<String, LedgerStoreError> {
    serde_json::to_string(actor).map_err(|error| LedgerStoreError(Box::new(error)))
}

/// Reads it.
fn actor_of(text: &str) -> Result<Actor, LedgerStoreError> {
    serde_json::from_str(text).map_err(|error| LedgerStoreError(Box::new(error)))
}
