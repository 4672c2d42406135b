//! The outbox's file: one table of records that are not delivered, one of receipts. Written by the writer thread alone, but for the
//! errands that an operator leaves there.
//!
//! Both tables are keyed so that what is written lands at the end of the tree: event ids are UUIDv7, receipts are kept by the
//! day of delivery, which also makes throwing away old ones cheap. There is no index besides the keys.
//!
//! Pages that become free are used again; the file is not made smaller. Giving pages back while exchanges wait would cost more
//! than the space, which the next burst needs anyway.

mod claim;
mod errands;
mod schema;

use std::collections::HashSet;

use bytes::Bytes;
use common::ids::{ConnectorId, EventId};
use rusqlite::{Connection, OptionalExtension as _, Statement, params};
use uuid::Uuid;

pub(crate) use self::{
    claim::Claim,
    errands::{Errand, Row, fetch_outcome, leave_errands, list, remove_errands},
    schema::{own, take_over, visit},
};
use self::{errands::COLUMNS, schema::uuid};
use super::{
    delivery::{Outgoing, Room},
    packing::{Packed, unpack},
    parked::{Done, Problem, Wish},
};

/// Receipts that are thrown away in one step. A step takes a few milliseconds, and groups of exchanges wait behind it.
pub(super) const PRUNE_STEP: u32 = 500;

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
