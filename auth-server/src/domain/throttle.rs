//! Slowing down guessers of passwords, without letting strangers lock anybody out.
//!
//! Whoever gets here comes through an application that has proved who it is, so everything is counted for that application
//! alone: what comes through one of them bars nobody who uses another. Within it a place is a network (an IPv6 /64, an IPv4
//! address).
//!
//! Failures are counted for the user at a place. A user who signed in from there before is judged by that alone. Other attempts
//! are strangers': they share a bound for the user, against guessing from many places, and one for the place, against guessing
//! many users' passwords from one. Neither bars those who are known, and attempts of strangers have only so many of the turns at
//! the processor.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use common::{
    clock::SharedClock,
    concurrency::{ConcurrencyLimit, Permit},
    listener::network,
};
use time::OffsetDateTime;

use super::secrets::{self, SecretHash};

/// How much more is forgiven a user at a place from which they signed in before.
const KNOWN_PATIENCE: u32 = 4;

/// How much more a user, tried by strangers from all places, is forgiven than a pair.
const USER_PATIENCE: u32 = 10;

/// How much more a place, trying all users, is forgiven than a pair, and how much faster: a whole organisation may be behind it.
const PLACE_PATIENCE: u32 = 20;

/// 100,000 entries, about 10 MB: more are not kept, forgetting those first that are forgiven soonest.
const MAX_ENTRIES: usize = 100_000;

/// Places that are remembered of one user, the latest.
const KNOWN_EACH: usize = 8;

/// Attempts of strangers under way at a time, and those of one place.
const STRANGERS: usize = 64;

const STRANGERS_OF_A_PLACE: usize = 16;

/// How far apart the hashes for strangers of a place begin: four times what one takes, so that no place keeps a processor busy.
const STRANGERS_EVERY: Duration = Duration::from_millis(100);

/// Attempts under way of somebody who is known, from one place: more of them would only wait, before others.
const KNOWN_AT_ONCE: usize = 16;

/// Where an attempt comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The ID of the application, which has proved that it is that.
    pub client: &'a str,
    /// The address that the request came from.
    pub address: IpAddr,
}

/// Counts failed logins.
#[derive(Debug)]
pub struct Throttle {
    clock: SharedClock,
    failures: u32,
    forgiven_every: Duration,
    strangers: Arc<ConcurrencyLimit<Digest>>,
    known: Arc<ConcurrencyLimit<Digest>>,
    table: Mutex<Table>,
}

/// What is claimed as a user ID may be long and may be anything: digests are kept.
type Digest = [u8; 32];

#[derive(Debug, Default)]
struct Table {
    /// When everything about a key will be forgiven.
    debts: Debts<Key>,
    /// Where users signed in, by the digest of their ID.
    known: HashMap<Digest, VecDeque<Digest>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Pair(Digest),
    User(Digest),
    Place(Digest),
    /// When the next hash for a stranger of a place begins.
    Pace(Digest),
}

/// Keys with the time at which everything about them will be forgiven.
#[derive(Debug)]
struct Debts<K>(HashMap<K, OffsetDateTime>);

impl<K> Default for Debts<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + std::hash::Hash + Copy> Debts<K> {
    fn add(&mut self, key: K, span: Duration, now: OffsetDateTime) {
        let debt = self.0.entry(key).or_insert(now);
        *debt = (*debt).max(now) + span;
        if self.0.len() > MAX_ENTRIES {
            self.0.retain(|_, forgiven| *forgiven > now);
            self.forget_soonest();
        }
    }

    fn take_back(&mut self, key: K, span: Duration, now: OffsetDateTime) {
        if let Some(debt) = self.0.get_mut(&key) {
            *debt -= span;
            if *debt <= now {
                self.0.remove(&key);
            }
        }
    }

    /// How long it is until one more of `span` fits below so many of them.
    fn wait(&self, key: K, most: u32, span: Duration, now: OffsetDateTime) -> Option<Duration> {
        let debt = Duration::try_from(*self.0.get(&key)? - now).ok()?;
        (debt + span)
            .checked_sub(span * most)
            .filter(|wait| !wait.is_zero())
    }

    /// Halves a table of nothing but debtors.
    fn forget_soonest(&mut self) {
        if self.0.len() <= MAX_ENTRIES {
            return;
        }
        let mut times: Vec<_> = self.0.values().copied().collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        self.0.retain(|_, forgiven| *forgiven > median);
    }
}

/// The keys of an attempt.
#[derive(Debug, Clone, Copy)]
struct Keys {
    user: Digest,
    pair: Digest,
    at_client: Digest,
    place: Digest,
}

impl Keys {
    fn new(user: &str, from: Origin<'_>) -> Self {
        let user = secrets::hash(&user.to_lowercase());
        let client = from.client.to_lowercase();
        let network = network(from.address);
        let name = hex::encode(user);
        Self {
            user,
            pair: secrets::hash(&format!("{name} {network} {client}")),
            at_client: secrets::hash(&format!("{name} {client}")),
            place: secrets::hash(&format!("{network} {client}")),
        }
    }
}

/// An attempt under way. It counts as a failure unless it is said that it was none.
#[derive(Debug)]
pub struct Attempt<'t> {
    throttle: &'t Throttle,
    keys: Keys,
    is_known: bool,
    pause: Duration,
    #[expect(dead_code, reason = "held while it is under way")]
    place: Permit<Digest>,
}

/// Why an attempt has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// There were too many failures lately.
    Failures(Duration),
    /// Too many others are trying.
    Crowd,
}

