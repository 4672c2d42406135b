//! The writer's thread.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use common::{
    background,
    clock::{SharedClock, unix_millis},
    process::{Check, Heartbeat},
};
use tokio::sync::oneshot;

use super::{
    disk::Disk,
    job::{Amount, Job, SubmitError},
    limits::SequencerLimits,
    load::Load,
    metrics::Metrics,
    turns::Turns,
};
use crate::domain::{
    moment::Moment,
    rules::{self, Effort},
    store::{LedgerStore, LedgerStoreError, LedgerTx as _},
    submission::{Decision, Refused, Submission},
};

/// Most that is decided before anybody is answered, the last request's exceeding records excepted.
///
/// 4 MiB: what is answered is of about the size of its records.
const GROUP: Amount = Amount {
    records: 1024,
    bytes: 4 << 20,
};

/// Most records in one transaction: whoever has something on the same disk made durable waits for what one sync writes, and for
/// no more of a large request than that.
const PART: usize = 128;

/// So many records take half a millisecond. Then whoever waits for the processor has it first: a thread that stepped back keeps it
/// for its whole slice otherwise, which is several times that, and each process that an exchange passes through would wait for one.
const UNINTERRUPTED: usize = 16;

/// 10 min: how often old idempotency keys are looked for.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

/// 50 ms: pause between two steps of forgetting old keys. Records wait behind each step.
const PRUNE_PAUSE: Duration = Duration::from_millis(50);

/// 1 s: how often the disk, and a database that failed, are looked at while nobody submits anything.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Tries of a group that another transaction was in the way of.
const ATTEMPTS: u32 = 5;

/// 10 ms: mean wait before the second try, doubled with each further one.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) enum Message {
    Job(Job),
    Stop(oneshot::Sender<()>),
}

pub(super) struct Writer<S> {
    store: S,
    clock: SharedClock,
    limits: Arc<SequencerLimits>,
    load: Arc<Load>,
    disk: Disk,
    health: Health,
    beat: Heartbeat,
    metrics: Metrics,
    /// Whether more wait for something that arrived than were told.
    leaves_arrivals: bool,
}

/// What the process says about its writer. A full disk is none of its business: reading goes on, so that a load balancer has to
/// go on sending requests.
struct Health {
    check: Check,
    /// When it last failed, until it works again.
    failed: Option<Instant>,
}

impl Health {
    fn failed(&mut self, error: &(dyn std::error::Error + 'static)) {
        if self.failed.replace(Instant::now()).is_none() {
            tracing::error!(error, "the ledger records nothing");
        }
        self.check
            .set(Err(common::telemetry::Chain(error).to_string()));
    }

    /// Whether it is time to try whether it works again.
    fn is_due(&self) -> bool {
        self.failed.is_some_and(|at| at.elapsed() >= PROBE_EVERY)
    }

    fn recovered(&mut self) {
        if self.failed.take().is_some() {
            tracing::info!("the ledger can record again");
            self.check.set(Ok(()));
        }
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        // Also where the thread ends by a panic: nobody would write any more, and nobody would say so.
        self.check.set(Err("the writer has ended".to_owned()));
    }
}

impl<S: LedgerStore> Writer<S> {
    pub(super) fn new(
        store: S,
        clock: SharedClock,
        limits: Arc<SequencerLimits>,
        load: Arc<Load>,
        check: Check,
    ) -> Self {
        let beat = Heartbeat::new(limits.patience);
        check.watch(&beat);
        Self {
            store,
            clock,
            disk: Disk::new(&limits, load.clone()),
            limits,
            load,
            health: Health {
                check,
                failed: None,
            },
            beat,
            metrics: Metrics::new(),
            leaves_arrivals: false,
        }
    }

