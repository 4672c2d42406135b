//! How much is done at a time, for all and for each caller, so that one who asks for much leaves room for the others.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use common::{background, ids::ConnectorId};
use provenance_model::batch::MAX_BODY_BYTES;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::config::LedgerConfig;

/// 64 KiB: with so much of a batch, a thread is busy for a millisecond or two, and others wait for it.
const AT_ONCE: usize = 64 << 10;

/// One connector has one part of so many of what batches may hold.
const SHARE: usize = 4;

/// Open batch requests by connector.
#[derive(Debug)]
pub struct Batches {
    open: Arc<Mutex<HashMap<ConnectorId, usize>>>,
    all: usize,
    each: usize,
    bytes: Arc<Semaphore>,
    own_bytes: Callers,
    large: background::Worker,
}

/// What a batch may hold from its first byte until its answer is sent.
#[derive(Debug)]
pub(super) struct Held {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Batches {
    /// With the limits of `config`.
    pub fn new(config: &LedgerConfig) -> Self {
        // The largest body has to pass somehow.
        let bytes = config.requests_bytes.as_usize().max(MAX_BODY_BYTES);
        let share = (bytes / SHARE).max(MAX_BODY_BYTES);
        Self {
            open: Arc::default(),
            all: config.requests,
            each: config.requests_per_connector,
            bytes: Arc::new(Semaphore::new(units(bytes))),
            own_bytes: Callers::new(units(share)),
            large: background::Worker::default(),
        }
    }

    /// Does `work` on something of so many bytes: at once, or, where it is large, in turn and behind what is answered at once.
    ///
    /// # Errors
    /// There is no thread for it, or it panicked.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        if bytes <= AT_ONCE {
            return Ok(work());
        }
        self.large.run(work).await
    }

    /// Waits until `id` may send a body of so many bytes, behind its own requests first, so that nobody waits behind more than
    /// a share of another's; `None` where that takes too long.
    pub(super) async fn hold(&self, id: &ConnectorId, bytes: usize) -> Option<Held> {
        // Longer ones are refused before they are read whole.
        let units = u32::try_from(units(bytes.clamp(1, MAX_BODY_BYTES))).ok()?;
        let own = self.own_bytes.enter_with(id.to_string(), units).await?;
        let waiting = self.bytes.clone().acquire_many_owned(units);
        let all = tokio::time::timeout(PATIENCE, waiting).await.ok()?.ok()?;
        Some(Held {
            _own: own,
            _all: all,
        })
    }

    /// A place for one more request of `id`, unless it has too many, or all together have.
    pub(super) fn enter(&self, id: &ConnectorId) -> Option<BatchPermit> {
        let mut open = lock(&self.open);
        // Only connectors that have requests open are counted, so these are few.
        if open.values().sum::<usize>() >= self.all {
            return None;
        }
        let own = open.entry(id.clone()).or_default();
        if *own >= self.each {
            return None;
        }
        *own += 1;
        Some(BatchPermit {
            open: self.open.clone(),
            id: id.clone(),
        })
    }
}

/// So many bytes in permits.
fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS)
}

fn lock<T>(all: &Mutex<T>) -> MutexGuard<'_, T> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of one batch request, left when it is dropped.
#[derive(Debug)]
pub(super) struct BatchPermit {
    open: Arc<Mutex<HashMap<ConnectorId, usize>>>,
    id: ConnectorId,
}

impl Drop for BatchPermit {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        if let Some(own) = open.get_mut(&self.id) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.id);
            }
        }
    }
}

/// Lineages of one caller that are read at a time, of four short ones for all.
const READ_EACH: usize = 3;

/// Long ones among them, of three for all: two callers never keep a third waiting.
const LONG_EACH: usize = 1;

/// 10 s: how long a caller waits for its own lineages or batches before.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers of at least this many bytes count against what all of them may hold.
const LARGE: usize = 1 << 20;

/// Bytes are counted in units of this many: there are no more permits than 32 bits count.
const UNIT: usize = 1 << 10;

/// What is being done for each caller.
#[derive(Debug)]
struct Callers {
    open: Mutex<HashMap<String, Arc<Semaphore>>>,
    each: usize,
}

impl Callers {
    fn new(each: usize) -> Self {
        Self {
            open: Mutex::default(),
            each,
        }
    }

    async fn enter(&self, caller: String) -> Option<OwnedSemaphorePermit> {
        self.enter_with(caller, 1).await
    }

    async fn enter_with(&self, caller: String, permits: u32) -> Option<OwnedSemaphorePermit> {
        let own = {
            let mut open = lock(&self.open);
            if open.len() >= 1024 {
                // Those at rest: nobody else holds them.
                open.retain(|_, own| Arc::strong_count(own) > 1);
            }
            let own = open
                .entry(caller)
                .or_insert_with(|| Arc::new(Semaphore::new(self.each)));
            own.clone()
        };
        tokio::time::timeout(PATIENCE, own.acquire_many_owned(permits))
            .await
            .ok()?
            .ok()
    }
}

/// Lineages that are being read, by caller, and answers that are being sent.
#[derive(Debug)]
pub struct Lineages {
    reading: Callers,
    long: Callers,
    sending: Arc<Semaphore>,
}

impl Lineages {
    /// With the limits of `config`.
    pub fn new(config: &LedgerConfig) -> Self {
        let bytes = config.max_lineage_bytes.as_usize().saturating_mul(2);
        Self {
            reading: Callers::new(READ_EACH),
            long: Callers::new(LONG_EACH),
            sending: Arc::new(Semaphore::new(units(bytes))),
        }
    }

