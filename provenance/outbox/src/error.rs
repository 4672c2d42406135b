//! Why the outbox did not do what it was asked.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use common::ids::ConnectorId;

/// Which limit keeps the outbox from taking new records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FullReason {
    /// It holds `max_records` records that are not delivered.
    Records,
    /// Its oldest undelivered record is older than `max_age`.
    Age,
    /// Its file holds `max_bytes`, and no receipts that could give way.
    Bytes,
    /// Its disk is at the watermark.
    Disk,
    /// It holds `max_parked_bytes` of records that the ledger refused for good.
    Parked,
}

impl FullReason {
    /// The value of the metrics label `reason`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Age => "age",
            Self::Bytes => "bytes",
            Self::Disk => "disk",
            Self::Parked => "parked",
        }
    }
}

impl fmt::Display for FullReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Records => "too many records wait for the ledger",
            Self::Age => "a record has waited too long for the ledger",
            Self::Bytes => "its file has reached its size",
            Self::Disk => "its disk is nearly full",
            Self::Parked => "too many records are parked, which the ledger refused for good",
        })
    }
}

/// Why a record was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OutboxError {
    /// A limit is reached: refuse the exchange with 503 and [`OutboxError::RETRY_AFTER`].
    #[error("the outbox takes no new records: {0}")]
    Full(FullReason),
    /// The record could never be delivered: a value is too long, or the event id was used before.
    #[error("the record is not valid: {0}")]
    Invalid(Cow<'static, str>),
    /// The record was ended before, for example found open when the outbox was opened.
    #[error("the reservation is not open any more")]
    NotOpen,
    /// The file could not be written: nothing of this call is recorded.
    #[error("the outbox could not be written")]
    Store(#[source] Arc<rusqlite::Error>),
    /// The outbox was closed.
    #[error("the outbox is closed")]
    Closed,
}

impl OutboxError {
    /// 30 s: what to tell a caller whose exchange was refused. The ledger is tried at least that often.
    pub const RETRY_AFTER: Duration = Duration::from_secs(30);
}

/// Why an outbox could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration does not fit together.
    #[error("{0}")]
    Config(String),
    /// The folder of the file could not be made, or the thread not be started.
    #[error("cannot prepare the outbox")]
    Io(#[from] std::io::Error),
    /// Another process has the file open.
    #[error("another process has the outbox open")]
    Locked,
    /// There is no file.
    #[error("there is no outbox")]
    Missing,
    /// The file belongs to a connector of another name and holds records that only that one can deliver.
    #[error(
        "the outbox belongs to the connector {owner} and holds {records} records that are not delivered; this is {connector}. Deliver \
         them under the old name first, or hand them over (outbox hand-over --all)"
    )]
    Renamed {
        /// The connector whose outbox it is.
        owner: String,
        /// The connector that opens it.
        connector: ConnectorId,
        /// How many records wait.
        records: i64,
    },
    /// The file is a database, but no outbox.
    #[error("the file holds something else than an outbox")]
    Foreign,
    /// The file was written by a newer version.
    #[error("the outbox has the newer format {0}; this program knows {known}", known = super::format::FORMAT)]
    Format(i64),
    /// The file could not be opened or read.
    #[error("cannot open the outbox")]
    Store(#[source] rusqlite::Error),
    /// A record that was found open cannot be read.
    #[error("record {0} of the outbox cannot be read")]
    Corrupt(uuid::Uuid, #[source] serde_json::Error),
}

/// Why a record was not delivered while somebody waited for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveredError {
    /// The ledger refused the record for good.
    #[error("the ledger refused the record: {0}")]
    Parked(String),
    /// There is no finished record with this id.
    #[error("the outbox has no finished record with this id")]
    Unknown,
    /// The outbox was closed.
    #[error("the outbox is closed")]
    Closed,
}
