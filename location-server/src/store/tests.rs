//! The rules of the store, on both databases.

use common_db::{Database, DatabaseConfig};
use location_client::api::ChangeKind;
use sqlx::AssertSqlSafe;
use test_postgres::{Site, both, kept, uses_index};

use super::{Locations, conformance, locations::MIGRATIONS};
use crate::domain::LocationStore as _;

async fn open(config: &DatabaseConfig) -> Locations {
    Locations::open(config).await.expect("a database")
}

both! { open in conformance:
    record_is_found_as_it_was_made,
    second_creation_changes_nothing,
    change_from_an_old_version_is_refused,
    of_changes_at_the_same_time_one_wins,
    version_is_never_used_twice,
    list_pages_by_provider_id,
    a_cursor_with_nul_is_no_failure,
    history_is_complete,
    history_grows_at_its_end_alone,
    history_ends_where_it_is_kept_no_longer,
}

#[tokio::test]
async fn history_can_be_neither_altered_nor_removed() {
    for site in Site::each() {
        let store = open(&site.config).await;
        let database = store.database().clone();
        conformance::record_is_found_as_it_was_made(store).await;
        for statement in [
            "UPDATE change SET user_id = 'x'",
            "DELETE FROM change",
            "TRUNCATE change CASCADE",
        ] {
            let statement = AssertSqlSafe(statement);
            let outcome = match &database {
                Database::Sqlite(_) if statement.0.starts_with("TRUNCATE") => continue,
                Database::Sqlite(file) => {
                    sqlx::query(statement).execute(&file.writer).await.map(drop)
                }
                Database::Postgres(server) => {
                    sqlx::query(statement).execute(&server.pool).await.map(drop)
                }
            };
            let error = outcome.unwrap_err();
            assert!(error.to_string().contains("not altered"), "{error}");
        }
    }
}

#[tokio::test]
async fn searches_use_an_index() {
    for site in Site::each() {
        let store = open(&site.config).await;
        let database = store.database();
        for (query, sqlite, postgres) in [
            (
                "SELECT id FROM change WHERE provider_id = 'p' AND id > 1 ORDER BY id LIMIT 2",
                "change_of_provider",
                "change_of_provider",
            ),
            (
                "SELECT connector_url FROM location WHERE provider_id > 'p' ORDER BY provider_id LIMIT 2",
                "PRIMARY KEY",
                "location_pkey",
            ),
        ] {
            let plan = uses_index(database, query, sqlite, postgres).await;
            let sorts = |step: &String| step.contains("TEMP B-TREE") || step.contains("Sort");
            assert!(!plan.iter().any(sorts), "{query}: {plan:?}");
        }
    }
}

/// Databases of versions before open, and everything that they hold is there.
#[tokio::test]
async fn what_versions_before_wrote_is_whole() {
    for kept in kept!("before-1" at 1, "before-2" at 1) {
        for site in Site::each_with(&MIGRATIONS, &kept).await {
            let store = open(&site.config).await;
            let all = store.list(None, 10).await.unwrap();
            let changes = store.changes(None, 0, 10).await.unwrap();
            assert_eq!((all.len(), changes.len()), (3, 3));
            for (number, change) in (1..).zip(&changes) {
                assert_eq!((change.id, change.kind), (number, ChangeKind::Create));
                assert_eq!(change.at.year(), 2026);
                let of = all.iter().find(|one| one.version == change.id).unwrap();
                assert_eq!(of.provider.as_str(), change.provider_id);
                assert_eq!(
                    (None, Some(&of.entry)),
                    (change.before.as_ref(), change.after.as_ref())
                );
                assert_eq!(change.user_id.as_deref(), Some("cadde.8999900000001.op"));
            }
            // And it goes on from there.
            assert!(
                store
                    .delete(&all[0], &conformance::author(), changes[2].at)
                    .await
                    .unwrap()
            );
            assert_eq!(store.changes(None, 3, 10).await.unwrap()[0].id, 4);
        }
    }
}
