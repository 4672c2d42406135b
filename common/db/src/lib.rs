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
//! SQL itself lives in each crate's `store` module, migrations in its `migrations/sqlite` and `migrations/postgres`.

mod config;
mod database;
mod failure;
mod postgres;
mod retention;
mod row;
mod sqlite;
mod statement;

use common::config::ConfigError;

pub use self::{
    config::DatabaseConfig,
    database::{Database, Migrations, Transaction},
    failure::{is_conflict, is_unavailable, sqlite_is_unavailable},
    postgres::{PostgresDatabase, create_postgres, limited, open_postgres},
    retention::RetentionConfig,
    row::{Column, Corrupt, Record, Row, StoreError},
    sqlite::{SqliteDatabase, open_sqlite},
    statement::{Json, Rfc3339, Statement, Value, sql, up_to_nul},
};

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The scheme of `database.url` is not known.
    #[error("database.url must begin with sqlite: or postgres://")]
    Scheme,
    /// The file or its folder could not be made.
    #[error("cannot make the file of the database")]
    File(#[source] std::io::Error),
    /// `database.password_file` could not be read.
    #[error("cannot read the password of the database")]
    Password(#[source] ConfigError),
    /// The server is not one that this program can use.
    #[error("the database server cannot be used: {0}")]
    Unfit(String),
    /// The database could not be opened.
    #[error("cannot open the database")]
    Open(#[from] sqlx::Error),
    /// A migration failed.
    #[error("cannot bring the database to its current schema")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// The kind of database that a configuration names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

impl Backend {
    /// Reads the scheme of `config.url`.
    ///
    /// # Errors
    /// [`DbError::Scheme`].
    pub fn of(config: &DatabaseConfig) -> Result<Self, DbError> {
        match config.url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite),
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            _ => Err(DbError::Scheme),
        }
    }
}
