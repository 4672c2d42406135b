//! What waits at a time.

use std::sync::atomic::AtomicBool;

use super::turns::Waiting;

/// What waits to be written, and whether anything is taken.
#[derive(Debug, Default)]
pub(super) struct Load {
    pub(super) waiting: Waiting,
    pub(super) is_disk_full: AtomicBool,
}
