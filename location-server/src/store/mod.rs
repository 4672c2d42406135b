//! Databases behind [`crate::domain::LocationStore`].

#[cfg(test)]
mod conformance;
mod sqlite;

pub use sqlite::SqliteLocations;
