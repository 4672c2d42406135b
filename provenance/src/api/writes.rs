//! What users and connectors register one by one, and how much of it: whoever holds a token shares one writer, one disk and one
//! memory with all others.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use common::http::cadde::LedgerError;
use governor::{
    DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock, QuantaInstant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error;
use crate::config::WriteLimits;

/// Registrations of one caller that wait for those before, besides those that are being read.
const WAITING_EACH: usize = 64;

/// 10 s: how long they wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes are counted in units of this many: the limiter counts no more than 32 bits hold.
const UNIT: u64 = 1 << 10;

/// After so many registrations those who have been quiet are forgotten.
const FORGET_EVERY: usize = 1024;

/// Registrations of each caller.
#[derive(Debug)]
pub struct Writes {
    callers: Mutex<HashMap<String, Arc<Own>>>,
    all: Arc<Semaphore>,
    at_a_time: usize,
    patience: Duration,
    requests: DefaultKeyedRateLimiter<String>,
    kept: DefaultKeyedRateLimiter<String>,
    hashed: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
    count: AtomicUsize,
}

/// The places of one caller.
#[derive(Debug)]
struct Own {
    queue: Arc<Semaphore>,
    reading: Arc<Semaphore>,
}

/// A registration that may be read.
#[derive(Debug)]
pub(super) struct Write<'w> {
    writes: &'w Writes,
    caller: String,
    #[expect(dead_code, reason = "held, not read")]
    places: [OwnedSemaphorePermit; 3],
}

fn quota(each_second: u32, at_once: u32) -> Quota {
    let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(each_second)).allow_burst(at_least_one(at_once))
}

/// Bytes in units, as the limiter counts them.
fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

impl Writes {
    /// With these limits.
    pub fn new(limits: &WriteLimits) -> Self {
        let bytes = |each_second: u64, at_once: u64| quota(units(each_second), units(at_once));
        let hashed = limits.hashed_per_second.bytes();
        Self {
            callers: Mutex::default(),
            all: Arc::new(Semaphore::new(limits.at_a_time_of_all)),
            at_a_time: limits.at_a_time,
            patience: PATIENCE,
            requests: RateLimiter::keyed(quota(limits.per_second, limits.burst)),
            kept: RateLimiter::keyed(bytes(
                limits.bytes_per_second.bytes(),
                limits.burst_bytes.bytes(),
            )),
            hashed: RateLimiter::keyed(bytes(hashed, hashed)),
            clock: DefaultClock::default(),
            count: AtomicUsize::new(0),
        }
    }

    /// Lets `caller` register something more, once there is a place to read it. Who is told to come later has cost nothing but that.
    ///
    /// # Errors
    /// 429 where the caller has had its share, 503 where all callers together have.
    pub(super) async fn begin(&self, caller: String) -> Result<Write<'_>, LedgerError> {
        if self.count.fetch_add(1, Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.forget_the_quiet();
        }
        self.requests
            .check_key(&caller)
            .map_err(|not| self.later(&not))?;
        let own = {
            let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
            let own = callers.entry(caller.clone()).or_insert_with(|| {
                Arc::new(Own {
                    queue: Arc::new(Semaphore::new(self.at_a_time + WAITING_EACH)),
                    reading: Arc::new(Semaphore::new(self.at_a_time)),
                })
            });
            own.clone()
        };
        let queue = own.queue.clone().try_acquire_owned();
        let queue = queue.map_err(|_| too_many(1))?;
        let reading = tokio::time::timeout(self.patience, own.reading.clone().acquire_owned());
        let reading = reading.await.ok().and_then(Result::ok);
        let reading = reading.ok_or_else(|| too_many(1))?;
        let all = tokio::time::timeout(self.patience, self.all.clone().acquire_owned());
        let all = all.await.ok().and_then(Result::ok);
        let all = all.ok_or(&error::BUSY)?;
        Ok(Write {
            writes: self,
            caller,
            places: [queue, reading, all],
        })
    }

    fn later(&self, not: &NotUntil<QuantaInstant>) -> LedgerError {
        let wait = not.wait_time_from(self.clock.now());
        too_many(wait.as_secs().saturating_add(1))
    }

    fn forget_the_quiet(&self) {
        for limiter in [&self.requests, &self.kept, &self.hashed] {
            limiter.retain_recent();
        }
        self.callers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            // Whoever has nothing under way is held by nobody else.
            .retain(|_, own| {
                Arc::strong_count(own) > 1 || own.queue.available_permits() < self.at_a_time + WAITING_EACH
            });
    }
}

fn too_many(retry_after: u64) -> LedgerError {
    metrics::counter!("ledger_refused_total", "reason" => "rate").increment(1);
    error::too_many_writes(retry_after)
}

