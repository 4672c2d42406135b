//! The one writer of the ledger: gives each record its place and answers when that is durable.
//!
//! A thread of its own takes what arrived while it committed the last group, decides about it in one transaction, commits, and
//! only then answers. Places are contiguous because nobody else gives any, and the transaction that fails gives none.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use common::{
    clock::{SharedClock, unix_millis},
    service::Check,
};
use tokio::sync::oneshot;

use super::{
    rules::{self, Moment},
    store::{LedgerStore, LedgerTx as _, StoreError},
    submission::{Accepted, Decision, Submission},
};

/// Most records in one transaction.
const GROUP_MAX: usize = 1024;

/// 10 min: how often old idempotency keys are looked for.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

/// 1 s: how often a database that failed is looked at, for nobody writes while the ledger is not ready.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Limits of the sequencer.
#[derive(Debug, Clone)]
pub struct SequencerLimits {
    /// Most records that wait at a time.
    pub queue: usize,
    /// Share of the disk in use, in percent, from which on nothing is recorded.
    pub disk_watermark_percent: u8,
    /// A path on the disk of the database; `None` where it lies on another host.
    pub disk: Option<PathBuf>,
    /// How long idempotency keys are remembered.
    pub keep_keys: Duration,
}

/// Why nothing was decided.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    /// Too many records wait. Nothing is recorded.
    #[error("too many records wait to be written")]
    Busy,
    /// The disk is at the watermark. Nothing is recorded.
    #[error("the ledger's disk is nearly full")]
    DiskFull,
    /// The database failed. Whether something is recorded is not known.
    #[error("the records could not be written")]
    Store(#[source] Arc<StoreError>),
    /// The ledger is stopping. Nothing is recorded.
    #[error("the ledger is stopping")]
    Stopped,
}

#[derive(Debug)]
struct Job {
    submissions: Vec<Submission>,
    reply: oneshot::Sender<Result<Vec<Decision>, SubmitError>>,
}

#[derive(Debug)]
enum Message {
    Job(Job),
    Stop(oneshot::Sender<()>),
}

/// Hands submissions to the writer. Clones are the same writer.
#[derive(Debug, Clone)]
pub struct Sequencer {
    jobs: Sender<Message>,
    waiting: Arc<AtomicUsize>,
    limits: Arc<SequencerLimits>,
}

impl Sequencer {
    /// Starts the writer on `store`. It ends, having written everything, by [`close`](Self::close), or when all sequencers are
    /// dropped.
    ///
    /// # Errors
    /// What keeps a thread from starting.
    pub fn start<S: LedgerStore>(
        store: S,
        clock: SharedClock,
        limits: SequencerLimits,
        check: Check,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let limits = Arc::new(limits);
        let writer = Writer {
            store,
            clock,
            limits: limits.clone(),
            waiting: waiting.clone(),
            check,
            is_healthy: true,
            metrics: Metrics::new(),
        };
        // Nobody joins it: `close` tells when it has written everything and closed the database.
        std::thread::Builder::new()
            .name("ledger-writer".to_owned())
            .spawn(move || writer.run(&inbox))?;
        Ok(Self {
            jobs,
            waiting,
            limits,
        })
    }

    /// Decides about `submissions` in their order, as one group. The accepted ones are durable on return.
    ///
    /// Not cancel safe in the sense that dropping the future takes nothing back: what was handed over is decided.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit(&self, submissions: Vec<Submission>) -> Result<Vec<Decision>, SubmitError> {
        let n = submissions.len();
        if n == 0 {
            return Ok(Vec::new());
        }
        if self.waiting.fetch_add(n, Ordering::Relaxed) + n > self.limits.queue {
            self.waiting.fetch_sub(n, Ordering::Relaxed);
            return Err(SubmitError::Busy);
        }
        let (reply, decided) = oneshot::channel();
        if self
            .jobs
            .send(Message::Job(Job { submissions, reply }))
            .is_err()
        {
            self.waiting.fetch_sub(n, Ordering::Relaxed);
            return Err(SubmitError::Stopped);
        }
        decided.await.map_err(|_| SubmitError::Stopped)?
    }

    /// Ends the writer after everything that was submitted before. What is submitted later is refused.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.jobs.send(Message::Stop(reply)).is_ok() {
            // An error means that it had ended before.
            let _ = closed.await;
        }
    }
}

struct Writer<S> {
    store: S,
    clock: SharedClock,
    limits: Arc<SequencerLimits>,
    waiting: Arc<AtomicUsize>,
    check: Check,
    is_healthy: bool,
    metrics: Metrics,
}

impl<S: LedgerStore> Writer<S> {
    fn run(mut self, inbox: &Receiver<Message>) {
        let mut group: Vec<Job> = Vec::new();
        let mut next_prune = Instant::now();
        loop {
            let until_prune = next_prune.saturating_duration_since(Instant::now());
            let patience = if self.is_healthy {
                until_prune
            } else {
                until_prune.min(PROBE_EVERY)
            };
            let mut next = inbox.recv_timeout(patience);
            let (mut size, mut stop) = (0, None);
            loop {
                match next {
                    Ok(Message::Job(job)) => {
                        size += job.submissions.len();
                        group.push(job);
                    }
                    Ok(Message::Stop(reply)) => stop = Some(reply),
                    Err(RecvTimeoutError::Disconnected) if group.is_empty() => return,
                    Err(_) => break,
                }
                if size >= GROUP_MAX || stop.is_some() {
                    break;
                }
                next = inbox.try_recv().map_err(|_| RecvTimeoutError::Timeout);
            }
            if !group.is_empty() {
                self.write(&mut group, size);
            }
            if let Some(stop) = stop {
                drop(self);
                // Whoever asked may have left.
                let _ = stop.send(());
                return;
            }
            if !self.is_healthy {
                self.probe();
            }
            if next_prune <= Instant::now() {
                next_prune = Instant::now() + self.prune();
            }
        }
    }

