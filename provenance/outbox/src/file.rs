//! The outbox's file: one table of records that are not delivered, one of receipts. Written by the writer thread alone, but for the
//! errands that an operator leaves there.
//!
//! Both tables are keyed so that what is written lands at the end of the tree: event ids are UUIDv7, receipts are kept by the
//! day of delivery, which also makes throwing away old ones cheap. There is no index besides the keys.
//!
//! Pages that become free are used again; the file is not made smaller. Giving pages back while exchanges wait would cost more
//! than the space, which the next burst needs anyway.

use std::{
    collections::HashSet,
    fs::TryLockError,
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use common::ids::{ConnectorId, EventId};
use rusqlite::{
    Connection, ErrorCode, OptionalExtension as _, Statement, TransactionBehavior,
    config::DbConfig, params,
};
use uuid::Uuid;

use super::{
    OpenError,
    delivery::{Outgoing, Room},
    format::FORMAT,
    packing::{Packed, unpack},
    parked::{Done, Problem, Wish},
    state::State,
};

/// Receipts that are thrown away in one step. A step takes a few milliseconds, and groups of exchanges wait behind it.
pub(super) const PRUNE_STEP: u32 = 500;

/// 5 s: how long a starting process waits for the one before it to let go of the file.
const LOCK_WAIT: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 5 });

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

/// Held by the one process that changes records; a file beside the outbox, locked for as long as the process lives.
#[derive(Debug)]
pub(super) struct Claim {
    #[expect(dead_code, reason = "held, not read")]
    lock: std::fs::File,
}