impl Throttle {
    /// Lets `failures` failures in a row pass for a user at a place; one more is forgiven every `forgiven_every`.
    pub fn new(clock: SharedClock, failures: u32, forgiven_every: Duration) -> Self {
        Self {
            clock,
            failures,
            forgiven_every,
            strangers: ConcurrencyLimit::new(
                STRANGERS,
                STRANGERS_OF_A_PLACE,
                metrics::gauge!("auth_strangers_logging_in"),
            ),
            known: ConcurrencyLimit::new(
                usize::MAX,
                KNOWN_AT_ONCE,
                metrics::gauge!("auth_known_logging_in"),
            ),
            table: Mutex::default(),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Key, bound and span of each rule for an attempt.
    fn rules(&self, keys: &Keys, is_known: bool) -> impl Iterator<Item = (Key, u32, Duration)> {
        let (failures, span) = (self.failures, self.forgiven_every);
        let own = if is_known { KNOWN_PATIENCE } else { 1 };
        let strangers = [
            (Key::User(keys.at_client), USER_PATIENCE, span),
            (
                Key::Place(keys.place),
                PLACE_PATIENCE,
                span / PLACE_PATIENCE,
            ),
        ];
        std::iter::once((Key::Pair(keys.pair), own, span))
            .chain(strangers.into_iter().take(if is_known { 0 } else { 2 }))
            .map(move |(key, patience, span)| (key, failures.saturating_mul(patience), span))
    }

    /// Begins an attempt to sign in as `user`. It is counted before the work is done, so that attempts at the same time count
    /// too.
    ///
    /// # Errors
    /// It has to wait.
    pub fn begin(&self, user: &str, from: Origin<'_>) -> Result<Attempt<'_>, Wait> {
        let keys = Keys::new(user, from);
        let now = self.clock.now();
        let mut table = self.table();
        let is_known = table.knows(&keys);
        let wait = self
            .rules(&keys, is_known)
            .filter_map(|(key, most, span)| table.debts.wait(key, most, span, now))
            .max();
        if let Some(wait) = wait {
            return Err(Wait::Failures(wait));
        }
        let place = if is_known {
            self.known.enter_as(keys.pair)
        } else {
            self.strangers.enter_as(keys.place)
        };
        let place = place.ok_or(Wait::Crowd)?;
        for (key, _, span) in self.rules(&keys, is_known) {
            table.debts.add(key, span, now);
        }
        let pause = if is_known {
            Duration::ZERO
        } else {
            let turns = Key::Pace(keys.place);
            let pause = table.debts.wait(turns, 1, STRANGERS_EVERY, now);
            table.debts.add(turns, STRANGERS_EVERY, now);
            pause.unwrap_or_default()
        };
        Ok(Attempt {
            throttle: self,
            keys,
            is_known,
            pause,
            place,
        })
    }
}

impl Table {
    fn knows(&self, keys: &Keys) -> bool {
        self.known
            .get(&keys.user)
            .is_some_and(|pairs| pairs.contains(&keys.pair))
    }

    /// The user signed in: the latest places are kept. Only users who exist get here, so these are not more than those.
    fn remember(&mut self, keys: &Keys) {
        let pairs = self.known.entry(keys.user).or_default();
        pairs.retain(|pair| *pair != keys.pair);
        if pairs.len() == KNOWN_EACH {
            pairs.pop_front();
        }
        pairs.push_back(keys.pair);
    }
}

impl Attempt<'_> {
    /// Whether nobody signed in as this user from this place before.
    pub fn is_strangers(&self) -> bool {
        !self.is_known
    }

    /// How long it is until its turn among the strangers of its place.
    pub fn pause(&self) -> Duration {
        self.pause
    }

    /// Takes the failure back that was none, and the pause that others of its place would make because of it.
    pub fn is_no_failure(self) {
        let now = self.throttle.clock.now();
        let mut table = self.throttle.table();
        for (key, _, span) in self.throttle.rules(&self.keys, self.is_known) {
            table.debts.take_back(key, span, now);
        }
        if !self.is_known {
            let turns = Key::Pace(self.keys.place);
            table.debts.take_back(turns, STRANGERS_EVERY, now);
        }
    }

    /// Forgives the pair: its password is known after all.
    pub fn succeeded(self) {
        let (throttle, keys) = (self.throttle, self.keys);
        self.is_no_failure();
        let mut table = throttle.table();
        table.debts.0.remove(&Key::Pair(keys.pair));
        table.remember(&keys);
    }
}

/// How often something may happen to somebody: so many times at once, and once every so often from there on.
#[derive(Debug)]
pub struct Rate<K> {
    clock: SharedClock,
    at_once: u32,
    every: Duration,
    debts: Mutex<Debts<K>>,
}

impl Rate<IpAddr> {
    /// How often clients of one network are refused. Secrets are random, so no bound keeps anybody from guessing one; this keeps
    /// who tries from filling the log. Credentials that are right are never refused, whoever shares a network with whom.
    pub fn of_refused_clients(clock: SharedClock) -> Self {
        Self::new(clock, 1_000, Duration::from_millis(100))
    }
}

impl Rate<SecretHash> {
    /// How often one client has certificates renewed: each is kept for good, and stands in a list if it is revoked. A connector
    /// renews its own every other month.
    pub fn of_renewals(clock: SharedClock) -> Self {
        Self::new(clock, 100, Duration::from_mins(15))
    }
}

impl<K: Eq + std::hash::Hash + Copy> Rate<K> {
    fn new(clock: SharedClock, at_once: u32, every: Duration) -> Self {
        Self {
            clock,
            at_once,
            every,
            debts: Mutex::default(),
        }
    }

    /// Counts one for `key`. Returns how long that one is to wait if there are too many of them.
    pub fn add(&self, key: K) -> Option<Duration> {
        let now = self.clock.now();
        let mut debts = self.debts.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = debts.wait(key, self.at_once, self.every, now);
        if wait.is_none() {
            debts.add(key, self.every, now);
        }
        wait
    }
}
