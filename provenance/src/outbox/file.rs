//! The outbox's file: one table of records that are not delivered, one of receipts. Used by the writer thread alone.
//!
//! Both tables are keyed so that what is written lands at the end of the tree: event ids are UUIDv7, receipts are kept by the
//! day of delivery, which also makes throwing away old ones cheap. There is no index besides the keys.
//!
//! Pages that become free are used again; the file is not made smaller. Giving pages back while exchanges wait would cost more
//! than the space, which the next burst needs anyway.

use std::{collections::HashSet, path::Path, time::Duration};

use bytes::Bytes;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Statement, params};
use uuid::Uuid;

use super::{
    OpenError,
    delivery::{Outgoing, Room},
};

/// Version of the tables, in `user_version`.
pub(super) const FORMAT: i64 = 1;

/// Receipts that are thrown away in one step. A step takes a few milliseconds, and groups of exchanges wait behind it.
pub(super) const PRUNE_STEP: u32 = 500;

/// 5 s: how long a starting process waits for the one before it to let go of the file.
const LOCK_WAIT: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 5 });

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
  receipt BLOB NOT NULL,         -- the ledger's receipt as JSON
  PRIMARY KEY(day, event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE start(n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
PRAGMA user_version = 1;
";

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Whole.
    Completed,
    /// Not whole.
    Aborted,
}

impl Outcome {
    const fn state(self) -> i64 {
        match self {
            Self::Completed => 1,
            Self::Aborted => 2,
        }
    }
}

/// Opens the file, alone, making it where it is missing.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    common::db::private_file(path)?;
    let conn = Connection::open(path).map_err(OpenError::Store)?;
    prepare(&conn).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked,
        _ => OpenError::Store(error),
    })?;
    let format: i64 = conn
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(OpenError::Store)?;
    match format {
        0 if tables(&conn)? == 0 => conn
            .execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} COMMIT;"))
            .map_err(OpenError::Store)?,
        FORMAT if tables(&conn)? == TABLES => {}
        // Other programs count their versions as well.
        0 | FORMAT => return Err(OpenError::Foreign),
        newer => return Err(OpenError::Format(newer)),
    }
    Ok(conn)
}

/// How many tables of an outbox the file has; any other one counts as too many.
fn tables(conn: &Connection) -> Result<i64, OpenError> {
    let known = "SELECT sum(iif(name IN ('record', 'delivered', 'start'), 1, 9)) FROM sqlite_schema WHERE type = 'table'";
    let sum: Option<i64> = conn
        .query_row(known, [], |row| row.get(0))
        .map_err(OpenError::Store)?;
    Ok(sum.unwrap_or(0))
}

/// `record`, `delivered` and `start`.
const TABLES: i64 = 3;

fn prepare(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(LOCK_WAIT)?;
    // Before WAL is entered, exclusive locking keeps the index of the WAL in this process's memory instead of a shared file.
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // 64 MiB: a WAL that a burst made longer is cut back after its checkpoint.
    conn.query_row("PRAGMA journal_size_limit = 67108864", [], |_| Ok(()))?;
    // Takes the lock now, so that a second process is told at its start and not at its first exchange.
    conn.execute_batch("BEGIN EXCLUSIVE; COMMIT;")
}

/// A record that was found open.
pub(super) struct FoundOpen {
    pub(super) id: Uuid,
    pub(super) request: Vec<u8>,
}

/// Counts this start; its number names this process instance in the records that it reserves.
pub(super) fn count_start(conn: &Connection, now_ms: i64) -> rusqlite::Result<i64> {
    conn.execute("INSERT INTO start(at_ms) VALUES (?1)", [now_ms])?;
    Ok(conn.last_insert_rowid())
}

/// Records that an earlier instance left open.
pub(super) fn found_open(conn: &Connection, instance: i64) -> rusqlite::Result<Vec<FoundOpen>> {
    let mut query =
        conn.prepare("SELECT event_id, request FROM record WHERE state = 0 AND instance <> ?1")?;
    let rows = query.query_map([instance], |row| {
        Ok(FoundOpen {
            id: uuid(row, 0)?,
            request: row.get(1)?,
        })
    })?;
    rows.collect()
}

/// One row of what is not delivered, for counting.
pub(super) struct Undelivered {
    pub(super) at_ms: i64,
    pub(super) is_open: bool,
    pub(super) is_parked: bool,
}

/// Visits every record.
pub(super) fn each_record(
    conn: &Connection,
    mut visit: impl FnMut(Undelivered),
) -> rusqlite::Result<()> {
    let mut query = conn.prepare("SELECT at_ms, state = 0, parked IS NOT NULL FROM record")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        visit(Undelivered {
            at_ms: row.get(0)?,
            is_open: row.get(1)?,
            is_parked: row.get(2)?,
        });
    }
    Ok(())
}

