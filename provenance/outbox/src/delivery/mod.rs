//! Delivery: takes what the writer has made durable to the ledger, and brings the receipts back.

mod batch;
mod http;
mod queue;
mod reply;
mod task;

use std::future::Future;

use bytes::Bytes;
use common::ids::ConnectorId;
pub use http::HttpLedger;
pub(crate) use queue::{Queue, Room};
pub(super) use task::{Delivery, LedgerLink};
use uuid::Uuid;

/// A record on its way to the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) id: Uuid,
    /// When the transfer ended.
    pub(crate) ended_ms: i64,
    /// The exact batch item.
    pub(crate) item: Bytes,
    /// How often the ledger asked for another try.
    pub(crate) attempts: u32,
}

impl Outgoing {
    pub(crate) fn new(id: Uuid, ended_ms: i64, item: Bytes) -> Self {
        Self {
            id,
            ended_ms,
            item,
            attempts: 0,
        }
    }
}

/// Why a request to the ledger failed. One request has one reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// No connection, or it broke.
    #[error("the ledger cannot be reached: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("the ledger did not answer in time")]
    Timeout,
    /// The ledger asks to come back later (503, 429).
    #[error("the ledger is not available now")]
    Unavailable {
        /// Seconds to wait, as the ledger said.
        retry_after_s: Option<u64>,
    },
    /// The ledger itself could not take this request as it is (400, 413): a smaller one may pass, and a record that is refused
    /// alone never will.
    #[error("the ledger refused the request with {status}: {detail}")]
    TooMuch {
        /// HTTP status.
        status: u16,
        /// What the ledger said.
        detail: String,
    },
    /// The request took too long to arrive, or something before the ledger found it too large (408, 413): a smaller one may
    /// pass, and no record is to blame.
    #[error("the request was too long for {status}: {detail}")]
    TooLong {
        /// HTTP status.
        status: u16,
        /// What was said.
        detail: String,
    },
    /// The ledger refused this connector, or does not know the call.
    #[error("the ledger refused the request with {status}: {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What the ledger said.
        detail: String,
    },
    /// The answer does not fit the request.
    #[error("the answer of the ledger cannot be used: {0}")]
    BadReply(String),
}

impl DeliveryError {
    /// The value of the metrics label `reason`.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Timeout => "timeout",
            Self::Unavailable { .. } => "unavailable",
            Self::TooMuch { .. } => "too-much",
            Self::TooLong { .. } => "too-long",
            Self::Refused { .. } => "refused",
            Self::BadReply(_) => "bad-reply",
        }
    }
}

/// Whether the ledger's answer about `item` shows that it is recorded; `None` for what is no answer. For what is fuzzed.
#[doc(hidden)]
pub fn is_delivered(item: &[u8], answer: &str, connector: &ConnectorId) -> Option<bool> {
    let answer = serde_json::from_str(answer).ok()?;
    let verdict = reply::judge(item, &answer, connector);
    Some(matches!(verdict, reply::Verdict::Delivered(_)))
}

/// The way to the ledger.
pub trait Transport: Send + Sync + 'static {
    /// Sends the body of one batch request and returns the body of the answer with status 200.
    fn send(&self, body: Bytes) -> impl Future<Output = Result<Bytes, DeliveryError>> + Send;
}
