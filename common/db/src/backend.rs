//! Which kind of database a configuration names, and whether it suits that.

use common::process::{Findings, Section};

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

impl Section for DatabaseConfig {
    fn check(&self, findings: &mut Findings) {
        const FOR_POSTGRES: &str = "is for postgres:// alone";
        match Backend::of(self) {
            Err(_) => findings.error("url", &self.url, "must begin with sqlite: or postgres://"),
            Ok(Backend::Postgres) => postgres::check(self, findings),
            Ok(Backend::Sqlite) => {
                if self.password_file.is_some() {
                    findings.error("password_file", &self.password_file, FOR_POSTGRES);
                }
                if self.max_connections.is_some() {
                    findings.error("max_connections", &self.max_connections, FOR_POSTGRES);
                }
            }
        }
    }
}
