//! When a group is recorded.

use common::clock::{rfc3339_millis, unix_millis};
use time::OffsetDateTime;

/// Time of acceptance of a whole group.
#[derive(Debug, Clone)]
pub struct Moment {
    /// As cores state it.
    pub rx: String,
    /// In milliseconds since 1970.
    pub rx_ms: i64,
    /// For ids that are made at this time.
    pub at: OffsetDateTime,
}

impl Moment {
    /// The moment `at`.
    pub fn new(at: OffsetDateTime) -> Self {
        let rx_ms = i64::try_from(unix_millis(at)).unwrap_or(i64::MAX);
        Self {
            rx: rfc3339_millis(at),
            rx_ms,
            at,
        }
    }
}
