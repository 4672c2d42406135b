//! What an operator has done with single records: inside a running process by its writer, else by the desk itself.

use common::{
    clock::{rfc3339_millis, unix_millis},
    ids::{ConnectorId, EventId, ExchangeId, UserId},
};
use provenance_model::{
    batch::{EvidenceBody, InItem, ItemBody, OutItem, Unregistrable},
    event_id::{EventIds, OwnedId},
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    delivery::Outgoing,
    file::{File, NewRecord, Outcome, Row},
    millis::to_i64,
    parked::{Done, Wish},
};

/// What an errand changed: the parked record that `was` is none any more, and `now` waits.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) was: Row,
    pub(super) now: Outgoing,
}

/// Whoever runs errands.
pub(super) struct Errands<'a, 'c> {
    pub(super) file: &'a mut File<'c>,
    /// Under whose name records are delivered.
    pub(super) connector: &'a ConnectorId,
    pub(super) now: OffsetDateTime,
}

impl Errands<'_, '_> {
    /// Does what is wished with the record `id`, in the transaction that is open.
    pub(super) fn run(
        &mut self,
        id: Uuid,
        wish: &Wish,
    ) -> rusqlite::Result<(Done, Option<Change>)> {
        let Some(row) = self.file.row(id)? else {
            let why = if self.file.receipt(id)?.is_some() {
                "it is delivered"
            } else {
                "the outbox has no record with this id"
            };
            return Ok(refused(why));
        };
        if let Some(evidence) = row.handed_over {
            return self.before(evidence, wish);
        }
        match wish {
            Wish::Requeue => self.requeue(row),
            Wish::HandOver { reason } => self.hand_over(row, reason),
        }
    }

    fn before(&mut self, evidence: Uuid, wish: &Wish) -> rusqlite::Result<(Done, Option<Change>)> {
        let id = EventId(evidence);
        if *wish == Wish::Requeue {
            return Ok(refused(&format!(
                "it was handed over as evidence {id}, which takes its place"
            )));
        }
        let receipt = self.file.receipt(evidence)?;
        let receipt = receipt.and_then(|text| serde_json::from_slice(&text).ok());
        let done = Done::HandedOverBefore {
            evidence: id,
            receipt,
        };
        Ok((done, None))
    }

    fn requeue(&mut self, row: Row) -> rusqlite::Result<(Done, Option<Change>)> {
        if row.belongs_to_other(self.connector) {
            return Ok(refused(
                "its id belongs to the connector of before; it can be handed over",
            ));
        }
        Ok(match self.file.requeue(row.id)? {
            Some(now) => (Done::Requeued, Some(Change { was: row, now })),
            None => refused("it is not parked"),
        })
    }

    fn hand_over(&mut self, row: Row, reason: &str) -> rusqlite::Result<(Done, Option<Change>)> {
        // What is under the name of before waits for ever, whether a ledger has said so or not.
        let other = row.belongs_to_other(self.connector);
        if row.is_open || (row.refusal.is_none() && !other) {
            return Ok(refused("it is not parked"));
        }
        let refusal = match &row.refusal {
            Some(refusal) => refusal.clone(),
            None => format!(
                "not delivered under the connector ID of before, {}",
                row.owner
            ),
        };
        let (evidence, item) = match self.evidence(&row, &refusal, reason) {
            Ok(made) => made,
            Err(why) => return Ok(refused(&why)),
        };
        let at_ms = to_i64(unix_millis(self.now));
        self.file.insert(&NewRecord {
            id: evidence,
            outcome: Some(Outcome::Completed),
            at_ms,
            request: &item,
            resource: row.resource.as_deref(),
        })?;
        self.file
            .hand_over(row.id, evidence, &refusal, self.connector)?;
        let done = Done::HandedOver {
            evidence: EventId(evidence),
        };
        let now = Outgoing::new(evidence, at_ms, item.into());
        Ok((done, Some(Change { was: row, now })))
    }

    /// The evidence that the record `row` cannot be registered, read as the ledger will read it.
    fn evidence(&self, row: &Row, refusal: &str, reason: &str) -> Result<(Uuid, Vec<u8>), String> {
        let item: Value =
            serde_json::from_slice(&row.item).map_err(|e| format!("it is no JSON: {e}"))?;
        if item.pointer("/evidence/type").and_then(Value::as_str) == Some(Unregistrable::TYPE) {
            return Err("it is itself the evidence of another record; put right why the ledger refuses it, then requeue it".to_owned());
        }
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let user = text("user_id").ok_or("it names nobody who acts")?;
        let user = UserId::parse(user).map_err(|e| format!("user_id: {e}"))?;
        // Versions before this one took any UUID of a peer.
        let exchange_id = text("exchange_id").and_then(|id| id.parse().ok());
        let exchange_id = exchange_id.unwrap_or_else(|| ExchangeId::new_v7(self.now));
        let OwnedId { id, nonce } = EventIds::new(self.connector.clone()).next(self.now);
        let body = EvidenceBody::Unregistrable(Unregistrable {
            id,
            item: &item,
            reason,
            refusal,
            time: rfc3339_millis(self.now),
            kind: Unregistrable::TYPE,
        });
        let item = OutItem::new(
            exchange_id,
            None,
            Some(nonce),
            &user,
            ItemBody::Evidence(body),
            None,
        );
        let item = serde_json::to_string(&item).map_err(|e| e.to_string())?;
        InItem::parse(&item, &[], self.connector).map_err(|invalid| {
            format!("the ledger would not take the evidence: {}", invalid.detail)
        })?;
        Ok((id.0, item.into_bytes()))
    }
}

fn refused(why: &str) -> (Done, Option<Change>) {
    (
        Done::Refused {
            why: why.to_owned(),
        },
        None,
    )
}
