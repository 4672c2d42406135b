//! What an operator sees of the file, and the errands left in it.

use common::ids::{ConnectorId, EventId};
use rusqlite::{Connection, TransactionBehavior, params};
use uuid::Uuid;

use super::schema::uuid;
use crate::{
    parked::{Done, Problem, Wish},
    state::State,
};

/// A record as an operator sees it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) is_open: bool,
    pub(crate) at_ms: i64,
    pub(crate) resource: Option<String>,
    pub(crate) problem: Option<Problem>,
    pub(crate) refusal: Option<String>,
    pub(crate) handed_over: Option<Uuid>,
    /// The connector whose id it has.
    pub(crate) owner: String,
    pub(crate) item: Vec<u8>,
}

impl Row {
    pub(crate) fn state(&self) -> State {
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
    pub(crate) fn belongs_to_other(&self, connector: &ConnectorId) -> bool {
        self.owner != connector.as_str()
    }

    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
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

pub(super) const COLUMNS: &str = "event_id, state = 0, at_ms, resource, problem, parked, handed_over, \
                       coalesce(owner, (SELECT connector_id FROM owner))";

/// Records in `state`, oldest first, without their items: there may be many.
pub(crate) fn list(
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
pub(crate) fn leave_errands(
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
pub(crate) fn fetch_outcome(conn: &Connection, number: i64) -> rusqlite::Result<Option<Done>> {
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
pub(crate) fn remove_errands(conn: &mut Connection, numbers: &[i64]) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for number in numbers {
        tx.execute("DELETE FROM errand WHERE n = ?1", [number])?;
    }
    tx.commit()
}

/// An errand that waits.
pub(crate) struct Errand {
    pub(crate) number: i64,
    pub(crate) id: Uuid,
    pub(crate) wish: Wish,
}
