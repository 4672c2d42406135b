//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

/// 20 ms: short beside everything that is waited for, long beside the cost of looking.
const INTERVAL: Duration = Duration::from_millis(20);

/// Asks `look` until it answers with a value, at most for `limit`; `None` when the time is up.
pub fn poll<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(INTERVAL);
    }
}

/// Asks the asynchronous `look` until it answers with a value.
pub async fn until<T, F>(what: &str, limit: Duration, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(INTERVAL).await;
    }
}
