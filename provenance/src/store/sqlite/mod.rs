//! The ledger on `SQLite`: one connection that writes, on the sequencer's thread, and a few that read on snapshots.
//!
//! Opening and migrating goes the way of every other database here; after that, statements run without a hand-over to another
//! thread each, of which a record takes half a dozen.

mod connect;
mod reader;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

use common_db::{self as db, DatabaseConfig};
use sqlx::migrate::Migrator;

pub use self::{reader::SqliteReader, writer::SqliteLedger};

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    common_db::migrator!(
        "migrations/sqlite":
        "0001_ledger",
        "0002_claims",
        "0004_rights",
        "0005_arriving",
    )
});

/// Why the ledger's database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It could not be made or migrated.
    #[error(transparent)]
    Database(#[from] db::DbError),
    /// It could not be read.
    #[error("cannot open the ledger's database")]
    Sqlite(#[from] rusqlite::Error),
    /// Its folder is not there.
    #[error("cannot find the folder of the ledger's database")]
    Folder(#[source] std::io::Error),
}

/// Opens the database of `config`, brings it to its current schema, and returns its writing and its reading side, and the
/// folder whose disk it fills.
///
/// # Errors
/// [`OpenError`].
pub async fn open_sqlite(
    config: &DatabaseConfig,
) -> Result<(SqliteLedger, SqliteReader, PathBuf), OpenError> {
    let database = db::open_sqlite(config, &MIGRATIONS).await?;
    database.reader.close().await;
    database.writer.close().await;
    let path = config
        .url
        .strip_prefix("sqlite:")
        .ok_or(db::DbError::Scheme)?;
    let path = Path::new(path.strip_prefix("//").unwrap_or(path));
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(OpenError::Folder)?;
    Ok((SqliteLedger::open(path)?, SqliteReader::open(path)?, folder))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::store::conformance::{Site, conforms};

    struct File(TempDir);

    impl File {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a temporary folder"))
        }
    }

    impl Site for File {
        type Store = SqliteLedger;
        type Reader = SqliteReader;

        async fn open(&self) -> (SqliteLedger, SqliteReader) {
            let url = format!("sqlite:{}", self.0.path().join("ledger.db").display());
            let opened = open_sqlite(&DatabaseConfig::new(url)).await;
            let (store, reader, _) = opened.expect("a database");
            (store, reader)
        }
    }

    conforms!(File);
}
