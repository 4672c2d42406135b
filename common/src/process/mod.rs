//! What every part of a process may have to know of it: its clock, when it is to stop, whether it is ready, and what is wrong with its
//! configuration. The life of a process is [`service`](crate::service).

mod findings;
pub(crate) mod open_files;
mod readiness;
mod shutdown;

use std::sync::Arc;

use anyhow::Context as _;

pub(crate) use self::shutdown::on_signals;
pub use self::{
    findings::{Findings, Section},
    readiness::{Check, Count, Heartbeat, Readiness, Turn},
    shutdown::Shutdown,
};
use crate::{
    clock::{SharedClock, SkewedClock, SystemClock},
    config::CLOCK_SKEW,
};

/// What a running service is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// The time.
    pub clock: SharedClock,
    /// When to stop.
    pub shutdown: Shutdown,
    /// Where to say what works.
    pub ready: Readiness,
}

/// The system's clock, moved by the seconds in `KAKEHASHI_CLOCK_SKEW` where that is set: rehearsals of clock skew run
/// real processes, which take no other parameter. A service does not start where it is set to something else.
pub fn clock() -> SharedClock {
    match skew() {
        Ok(0) | Err(_) => Arc::new(SystemClock),
        Ok(seconds) => {
            tracing::warn!(seconds, "the clock of this process is skewed on purpose");
            Arc::new(SkewedClock(time::Duration::seconds(seconds)))
        }
    }
}

/// The seconds in `KAKEHASHI_CLOCK_SKEW`.
pub(crate) fn skew() -> anyhow::Result<i64> {
    let Some(text) = std::env::var_os(CLOCK_SKEW) else {
        return Ok(0);
    };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    seconds.with_context(|| {
        format!(
            "{CLOCK_SKEW} is {}, which is no number of seconds",
            text.display()
        )
    })
}
