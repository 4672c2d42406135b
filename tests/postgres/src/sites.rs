//! Tests that hold for both kinds of database.

use std::str::FromStr as _;

use common_db::{Database, DatabaseConfig};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;

use crate::{PASSWORD, Server};

/// A new, empty database of one kind. A file goes away with this.
#[derive(Debug)]
pub struct Site {
    /// The `[database]` of a service.
    pub config: DatabaseConfig,
    _folder: Option<TempDir>,
}

impl Site {
    /// A file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let path = folder.path().join("x.db");
        Self {
            config: DatabaseConfig::new(format!("sqlite:{}", path.display())),
            _folder: Some(folder),
        }
    }

    /// At the server that the tests of this process share.
    pub fn postgres() -> Self {
        Self {
            config: Server::shared().database().config(),
            _folder: None,
        }
    }

    /// One of each.
    pub fn each() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    /// One of each, no longer empty: with what a version before had there, as `sqlite3 .dump` and `pg_dump --inserts` tell it.
    pub async fn each_with(sqlite: &'static str, postgres: &'static str) -> [Self; 2] {
        let sites = Self::each();
        let [file, server] = &sites;
        let path = file.config.url.trim_start_matches("sqlite:");
        let options = SqliteConnectOptions::new().filename(path);
        let mut connection = SqliteConnection::connect_with(&options.create_if_missing(true))
            .await
            .expect("a file");
        let run = sqlx::raw_sql(sqlite).execute(&mut connection).await;
        run.expect("the statements of a file");
        connection.close().await.expect("it closes");

        let options = PgConnectOptions::from_str(&server.config.url).expect("an address");
        let mut connection = PgConnection::connect_with(&options.password(PASSWORD))
            .await
            .expect("the server");
        let run = sqlx::raw_sql(postgres).execute(&mut connection).await;
        run.expect("the statements of a server");
        connection.close().await.expect("it closes");
        sites
    }
}

/// Two tests a rule, one a kind of database, each with a store of its own: `$open` makes it of a `DatabaseConfig`, and the rule,
/// a function of the module `$rules`, takes it.
#[macro_export]
macro_rules! both {
    ($open:ident in $rules:ident: $($rule:ident),+ $(,)?) => {
        mod sqlite {
            $crate::both!(@one sqlite, $open in $rules: $($rule),+);
        }
        mod postgres {
            $crate::both!(@one postgres, $open in $rules: $($rule),+);
        }
    };
    (@one $kind:ident, $open:ident in $rules:ident: $($rule:ident),+) => {
        $(
            #[tokio::test]
            async fn $rule() {
                let site = $crate::Site::$kind();
                super::$rules::$rule(super::$open(&site.config).await).await;
            }
        )+
    };
}

/// The steps by which the database does `query`; one of them has to name the index `sqlite`, or `postgres` at a server.
pub async fn uses_index(
    database: &Database,
    query: &str,
    sqlite: &str,
    postgres: &str,
) -> Vec<String> {
    let (plan, index) = match database {
        Database::Sqlite(file) => {
            let asked = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
            let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(asked)
                .fetch_all(&file.writer)
                .await
                .expect("a plan");
            (steps.into_iter().map(|step| step.3).collect(), sqlite)
        }
        Database::Postgres(server) => {
            let mut connection = server.pool.acquire().await.expect("a connection");
            // An empty table is read whole whatever its indices.
            for off in ["SET enable_seqscan = off", "SET enable_bitmapscan = off"] {
                let set = sqlx::query(off).execute(&mut *connection).await;
                set.expect("a setting");
            }
            let asked = AssertSqlSafe(format!("EXPLAIN {query}"));
            let steps: Vec<String> = sqlx::query_scalar(asked)
                .fetch_all(&mut *connection)
                .await
                .expect("a plan");
            (steps, postgres)
        }
    };
    assert!(
        plan.iter().any(|step| step.contains(index)),
        "{query}: {plan:?}"
    );
    plan
}
