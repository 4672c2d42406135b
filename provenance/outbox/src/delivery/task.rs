//! The loop that delivers.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use common::{clock::SharedClock, ids::ConnectorId};
use provenance_model::batch::MAX_BODY_BYTES;
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    DeliveryError, Outgoing, Queue, Transport,
    batch::{HEAD, TAIL, body, read},
    queue::{Backlog, View},
    reply::{ItemResult, Verdict, judge},
};
use crate::{
    DeliveredError, Problem,
    config::OutboxConfig,
    status::LedgerContact,
    writer::{Command, RefusedRecord, Settled},
};

/// Longest pause while somebody waits for a record, as a multiple of the first one: their deadlines are seconds.
const WAITED_FOR: u32 = 5;

/// 60 s: longest pause that a ledger can ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);

/// Records whose results are judged and written at a time: less than a millisecond's work for this thread and, but for its sync,
/// for the writer.
const PART: usize = 32;

/// 5 ms: where writing a part takes longer, syncs are slow, and the next part has twice as many records: each sync would otherwise
/// hold up the ledger's next batch.
const SLOW: Duration = Duration::from_millis(5);

/// 1 s: pause before the file is read again after it could not be.
const RELOAD: Duration = Duration::from_secs(1);

/// The way to the ledger, and as whom records go there.
pub(crate) struct LedgerLink<T> {
    pub(crate) transport: T,
    pub(crate) connector: ConnectorId,
}

pub(crate) struct Delivery<T> {
    queue: Arc<Queue>,
    writer: Sender<Command>,
    way: LedgerLink<T>,
    clock: SharedClock,
    config: OutboxConfig,
    contact: watch::Sender<LedgerContact>,
    stop: CancellationToken,
    /// Records whose next try is later, by time.
    postponed: BTreeMap<(Instant, Uuid), Outgoing>,
    /// Most records in the next batch: less than configured after a batch was too much.
    limit: usize,
    failures: u32,
    paused_until: Option<Instant>,
    reload_at: Option<Instant>,
    last_start: Option<Instant>,
    /// It refused what only a later one knows, and that was said.
    is_ledger_older: bool,
    metrics: Metrics,
}

enum Step {
    Send(Vec<Outgoing>),
    Load,
    /// Nothing to do before this moment, or before the queue changes.
    Wait(Option<Instant>),
}

