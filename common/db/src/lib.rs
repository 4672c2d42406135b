//! Opening databases, and telling their failures apart. SQL itself lives in each crate's `store` module, migrations in its
//! `migrations/sqlite` and `migrations/postgres`.
//!
//! A service that keeps something opens its store at one place:
//!
//! ```ignore
//! Ok(match Backend::of(config)? {
//!     Backend::Sqlite => Box::new(SqliteThings::open(config).await?),
//!     Backend::Postgres => Box::new(PostgresThings::open(config).await?),
//! })
//! ```

mod failure;
mod postgres;
mod sqlite;

use crate::{
    config::{ConfigError, DatabaseConfig},
    service::Finding,
};

pub use self::{
    failure::{is_conflict, is_unavailable, sqlite_is_unavailable},
    postgres::{PostgresDatabase, create_postgres, limited, open_postgres},
    sqlite::{SqliteDatabase, open_sqlite, private_file},
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

impl DatabaseConfig {
    /// What is wrong or risky, for `check-config`.
    pub fn findings(&self) -> Vec<Finding> {
        match Backend::of(self) {
            Err(error) => vec![Finding::Error(error.to_string())],
            Ok(Backend::Postgres) => postgres::findings(self),
            Ok(Backend::Sqlite)
                if self.password_file.is_some() || self.max_connections.is_some() =>
            {
                vec![Finding::Error(
                    "database.password_file and database.max_connections are for postgres:// alone"
                        .to_owned(),
                )]
            }
            Ok(Backend::Sqlite) => Vec::new(),
        }
    }
}
