//! One test of a file at a time, where each brings a load or a dozen processes of its own, or stops what others need.

use tokio::sync::{Mutex, MutexGuard};

static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other test of this process holds it.
pub async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// The same outside of a runtime.
pub fn alone_blocking() -> MutexGuard<'static, ()> {
    ALONE.blocking_lock()
}
