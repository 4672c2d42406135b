//! Records that could not be made.

use provenance_outbox::OutboxError;

/// Why the end of a transfer was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The outbox failed.
    #[error("the outbox did not take the record")]
    Outbox(#[from] OutboxError),
    /// The ledger did not acknowledge in time, and this exchange waits for it.
    #[error("the ledger did not acknowledge the record: {0}")]
    Ledger(String),
}

impl RecordError {
    /// Whether trying again later is of no use.
    pub fn is_permanent(&self) -> bool {
        use OutboxError::{Invalid, NotOpen};
        matches!(self, Self::Outbox(Invalid(_) | NotOpen))
    }
}