    fn write(&mut self, group: &mut Vec<Job>, size: usize) {
        let started = Instant::now();
        let result = if self.is_full() {
            Err(SubmitError::DiskFull)
        } else {
            self.transaction(group)
                .map_err(|error| SubmitError::Store(Arc::new(error)))
        };
        self.waiting.fetch_sub(size, Ordering::Relaxed);
        match result {
            Ok(decisions) => {
                self.metrics.commit.record(started.elapsed());
                #[expect(clippy::cast_precision_loss, reason = "a group is small")]
                self.metrics.group.record(size as f64);
                self.metrics.count(decisions.iter().flatten());
                for (job, decisions) in group.drain(..).zip(decisions) {
                    // Whoever asked may have left: what was decided stays.
                    let _ = job.reply.send(Ok(decisions));
                }
            }
            Err(error) => {
                if self.is_healthy {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the ledger records nothing"
                    );
                }
                self.is_healthy = false;
                self.check.set(Err(error.to_string()));
                for job in group.drain(..) {
                    let _ = job.reply.send(Err(error.clone()));
                }
            }
        }
    }

    fn transaction(&mut self, group: &mut [Job]) -> Result<Vec<Vec<Decision>>, StoreError> {
        let moment = Moment::new(self.clock.now());
        let mut tx = self.store.begin()?;
        let mut ids = group.iter().flat_map(|job| &job.submissions).flat_map(|s| {
            std::iter::once(s.id.as_str()).chain(s.previous.iter().map(String::as_str))
        });
        tx.prefetch(&mut ids)?;
        let mut decisions = Vec::with_capacity(group.len());
        for job in group {
            let decided: Result<Vec<Decision>, StoreError> = job
                .submissions
                .iter_mut()
                .map(|s| rules::apply(&mut tx, s, &moment))
                .collect();
            decisions.push(decided?);
        }
        tx.commit()?;
        Ok(decisions)
    }

    fn is_full(&self) -> bool {
        let Some(disk) = self.limits.disk.as_deref() else {
            return false;
        };
        match crate::disk::used_percent(disk) {
            Ok(percent) => percent >= self.limits.disk_watermark_percent,
            Err(error) => {
                tracing::warn!(%error, "the disk of the ledger does not tell how full it is");
                false
            }
        }
    }

    /// Looks whether what failed works again.
    fn probe(&mut self) {
        if !self.is_full() && self.store.begin().is_ok() {
            tracing::info!("the ledger can record again");
            self.is_healthy = true;
            self.check.set(Ok(()));
        }
    }

    /// Throws away some old idempotency keys. Returns when to look again.
    fn prune(&mut self) -> Duration {
        let now_ms = i64::try_from(unix_millis(self.clock.now())).unwrap_or(i64::MAX);
        let keep_ms = i64::try_from(self.limits.keep_keys.as_millis()).unwrap_or(i64::MAX);
        match self.store.prune_keys(now_ms.saturating_sub(keep_ms)) {
            Ok(true) => Duration::ZERO,
            Ok(false) => PRUNE_EVERY,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "old idempotency keys could not be removed"
                );
                PRUNE_EVERY
            }
        }
    }
}

struct Metrics {
    commit: metrics::Histogram,
    group: metrics::Histogram,
    created: metrics::Counter,
    exists: metrics::Counter,
    refused: metrics::Counter,
}

impl Metrics {
    fn new() -> Self {
        use metrics::{Unit, describe_counter, describe_histogram};
        describe_histogram!(
            "ledger_commit_duration_seconds",
            Unit::Seconds,
            "Time to decide about one group and make it durable."
        );
        describe_histogram!("ledger_group_size", "Records in one transaction.");
        describe_counter!(
            "ledger_submissions_total",
            "Submissions that were decided about, by outcome."
        );
        let outcome = |outcome: &'static str| metrics::counter!("ledger_submissions_total", "outcome" => outcome);
        Self {
            commit: metrics::histogram!("ledger_commit_duration_seconds"),
            group: metrics::histogram!("ledger_group_size"),
            created: outcome("created"),
            exists: outcome("exists"),
            refused: outcome("refused"),
        }
    }

    fn count<'d>(&self, decisions: impl Iterator<Item = &'d Decision>) {
        let (mut created, mut exists, mut refused) = (0, 0, 0);
        for decision in decisions {
            match decision {
                Ok(Accepted::Created(_)) => created += 1,
                Ok(_) => exists += 1,
                Err(_) => refused += 1,
            }
        }
        self.created.increment(created);
        self.exists.increment(exists);
        self.refused.increment(refused);
    }
}
