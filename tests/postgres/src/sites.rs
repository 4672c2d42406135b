//! Tests that hold for both kinds of database.

use common_db::{Database, DatabaseConfig, Migrations};
use sqlx::{AssertSqlSafe, migrate::Migrator};
use tempfile::TempDir;

use crate::Server;

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

    /// One of each, no longer empty: with what a version before kept there.
    pub async fn each_with(migrations: &Migrations, kept: &Kept) -> [Self; 2] {
        let sites = Self::each();
        let of_then = up_to(migrations, kept.last);
        for site in &sites {
            let database = Database::open(&site.config, &of_then).await;
            match database.expect("an empty database") {
                Database::Sqlite(file) => {
                    let run = sqlx::raw_sql(kept.sqlite).execute(&file.writer).await;
                    run.expect("the rows of a file");
                }
                // As the superuser, who alone may leave out triggers and references.
                Database::Postgres(server) => {
                    let options = server.pool.connect_options();
                    let name = options.get_database().expect("it has a name");
                    Server::shared().sql(name, kept.postgres);
                }
            }
        }
        sites
    }
}

/// What a version before kept, as `sqlite3 .dump` and `pg_dump --inserts` tell it, without the tables: those are what its
/// migrations made, which never change. Its own record of them is among the rows, so that one that did change is found out.
#[derive(Debug)]
pub struct Kept {
    /// The last of its migrations.
    pub last: i64,
    /// The rows in its file.
    pub sqlite: &'static str,
    /// Those at its server.
    pub postgres: &'static str,
}

/// What versions before kept, in the files `testdata/$name.sqlite.sql` and `testdata/$name.postgres.sql` of the calling crate, each
/// with the number of its last migration.
#[macro_export]
macro_rules! kept {
    (@file $name:literal, $kind:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/", $name, ".", $kind, ".sql"))
    };
    ($($name:literal at $last:literal),+) => {
        [$($crate::Kept {
            last: $last,
            sqlite: $crate::kept!(@file $name, "sqlite"),
            postgres: $crate::kept!(@file $name, "postgres"),
        }),+]
    };
}

/// The first migrations, up to the one with the number `last`.
pub fn up_to(migrations: &Migrations, last: i64) -> Migrations {
    let first = |all: &Migrator| {
        let first = all.iter().filter(|migration| migration.version <= last);
        Migrator::with_migrations(first.cloned().collect())
    };
    Migrations {
        sqlite: first(&migrations.sqlite),
        postgres: first(&migrations.postgres),
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
