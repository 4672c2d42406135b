//! The rules of all stores.

use super::SqliteStore;
use crate::store::conformance::conforms;
use common::config::DatabaseConfig;
use tempfile::TempDir;

async fn store() -> (SqliteStore, TempDir) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let config = DatabaseConfig::new(format!("sqlite:{}", dir.path().join("auth.db").display()));
    (SqliteStore::open(&config).await.expect("a database"), dir)
}

conforms!(store);