fn uuid(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

/// What the outbox knows of one id.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// The transfer has not ended.
    Open,
    /// It waits for delivery.
    Waiting(Outgoing),
    /// The ledger refused it for good.
    Parked(String),
    /// The ledger has it.
    Delivered,
}

/// The statements of the writer thread, prepared once.
pub(super) struct File<'c> {
    conn: &'c Connection,
    instance: i64,
    begin: Statement<'c>,
    commit: Statement<'c>,
    insert: Statement<'c>,
    finish: Statement<'c>,
    remove: Statement<'c>,
    receipt: Statement<'c>,
    park: Statement<'c>,
    requeue: Statement<'c>,
    waiting: Statement<'c>,
    one: Statement<'c>,
    delivered: Statement<'c>,
    prune: Statement<'c>,
    size: Statement<'c>,
}

/// A new row.
pub(crate) struct NewRecord<'r> {
    pub(crate) id: Uuid,
    /// `None`: reserved.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) at_ms: i64,
    pub(crate) request: &'r [u8],
    pub(crate) resource: Option<&'r str>,
}

const MS_PER_DAY: i64 = 86_400_000;

impl<'c> File<'c> {
    pub(super) fn new(conn: &'c Connection, instance: i64) -> rusqlite::Result<Self> {
        Ok(Self {
            conn,
            instance,
            begin: conn.prepare("BEGIN IMMEDIATE")?,
            commit: conn.prepare("COMMIT")?,
            insert: conn.prepare(
                "INSERT INTO record(event_id, instance, state, at_ms, request, resource) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?,
            finish: conn.prepare("UPDATE record SET state = ?2, at_ms = ?3, request = ?4 WHERE event_id = ?1 AND state = 0")?,
            remove: conn.prepare("DELETE FROM record WHERE event_id = ?1 AND state <> 0 AND parked IS NULL")?,
            receipt: conn.prepare("INSERT OR REPLACE INTO delivered(day, event_id, receipt) VALUES (?1, ?2, ?3)")?,
            park: conn.prepare("UPDATE record SET parked = ?2 WHERE event_id = ?1 AND state <> 0 AND parked IS NULL")?,
            requeue: conn.prepare(
                "UPDATE record SET parked = NULL WHERE event_id = ?1 AND parked IS NOT NULL RETURNING at_ms, request",
            )?,
            waiting: conn.prepare(
                "SELECT event_id, at_ms, request FROM record WHERE state <> 0 AND parked IS NULL ORDER BY event_id",
            )?,
            one: conn.prepare("SELECT state, at_ms, request, parked FROM record WHERE event_id = ?1")?,
            delivered: conn.prepare(
                // One look-up for each day: the id alone is not the beginning of the key.
                "WITH RECURSIVE d(day) AS (
                   SELECT max(day) FROM delivered
                   UNION ALL SELECT day - 1 FROM d WHERE day > (SELECT min(day) FROM delivered))
                 SELECT receipt FROM d JOIN delivered USING(day) WHERE event_id = ?1",
            )?,
            prune: conn.prepare(
                "DELETE FROM delivered WHERE (day, event_id) IN
                 (SELECT day, event_id FROM delivered WHERE day < ?1 ORDER BY day, event_id LIMIT ?2)",
            )?,
            size: conn.prepare(
                "SELECT (page_count - freelist_count) * page_size
                 FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
            )?,
        })
    }

    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        self.begin.execute([]).map(drop)
    }

    pub(super) fn commit(&mut self) -> rusqlite::Result<()> {
        self.commit.execute([]).map(drop)
    }

    /// Undoes the transaction, unless `SQLite` has done so by itself, as it does when a disk is full.
    pub(super) fn rollback(&self) {
        if !self.conn.is_autocommit()
            && let Err(error) = self.conn.execute_batch("ROLLBACK")
        {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the outbox could not roll back"
            );
        }
    }

    /// Inserts a record. An id that exists is the error `ConstraintViolation`.
    pub(super) fn insert(&mut self, record: &NewRecord<'_>) -> rusqlite::Result<()> {
        let state = record.outcome.map_or(0, Outcome::state);
        let values = params![
            record.id.as_bytes(),
            self.instance,
            state,
            record.at_ms,
            record.request,
            record.resource
        ];
        self.insert.execute(values).map(drop)
    }

    /// Ends an open record. False if it is not open, whatever else it is.
    pub(super) fn finish(
        &mut self,
        id: Uuid,
        outcome: Outcome,
        at_ms: i64,
        item: &[u8],
    ) -> rusqlite::Result<bool> {
        self.finish
            .execute(params![id.as_bytes(), outcome.state(), at_ms, item])
            .map(|n| n == 1)
    }

    /// Replaces an ended record by its receipt. False if there is none.
    pub(super) fn deliver(
        &mut self,
        id: Uuid,
        receipt: &[u8],
        now_ms: i64,
    ) -> rusqlite::Result<bool> {
        let changed = self.remove.execute([id.as_bytes()])? == 1;
        if changed {
            self.receipt
                .execute(params![now_ms / MS_PER_DAY, id.as_bytes(), receipt])?;
        }
        Ok(changed)
    }

    /// Sets an ended record aside. False if there is none that waits.
    pub(super) fn park(&mut self, id: Uuid, why: &str) -> rusqlite::Result<bool> {
        self.park
            .execute(params![id.as_bytes(), why])
            .map(|n| n == 1)
    }

    /// Lets a parked record be delivered again.
    pub(super) fn requeue(&mut self, id: Uuid) -> rusqlite::Result<Option<Outgoing>> {
        self.requeue
            .query_row([id.as_bytes()], |row| {
                Ok(Outgoing::new(
                    id,
                    row.get(0)?,
                    Bytes::from(row.get::<_, Vec<u8>>(1)?),
                ))
            })
            .optional()
    }

    /// At most `limit` records that wait for delivery, none of `held`, oldest reservation first; and whether there are no others.
    pub(super) fn waiting(
        &mut self,
        held: &HashSet<Uuid>,
        limit: Room,
    ) -> rusqlite::Result<(Vec<Outgoing>, bool)> {
        let mut found = Vec::new();
        let mut bytes = 0;
        let mut rows = self.waiting.query([])?;
        while let Some(row) = rows.next()? {
            let id = uuid(row, 0)?;
            if held.contains(&id) {
                continue;
            }
            if found.len() >= limit.records || bytes >= limit.bytes {
                return Ok((found, false));
            }
            let record = Outgoing::new(id, row.get(1)?, Bytes::from(row.get::<_, Vec<u8>>(2)?));
            bytes += record.item.len();
            found.push(record);
        }
        Ok((found, true))
    }

    /// What is known of `id`.
    pub(super) fn find(&mut self, id: Uuid) -> rusqlite::Result<Found> {
        let found = self.one.query_row([id.as_bytes()], |row| {
            let (state, parked): (i64, Option<String>) = (row.get(0)?, row.get(3)?);
            Ok(match (state, parked) {
                (0, _) => Found::Open,
                (_, Some(why)) => Found::Parked(why),
                _ => Found::Waiting(Outgoing::new(
                    id,
                    row.get(1)?,
                    Bytes::from(row.get::<_, Vec<u8>>(2)?),
                )),
            })
        });
        match found.optional()? {
            Some(found) => Ok(found),
            None if self.receipt(id)?.is_some() => Ok(Found::Delivered),
            None => Ok(Found::Nothing),
        }
    }

    /// The receipt of a delivered record.
    pub(super) fn receipt(&mut self, id: Uuid) -> rusqlite::Result<Option<Vec<u8>>> {
        self.delivered
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()
    }

    /// All parked records: id, end of the transfer, what was fetched, why, item.
    pub(super) fn parked(&self) -> rusqlite::Result<Vec<super::Parked>> {
        let mut query = self
            .conn
            .prepare("SELECT event_id, at_ms, resource, parked, request FROM record WHERE parked IS NOT NULL ORDER BY event_id")?;
        let rows = query.query_map([], |row| {
            Ok(super::Parked {
                event_id: common::ids::EventId(uuid(row, 0)?),
                ended_ms: row.get(1)?,
                resource: row.get(2)?,
                reason: row.get(3)?,
                item: row.get::<_, Vec<u8>>(4)?.into(),
            })
        })?;
        rows.collect()
    }

    /// Throws away at most [`PRUNE_STEP`] receipts, the oldest, of records that were delivered before the day of `before_ms`.
    /// Returns how many.
    pub(super) fn prune(&mut self, before_ms: i64) -> rusqlite::Result<u32> {
        let removed = self
            .prune
            .execute(params![before_ms.div_euclid(MS_PER_DAY), PRUNE_STEP])?;
        Ok(u32::try_from(removed).unwrap_or(PRUNE_STEP))
    }

    /// How many bytes of the file are in use.
    pub(super) fn size(&mut self) -> rusqlite::Result<u64> {
        let bytes: i64 = self.size.query_row([], |row| row.get(0))?;
        Ok(u64::try_from(bytes).unwrap_or_default())
    }

    /// Moves what the WAL holds into the file, so that whoever copies the file alone has everything.
    pub(super) fn checkpoint(&self) -> rusqlite::Result<()> {
        self.conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }
}
