//! The database behind [`crate::domain::DraftStore`].

#[cfg(test)]
mod conformance;
mod drafts;
mod harvest;
mod lists;
mod rows;
mod sites;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use common_db::{Database, DatabaseConfig, DbError, Migrations, migrations};

static MIGRATIONS: LazyLock<Migrations> =
    LazyLock::new(|| migrations!("0001_drafts", "0002_publishing", "0003_harvest"));

/// What the catalogue tool keeps.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
}

impl Store {
    /// Opens the database of `config` and brings it to the current schema.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DbError> {
        Ok(Self {
            database: Database::open(config, &MIGRATIONS).await?,
        })
    }

    /// The database, to be asked whether it works, and for those who have tables of their own in it.
    pub fn database(&self) -> &Database {
        &self.database
    }
}
