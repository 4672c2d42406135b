//! The rules of the store, on both databases.

use common_db::{Database, DatabaseConfig, Migrations};
use test_postgres::{Site, both, uses_index};

use super::{SqlSessions, conformance};

/// A process that has no tables of its own.
static NONE: Migrations = Migrations {
    sqlite: sqlx::migrate::Migrator::DEFAULT,
    postgres: sqlx::migrate::Migrator::DEFAULT,
};

async fn open(config: &DatabaseConfig) -> SqlSessions {
    let database = Database::open(config, &NONE).await.expect("a database");
    SqlSessions::open(database).await.expect("its tables")
}

both! { open in conformance:
    a_session_is_found_until_it_ends,
    what_has_ended_waits_in_order,
    use_is_noted_forward_alone,
    one_refreshes_and_the_others_see_it,
    a_claim_ends,
    signing_out_during_a_refresh_counts,
    a_user_has_so_many_sessions,
    a_user_has_so_many_also_at_once,
    what_is_over_goes,
}

/// A process opens its database again and again, and has steps of its own with the same numbers.
#[tokio::test]
async fn the_tables_stand_beside_those_of_the_process() {
    for site in Site::each() {
        let step = || common_db::migrator(&[("0001_own", "CREATE TABLE own (x INTEGER)")]);
        let own = Migrations {
            sqlite: step(),
            postgres: step(),
        };
        for _ in 0..2 {
            let database = Database::open(&site.config, &own).await;
            let sessions = SqlSessions::open(database.expect("its own tables")).await;
            sessions.expect("those of sessions beside them");
        }
    }
}

#[tokio::test]
async fn searches_use_an_index() {
    for site in Site::each() {
        let store = open(&site.config).await;
        for (query, index) in [
            (
                "SELECT id_hash FROM screen_session WHERE user_id = 'a' AND ended_at IS NULL ORDER BY used_at DESC LIMIT 3",
                "screen_session_user",
            ),
            (
                "SELECT id_hash FROM screen_session WHERE ends_at <= now() LIMIT 3",
                "screen_session_ends",
            ),
            (
                "SELECT id_hash FROM screen_session WHERE used_at <= now() LIMIT 3",
                "screen_session_used",
            ),
            (
                "SELECT id_hash FROM screen_session WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT 3",
                "screen_session_ended",
            ),
        ] {
            let of_file = query.replace("now()", "1");
            let query = match store.database() {
                Database::Sqlite(_) => of_file.as_str(),
                Database::Postgres(_) => query,
            };
            uses_index(store.database(), query, index, index).await;
        }
    }
}
