//! What became of a record: asked by whoever waits for the ledger, and by administrators.

use common::ids::EventId;
use tokio::sync::oneshot;

use super::{DeliveredError, Outbox, OutboxError, Parked, Receipt, file::Found, writer::Command};

impl Outbox {
    /// Waits until the ledger has taken the record `id`. It is delivered before others. Give it a deadline: it waits for as long
    /// as the ledger is away.
    ///
    /// Dropping the future is safe: delivery goes on.
    ///
    /// # Errors
    /// [`DeliveredError`].
    pub async fn delivered(&self, id: &EventId) -> Result<(), DeliveredError> {
        let (waiter, told) = oneshot::channel();
        if !self.shared.queue.wait_for(id.0, waiter) {
            let (reply, found) = oneshot::channel();
            self.shared
                .commands
                .send(Command::Find { id: id.0, reply })
                .map_err(|_| DeliveredError::Closed)?;
            match found.await.map_err(|_| DeliveredError::Closed)? {
                Found::Delivered => return Ok(()),
                Found::Parked(why) => return Err(DeliveredError::Parked(why)),
                Found::Nothing | Found::Open => return Err(DeliveredError::Unknown),
                Found::Waiting(outgoing) => self.shared.queue.push_urgent(outgoing),
            }
        }
        told.await.map_err(|_| DeliveredError::Closed)?
    }

    /// The ledger's receipt for `id`, while it is kept.
    ///
    /// # Errors
    /// [`OutboxError::Closed`].
    pub async fn receipt(&self, id: &EventId) -> Result<Option<Receipt>, OutboxError> {
        let (reply, found) = oneshot::channel();
        self.send(Command::Receipt { id: id.0, reply })?;
        let text = found.await.map_err(|_| OutboxError::Closed)?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// The records that the ledger refused for good.
    ///
    /// # Errors
    /// [`OutboxError::Closed`].
    pub async fn parked(&self) -> Result<Vec<Parked>, OutboxError> {
        let (reply, found) = oneshot::channel();
        self.send(Command::ListParked { reply })?;
        found.await.map_err(|_| OutboxError::Closed)
    }

    /// Delivers a parked record again, after its cause was put right.
    ///
    /// # Errors
    /// [`OutboxError::Invalid`] if no parked record has this id.
    pub async fn requeue(&self, id: &EventId) -> Result<(), OutboxError> {
        self.ask(|reply| Command::Requeue { id: id.0, reply }).await
    }
}
