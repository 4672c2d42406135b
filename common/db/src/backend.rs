//! Which kind of database a configuration names, and whether it suits that.

use common::process::Finding;

use crate::{config::DatabaseConfig, error::DbError, postgres};

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
