//! Where an operator looks into an outbox and has single records dealt with, beside the process that has it open or without one.
//!
//! Only one process changes records. Where there is none, the desk takes that part. Where there is one, the desk reads, and leaves
//! errands in a table of the file, which the process's writer runs within a second; their outcomes come back by the same table.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use common::{
    clock::{SharedClock, rfc3339_millis, unix_millis},
    ids::{ConnectorId, EventId},
};
use rusqlite::Connection;
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::{
    OpenError,
    errand::Errands,
    file::{self, Claim, File, Row},
    millis::to_i64,
    open::abort_found_open,
    parked::{Done, Problem, Wish},
    state::State,
};

/// 10 s: how long the desk waits for a process that runs no errand.
const PATIENCE: Duration = Duration::from_secs(10);

/// 20 ms: how often it looks whether one has.
const LOOK: Duration = Duration::from_millis(20);

/// A record as an operator sees it.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The id of its event or evidence.
    pub event_id: EventId,
    /// How far it has come.
    pub state: State,
    /// When it was reserved; once its transfer has ended, when that was.
    pub at: String,
    /// What was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The connector whose id it has.
    pub connector_id: String,
    /// Of what kind the ledger's refusal was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// Why the ledger refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The evidence by which it was handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<EventId>,
}

/// Everything that is known of one id.
#[derive(Debug, Default, Serialize)]
pub struct Details {
    /// The record, while the file has it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
    /// The batch item; of an open record the reservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<RawValue>>,
    /// The ledger's receipt: of the record, or of the evidence by which it was handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Box<RawValue>>,
}

/// Why the desk could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The file could not be read or written.
    #[error("the outbox could not be read or written")]
    Store(#[from] rusqlite::Error),
    /// A process has the file and runs no errands.
    #[error("the process that has the outbox open does not answer; nothing more is done")]
    NoAnswer,
}

/// An outbox, seen by its operator.
#[derive(Debug)]
pub struct Desk {
    conn: Connection,
    /// There while no process has the file.
    claim: Option<Claim>,
    connector: ConnectorId,
    clock: SharedClock,
}

impl Desk {
    /// Opens the outbox at `path` of the connector `connector`, which may be running.
    ///
    /// # Errors
    /// [`OpenError`]; the file is never made.
    pub fn open(
        path: &Path,
        connector: &ConnectorId,
        clock: SharedClock,
    ) -> Result<Self, OpenError> {
        if !path.exists() {
            return Err(OpenError::Missing);
        }
        let claim = Claim::take(path)?;
        let conn = if claim.is_some() {
            let conn = file::own(path, connector)?;
            let mut file = File::new(&conn, NO_INSTANCE).map_err(OpenError::Store)?;
            // Whoever reserved them is gone.
            abort_found_open(&conn, &mut file, NO_INSTANCE, clock.now())?;
            drop(file);
            conn
        } else {
            file::visit(path)?
        };
        Ok(Self {
            conn,
            claim,
            connector: connector.clone(),
            clock,
        })
    }

    /// Whether a process has the outbox open.
    pub fn is_running(&self) -> bool {
        self.claim.is_none()
    }

    /// Records in `state`, oldest first, of one kind of refusal where `problem` names it; at most `limit`.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn list(
        &self,
        state: State,
        problem: Option<Problem>,
        limit: u32,
    ) -> Result<Vec<Entry>, DeskError> {
        let rows = file::list(&self.conn, state, problem, limit)?;
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    /// Whether only another connector than this one could deliver the record.
    pub fn belongs_to_other(&self, entry: &Entry) -> bool {
        entry.connector_id != self.connector.as_str()
    }

    /// Everything that is known of `id`.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn show(&self, id: &EventId) -> Result<Details, DeskError> {
        let mut file = File::new(&self.conn, NO_INSTANCE)?;
        let row = file.row(id.0)?;
        let of = row.as_ref().and_then(|row| row.handed_over).unwrap_or(id.0);
        let json = |text: Vec<u8>| serde_json::from_slice(&text).ok();
        Ok(Details {
            receipt: file.receipt(of)?.and_then(json),
            item: row.as_ref().and_then(|row| json(row.item.clone())),
            entry: row.map(Entry::from),
        })
    }

    /// Does what is wished with each of `ids`; what became of it, in their order.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn run(&mut self, ids: &[EventId], wish: &Wish) -> Result<Vec<Done>, DeskError> {
        if self.claim.is_some() {
            return Ok(self.run_alone(ids, wish)?);
        }
        let at_ms = to_i64(unix_millis(self.clock.now()));
        let numbers = file::leave_errands(&mut self.conn, ids, wish, at_ms)?;
        let mut done = Vec::with_capacity(ids.len());
        let mut deadline = Instant::now() + PATIENCE;
        for (at, number) in numbers.iter().enumerate() {
            loop {
                if let Some(one) = file::fetch_outcome(&self.conn, *number)? {
                    done.push(one);
                    deadline = Instant::now() + PATIENCE;
                    break;
                }
                if Instant::now() > deadline {
                    file::remove_errands(&mut self.conn, &numbers[at..])?;
                    return Err(DeskError::NoAnswer);
                }
                std::thread::sleep(LOOK);
            }
        }
        file::remove_errands(&mut self.conn, &numbers)?;
        Ok(done)
    }

    fn run_alone(&self, ids: &[EventId], wish: &Wish) -> rusqlite::Result<Vec<Done>> {
        let mut file = File::new(&self.conn, NO_INSTANCE)?;
        file.begin()?;
        let mut errands = Errands {
            file: &mut file,
            connector: &self.connector,
            now: self.clock.now(),
        };
        let done: rusqlite::Result<Vec<Done>> = ids
            .iter()
            .map(|id| errands.run(id.0, wish).map(|(done, _)| done))
            .collect();
        match &done {
            Ok(_) => file.commit()?,
            Err(_) => file.rollback(),
        }
        done
    }
}

/// The desk reserves nothing; processes are counted from 1.
const NO_INSTANCE: i64 = 0;

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(row.at_ms) * 1_000_000);
        Self {
            event_id: EventId(row.id),
            state: row.state(),
            at: at.map(rfc3339_millis).unwrap_or_default(),
            resource: row.resource,
            connector_id: row.owner,
            problem: row.problem,
            refusal: row.refusal,
            handed_over: row.handed_over.map(EventId),
        }
    }
}
