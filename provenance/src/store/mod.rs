//! The databases of the ledger.

mod sqlite;

pub use sqlite::{SqliteLedger, SqliteReader, open_sqlite};
