//! Time as a parameter: code that asks for the time takes a [`Clock`], so that tests decide what time it is.

mod skew;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use time::{OffsetDateTime, UtcOffset, format_description::FormatItem, macros::format_description};

pub use self::skew::SkewWatch;
pub use crate::ids::unix_millis;

/// Tells the current time, in UTC.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The current time.
    fn now(&self) -> OffsetDateTime;
}

/// A clock that many parts share.
pub type SharedClock = Arc<dyn Clock>;

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the system for the time"
    )]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// The operating system's clock, moved by a fixed amount: for rehearsing clock skew.
#[derive(Debug, Clone, Copy)]
pub struct SkewedClock(pub time::Duration);

impl Clock for SkewedClock {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + self.0
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(Mutex<OffsetDateTime>);

impl ManualClock {
    /// A clock that shows `at`.
    pub fn new(at: OffsetDateTime) -> Self {
        Self(Mutex::new(at))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Sets the clock.
    pub fn set(&self, at: OffsetDateTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MILLIS: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// `at` as RFC 3339 in UTC with milliseconds, for example `2025-01-01T00:00:02.000Z`.
pub fn rfc3339_millis(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC)
        .format(&MILLIS)
        .expect("the format has only components that every OffsetDateTime has")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn milliseconds_are_padded_and_truncated() {
        assert_eq!(
            rfc3339_millis(datetime!(2025-01-01 0:00:02 UTC)),
            "2025-01-01T00:00:02.000Z"
        );
        assert_eq!(
            rfc3339_millis(datetime!(2025-01-01 9:00:02.0129 +9)),
            "2025-01-01T00:00:02.012Z"
        );
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::new(datetime!(2025-01-01 0:00 UTC));
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_secs(3));
        assert_eq!(clock.now(), datetime!(2025-01-01 0:00:03 UTC));
    }
}
