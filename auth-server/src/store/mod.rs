//! The database: registrations, certificates, sessions and what was done. One file an aggregate.
//!
//! Writers work side by side: what one decides by is locked until it has ended, and what must be unique is so by a constraint.

mod certificates;
mod change;
mod clients;
#[cfg(test)]
mod conformance;
mod events;
mod families;
mod installation;
mod kinship;
mod people;
mod rows;
mod sign_ins;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use common_db::{Database, DatabaseConfig, DbError, Migrations, migrations};

use crate::domain::store::{AccountsError, Duplicate};

static MIGRATIONS: LazyLock<Migrations> = LazyLock::new(|| {
    migrations!(
        "0001_registration",
        "0002_certificates",
        "0003_token_families",
        "0004_folded_client_ids",
        "0005_changes",
        "0006_purposes",
        "0007_certificate_parents",
        "0008_registration_edits",
        "0009_redirect_uris",
        "0010_sign_in",
        "0011_domains",
    )
});

/// Registrations, certificates and sessions in one database.
#[derive(Debug, Clone)]
pub struct SqlStore {
    database: Database,
}

impl SqlStore {
    /// Opens the database of `config`, whichever it is, and brings it to the current schema.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DbError> {
        Ok(Self {
            database: Database::open(config, &MIGRATIONS).await?,
        })
    }

    /// The database, to be asked whether it works.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

impl From<sqlx::Error> for AccountsError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(inner) = &error {
            if inner.is_foreign_key_violation() {
                return Self::Reference;
            }
            // PostgreSQL names the constraint; SQLite tells the columns, or the index if it is over an expression.
            let what = inner.constraint().unwrap_or(inner.message());
            if inner.is_unique_violation()
                && let Some(what) = duplicate(what)
            {
                return Self::Duplicate(what);
            }
        }
        Self::Database(error.into())
    }
}

fn duplicate(what: &str) -> Option<Duplicate> {
    [
        (
            ["participants.number", "participants_number"],
            Duplicate::Number,
        ),
        (["users.user_id", "users_user_id"], Duplicate::UserId),
        (
            ["clients.client_id", "clients_client_id"],
            Duplicate::ClientId,
        ),
        (["clients.base_url", "clients_base_url"], Duplicate::BaseUrl),
        (
            ["certificates.serial", "certificates_serial"],
            Duplicate::Key,
        ),
    ]
    .into_iter()
    .find_map(|(names, duplicate)| {
        names
            .iter()
            .any(|name| what.contains(name))
            .then_some(duplicate)
    })
}