impl<T: Transport> Delivery<T> {
    pub(crate) fn new(
        queue: Arc<Queue>,
        writer: Sender<Command>,
        way: LedgerLink<T>,
        clock: SharedClock,
        config: OutboxConfig,
        contact: watch::Sender<LedgerContact>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            queue,
            writer,
            way,
            clock,
            limit: config.batch,
            config,
            contact,
            stop,
            postponed: BTreeMap::new(),
            failures: 0,
            paused_until: None,
            reload_at: None,
            last_start: None,
            is_ledger_older: false,
            metrics: Metrics::new(),
        }
    }

    /// Delivers until told to stop; then what is there, until the first failure.
    pub(crate) async fn run(mut self) {
        loop {
            let is_stopping = self.stop.is_cancelled();
            match self.next_step(is_stopping) {
                Step::Send(batch) => self.attempt(batch).await,
                Step::Load => {
                    let (held, limit) = self.queue.begin_load();
                    if self.writer.send(Command::Load { held, limit }).is_err() {
                        return;
                    }
                }
                Step::Wait(_) if is_stopping && self.queue.view().backlog != Backlog::Loading => {
                    return;
                }
                Step::Wait(until) => {
                    let pause = async {
                        match until {
                            Some(until) => tokio::time::sleep_until(until).await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = self.queue.changed() => {}
                        () = pause => {}
                        () = self.stop.cancelled(), if !is_stopping => {}
                    }
                }
            }
        }
    }

    fn next_step(&mut self, is_stopping: bool) -> Step {
        let now = Instant::now();
        self.bring_back_postponed(now);
        let view = self.queue.view();
        if let Some(until) = self.paused_until {
            // Somebody's deadline runs: try at once, but not faster than after a first failure.
            let hurried = self
                .last_start
                .map_or(now, |start| start + self.config.min_backoff.get());
            let until = if view.hurry {
                until.min(hurried)
            } else {
                until
            };
            if now < until {
                return Step::Wait((!is_stopping).then_some(until));
            }
            self.paused_until = None;
        }
        if view.ready > 0 {
            let start = self
                .last_start
                .map_or(now, |start| start + self.config.pace.get());
            let is_due = view.hurry || is_stopping || view.ready >= self.limit || now >= start;
            return if is_due {
                Step::Send(
                    self.queue
                        .take(self.limit, MAX_BODY_BYTES - HEAD.len() - TAIL.len()),
                )
            } else {
                Step::Wait(Some(start))
            };
        }
        self.load_or_wait(view, now)
    }

    fn load_or_wait(&mut self, view: View, now: Instant) -> Step {
        let next_try = self.postponed.first_key_value().map(|((at, _), _)| *at);
        match view.backlog {
            Backlog::None | Backlog::Loading => return Step::Wait(next_try),
            _ if !view.has_room => return Step::Wait(next_try),
            Backlog::Unreadable => {
                let at = *self.reload_at.get_or_insert(now + RELOAD);
                if now < at {
                    return Step::Wait(Some(next_try.map_or(at, |next| next.min(at))));
                }
            }
            Backlog::Waiting => {}
        }
        self.reload_at = None;
        Step::Load
    }

    fn bring_back_postponed(&mut self, now: Instant) {
        if self
            .postponed
            .first_key_value()
            .is_some_and(|((at, _), _)| *at <= now)
        {
            let later = self.postponed.split_off(&(now, Uuid::max()));
            let due = std::mem::replace(&mut self.postponed, later);
            self.queue.put_back(due.into_values().collect());
        }
    }

    async fn attempt(&mut self, batch: Vec<Outgoing>) {
        self.last_start = Some(Instant::now());
        #[expect(
            clippy::cast_precision_loss,
            reason = "a batch has at most 1,024 records"
        )]
        self.metrics.batch.record(batch.len() as f64);
        let answer = self.way.transport.send(body(&batch)).await;
        let results = answer
            .as_ref()
            .map_err(DeliveryError::clone)
            .and_then(|answer| read(answer, &batch));
        if let Some(start) = self.last_start {
            self.metrics.duration.record(start.elapsed());
        }
        match results {
            Ok(results) => {
                self.succeeded();
                self.settle(batch, &results).await;
            }
            Err(error) => self.failed(batch, &error).await,
        }
    }

    fn succeeded(&mut self) {
        if self.failures > 0 {
            tracing::info!(attempts = self.failures, "the ledger takes records again");
        }
        self.failures = 0;
        self.limit = self.limit.saturating_mul(2).min(self.config.batch);
        self.contact.send_replace(LedgerContact {
            last_success: Some(self.clock.now()),
            failing: None,
        });
    }

    /// Does what the ledger said of each record, in parts: exchanges wait behind what is written at a time.
    async fn settle(&mut self, batch: Vec<Outgoing>, results: &[ItemResult<'_>]) {
        let mut records = batch.into_iter().zip(results);
        let mut part = PART;
        let (mut ahead, mut older) = (Vec::new(), None);
        loop {
            let (mut delivered, mut parked, mut answers) = (Vec::new(), Vec::new(), Vec::new());
            for (record, result) in records.by_ref().take(part) {
                match judge(&record.item, result, &self.way.connector) {
                    Verdict::Delivered(receipt) => {
                        delivered.push(Settled {
                            id: record.id,
                            ended_ms: record.ended_ms,
                            receipt,
                        });
                        answers.push((record.id, Ok(())));
                    }
                    Verdict::Park { problem, why } => {
                        answers.push((record.id, Err(DeliveredError::Parked(why.clone()))));
                        parked.push(park(&record, problem, why));
                    }
                    Verdict::Behind(receipt) => {
                        ahead.push(record.id);
                        // Whoever waits for it has other bytes than the ledger has on record.
                        let why = "the ledger has something else under its id".to_owned();
                        answers.push((record.id, Err(DeliveredError::Parked(why))));
                        delivered.push(Settled {
                            id: record.id,
                            ended_ms: record.ended_ms,
                            receipt,
                        });
                    }
                    Verdict::Older(unknown) => {
                        older.get_or_insert(unknown);
                        self.postpone(record, "ledger-older");
                    }
                    Verdict::Retry => self.postpone(record, "item-unavailable"),
                }
            }
            self.metrics
                .delivered
                .increment(u64::try_from(delivered.len()).unwrap_or(u64::MAX));
            let began = Instant::now();
            self.tell(delivered, parked, answers).await;
            if began.elapsed() > SLOW {
                part *= 2;
            }
            if records.len() == 0 {
                break;
            }
        }
        self.say(&ahead, older.as_deref());
    }

    /// Says what an operator should know of a ledger that was ahead of the outbox, or is behind this program.
    fn say(&mut self, ahead: &[Uuid], older: Option<&str>) {
        if let Some(first) = ahead.first() {
            let records = u64::try_from(ahead.len()).unwrap_or(u64::MAX);
            metrics::counter!("outbox_ledger_ahead_total").increment(records);
            tracing::warn!(
                records,
                event.id = %first,
                "the ledger was ahead: it has other records of this connector under these ids, as after the outbox was restored from a copy; \
                 theirs count"
            );
        }
        if let Some(unknown) = older.filter(|_| !self.is_ledger_older) {
            tracing::error!(
                unknown,
                "the ledger is older than this connector and does not know what it records; records wait until it is updated"
            );
        }
        self.is_ledger_older = older.is_some();
    }

    /// Has results written, then tells those who wait: whoever asks later finds them in the file. Returns when they are written.
    async fn tell(
        &self,
        delivered: Vec<Settled>,
        parked: Vec<RefusedRecord>,
        answers: Vec<(Uuid, Result<(), DeliveredError>)>,
    ) {
        if answers.is_empty() {
            return;
        }
        let (done, written) = oneshot::channel();
        // Without a writer nothing is lost: the file still has the records, the ledger answers `exists`.
        let _ = self.writer.send(Command::Settle {
            delivered,
            parked,
            done,
        });
        for (id, result) in answers {
            self.queue.settle(id, &result);
        }
        let _ = written.await;
    }

    /// The ledger can't say yet: this record alone waits, the others go on.
    fn postpone(&mut self, mut record: Outgoing, reason: &'static str) {
        metrics::counter!("outbox_delivery_failures_total", "reason" => reason).increment(1);
        let pause = self.pause_after(record.attempts);
        record.attempts = record.attempts.saturating_add(1);
        self.postponed
            .insert((Instant::now() + pause, record.id), record);
    }

    async fn failed(&mut self, mut batch: Vec<Outgoing>, error: &DeliveryError) {
        metrics::counter!("outbox_delivery_failures_total", "reason" => error.label()).increment(1);
        if matches!(error, DeliveryError::TooMuch { .. }) {
            // The ledger answers; one record of these is the cause, and half of them may pass.
            if batch.len() > 1 {
                self.limit = batch.len() / 2;
                self.queue.put_back(batch);
            } else if let Some(record) = batch.pop() {
                let why = error.to_string();
                let answer = (record.id, Err(DeliveredError::Parked(why.clone())));
                self.tell(
                    Vec::new(),
                    vec![park(&record, Problem::RefusedAlone, why)],
                    vec![answer],
                )
                .await;
            }
            return;
        }
        if matches!(error, DeliveryError::TooLong { .. }) && batch.len() > 1 {
            self.limit = batch.len() / 2;
            self.queue.put_back(batch);
            return;
        }
        if *error == DeliveryError::Timeout {
            // Less may be answered in time.
            self.limit = (batch.len() / 2).max(1);
        }
        if self.failures == 0 {
            tracing::warn!(%error, "the ledger does not take records; they wait in the outbox");
        }
        let asked = match error {
            DeliveryError::Unavailable {
                retry_after_s: Some(s),
            } => Duration::from_secs(*s).min(RETRY_AFTER_MAX),
            _ => Duration::ZERO,
        };
        let pause = self.pause_after(self.failures).max(asked);
        self.failures = self.failures.saturating_add(1);
        self.paused_until = Some(Instant::now() + pause);
        let now = self.clock.now();
        self.contact
            .send_modify(|contact| contact.failing = Some((now, error.to_string())));
        self.queue.put_back(batch);
    }

    /// Exponential, with jitter: many connectors come back after the ledger did, not all at once.
    fn pause_after(&self, failures: u32) -> Duration {
        let first = self.config.min_backoff.get();
        let longest = if self.queue.is_waited_for() {
            first * WAITED_FOR
        } else {
            self.config.max_backoff.get()
        };
        let full = first.saturating_mul(1 << failures.min(16)).min(longest);
        full.mul_f64(rand::random_range(0.5..=1.0))
    }
}

