//! The store itself.

use std::sync::LazyLock;

use common_db::{Database, DbError, Migrations, migrations};

/// The steps of this part, with a book of their own: the process keeps other things in the same database.
pub(super) static MIGRATIONS: LazyLock<Migrations> =
    LazyLock::new(|| migrations!("0001_datasets", "0002_publications").of_part("catalog"));

/// The catalogue in a database that the process has opened.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(super) database: Database,
}

impl Catalog {
    /// Brings the catalogue's part of `database` to the current schema.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(database: Database) -> Result<Self, DbError> {
        database.migrate(&MIGRATIONS).await?;
        Ok(Self { database })
    }
}
