//! The rules of all stores, and what is `SQLite`'s own.

use common::config::DatabaseConfig;

use super::SqliteLocations;
use crate::store::conformance::{self, conforms};

async fn store() -> (SqliteLocations, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let config = DatabaseConfig::new(format!("sqlite:{}", dir.path().join("l.db").display()));
    (
        SqliteLocations::open(&config).await.expect("a database"),
        dir,
    )
}

conforms!(store);

#[tokio::test]
async fn history_can_be_neither_altered_nor_removed() {
    let (store, _dir) = store().await;
    let writer = store.database.writer.clone();
    conformance::record_is_found_as_it_was_made(store).await;
    for statement in ["UPDATE change SET user_id = 'x'", "DELETE FROM change"] {
        let error = sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&writer)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("not altered"),
            "{statement}: {error}"
        );
    }
}

#[tokio::test]
async fn searches_use_an_index() {
    let (store, _dir) = store().await;
    for (query, index) in [
        (
            "SELECT id FROM change WHERE provider_id = 'p' AND id > 1 ORDER BY id LIMIT 2",
            "change_of_provider",
        ),
        (
            "SELECT connector_url FROM location WHERE provider_id > 'p' ORDER BY provider_id LIMIT 2",
            "PRIMARY KEY",
        ),
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
                .fetch_all(&store.database.reader)
                .await
                .unwrap();
        let plan: Vec<_> = plan.into_iter().map(|row| row.3).collect();
        assert!(
            plan.iter().any(|step| step.contains(index)),
            "{query}: {plan:?}"
        );
        assert!(
            !plan.iter().any(|step| step.contains("TEMP B-TREE")),
            "{query}: {plan:?}"
        );
    }
}
