//! The store on PostgreSQL. One file an aggregate.
//!
//! Writers work side by side: what one decides by is locked until it has ended, and what must be unique is so by a constraint.

mod certificates;
mod clients;
mod events;
mod families;
mod installation;
mod people;
mod rows;
#[cfg(test)]
mod tests;

use common_db::{DatabaseConfig, DbError, PostgresDatabase, open_postgres};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// Registrations, certificates and sessions in one database.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    database: PostgresDatabase,
}

impl PostgresStore {
    /// Opens the database of `config` and brings it to the current schema.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DbError> {
        Ok(Self {
            database: open_postgres(config, &MIGRATOR).await?,
        })
    }
}
