//! Databases behind [`crate::domain::LocationStore`].

mod sqlite;

pub use sqlite::SqliteLocations;
