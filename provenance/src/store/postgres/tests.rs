//! The rules of all ledgers, and what only a database on a server has to do.

use std::collections::BTreeSet;

use test_postgres::{Database, Server};

use super::{PostgresLedger, PostgresReader, open_postgres};
use crate::{
    domain::store::Index,
    store::conformance::{Ledger, Site, conforms, event, places},
};

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
async fn several_servers_give_places_without_gaps() {
    let site = OnServer::new();
    let (a, b, c) = tokio::join!(
        Ledger::open(&site),
        Ledger::open(&site),
        Ledger::open(&site)
    );
    let work = async |ledger: &Ledger, name: &str| -> Vec<Index> {
        let mut given = Vec::new();
        for round in 0..20 {
            // Everybody also delivers what another has delivered, as after a lost answer.
            let group = (0..10).map(|n| event(&format!("{name}{round}-{n}"), &["o"]));
            let group = group
                .chain([event(&format!("shared{round}"), &[])])
                .collect();
            given.extend(places(&ledger.submit(group).await).into_iter().flatten());
        }
        given
    };
    let given = tokio::join!(work(&a, "a"), work(&b, "b"), work(&c, "c"));
    let all: Vec<Index> = [given.0, given.1, given.2].concat();
    let different: BTreeSet<Index> = all.iter().copied().collect();
    assert_eq!(all.len(), 3 * 20 * 10 + 20);
    assert_eq!(different.len(), all.len(), "no place is given twice");
    assert_eq!(
        different.last(),
        Some(&(3 * 20 * 10 + 20 - 1)),
        "and none is left out"
    );
}

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
