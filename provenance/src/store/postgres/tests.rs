//! The rules of all ledgers, and what only a database on a server has to do.

use test_postgres::{Database, Server};

use super::{PostgresLedger, PostgresReader, open_postgres};
use crate::store::conformance::{Site, conforms};

struct OnServer(Database);

impl OnServer {
    fn new() -> Self {
        Self(Server::shared().database())
    }
}

impl Site for OnServer {
    type Store = PostgresLedger;
    type Reader = PostgresReader;

    async fn open(&self) -> (PostgresLedger, PostgresReader) {
        let (store, reader, _) = open_postgres(&self.0.config()).await.expect("a database");
        (store, reader)
    }
}

conforms!(OnServer);

#[tokio::test]
async fn searches_use_an_index() {
    let site = OnServer::new();
    let (_, _, database) = open_postgres(&site.0.config()).await.unwrap();
    for (query, index) in [
        (
            "SELECT * FROM record WHERE id = ANY(ARRAY['a', 'b'])",
            "record_id",
        ),
        (
            "SELECT * FROM pending_edge WHERE prev_id = ANY(ARRAY['a', 'b'])",
            "pending_edge_pkey",
        ),
        (
            "SELECT * FROM pending_edge WHERE next_idx = ANY(ARRAY[1, 2])",
            "pending_edge_next",
        ),
        (
            "SELECT prev_idx, next_idx FROM edge WHERE prev_idx = ANY(ARRAY[1, 2]::int8[])",
            "edge_fwd",
        ),
        (
            "SELECT * FROM edge WHERE next_idx = ANY(ARRAY[1, 2]::int8[])",
            "edge_pkey",
        ),
        ("SELECT * FROM tag WHERE key = 'x'", "tag_key"),
        (
            "SELECT * FROM idem WHERE created < now() LIMIT 500",
            "idem_created",
        ),
    ] {
        let mut connection = database.pool.acquire().await.unwrap();
        // An empty table is read whole whatever its indices.
        for off in ["SET enable_seqscan = off", "SET enable_bitmapscan = off"] {
            sqlx::query(off).execute(&mut *connection).await.unwrap();
        }
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("EXPLAIN {query}")))
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        assert!(
            plan.iter().any(|step| step.contains(index)),
            "{query}: {plan:?}"
        );
    }
}