impl Write<'_> {
    /// Counts an event of `bytes`, which is going to be kept.
    ///
    /// # Errors
    /// 429 where the caller has had its share.
    pub(super) fn keep(&self, bytes: usize) -> Result<(), LedgerError> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let Some(n) = NonZeroU32::new(units(bytes)) else {
            return Ok(());
        };
        match self.writes.kept.check_key_n(&self.caller, n) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not)) => Err(self.writes.later(&not)),
            // Never, whoever waits how long: limits are such that the largest event fits.
            Err(_) => Err(too_many(60)),
        }
    }

    /// Waits until the caller may have `bytes` more of a file hashed. A slow upload is no failed one.
    pub(super) async fn hash(&self, bytes: usize) {
        let limiter = &self.writes.hashed;
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let Some(n) = NonZeroU32::new(units(bytes)) else {
            return;
        };
        while let Ok(Err(not)) = limiter.check_key_n(&self.caller, n) {
            let wait = not.wait_time_from(self.writes.clock.now());
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use common::config::ByteSize;

    use super::*;

    fn writes(change: impl FnOnce(&mut WriteLimits)) -> Writes {
        let mut limits = WriteLimits::default();
        change(&mut limits);
        Writes::new(&limits)
    }

    async fn begin<'w>(writes: &'w Writes, caller: &str) -> Result<Write<'w>, LedgerError> {
        writes.begin(caller.to_owned()).await
    }

    #[tokio::test]
    async fn who_writes_too_often_waits_and_others_do_not() {
        let writes = writes(|limits| (limits.per_second, limits.burst) = (1, 3));
        for _ in 0..3 {
            begin(&writes, "user:a").await.unwrap();
        }
        let refused = begin(&writes, "user:a").await.unwrap_err();
        assert_eq!(refused.0.status.as_u16(), 429);
        assert!(refused.0.retry_after.is_some_and(|s| (1..=2).contains(&s)));
        begin(&writes, "user:b").await.unwrap();
    }

    #[tokio::test]
    async fn who_writes_too_much_waits_and_others_do_not() {
        let writes = writes(|limits| {
            limits.bytes_per_second = ByteSize(1 << 10);
            limits.burst_bytes = ByteSize(1 << 20);
        });
        let (a, b) = (
            begin(&writes, "user:a").await.unwrap(),
            begin(&writes, "user:b").await.unwrap(),
        );
        a.keep(1 << 20).unwrap();
        let refused = a.keep(1 << 19).unwrap_err();
        assert_eq!(refused.0.status.as_u16(), 429);
        // Half a MiB at a KiB a second.
        assert!(
            refused
                .0
                .retry_after
                .is_some_and(|s| (500..=520).contains(&s))
        );
        b.keep(1 << 20).unwrap();
    }

    #[tokio::test]
    async fn a_caller_waits_for_its_own_registrations_alone_and_not_in_any_number() {
        let writes = writes(|limits| (limits.at_a_time, limits.at_a_time_of_all) = (2, 3));
        let mut own = vec![
            begin(&writes, "a").await.unwrap(),
            begin(&writes, "a").await.unwrap(),
        ];
        let waiting: Vec<_> = (0..WAITING_EACH)
            .map(|_| Box::pin(begin(&writes, "a")))
            .collect();
        let mut waiting = waiting;
        for one in &mut waiting {
            assert!(futures_util::poll!(one).is_pending());
        }
        let beyond = begin(&writes, "a").await.unwrap_err();
        assert_eq!(beyond.0.status.as_u16(), 429);
        let other = begin(&writes, "b").await.unwrap();
        own.pop();
        let next = waiting.remove(0).await.unwrap();
        // All places are taken: who has its own waits for one of all, and is told so at last.
        let mut third = Box::pin(begin(&writes, "c"));
        assert!(futures_util::poll!(&mut third).is_pending());
        drop((other, next, waiting));
        drop(third.await.unwrap());
        drop(own);
    }

    #[tokio::test]
    async fn who_finds_all_places_taken_is_told_so_at_last() {
        let mut writes = writes(|limits| (limits.at_a_time, limits.at_a_time_of_all) = (1, 1));
        writes.patience = Duration::from_millis(1);
        let one = begin(&writes, "a").await.unwrap();
        assert_eq!(
            begin(&writes, "a").await.unwrap_err().0.status.as_u16(),
            429
        );
        assert_eq!(
            begin(&writes, "c").await.unwrap_err().0.status.as_u16(),
            503
        );
        drop(one);
        begin(&writes, "c").await.unwrap();
    }

    #[tokio::test]
    async fn the_quiet_are_forgotten() {
        let writes = writes(|limits| limits.per_second = 1_000_000);
        for n in 0..3 * FORGET_EVERY {
            begin(&writes, &format!("user:{n}"))
                .await
                .unwrap()
                .keep(1)
                .unwrap();
        }
        assert!(writes.callers.lock().unwrap().len() <= FORGET_EVERY);
        assert!(
            writes.requests.len() <= 2 * FORGET_EVERY,
            "{}",
            writes.requests.len()
        );
    }
}
