//! What was recorded: the ledger's records and the connectors' outboxes, read from their databases.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use uuid::Uuid;

use super::fleet::Service;
use crate::{Trial, ledger};

/// One `Sent` or `Received`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// The event before it.
    pub previous: String,
    /// Whose exchange it was.
    pub user: String,
    /// SHA-256 and length of what passed.
    pub digest: (String, u64),
}

/// One connector's outbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbox {
    /// Whose it is.
    pub name: String,
    /// What is not delivered: id and what became of it.
    pub left: Vec<(String, &'static str)>,
    /// Ids for which the ledger gave a receipt.
    pub delivered: Vec<String>,
}

/// Everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// Resources by the id of their `Create`.
    pub originals: BTreeMap<String, String>,
    /// Every `Sent`.
    pub sent: Vec<Event>,
    /// Every `Received`.
    pub received: Vec<Event>,
    /// Ids of transfers that were recorded as aborted.
    pub aborted: Vec<String>,
    /// The connectors' own files.
    pub outboxes: Vec<Outbox>,
}

impl Books {
    /// Reads the ledger's database.
    pub fn of_ledger(trial: &Trial) -> Self {
        let events = |kind| ledger::records(trial, kind).iter().map(event).collect();
        Self {
            originals: ledger::records(trial, "Create")
                .iter()
                .map(|core| {
                    let event = &core["event"];
                    let uri = text(&event["cdldatatags"][0]["cdluri"]);
                    (text(&event["cdleventid"]), uri)
                })
                .collect(),
            sent: events("Sent"),
            received: events("Received"),
            aborted: ledger::records(trial, "transfer-aborted")
                .iter()
                .map(|core| text(&core["evidence"]["id"]))
                .collect(),
            outboxes: Vec::new(),
        }
    }

    /// Adds the outbox of a connector that has stopped: a running one lets nobody else read its file.
    pub fn read_outbox(&mut self, connector: &Service) {
        let path = connector.path("outbox", "path");
        let database = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .expect("the outbox is a database");
        let mut query = database
            .prepare("SELECT event_id, CASE WHEN parked IS NOT NULL THEN 'parked' WHEN state = 0 THEN 'open' ELSE 'undelivered' END FROM record")
            .expect("the outbox keeps its records in this table");
        let left = query
            .query_map([], |row| {
                let state: String = row.get(1)?;
                let state = ["parked", "open"].into_iter().find(|known| *known == state);
                Ok((id(row.get(0)?), state.unwrap_or("undelivered")))
            })
            .and_then(Iterator::collect)
            .expect("its records can be read");
        let mut query = database
            .prepare("SELECT event_id FROM delivered")
            .expect("the outbox keeps receipts in this table");
        let delivered = query
            .query_map([], |row| Ok(id(row.get(0)?)))
            .and_then(Iterator::collect)
            .expect("its receipts can be read");
        self.outboxes.push(Outbox {
            name: connector.name.clone(),
            left,
            delivered,
        });
    }
}

fn id(bytes: [u8; 16]) -> String {
    Uuid::from_bytes(bytes).to_string()
}

fn event(core: &Value) -> Event {
    let event = &core["event"];
    Event {
        id: text(&event["cdleventid"]),
        previous: text(&event["cdlpreviousevents"][0]),
        user: text(&event["datauser"]),
        digest: (
            text(&core["dig"]["sha256"]),
            core["dig"]["len"].as_u64().unwrap_or_default(),
        ),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
