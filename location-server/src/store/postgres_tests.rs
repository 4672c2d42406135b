//! The rules of all stores, and what is PostgreSQL's own.

use test_postgres::{Database, Server};

use super::PostgresLocations;
use crate::store::conformance::{self, conforms};

async fn store() -> (PostgresLocations, Database) {
    let database = Server::shared().database();
    let store = PostgresLocations::open(&database.config()).await;
    (store.expect("a database"), database)
}

conforms!(store);

#[tokio::test]
async fn history_can_be_neither_altered_nor_removed() {
    let (store, _database) = store().await;
    let pool = store.database.pool.clone();
    conformance::record_is_found_as_it_was_made(store).await;
    for statement in [
        "UPDATE change SET user_id = 'x'",
        "DELETE FROM change",
        "TRUNCATE change CASCADE",
    ] {
        let error = sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&pool)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("not altered"),
            "{statement}: {error}"
        );
    }
}

#[tokio::test]
async fn a_cursor_that_the_server_would_not_take_is_no_failure() {
    let (store, _database) = store().await;
    conformance::list_pages_by_provider_id_in(&store).await;
    let page = crate::domain::LocationStore::list(&store, Some("b\0z"), 9)
        .await
        .unwrap();
    let names: Vec<_> = page
        .into_iter()
        .map(|one| one.provider.to_string())
        .collect();
    assert_eq!(names, ["c", "d"]);
}

#[tokio::test]
async fn searches_use_an_index() {
    let (store, _database) = store().await;
    for (query, index) in [
        (
            "SELECT id FROM change WHERE provider_id = 'p' AND id > 1 ORDER BY id LIMIT 2",
            "change_of_provider",
        ),
        (
            "SELECT connector_url FROM location WHERE provider_id > 'p' ORDER BY provider_id LIMIT 2",
            "location_pkey",
        ),
    ] {
        // An empty table is read whole whatever its indices.
        let mut connection = store.database.pool.acquire().await.unwrap();
        sqlx::query("SET enable_seqscan = off")
            .execute(&mut *connection)
            .await
            .unwrap();
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("EXPLAIN {query}")))
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        assert!(
            plan.iter().any(|step| step.contains(index)),
            "{query}: {plan:?}"
        );
        assert!(
            !plan.iter().any(|step| step.contains("Sort")),
            "{query}: {plan:?}"
        );
    }
}