    /// Waits for a place to read a lineage for `caller`, who queues behind nobody else; `None` where that takes too long.
    pub(super) async fn read(&self, caller: String) -> Option<OwnedSemaphorePermit> {
        self.reading.enter(caller).await
    }

    /// The same for a long one.
    pub(super) async fn read_long(&self, caller: String) -> Option<OwnedSemaphorePermit> {
        self.long.enter(caller).await
    }

    /// What an answer of `bytes` holds until it is sent, if anything.
    ///
    /// # Errors
    /// Too much is being sent already.
    pub(super) fn send(
        &self,
        bytes: usize,
    ) -> Result<Option<OwnedSemaphorePermit>, TryAcquireError> {
        if bytes < LARGE {
            return Ok(None);
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        self.sending.clone().try_acquire_many_owned(units).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use common::config::ByteSize;

    use super::*;

    fn config() -> LedgerConfig {
        LedgerConfig {
            requests: 6,
            requests_per_connector: 4,
            max_lineage_bytes: ByteSize(4 << 20),
            ..LedgerConfig::default()
        }
    }

    #[test]
    fn a_connector_has_a_few_places_and_another_has_its_own_as_far_as_there_are() {
        let batches = Batches::new(&config());
        let connector = |name: &str| ConnectorId::parse(name).unwrap();
        let (a, b) = (connector("a.example"), connector("b.example"));
        let places: Vec<_> = (0..4).map(|_| batches.enter(&a).unwrap()).collect();
        assert!(batches.enter(&a).is_none());
        let others: Vec<_> = (0..2).map(|_| batches.enter(&b).unwrap()).collect();
        assert!(batches.enter(&b).is_none(), "there are six for all");
        drop(places);
        assert!(batches.enter(&a).is_some());
        drop(others);
        assert!(lock(&batches.open).is_empty());
    }

    #[tokio::test]
    async fn batches_wait_for_bytes_and_one_connector_has_a_quarter_of_them() {
        use futures_util::poll;
        let batches = Batches::new(&LedgerConfig {
            requests_bytes: ByteSize(16 << 20),
            ..config()
        });
        let connectors = ["a", "b", "c", "d", "e"]
            .map(|name| ConnectorId::parse(&format!("{name}.example")).unwrap());
        let quarter = 4 << 20;
        let a = &connectors[0];
        let half = batches.hold(a, quarter / 2).await.unwrap();
        let mut whole = Box::pin(batches.hold(a, quarter));
        assert!(poll!(&mut whole).is_pending(), "it is over its quarter");
        let mut small = Box::pin(batches.hold(a, 1));
        assert!(poll!(&mut small).is_pending(), "in turn");
        let mut others = Vec::new();
        for other in &connectors[1..4] {
            others.push(batches.hold(other, quarter).await.unwrap());
        }
        drop(half);
        let own = whole.await.unwrap();
        let mut fifth = Box::pin(batches.hold(&connectors[4], 1));
        assert!(poll!(&mut fifth).is_pending(), "there is no more for all");
        drop(own);
        assert!(fifth.await.is_some());
        assert!(small.await.is_some());
        others.clear();
        assert_eq!(batches.bytes.available_permits(), units(16 << 20));
    }

    #[tokio::test]
    async fn no_length_is_more_than_the_longest_bodys() {
        let batches = Batches::new(&config());
        let a = ConnectorId::parse("a.example").unwrap();
        let held = batches.hold(&a, usize::MAX).await.unwrap();
        let mut next = Box::pin(batches.hold(&a, 0));
        assert!(futures_util::poll!(&mut next).is_pending());
        drop(held);
        assert!(next.await.is_some());
    }

    #[tokio::test]
    async fn what_is_large_is_done_in_turn_and_what_is_small_at_once() {
        use futures_util::poll;
        let batches = Batches::new(&config());
        let (open, door) = std::sync::mpsc::channel::<()>();
        let mut first = Box::pin(batches.work(AT_ONCE + 1, move || door.recv()));
        assert!(poll!(&mut first).is_pending());
        let mut second = Box::pin(batches.work(AT_ONCE + 1, || ()));
        assert!(poll!(&mut second).is_pending());
        batches.work(AT_ONCE, || ()).await.unwrap();
        assert!(poll!(&mut second).is_pending());
        open.send(()).unwrap();
        first.await.unwrap().unwrap();
        second.await.unwrap();
    }

    #[tokio::test]
    async fn a_caller_waits_for_itself_alone() {
        let lineages = Lineages::new(&config());
        let read = |caller: &str| lineages.read(caller.to_owned());
        let mut own = Vec::new();
        for _ in 0..READ_EACH {
            own.push(read("a").await.unwrap());
        }
        let mut waiting = Box::pin(read("a"));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(read("b").await.is_some());
        own.pop();
        assert!(waiting.await.is_some());
    }

    #[test]
    fn large_answers_share_what_there_is() {
        let lineages = Lineages::new(&config());
        let (one, two) = (lineages.send(4 << 20), lineages.send(4 << 20));
        assert!(matches!((&one, &two), (Ok(Some(_)), Ok(Some(_)))));
        assert!(lineages.send(1 << 20).is_err());
        assert!(matches!(lineages.send(1000), Ok(None)));
        drop(one);
        assert!(lineages.send(1 << 20).is_ok());
    }

    #[tokio::test]
    async fn two_callers_with_long_lineages_keep_no_third_waiting() {
        use futures_util::FutureExt as _;
        let lineages = Lineages::new(&LedgerConfig::default());
        let enter = |caller: &str| lineages.read_long(caller.to_owned()).now_or_never();
        let _one = enter("one").flatten().expect("a place");
        let _two = enter("two").flatten().expect("a place");
        assert!(enter("one").is_none() && enter("two").is_none());
        assert!(enter("three").flatten().is_some());
    }
}
