//! `[retention]`, and forgetting by it.

use std::{error::Error, time::Duration};

use common::{
    clock::SharedClock,
    config::Period,
    process::{Findings, Section, Shutdown},
    telemetry::Chain,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How often it is looked whether there is something to forget.
const INTERVAL: Duration = Duration::from_hours(1);

/// A day: what is shorter than a weekend is a slip of the pen.
const MIN_HISTORY: Period = Period::seconds(86_400);

/// How long is kept what nobody works with any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// How long the history is kept: who changed what, and when.
    /// Allowed: at least 1d.
    pub history: Period,
}

impl Default for RetentionConfig {
    /// Three years.
    fn default() -> Self {
        Self {
            history: Period::seconds(1_096 * 86_400),
        }
    }
}

impl Section for RetentionConfig {
    fn check(&self, findings: &mut Findings) {
        findings.at_least("history", self.history, MIN_HISTORY);
    }
}

impl RetentionConfig {
    /// The time before which the history ends.
    pub fn ends(&self, now: OffsetDateTime) -> OffsetDateTime {
        let kept = time::Duration::try_from(self.history.get()).unwrap_or(time::Duration::MAX);
        now.checked_sub(kept).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// Calls `forget` with the time before which the history ends, now and once an hour until `shutdown`. It removes what is
    /// older in small steps and tells how much that was.
    pub fn spawn<F, Fut, E>(self, clock: SharedClock, shutdown: Shutdown, forget: F)
    where
        F: Fn(OffsetDateTime) -> Fut + Send + 'static,
        Fut: Future<Output = Result<u64, E>> + Send + 'static,
        E: Error + Send + 'static,
    {
        tokio::spawn(run(self, INTERVAL, (clock, shutdown), forget));
    }
}

/// [`RetentionConfig::spawn`], as often as `every` says.
async fn run<F, Fut, E>(
    config: RetentionConfig,
    every: Duration,
    (clock, shutdown): (SharedClock, Shutdown),
    forget: F,
) where
    F: Fn(OffsetDateTime) -> Fut,
    Fut: Future<Output = Result<u64, E>>,
    E: Error + 'static,
{
    loop {
        match forget(config.ends(clock.now())).await {
            Ok(0) => {}
            Ok(forgotten) => {
                tracing::info!(forgotten, "history that has run out is forgotten");
            }
            Err(error) => {
                tracing::error!(error = %Chain(&error), "history that has run out could not be forgotten");
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use common::clock::ManualClock;
    use time::macros::datetime;

    use super::*;
    use crate::StoreError;

    #[test]
    fn a_history_of_less_than_a_day_is_refused() {
        let of = |history| Findings::of(&RetentionConfig { history }).into_result();
        let short = "history = \"86399s\": must be at least 1d".to_owned();
        assert_eq!(of(Period::seconds(86_399)), Err(short));
        assert_eq!(of(Period::seconds(86_400)), Ok(()));
        assert_eq!(of(RetentionConfig::default().history), Ok(()));
    }

    #[test]
    fn a_history_longer_than_time_never_ends() {
        let history = Period::seconds(u64::MAX / 2000);
        let ends = RetentionConfig { history }.ends(datetime!(2026-11-30 00:00 UTC));
        assert!(ends <= OffsetDateTime::UNIX_EPOCH);
    }

    #[tokio::test]
    async fn it_is_asked_at_the_start_and_again_and_again_also_after_a_failure() {
        let clock = Arc::new(ManualClock::new(datetime!(2026-11-30 00:00 UTC)));
        let (asked, mut asks) = tokio::sync::mpsc::unbounded_channel();
        let (config, shutdown) = (RetentionConfig::default(), Shutdown::default());
        let forget = move |before| {
            asked.send(before).expect("the test listens");
            std::future::ready(Err(StoreError::Database(sqlx::Error::PoolClosed)))
        };
        let every = Duration::from_millis(1);
        let running = tokio::spawn(run(
            config,
            every,
            (clock.clone(), shutdown.clone()),
            forget,
        ));
        let first = asks.recv().await.expect("at the start");
        assert_eq!(first, datetime!(2023-11-30 00:00 UTC));
        clock.advance(Duration::from_hours(1));
        while asks.recv().await.expect("again") != datetime!(2023-11-30 01:00 UTC) {}
        shutdown.cancel();
        running.await.expect("it ends");
    }
}
