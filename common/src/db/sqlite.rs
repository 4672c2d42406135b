//! `SQLite`: a file beside the process.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::DbError;
use crate::config::DatabaseConfig;

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
pub async fn open_sqlite(
    config: &DatabaseConfig,
    migrator: &Migrator,
) -> Result<SqliteDatabase, DbError> {
    let path = config.url.strip_prefix("sqlite:").ok_or(DbError::Scheme)?;
    let path = path.strip_prefix("//").unwrap_or(path);
    if let Some(folder) = Path::new(path)
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(DbError::Folder)?;
    }
    let options = SqliteConnectOptions::from_str(&format!("sqlite:{path}"))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5));
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
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
}
