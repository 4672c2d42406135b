//! One SQL store over `SQLite` and PostgreSQL: every statement stands once, with the types of whichever database it meets.
//!
//! ```no_run
//! use common_db::{Database, DatabaseConfig, Migrations, StoreError, sql};
//! # static MIGRATIONS: Migrations = Migrations { sqlite: sqlx::migrate::Migrator::DEFAULT, postgres: sqlx::migrate::Migrator::DEFAULT };
//!
//! # async fn example(config: &DatabaseConfig) -> Result<(), Box<dyn std::error::Error>> {
//! let database = Database::open(config, &MIGRATIONS).await?;
//!
//! // One statement, read by name.
//! let row = database
//!     .fetch_optional(sql("SELECT name FROM thing WHERE id = $1").bind(7))
//!     .await?;
//! let name: Option<String> = row.map(|row| row.get("name")).transpose()?;
//!
//! // A transaction, tried again where another one was in its way.
//! database
//!     .run(|| async {
//!         let mut tx = database.begin().await?;
//!         tx.execute(sql("UPDATE thing SET name = $2 WHERE id = $1").bind(7).bind("seven"))
//!             .await?;
//!         tx.commit().await
//!     })
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! Calls are boxed: what an `async fn` does is compiled in every crate that awaits it, and with these the driver's whole way to a
//! connection; behind a box it is compiled here, once, for a few dozen nanoseconds a call.
//!
//! SQL itself lives in each crate's `store` module, migrations in its `migrations/sqlite` and `migrations/postgres`.

mod backend;
mod config;
mod database;
mod error;
mod failure;
mod migrations;
mod postgres;
mod retention;
mod row;
mod sqlite;
mod statement;

pub use self::{
    backend::Backend,
    config::DatabaseConfig,
    database::{Database, Migrations, Transaction},
    error::DbError,
    failure::{is_conflict, is_unavailable, sqlite_is_unavailable},
    migrations::migrator,
    postgres::{PostgresDatabase, create_postgres, limited, open_postgres},
    retention::RetentionConfig,
    row::{Column, Corrupt, Record, Row, StoreError},
    sqlite::{SqliteDatabase, open_sqlite},
    statement::{Json, Rfc3339, Statement, Value, sql, up_to_nul},
};
