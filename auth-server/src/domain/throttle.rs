//! Slowing down guessers of passwords.
//!
//! Failures are counted for the pair of user and address, so that a stranger can't lock a user out, and for each of the two
//! alone with more patience, against guessing from many addresses and against guessing many users' passwords from one.

use super::secrets;
use common::clock::SharedClock;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;

/// How much more a user, seen from all addresses, is forgiven than a pair.
const USER_PATIENCE: u32 = 10;

/// How much more an address, trying all users, is forgiven than a pair: domains share one behind their proxies.
const ADDRESS_PATIENCE: u32 = 20;

/// 100,000 entries, about 10 MB: more are not kept, forgetting those first that are forgiven soonest.
const MAX_ENTRIES: usize = 100_000;

/// Counts failed logins.
#[derive(Debug)]
pub struct Throttle {
    clock: SharedClock,
    failures: u32,
    forgiven_every: Duration,
    /// When everything about a key will be forgiven.
    debts: Mutex<HashMap<Key, OffsetDateTime>>,
}

/// What is claimed as a user ID may be long and may be anything: a digest is kept of it.
type Claimed = [u8; 32];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Pair(Claimed, IpAddr),
    User(Claimed),
    Address(IpAddr),
}

impl Key {
    fn patience(&self) -> u32 {
        match self {
            Self::Pair(..) => 1,
            Self::User(_) => USER_PATIENCE,
            Self::Address(_) => ADDRESS_PATIENCE,
        }
    }
}

impl Throttle {
    /// Lets `failures` failures in a row pass for a user and an address; one more is forgiven every `forgiven_every`.
    pub fn new(clock: SharedClock, failures: u32, forgiven_every: Duration) -> Self {
        Self {
            clock,
            failures,
            forgiven_every,
            debts: Mutex::default(),
        }
    }

    /// How long this login has to wait; `None` if it may try now.
    pub fn wait(&self, user: &str, address: IpAddr) -> Option<Duration> {
        let now = self.clock.now();
        let debts = self.debts.lock().unwrap_or_else(PoisonError::into_inner);
        keys(user, address)
            .iter()
            .filter_map(|key| {
                let limit = self.forgiven_every * self.failures.saturating_mul(key.patience());
                let debt = Duration::try_from(*debts.get(key)? - now).ok()?;
                // One more failure must still fit below the limit.
                (debt + self.forgiven_every)
                    .checked_sub(limit)
                    .filter(|wait| !wait.is_zero())
            })
            .max()
    }

    /// Counts a failure.
    pub fn failed(&self, user: &str, address: IpAddr) {
        let now = self.clock.now();
        let mut debts = self.debts.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys(user, address) {
            let debt = debts.entry(key).or_insert(now);
            *debt = (*debt).max(now) + self.forgiven_every;
        }
        if debts.len() > MAX_ENTRIES {
            debts.retain(|_, forgiven| *forgiven > now);
            forget_soonest(&mut debts);
        }
    }

    /// Takes a failure back that was none.
    pub fn take_back(&self, user: &str, address: IpAddr) {
        let now = self.clock.now();
        let mut debts = self.debts.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys(user, address) {
            if let Some(debt) = debts.get_mut(&key) {
                *debt -= self.forgiven_every;
                if *debt <= now {
                    debts.remove(&key);
                }
            }
        }
    }

    /// Forgives the pair: its password is known after all. Takes the failure back that was counted for this attempt.
    pub fn succeeded(&self, user: &str, address: IpAddr) {
        self.take_back(user, address);
        let mut debts = self.debts.lock().unwrap_or_else(PoisonError::into_inner);
        debts.remove(&Key::Pair(claimed(user), address));
    }
}

fn keys(user: &str, address: IpAddr) -> [Key; 3] {
    let user = claimed(user);
    [
        Key::Pair(user, address),
        Key::User(user),
        Key::Address(address),
    ]
}

fn claimed(user: &str) -> Claimed {
    secrets::hash(&user.to_lowercase())
}

/// Halves a table of nothing but debtors.
fn forget_soonest(debts: &mut HashMap<Key, OffsetDateTime>) {
    if debts.len() <= MAX_ENTRIES {
        return;
    }
    let mut times: Vec<_> = debts.values().copied().collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    debts.retain(|_, forgiven| *forgiven > median);
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::clock::ManualClock;
    use std::sync::Arc;
    use time::macros::datetime;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn throttle() -> (Throttle, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(datetime!(2026-01-01 0:00 UTC)));
        (
            Throttle::new(clock.clone(), 3, Duration::from_secs(30)),
            clock,
        )
    }

    #[test]
    fn after_a_few_failures_a_guesser_waits() {
        let (throttle, clock) = throttle();
        for _ in 0..3 {
            assert_eq!(throttle.wait("cadde.a", HOME), None);
            throttle.failed("cadde.a", HOME);
        }
        assert_eq!(
            throttle.wait("CADDE.A", HOME),
            Some(Duration::from_secs(30))
        );
        clock.advance(Duration::from_secs(30));
        assert_eq!(throttle.wait("cadde.a", HOME), None);
        throttle.failed("cadde.a", HOME);
        assert_eq!(
            throttle.wait("cadde.a", HOME),
            Some(Duration::from_secs(30))
        );
    }

    #[test]
    fn a_stranger_does_not_lock_a_user_out() {
        let (throttle, _) = throttle();
        for _ in 0..3 {
            throttle.failed("cadde.a", AWAY);
        }
        assert!(throttle.wait("cadde.a", AWAY).is_some());
        assert_eq!(throttle.wait("cadde.a", HOME), None);
        assert_eq!(throttle.wait("cadde.b", AWAY), None);
    }

    #[test]
    fn guessing_from_many_addresses_is_noticed() {
        let (throttle, _) = throttle();
        for last in 0..30 {
            throttle.failed("cadde.a", IpAddr::from([198, 51, 100, last]));
        }
        assert!(throttle.wait("cadde.a", HOME).is_some());
        assert_eq!(throttle.wait("cadde.b", HOME), None);
    }

    #[test]
    fn success_forgives_the_pair() {
        let (throttle, _) = throttle();
        for _ in 0..3 {
            throttle.failed("cadde.a", HOME);
        }
        throttle.succeeded("cadde.a", HOME);
        assert_eq!(throttle.wait("cadde.a", HOME), None);
    }

    #[test]
    fn logins_that_succeed_are_not_counted() {
        let (throttle, _) = throttle();
        for number in 0..1000 {
            let user = format!("cadde.{}", number % 3);
            assert_eq!(throttle.wait(&user, HOME), None);
            throttle.failed(&user, HOME);
            throttle.succeeded(&user, HOME);
        }
        assert!(throttle.debts.lock().unwrap().is_empty());
    }

    #[test]
    fn the_table_stays_bounded() {
        let (throttle, _) = throttle();
        for number in 0..60_000u32 {
            let [a, b, c, d] = number.to_be_bytes();
            throttle.failed(&format!("cadde.{number}"), IpAddr::from([a, b, c, d]));
        }
        assert!(throttle.debts.lock().unwrap().len() <= MAX_ENTRIES + 3);
    }
}
