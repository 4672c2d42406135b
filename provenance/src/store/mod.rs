//! Databases behind the ledger.

#[cfg(test)]
pub(crate) mod conformance;
mod postgres;
mod sqlite;
mod view;

pub use postgres::{PostgresLedger, PostgresReader, open_postgres};
use provenance_model::core::Actor;
pub use sqlite::{OpenError, SqliteLedger, SqliteReader, open_sqlite};

use crate::domain::store::StoreError;

/// Who submitted a record, as a column has it.
fn actor_text(actor: &Actor) -> Result<String, StoreError> {
    serde_json::to_string(actor).map_err(|error| StoreError(Box::new(error)))
}

/// Reads it.
fn actor_of(text: &str) -> Result<Actor, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError(Box::new(error)))
}