    /// Serves `inbox` until it is told to stop or nobody can send any more.
    pub(super) fn run(mut self, inbox: &Receiver<Message>) {
        // Readers don't wait for it, and connectors keep what it has not written yet.
        background::step_back();
        let mut turns = Turns::default();
        let mut group: Vec<Job> = Vec::new();
        let mut next_prune = Instant::now();
        let mut stop = None;
        // What an earlier process left is gone on with.
        let mut next_arrivals = Some(Instant::now());
        let beat = self.beat.clone();
        loop {
            while stop.is_none() {
                let next = if turns.is_empty() {
                    let pause = next_arrivals.map_or(PROBE_EVERY, |at| {
                        at.saturating_duration_since(Instant::now())
                            .min(PROBE_EVERY)
                    });
                    inbox.recv_timeout(pause)
                } else {
                    inbox.try_recv().map_err(|_| RecvTimeoutError::Timeout)
                };
                match next {
                    Ok(Message::Job(job)) => turns.push(job),
                    Ok(Message::Stop(reply)) => stop = Some(reply),
                    Err(RecvTimeoutError::Disconnected) if turns.is_empty() => return,
                    Err(_) => break,
                }
            }
            turns.fill(&mut group, GROUP);
            let _turn = beat.turn();
            if group.is_empty() {
                // For those who ask before they submit.
                self.disk.is_full();
            } else {
                self.write(&mut group);
            }
            if std::mem::take(&mut self.leaves_arrivals) {
                next_arrivals = Some(Instant::now());
            }
            if next_arrivals.is_some_and(|at| at <= Instant::now()) {
                next_arrivals = self.tell_more().map(|pause| Instant::now() + pause);
            }
            if turns.is_empty()
                && let Some(stop) = stop.take()
            {
                drop(self);
                // Whoever asked may have left.
                let _ = stop.send(());
                return;
            }
            if self.health.is_due() && self.store.begin().is_ok() {
                self.health.recovered();
            }
            if next_prune <= Instant::now() {
                next_prune = Instant::now() + self.prune();
            }
        }
    }

    /// Decides about `group`, records it, and answers.
    fn write(&mut self, group: &mut Vec<Job>) {
        let started = Instant::now();
        let all: Vec<&Submission> = group.iter().flat_map(|job| &job.submissions).collect();
        let result = if self.disk.is_full() {
            Err(SubmitError::DiskFull)
        } else {
            self.decide_in_parts(&all)
                .map_err(|error| SubmitError::Store(Arc::new(error)))
        };
        for job in &*group {
            self.load.waiting.remove(&job.caller, job.amount);
        }
        match result {
            Ok(decisions) => {
                self.metrics
                    .wrote(&decisions, started.elapsed(), &self.load);
                if decisions
                    .iter()
                    .all(|one| matches!(one, Err(Refused::Failed)))
                {
                    self.health.failed(&Refused::Failed);
                } else {
                    self.health.recovered();
                }
                let mut decisions = decisions.into_iter();
                for job in group.drain(..) {
                    let own = decisions.by_ref().take(job.submissions.len()).collect();
                    // Whoever asked may have left: what was decided stays.
                    let _ = job.reply.send(Ok(own));
                }
            }
            Err(error) => {
                if let SubmitError::Store(cause) = &error {
                    self.health.failed(&**cause);
                }
                for job in group.drain(..) {
                    let _ = job.reply.send(Err(error.clone()));
                }
            }
        }
    }

    /// Decides about `all` in their order, [`PART`] of them in a transaction.
    fn decide_in_parts(&mut self, all: &[&Submission]) -> Result<Vec<Decision>, LedgerStoreError> {
        let mut decisions = Vec::with_capacity(all.len());
        let mut effort = Effort::of_a_group();
        for part in all.chunks(PART) {
            let decided = self.decide(part, &mut effort).map_err(|error| {
                if decisions.is_empty() {
                    error
                } else {
                    // Earlier parts are recorded by now.
                    LedgerStoreError::uncertain(error)
                }
            })?;
            decisions.extend(decided);
        }
        Ok(decisions)
    }

