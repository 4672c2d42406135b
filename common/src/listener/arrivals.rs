//! How often one network may open a connection.
//!
//! Whoever is refused at once can come again at once: a stranger who does nothing else makes thousands of connections a second,
//! for next to nothing, and every one of them takes from the processor what others wait for. So new connections are paced before
//! a byte of them is read.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use tokio::time::Instant;

use super::{ListenerLimits, network};

/// How long a connection may have to wait for its turn.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Buckets of one side, a power of two of 16 bits at most; 128 KiB for both. Who opens 8,000 connections a second can keep 40 of them empty.
const SIDE: usize = 8 << 10;

/// Token buckets of all networks: each has one on either side, by a hash that nobody outside knows, and what the fuller one
/// allows counts. So nothing has to be forgotten, and who shares a bucket with an attacker has still the other one.
#[derive(Debug)]
pub(super) struct Arrivals {
    start: Instant,
    hasher: RandomState,
    /// When each bucket will be full again, in nanoseconds.
    full_at: Box<[AtomicU64]>,
    /// Nanoseconds in which a bucket gets one token.
    interval: u64,
    /// What a full bucket allows at once, in nanoseconds too.
    burst: u64,
}

impl Arrivals {
    pub(super) fn new(limits: &ListenerLimits) -> Self {
        let interval = 1_000_000_000 / u64::from(limits.new_connections).max(1);
        Self {
            start: Instant::now(),
            hasher: RandomState::new(),
            full_at: (0..2 * SIDE).map(|_| AtomicU64::new(0)).collect(),
            interval,
            burst: interval * u64::from(limits.new_connections_burst),
        }
    }

    /// The time that turns are reckoned by.
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// How long a connection from `address` that has come `now` has to wait; `None` if longer than anybody may.
    pub(super) fn turn(&self, address: IpAddr, now: Duration) -> Option<Duration> {
        let [a, b, c, d, ..] = self.hasher.hash_one(network(address)).to_ne_bytes();
        let [left, right] =
            [[a, b], [c, d]].map(|half| usize::from(u16::from_ne_bytes(half)) % SIDE);
        let now = nanos(now);
        let waits = [left, SIDE + right].map(|bucket| self.take(&self.full_at[bucket], now));
        waits.into_iter().flatten().min().map(Duration::from_nanos)
    }

    /// Takes a token, also one that the bucket will have only in a while.
    fn take(&self, full_at: &AtomicU64, now: u64) -> Option<u64> {
        let wait = |full_at: u64| {
            let missing = full_at.saturating_sub(now) + self.interval;
            missing.saturating_sub(self.burst)
        };
        let taken = full_at.fetch_update(Relaxed, Relaxed, |full_at| {
            (wait(full_at) <= nanos(PATIENCE)).then(|| full_at.max(now) + self.interval)
        });
        taken.ok().map(wait)
    }
}

/// A process does not run for 500 years.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(10);

    fn arrivals(new_connections: u32, new_connections_burst: u32) -> Arrivals {
        Arrivals::new(&ListenerLimits {
            new_connections,
            new_connections_burst,
            ..ListenerLimits::default()
        })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_beyond_its_rate_waits_and_then_goes_on() {
        let arrivals = arrivals(10, 3);
        let greedy = ip("192.0.2.1");
        let turns: Vec<_> = (0..30).map(|_| arrivals.turn(greedy, NOW)).collect();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(turns[..5], [ms(0), ms(0), ms(0), ms(100), ms(200)]);
        assert_eq!(turns[22], ms(2000));
        assert_eq!(turns[23..], [None; 7], "who would wait longer gets no turn");
        // Who got none has taken none: as time goes by there is one every 100 ms again, and a full bucket in the end.
        let later = NOW + Duration::from_millis(100);
        assert_eq!(arrivals.turn(greedy, later), ms(2000));
        assert_eq!(arrivals.turn(greedy, later), None);
        let much_later = NOW + Duration::from_secs(3);
        let turns: Vec<_> = (0..4).map(|_| arrivals.turn(greedy, much_later)).collect();
        assert_eq!(turns, [ms(0), ms(0), ms(0), ms(100)]);
    }

    #[test]
    fn a_network_is_an_ipv6_64_and_no_other_one_waits_for_it() {
        let arrivals = arrivals(1, 2);
        for n in 0..100 {
            arrivals.turn(ip(&format!("2001:db8::{n}")), NOW);
        }
        assert_eq!(arrivals.turn(ip("2001:db8::ffff"), NOW), None);
        for other in ["2001:db8:0:1::1", "192.0.2.1", "::1"] {
            assert_eq!(
                arrivals.turn(ip(other), NOW),
                Some(Duration::ZERO),
                "{other}"
            );
        }
    }

    #[test]
    fn many_networks_take_no_more_memory_and_keep_nobody_waiting() {
        let arrivals = arrivals(200, 1000);
        for n in 0..100_000_u32 {
            arrivals.turn(IpAddr::from(n.to_be_bytes()), NOW);
        }
        assert_eq!(arrivals.full_at.len(), 2 * SIDE);
        assert_eq!(arrivals.turn(ip("2001:db8::1"), NOW), Some(Duration::ZERO));
    }

    #[test]
    fn a_crowd_of_one_address_gets_in_with_the_defaults() {
        let arrivals = Arrivals::new(&ListenerLimits::default());
        let crowd = ip("192.0.2.1");
        assert!((0..1250).all(|_| arrivals.turn(crowd, NOW).is_some()));
    }
}
