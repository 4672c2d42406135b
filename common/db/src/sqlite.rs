//! `SQLite`: a file beside the process.

use std::{path::Path, time::Duration};

use common::disk::private_file;
use futures_util::future::BoxFuture;
use sqlx::{
    Connection as _, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{config::DatabaseConfig, error::DbError};

/// A `SQLite` database: one writer, several readers on snapshots.
#[derive(Debug, Clone)]
pub struct SqliteDatabase {
    /// For statements that write. One connection: `SQLite` has one writer, and queueing here beats `SQLITE_BUSY`.
    pub writer: SqlitePool,
    /// For statements that only read.
    pub reader: SqlitePool,
}

/// Opens the database of `config`, making file and folder where they are missing, and runs the missing migrations.
///
/// Commits are durable when they return (`synchronous=FULL`), references are enforced.
///
/// # Errors
/// [`DbError`].
pub fn open_sqlite<'a>(
    config: &'a DatabaseConfig,
    migrator: &'a Migrator,
) -> BoxFuture<'a, Result<SqliteDatabase, DbError>> {
    Box::pin(async move {
        let path = config.url.strip_prefix("sqlite:").ok_or(DbError::Scheme)?;
        let path = Path::new(path.strip_prefix("//").unwrap_or(path));
        private_file(path).map_err(DbError::File)?;
        // A path as it stands, in which a percent or question mark is one.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .before_acquire(|connection, _| Box::pin(async move { Ok(is_usable(connection)) }))
            .connect_with(options.clone())
            .await?;
        migrator.run(&writer).await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(4)
            .min_connections(0)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options.read_only(true))
            .await?;
        Ok(SqliteDatabase { writer, reader })
    })
}

/// Whether a connection is between transactions. `SQLite` ends a transaction by itself when it has no room to go on; the driver
/// then counts one that it can neither commit nor roll back, and begins no other until the connection is replaced.
fn is_usable(connection: &SqliteConnection) -> bool {
    let is_usable = !connection.is_in_transaction();
    if !is_usable {
        tracing::warn!("a connection to the database is replaced: a transaction on it broke");
    }
    is_usable
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    static NONE: Migrator = Migrator::DEFAULT;

    #[tokio::test]
    async fn path_is_taken_as_it_stands_and_the_files_are_their_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a%20b.db", "a?b=c.db", "a#b.db", "日本 語/x.db"] {
            let path = dir.path().join(name);
            let config = DatabaseConfig::new(format!("sqlite:{}", path.display()));
            let database = open_sqlite(&config, &NONE).await.unwrap();
            sqlx::query("CREATE TABLE t(x INTEGER)")
                .execute(&database.writer)
                .await
                .unwrap();
            let folder = path.parent().unwrap();
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.path().is_dir() {
                    continue;
                }
                let mode = entry.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
            }
            assert!(path.is_file(), "{name}");
        }
    }

    #[tokio::test]
    async fn writing_goes_on_once_there_is_room_again() {
        let dir = tempfile::tempdir().unwrap();
        let config = DatabaseConfig::new(format!("sqlite:{}", dir.path().join("x.db").display()));
        let database = open_sqlite(&config, &NONE).await.unwrap();
        // As many pages as there are: no room for another, on this connection.
        for statement in ["CREATE TABLE t(x BLOB)", "PRAGMA max_page_count = 1"] {
            sqlx::query(statement)
                .execute(&database.writer)
                .await
                .unwrap();
        }
        let insert = || sqlx::query("INSERT INTO t VALUES (zeroblob(100000))");
        let mut full = database.writer.begin().await.unwrap();
        let error = insert().execute(&mut *full).await.unwrap_err();
        assert!(crate::is_unavailable(&error), "{error}");
        drop(full);
        let mut again = database.writer.begin().await.unwrap();
        insert().execute(&mut *again).await.unwrap();
        again.commit().await.unwrap();
    }
}
