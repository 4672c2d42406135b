//! The ledger on `SQLite`: one connection that writes, on the sequencer's thread, and a few that read on snapshots.
//!
//! Opening and migrating goes the way of every other database here; after that, statements run without a hand-over to another
//! thread each, of which a record takes half a dozen.

mod reader;
mod writer;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use common_db::{self as db, DatabaseConfig};
use rusqlite::{Connection, config::DbConfig};

pub use self::{reader::SqliteReader, writer::SqliteLedger};
use crate::domain::store::StoreError;

/// Statements that stay prepared.
const STATEMENTS: usize = 32;

/// 5 s: how long a connection waits for another, for example for one that copies the database.
const BUSY: Duration = Duration::from_secs(5);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

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

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(BUSY)?;
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // An answer promises durability.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan is made for all values. Without this, a statement with `LIMIT ?` is compiled anew each time that it is run, which
    // costs more than running it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(conn)
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error().map(|inner| inner.extended_code);
        if code.is_some_and(db::sqlite_is_unavailable) {
            Self::unavailable(error)
        } else {
            Self(Box::new(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;
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

    #[test]
    fn a_statement_stays_compiled_whatever_its_limit() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let conn = connect(&folder.path().join("x.db")).expect("a database");
        conn.execute_batch("CREATE TABLE t(x INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
            .expect("room");
        let query = "SELECT count(*) FROM (SELECT x FROM t WHERE x > ?1 ORDER BY x LIMIT ?2)";
        let mut query = conn.prepare(query).expect("a statement");
        for limit in 0..3_i64 {
            let found: i64 = query.query_row([0, limit], |row| row.get(0)).expect("rows");
            assert_eq!(found, limit);
        }
        assert_eq!(query.get_status(StatementStatus::RePrepare), 0);
    }
}
