//! One process has an outbox, and others see so.

use std::{
    fs::TryLockError,
    path::Path,
    time::{Duration, Instant},
};

use crate::OpenError;

/// 5 s: how long a starting process waits for the one before it to let go of the file.
const LOCK_WAIT: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 5 });

/// Held by the one process that changes records; a file beside the outbox, locked for as long as the process lives.
#[derive(Debug)]
pub(crate) struct Claim {
    #[expect(dead_code, reason = "held, not read")]
    lock: std::fs::File,
}

impl Claim {
    /// `None`: another process has it.
    pub(crate) fn take(path: &Path) -> std::io::Result<Option<Self>> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        common::disk::private_file(Path::new(&name))?;
        let lock = std::fs::OpenOptions::new().append(true).open(&name)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Waits for a process that is about to end.
    pub(crate) fn wait(path: &Path) -> Result<Self, OpenError> {
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            if let Some(claim) = Self::take(path)? {
                return Ok(claim);
            }
            if Instant::now() >= deadline {
                return Err(OpenError::Locked);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
