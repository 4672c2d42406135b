//! Kills, outages, renewed certificates and wrong clocks under load, judged by what the callers saw.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

mod clocks;
mod kills;
mod outage;
mod renewals;

use tokio::sync::{Mutex, MutexGuard};

/// One scenario at a time: each brings its own load.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}
