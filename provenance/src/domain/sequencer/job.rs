//! What waits for the writer, and what becomes of it.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::domain::{
    store::LedgerStoreError,
    submission::{Decision, Submission},
};

/// The submissions of one request.
#[derive(Debug)]
pub(super) struct Job {
    /// Whose it is.
    pub(super) caller: String,
    pub(super) submissions: Vec<Submission>,
    /// How much of what may wait they are.
    pub(super) amount: Amount,
    pub(super) reply: oneshot::Sender<Result<Vec<Decision>, SubmitError>>,
}

/// How much waits.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

impl Amount {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            bytes: self.bytes + other.bytes,
        }
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self {
            records: self.records.saturating_sub(other.records),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }

    /// Whether so much may wait, besides `new`, where `most` may. What is larger than all of that has to pass somehow: alone.
    pub(super) fn has_room_for(self, new: Self, most: Self) -> bool {
        let sum = self.and(new);
        (self.bytes == 0 || sum.bytes <= most.bytes)
            && (self.records == 0 || sum.records <= most.records)
    }
}

/// Why nothing was decided.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    /// Too many records wait. Nothing is recorded.
    #[error("too many records wait to be written")]
    Busy,
    /// The disk is at the watermark. Nothing is recorded.
    #[error("the ledger's disk is nearly full")]
    DiskFull,
    /// The database failed. Nothing is recorded, unless [`LedgerStoreError::is_uncertain`].
    #[error("the records could not be written")]
    Store(#[source] Arc<LedgerStoreError>),
    /// The ledger is stopping. Nothing is recorded.
    #[error("the ledger is stopping")]
    Stopped,
}

impl SubmitError {
    /// The value of the metrics label `reason`.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::DiskFull => "disk",
            Self::Store(_) => "database",
            Self::Stopped => "stopping",
        }
    }
}
