//! Lets certificate checks follow the process's [`Clock`](crate::clock::Clock).

use rustls::time_provider::TimeProvider;
use rustls_pki_types::UnixTime;

use crate::clock::{SharedClock, unix_millis};

#[derive(Debug)]
pub(super) struct ClockTime(pub(super) SharedClock);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(
            std::time::Duration::from_millis(unix_millis(self.0.now())),
        ))
    }
}
