//! The rules of all stores, and what is PostgreSQL's own.

use super::PostgresStore;
use crate::{domain::store::Certificates as _, store::conformance::conforms};
use test_postgres::{Database, Server};

async fn store() -> (PostgresStore, Database) {
    let database = Server::shared().database();
    let store = PostgresStore::open(&database.config()).await;
    (store.expect("a database"), database)
}

conforms!(store);

#[tokio::test]
async fn names_that_the_server_would_not_take_are_unknown() {
    let (store, _database) = store().await;
    assert!(store.certificate("0\0a").await.unwrap().is_none());
    assert!(
        store
            .certificates(Some("a\0"), 0, 9)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn searches_use_an_index() {
    let (store, _database) = store().await;
    for (query, index) in [
        (
            "SELECT * FROM certificates WHERE client_id = 'c' AND seq > 1 ORDER BY seq LIMIT 2",
            "certificates_client",
        ),
        (
            "SELECT * FROM certificates WHERE serial = 's'",
            "certificates_serial",
        ),
        (
            "SELECT * FROM certificates WHERE revoked_at IS NOT NULL AND not_after > now()",
            "certificates_revoked",
        ),
        (
            "SELECT * FROM token_families WHERE user_id = 'u' AND revoked_at IS NULL",
            "token_families_user",
        ),
        (
            "SELECT * FROM token_families WHERE revoked_at >= now()",
            "token_families_revoked",
        ),
        (
            "UPDATE refresh_tokens SET successor = NULL WHERE successor IS NOT NULL AND used_at < now()",
            "refresh_tokens_sealed",
        ),
        (
            "SELECT * FROM events WHERE id < gen_random_uuid() ORDER BY id DESC LIMIT 2",
            "events_pkey",
        ),
        (
            "SELECT password_hash FROM users WHERE user_id = 'u'",
            "users_user_id",
        ),
    ] {
        let mut connection = store.database.pool.acquire().await.unwrap();
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

/// As after a commit whose acknowledgement was lost.
#[tokio::test]
async fn memory_takes_in_what_it_has_missed_and_forgets_nothing() {
    use crate::domain::{
        directory, password::Passwords, registrar::Registrar, store::Participants as _,
    };
    use crate::store::conformance::{AT, event, participant};

    let (store, _database) = store().await;
    let store = std::sync::Arc::new(store);
    let memory = directory::load(&*store, AT).await.unwrap();
    let passwords = Passwords::new(1, std::time::Duration::from_secs(1)).unwrap();
    let registrar = Registrar::new(
        store.clone(),
        memory.clone(),
        std::sync::Arc::new(passwords),
        std::sync::Arc::new(common::clock::ManualClock::new(AT)),
        Some(std::time::Duration::from_secs(1)),
    );
    let family = common::ids::uuid_v7(AT);
    memory.revoke_families([family], AT);
    let missed = participant("1");
    store
        .insert_participant(&missed, &event("missed", 1))
        .await
        .unwrap();
    assert!(memory.participant(missed.id).is_none());
    assert!(!registrar.is_in_doubt());
    registrar.reload(AT).await.unwrap();
    assert!(memory.participant(missed.id).is_some());
    assert!(memory.is_revoked(family));
}
