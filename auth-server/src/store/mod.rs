//! Databases. `SQLite` now; the folder and the traits have room for another one.

mod sqlite;

pub use sqlite::SqliteStore;
