//! The tables of the file, and how it is opened.

use std::{path::Path, time::Duration};

use common::ids::ConnectorId;
use rusqlite::{Connection, ErrorCode, config::DbConfig, params};
use uuid::Uuid;

use crate::{OpenError, format::FORMAT};

/// 5 s: how long a write waits for an operator's, or an operator's for a write; each takes milliseconds.
const BUSY: Duration = Duration::from_secs(5);

/// With `state IN (0, 1, 2)`, `SQLite` would make a table of the three values for every statement that writes a record.
const SCHEMA: &str = "
CREATE TABLE record(
  event_id BLOB PRIMARY KEY CHECK(length(event_id) = 16),
  instance INTEGER NOT NULL,     -- start of the process that reserved it, counted in `start`
  state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 2), -- 0 reserved, 1 completed, 2 aborted
  at_ms INTEGER NOT NULL,        -- when it was reserved; once ended, when it ended
  request BLOB NOT NULL,         -- the reservation as JSON; once ended, the exact batch item
  resource TEXT,                 -- what was fetched, for people
  parked TEXT                    -- why the ledger refused it for good
) STRICT, WITHOUT ROWID;
CREATE TABLE delivered(
  day INTEGER NOT NULL,          -- day of delivery, counted from 1970-01-01
  event_id BLOB NOT NULL CHECK(length(event_id) = 16),
  receipt BLOB NOT NULL,         -- the ledger's receipt: as JSON, or packed
  PRIMARY KEY(day, event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE start(n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
PRAGMA user_version = 1;
";

/// What the second format adds to the first. Steps are only ever added: a file of any earlier version is brought up to date.
const SECOND: &str = "
ALTER TABLE record ADD COLUMN problem TEXT;     -- of a parked one, the kind of the refusal
ALTER TABLE record ADD COLUMN handed_over BLOB; -- id of the evidence by which a parked one was handed over
ALTER TABLE record ADD COLUMN owner TEXT;       -- the connector whose id it has, where that is not the file's
CREATE TABLE owner(connector_id TEXT NOT NULL) STRICT;
CREATE TABLE errand(
  n INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  event_id BLOB NOT NULL,
  reason TEXT,                   -- of a hand-over; NULL asks to deliver again
  outcome TEXT                   -- what became of it, as JSON
) STRICT;
UPDATE record SET problem = CASE
  WHEN parked LIKE 'invalid:%' THEN 'invalid'
  WHEN parked LIKE 'forbidden:%' THEN 'forbidden'
  WHEN parked LIKE 'conflict:%' THEN 'conflict'
  WHEN parked LIKE 'the receipt %' THEN 'receipt'
  WHEN parked LIKE 'the ledger refused the request%' THEN 'refused-alone'
  ELSE 'other' END
  WHERE parked IS NOT NULL;
PRAGMA user_version = 2;
";

/// Opens the file for whoever holds its [`Claim`]: makes it where it is missing, and brings it up to date.
pub(crate) fn own(path: &Path, connector: &ConnectorId) -> Result<Connection, OpenError> {
    common::disk::private_file(path)?;
    let conn = connect(path)?;
    match format(&conn)? {
        0 if tables(&conn)? == 0 => {
            run(&conn, &format!("{SCHEMA} {SECOND}"))?;
        }
        1 if tables(&conn)? == TABLES_OF_FIRST => run(&conn, SECOND)?,
        FORMAT if tables(&conn)? == TABLES => {}
        // Other programs count their versions as well.
        0..=FORMAT => return Err(OpenError::Foreign),
        newer => return Err(OpenError::Format(newer)),
    }
    conn.execute(
        "INSERT INTO owner(connector_id) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM owner)",
        [connector.as_str()],
    )
    .map_err(OpenError::Store)?;
    Ok(conn)
}

/// Opens the file of a running process, to read it and to leave errands.
pub(crate) fn visit(path: &Path) -> Result<Connection, OpenError> {
    let conn = connect(path)?;
    match format(&conn)? {
        FORMAT if tables(&conn)? == TABLES => Ok(conn),
        0..=FORMAT => Err(OpenError::Foreign),
        newer => Err(OpenError::Format(newer)),
    }
}

fn run(conn: &Connection, sql: &str) -> Result<(), OpenError> {
    conn.execute_batch(&format!("BEGIN IMMEDIATE; {sql} COMMIT;"))
        .map_err(OpenError::Store)
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let conn = Connection::open(path).map_err(OpenError::Store)?;
    // Earlier versions let nobody in beside them.
    prepare(&conn).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked,
        _ => OpenError::Store(error),
    })?;
    Ok(conn)
}

fn format(conn: &Connection) -> Result<i64, OpenError> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(OpenError::Store)
}

/// How many tables of an outbox the file has; any other one counts as too many.
fn tables(conn: &Connection) -> Result<i64, OpenError> {
    let known = "SELECT sum(iif(name IN ('record', 'delivered', 'start', 'owner', 'errand'), 1, 9)) FROM sqlite_schema WHERE type = 'table'";
    let sum: Option<i64> = conn
        .query_row(known, [], |row| row.get(0))
        .map_err(OpenError::Store)?;
    Ok(sum.unwrap_or(0))
}

/// `record`, `delivered` and `start`.
const TABLES_OF_FIRST: i64 = 3;

/// These, `owner` and `errand`.
const TABLES: i64 = 5;

fn prepare(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY)?;
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // A plan is made for all values. Without this, a statement with `LIMIT ?` is compiled anew each time that it is run.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // 64 MiB: a WAL that a burst made longer is cut back after its checkpoint.
    conn.query_row("PRAGMA journal_size_limit = 67108864", [], |_| Ok(()))
}

/// Lets `connector` go on with a file of another name, unless records wait in it that only the other one can deliver.
pub(crate) fn take_over(conn: &Connection, connector: &ConnectorId) -> Result<(), OpenError> {
    let renamed = || -> rusqlite::Result<Option<OpenError>> {
        let owner: String =
            conn.query_row("SELECT connector_id FROM owner", [], |row| row.get(0))?;
        if owner == connector.as_str() {
            return Ok(None);
        }
        let records: i64 = conn.query_row(
            "SELECT count(*) FROM record WHERE handed_over IS NULL AND coalesce(owner, ?1) <> ?2",
            params![owner, connector.as_str()],
            |row| row.get(0),
        )?;
        if records > 0 {
            let connector = connector.clone();
            return Ok(Some(OpenError::Renamed {
                owner,
                connector,
                records,
            }));
        }
        conn.execute_batch("BEGIN IMMEDIATE")?;
        conn.execute("UPDATE record SET owner = ?1 WHERE owner IS NULL", [&owner])?;
        conn.execute(
            "UPDATE record SET owner = NULL WHERE owner = ?1",
            [connector.as_str()],
        )?;
        conn.execute("UPDATE owner SET connector_id = ?1", [connector.as_str()])?;
        conn.execute_batch("COMMIT")?;
        Ok(None)
    };
    match renamed() {
        Ok(None) => Ok(()),
        Ok(Some(error)) => Err(error),
        Err(error) => Err(OpenError::Store(error)),
    }
}

/// An id out of a column.
pub(super) fn uuid(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}