fn park(record: &Outgoing, problem: Problem, why: String) -> RefusedRecord {
    metrics::counter!("outbox_parked_total", "problem" => problem.label()).increment(1);
    // Operators are told by the alarm of the writer, however many there are.
    tracing::debug!(event.id = %record.id, problem = problem.label(), why, "the ledger refused a record for good");
    RefusedRecord {
        id: record.id,
        ended_ms: record.ended_ms,
        problem,
        why,
        bytes: u64::try_from(record.item.len()).unwrap_or(u64::MAX),
    }
}

struct Metrics {
    batch: metrics::Histogram,
    duration: metrics::Histogram,
    delivered: metrics::Counter,
}

impl Metrics {
    fn new() -> Self {
        use metrics::{Unit, describe_counter, describe_histogram};
        describe_histogram!(
            "outbox_delivery_batch_size",
            "Records in one request to the ledger."
        );
        describe_histogram!(
            "outbox_delivery_duration_seconds",
            Unit::Seconds,
            "Time of one request to the ledger."
        );
        describe_counter!("outbox_delivered_total", "Records that the ledger took.");
        describe_counter!(
            "outbox_delivery_failures_total",
            "Requests, and single records, that the ledger did not take, by reason."
        );
        describe_counter!(
            "outbox_ledger_ahead_total",
            "Records that the ledger had with another content, of this connector: its outbox was restored from a copy."
        );
        describe_counter!(
            "outbox_parked_total",
            "Records that the ledger refused for good, by problem."
        );
        Self {
            batch: metrics::histogram!("outbox_delivery_batch_size"),
            duration: metrics::histogram!("outbox_delivery_duration_seconds"),
            delivered: metrics::counter!("outbox_delivered_total"),
        }
    }
}
