//! What every connection to the file is like.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, config::DbConfig};

use crate::domain::store::LedgerStoreError;

/// Statements that stay prepared.
const STATEMENTS: usize = 32;

/// 5 s: how long a connection waits for another, for example for one that copies the database.
const BUSY: Duration = Duration::from_secs(5);

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
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

impl From<rusqlite::Error> for LedgerStoreError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error().map(|inner| inner.extended_code);
        if code.is_some_and(common_db::sqlite_is_unavailable) {
            Self::unavailable(error)
        } else {
            Self(Box::new(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

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