impl Claim {
    /// `None`: another process has it.
    pub(super) fn take(path: &Path) -> std::io::Result<Option<Self>> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        common::disk::private_file(Path::new(&name))?;
        let lock = std::fs::OpenOptions::new().append(true).open(&name)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Waits for a process that is about to end.
    pub(super) fn wait(path: &Path) -> Result<Self, OpenError> {
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            if let Some(claim) = Self::take(path)? {
                return Ok(claim);
            }
            if Instant::now() >= deadline {
                return Err(OpenError::Locked);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Opens the file for whoever holds its [`Claim`]: makes it where it is missing, and brings it up to date.
pub(super) fn own(path: &Path, connector: &ConnectorId) -> Result<Connection, OpenError> {
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
pub(super) fn visit(path: &Path) -> Result<Connection, OpenError> {
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
pub(super) fn take_over(conn: &Connection, connector: &ConnectorId) -> Result<(), OpenError> {
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

/// A record as an operator sees it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) is_open: bool,
    pub(super) at_ms: i64,
    pub(super) resource: Option<String>,
    pub(super) problem: Option<Problem>,
    pub(super) refusal: Option<String>,
    pub(super) handed_over: Option<Uuid>,
    /// The connector whose id it has.
    pub(super) owner: String,
    pub(super) item: Vec<u8>,
}

impl Row {
    pub(super) fn state(&self) -> State {
        match self {
            Self { is_open: true, .. } => State::Open,
            Self {
                handed_over: Some(_),
                ..
            } => State::HandedOver,
            Self {
                refusal: Some(_), ..
            } => State::Parked,
            _ => State::Waiting,
        }
    }

    /// Whether only another connector than `connector` could deliver it.
    pub(super) fn belongs_to_other(&self, connector: &ConnectorId) -> bool {
        self.owner != connector.as_str()
    }

    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let problem: Option<String> = row.get(4)?;
        let handed_over: Option<[u8; 16]> = row.get(6)?;
        Ok(Self {
            id: uuid(row, 0)?,
            is_open: row.get(1)?,
            at_ms: row.get(2)?,
            resource: row.get(3)?,
            problem: problem.as_deref().map(Problem::named),
            refusal: row.get(5)?,
            handed_over: handed_over.map(Uuid::from_bytes),
            owner: row.get(7)?,
            item: row.get(8)?,
        })
    }
}

const COLUMNS: &str = "event_id, state = 0, at_ms, resource, problem, parked, handed_over, \
                       coalesce(owner, (SELECT connector_id FROM owner))";

/// Records in `state`, oldest first, without their items: there may be many.
pub(super) fn list(
    conn: &Connection,
    state: State,
    problem: Option<Problem>,
    limit: u32,
) -> rusqlite::Result<Vec<Row>> {
    let is_in = match state {
        State::Open => "state = 0",
        State::Waiting => "state <> 0 AND parked IS NULL",
        State::Parked => "parked IS NOT NULL AND handed_over IS NULL",
        State::HandedOver => "handed_over IS NOT NULL",
    };
    let mut query = conn.prepare(&format!(
        "SELECT {COLUMNS}, x'' FROM record WHERE {is_in} AND (?1 IS NULL OR problem = ?1) ORDER BY event_id LIMIT ?2"
    ))?;
    let rows = query.query_map(params![problem.map(Problem::label), limit], Row::read)?;
    rows.collect()
}

/// Leaves one errand for each of `ids`, all or none; their numbers.
pub(super) fn leave_errands(
    conn: &mut Connection,
    ids: &[EventId],
    wish: &Wish,
    at_ms: i64,
) -> rusqlite::Result<Vec<i64>> {
    let reason = match wish {
        Wish::Requeue => None,
        Wish::HandOver { reason } => Some(reason),
    };
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut numbers = Vec::with_capacity(ids.len());
    for id in ids {
        tx.execute(
            "INSERT INTO errand(at_ms, event_id, reason) VALUES (?1, ?2, ?3)",
            params![at_ms, id.0.as_bytes(), reason],
        )?;
        numbers.push(tx.last_insert_rowid());
    }
    tx.commit()?;
    Ok(numbers)
}

/// What became of an errand, once it is run. Asked again after that, it is not known any more.
pub(super) fn fetch_outcome(conn: &Connection, number: i64) -> rusqlite::Result<Option<Done>> {
    let outcome: Option<String> =
        conn.query_row("SELECT outcome FROM errand WHERE n = ?1", [number], |row| {
            row.get(0)
        })?;
    Ok(outcome.map(|text| {
        serde_json::from_str(&text).unwrap_or(Done::Refused {
            why: "the outcome cannot be read".to_owned(),
        })
    }))
}

/// Removes errands, whether they were run or not.
pub(super) fn remove_errands(conn: &mut Connection, numbers: &[i64]) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for number in numbers {
        tx.execute("DELETE FROM errand WHERE n = ?1", [number])?;
    }
    tx.commit()
}

/// An errand that waits.
pub(super) struct Errand {
    pub(super) number: i64,
    pub(super) id: Uuid,
    pub(super) wish: Wish,
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
    /// Of what kind the refusal was, and how long the item is.
    pub(super) parked: Option<(Problem, u64)>,
}

/// Visits every record.
pub(super) fn each_record(
    conn: &Connection,
    mut visit: impl FnMut(Undelivered),
) -> rusqlite::Result<()> {
    let mut query = conn.prepare(
        "SELECT at_ms, state = 0, problem, iif(parked IS NULL, NULL, length(request)) FROM record WHERE handed_over IS NULL",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (problem, len): (Option<String>, Option<i64>) = (row.get(2)?, row.get(3)?);
        visit(Undelivered {
            at_ms: row.get(0)?,
            is_open: row.get(1)?,
            parked: len.map(|len| {
                let problem = problem.as_deref().map_or(Problem::Other, Problem::named);
                (problem, u64::try_from(len).unwrap_or_default())
            }),
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
    errands: Statement<'c>,
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
            park: conn.prepare(
                "UPDATE record SET parked = ?2, problem = ?3 WHERE event_id = ?1 AND state <> 0 AND parked IS NULL",
            )?,
            errands: conn.prepare("SELECT n, event_id, reason FROM errand WHERE outcome IS NULL ORDER BY n LIMIT ?1")?,
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
        receipt: &Packed,
        now_ms: i64,
    ) -> rusqlite::Result<bool> {
        let changed = self.remove.execute([id.as_bytes()])? == 1;
        if changed {
            self.receipt.execute(params![
                now_ms / MS_PER_DAY,
                id.as_bytes(),
                receipt.as_bytes()
            ])?;
        }
        Ok(changed)
    }

    /// Sets an ended record aside. False if there is none that waits.
    pub(super) fn park(&mut self, id: Uuid, problem: Problem, why: &str) -> rusqlite::Result<bool> {
        self.park
            .execute(params![id.as_bytes(), why, problem.label()])
            .map(|n| n == 1)
    }

    /// Lets a parked record be delivered again.
    pub(super) fn requeue(&mut self, id: Uuid) -> rusqlite::Result<Option<Outgoing>> {
        self.conn
            .query_row(
                "UPDATE record SET parked = NULL, problem = NULL
                 WHERE event_id = ?1 AND parked IS NOT NULL AND handed_over IS NULL RETURNING at_ms, request",
                [id.as_bytes()],
                |row| {
                    Ok(Outgoing::new(
                        id,
                        row.get(0)?,
                        Bytes::from(row.get::<_, Vec<u8>>(1)?),
                    ))
                },
            )
            .optional()
    }

    /// Notes that the record `id` was handed over as `evidence`, a record of `connector`. Neither is delivered under `id` any more.
    pub(super) fn hand_over(
        &mut self,
        id: Uuid,
        evidence: Uuid,
        refusal: &str,
        connector: &ConnectorId,
    ) -> rusqlite::Result<()> {
        self.conn.execute(
            "UPDATE record SET handed_over = ?2, parked = ?3 WHERE event_id = ?1",
            params![id.as_bytes(), evidence.as_bytes(), refusal],
        )?;
        self.conn.execute(
            "UPDATE record SET owner = nullif(?2, (SELECT connector_id FROM owner)) WHERE event_id = ?1",
            params![evidence.as_bytes(), connector.as_str()],
        )?;
        Ok(())
    }

    /// What an operator may see of `id`.
    pub(super) fn row(&self, id: Uuid) -> rusqlite::Result<Option<Row>> {
        let query = format!("SELECT {COLUMNS}, request FROM record WHERE event_id = ?1");
        self.conn
            .query_row(&query, [id.as_bytes()], Row::read)
            .optional()
    }

    /// The first errands that wait, at most `limit`.
    pub(super) fn errands(&mut self, limit: u32) -> rusqlite::Result<Vec<Errand>> {
        let rows = self.errands.query_map([limit], |row| {
            let reason: Option<String> = row.get(2)?;
            Ok(Errand {
                number: row.get(0)?,
                id: uuid(row, 1)?,
                wish: reason.map_or(Wish::Requeue, |reason| Wish::HandOver { reason }),
            })
        })?;
        rows.collect()
    }

    /// Tells whoever left the errand `number` what became of it.
    pub(super) fn conclude(&self, number: i64, done: &Done) -> rusqlite::Result<()> {
        let outcome = serde_json::to_string(done)
            .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        self.conn
            .execute(
                "UPDATE errand SET outcome = ?2 WHERE n = ?1",
                params![number, outcome],
            )
            .map(drop)
    }

    /// Removes the errands left before `before_ms`, whose outcome nobody fetches any more.
    pub(super) fn forget_errands(&self, before_ms: i64) -> rusqlite::Result<()> {
        self.conn
            .execute(
                "DELETE FROM errand WHERE outcome IS NOT NULL AND at_ms < ?1",
                [before_ms],
            )
            .map(drop)
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

    /// The receipt of a delivered record, as JSON.
    pub(super) fn receipt(&mut self, id: Uuid) -> rusqlite::Result<Option<Vec<u8>>> {
        self.delivered
            .query_row([id.as_bytes()], |row| row.get(0).map(unpack))
            .optional()
    }

    /// All parked records: id, end of the transfer, what was fetched, why, item.
    pub(super) fn parked(&self) -> rusqlite::Result<Vec<super::Parked>> {
        let mut query = self
            .conn
            .prepare("SELECT event_id, at_ms, resource, parked, request, problem FROM record WHERE parked IS NOT NULL AND handed_over IS NULL ORDER BY event_id")?;
        let rows = query.query_map([], |row| {
            Ok(super::Parked {
                event_id: EventId(uuid(row, 0)?),
                ended_ms: row.get(1)?,
                resource: row.get(2)?,
                reason: row.get(3)?,
                item: row.get::<_, Vec<u8>>(4)?.into(),
                problem: row
                    .get::<_, Option<String>>(5)?
                    .as_deref()
                    .map_or(Problem::Other, Problem::named),
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