    /// Decides about `all` in their order. What makes a transaction fail is looked for, by halves, and refused alone: whoever
    /// comes with it in one group, or in one request, is not to suffer from it.
    fn decide(
        &mut self,
        all: &[&Submission],
        effort: &mut Effort,
    ) -> Result<Vec<Decision>, LedgerStoreError> {
        let error = match self.attempt(all, effort) {
            Ok(decisions) => return Ok(decisions),
            Err(error) if error.is_unavailable() || error.is_uncertain() => return Err(error),
            Err(error) => error,
        };
        if let [one] = all {
            tracing::error!(
                id = one.id,
                error = &error as &dyn std::error::Error,
                "a record cannot be written"
            );
            return Ok(vec![Err(Refused::Failed)]);
        }
        let (first, second) = all.split_at(all.len() / 2);
        let mut decisions = self.decide(first, effort)?;
        // The first half is recorded by now.
        decisions.extend(
            self.decide(second, effort)
                .map_err(LedgerStoreError::uncertain)?,
        );
        Ok(decisions)
    }

    /// Decides about `all` in one transaction, and again while others are in its way.
    fn attempt(
        &mut self,
        all: &[&Submission],
        effort: &mut Effort,
    ) -> Result<Vec<Decision>, LedgerStoreError> {
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            match self.transaction(all, effort) {
                Err(error) if error.is_conflict() => {
                    ::metrics::counter!("ledger_conflicts_total").increment(1);
                    thread::sleep(pause.mul_f64(rand::random_range(0.5..1.5)));
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
        self.transaction(all, effort)
    }

    /// Takes from `left` what it used if it commits.
    fn transaction(
        &mut self,
        all: &[&Submission],
        left: &mut Effort,
    ) -> Result<Vec<Decision>, LedgerStoreError> {
        let moment = Moment::new(self.clock.now());
        let store = &mut self.store;
        let leaves_arrivals = &mut self.leaves_arrivals;
        let work = move || {
            let mut tx = store.begin()?;
            let mut ids = all.iter().flat_map(|s| {
                std::iter::once(s.id.as_str()).chain(s.previous.iter().map(String::as_str))
            });
            tx.prefetch(&mut ids)?;
            let mut effort = *left;
            let decided = all.iter().enumerate().map(|(number, submission)| {
                if number % UNINTERRUPTED == UNINTERRUPTED - 1 {
                    thread::yield_now();
                }
                rules::apply(&mut tx, submission, &moment, &mut effort)
            });
            let decisions = decided.collect::<Result<Vec<Decision>, LedgerStoreError>>()?;
            tx.commit()?;
            *leaves_arrivals |= effort.leaves_arrivals();
            *left = effort;
            Ok(decisions)
        };
        // A rule that panics over one record would otherwise end the ledger for all. The transaction is dropped on the way,
        // and nothing else is shared with it.
        catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err(LedgerStoreError("a rule panicked".into())))
    }

    /// Tells some more of those who wait for what has arrived. Returns when to go on, if there may be more.
    fn tell_more(&mut self) -> Option<Duration> {
        let moment = Moment::new(self.clock.now());
        let told = self.store.begin().and_then(|mut tx| {
            let is_more = rules::tell_more(&mut tx, &moment)?;
            if is_more {
                tx.commit()?;
            }
            Ok(is_more)
        });
        match told {
            Ok(true) => Some(Duration::ZERO),
            Ok(false) => None,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "those who wait for an event could not be told that it has arrived"
                );
                Some(PROBE_EVERY)
            }
        }
    }

    /// Throws away some old idempotency keys. Returns when to look again.
    fn prune(&mut self) -> Duration {
        let now_ms = i64::try_from(unix_millis(self.clock.now())).unwrap_or(i64::MAX);
        let keep_ms = i64::try_from(self.limits.keep_keys.as_millis()).unwrap_or(i64::MAX);
        match self.store.prune_keys(now_ms.saturating_sub(keep_ms)) {
            Ok(true) => PRUNE_PAUSE,
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
