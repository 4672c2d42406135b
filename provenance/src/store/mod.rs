//! Databases behind the ledger.

#[cfg(test)]
pub(crate) mod conformance;
mod postgres;
mod sqlite;
mod view;

pub use postgres::{PostgresLedger, PostgresReader, open_postgres};
pub use sqlite::{OpenError, SqliteLedger, SqliteReader, open_sqlite};
