//! The one thread that writes the outbox's file.
//!
//! It takes what arrived while it wrote the last group, writes it in one transaction, and answers after the commit: writers
//! at the same time share one sync, and nobody waits on a timer. Answers that tell "durable" are never sent before COMMIT.

mod alarm;
mod command;
mod errands;
mod metrics;
mod tend;
mod upkeep;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use common::{
    clock::{SharedClock, unix_millis},
    ids::ConnectorId,
    process::Heartbeat,
};
use rusqlite::ErrorCode;
use tokio::sync::watch;

pub(crate) use self::command::{Command, RefusedRecord, Reply, Settled};
use self::command::{Effect, conclude, refuse};
pub(super) use self::{alarm::Alarm, metrics::Metrics, upkeep::Upkeep};
use super::{
    FullReason, OutboxError,
    capacity::Capacity,
    config::OutboxConfig,
    delivery::Queue,
    errand::{Change, Errands},
    file::{File, NewRecord, Outcome},
    millis::to_i64,
    parked::{Problem, Wish},
    status::{Ages, Counts},
};

/// 1 s: pause before something that must be written is tried again, for example on a full disk.
const RETRY: Duration = Duration::from_secs(1);

/// Most commands in one transaction, so that the first of them does not wait for ever.
const GROUP_MAX: usize = 1024;

pub(super) struct Writer<'c> {
    pub(super) file: File<'c>,
    pub(super) connector: ConnectorId,
    pub(super) alarm: Alarm,
    pub(super) config: OutboxConfig,
    pub(super) gate: Arc<Capacity>,
    pub(super) beat: Heartbeat,
    pub(super) upkeep: Upkeep,
    pub(super) clock: SharedClock,
    pub(super) queue: Arc<Queue>,
    pub(super) counts: Counts,
    pub(super) ages: Ages,
    pub(super) status: watch::Sender<Counts>,
    pub(super) metrics: Metrics,
}

impl Writer<'_> {
    /// Serves `commands` until [`Command::Stop`] or until nobody can send any more.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        let mut group = Vec::new();
        let mut owed: Vec<Command> = Vec::new();
        let mut next_upkeep = Instant::now();
        let mut stop = None;
        let beat = self.beat.clone();
        while stop.is_none() {
            let patience = if owed.is_empty() {
                next_upkeep.saturating_duration_since(Instant::now())
            } else {
                RETRY
            };
            match commands.recv_timeout(patience) {
                Ok(first) => {
                    group.append(&mut owed);
                    group.push(first);
                    while group.len() < GROUP_MAX
                        && let Ok(next) = commands.try_recv()
                    {
                        group.push(next);
                    }
                }
                Err(RecvTimeoutError::Timeout) if !owed.is_empty() => group.append(&mut owed),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let _turn = beat.turn();
            if let Some(at) = group.iter().position(|c| matches!(c, Command::Stop { .. })) {
                group.truncate(at + 1);
                if let Some(Command::Stop { reply }) = group.pop() {
                    stop = Some(reply);
                }
            }
            if !group.is_empty() {
                self.write(&mut group, &mut owed);
            }
            if next_upkeep <= Instant::now() {
                next_upkeep = self.tend();
            }
        }
        if !owed.is_empty() {
            self.write(&mut owed, &mut Vec::new());
        }
        if let Err(error) = self.file.checkpoint() {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the outbox could not be checkpointed"
            );
        }
        drop(self);
        if let Some(stop) = stop {
            // Whoever asked may have left.
            let _ = stop.send(());
        }
    }

    /// Writes `group` in one transaction and answers; what must be written and was not goes to `owed`.
    fn write(&mut self, group: &mut Vec<Command>, owed: &mut Vec<Command>) {
        let started = Instant::now();
        let size = group.len();
        let result = self.transaction(group);
        let was_writable = self.counts.writable;
        self.counts.writable = result.is_ok();
        match result {
            Ok(effects) => {
                let took = started.elapsed();
                let mut ended = Vec::new();
                let mut answers = Vec::with_capacity(size);
                for (command, effect) in group.drain(..).zip(effects) {
                    self.count(&effect);
                    if let Effect::Loaded { records, is_all } = effect {
                        // What ended before this in the group was read with it; what ends after it was not.
                        self.queue.hand_over(std::mem::take(&mut ended));
                        self.queue.loaded(records, is_all);
                        continue;
                    }
                    answers.push(conclude(command, effect, &mut ended));
                }
                self.counts.oldest_s = self.ages.oldest_s();
                self.publish();
                self.queue.hand_over(ended);
                for answer in answers {
                    answer.send();
                }
                self.metrics.wrote(size, took);
                if !was_writable {
                    tracing::info!("the outbox can be written again");
                }
            }
            Err(error) => {
                self.file.rollback();
                let error = Arc::new(error);
                if was_writable {
                    tracing::error!(
                        error = &*error as &dyn std::error::Error,
                        "the outbox could not be written"
                    );
                }
                self.metrics.write_failures.increment(1);
                self.publish();
                for command in group.drain(..) {
                    if command.must_succeed() {
                        owed.push(command);
                    } else if let Command::Load { .. } = command {
                        self.queue.load_failed();
                    } else {
                        refuse(command, OutboxError::Store(error.clone()));
                    }
                }
            }
        }
    }

    fn transaction(&mut self, group: &[Command]) -> rusqlite::Result<Vec<Effect>> {
        let now = self.clock.now();
        let now_ms = to_i64(unix_millis(now));
        let admission = self.gate.closed(&self.counts, now);
        let mut room = self.config.max_records.saturating_sub(self.counts.held());
        self.file.begin()?;
        let mut effects = Vec::with_capacity(group.len());
        for command in group {
            effects.push(self.execute(command, admission, &mut room, now_ms)?);
        }
        self.file.commit()?;
        Ok(effects)
    }

    fn execute(
        &mut self,
        command: &Command,
        admission: Option<FullReason>,
        room: &mut u64,
        now_ms: i64,
    ) -> rusqlite::Result<Effect> {
        Ok(match command {
            Command::Reserve {
                id,
                request,
                resource,
                at_ms,
                ..
            } => {
                let record = NewRecord {
                    id: *id,
                    outcome: None,
                    at_ms: to_i64(*at_ms),
                    request,
                    resource: resource.as_deref(),
                };
                self.admit(&record, admission, room)?
                    .unwrap_or(Effect::Reserved)
            }
            Command::Record {
                id,
                item,
                resource,
                ended_ms,
                ..
            } => {
                let record = NewRecord {
                    id: *id,
                    outcome: Some(Outcome::Completed),
                    at_ms: to_i64(*ended_ms),
                    request: item,
                    resource: resource.as_deref(),
                };
                let refused = self.admit(&record, admission, room)?;
                refused.unwrap_or(Effect::Ended {
                    ended_ms: to_i64(*ended_ms),
                    was_open: false,
                })
            }
            Command::Finish {
                id,
                outcome,
                item,
                ended_ms,
                ..
            } => {
                let ended_ms = to_i64(*ended_ms);
                if self.file.finish(*id, *outcome, ended_ms, item)? {
                    Effect::Ended {
                        ended_ms,
                        was_open: true,
                    }
                } else {
                    // Ended before, for example completed by a call whose caller then left; or never written.
                    Effect::Refused(OutboxError::NotOpen)
                }
            }
            Command::Settle {
                delivered, parked, ..
            } => {
                let (mut gone, mut aside) = (Vec::new(), Vec::new());
                for one in delivered {
                    if self.file.deliver(one.id, &one.receipt, now_ms)? {
                        gone.push(one.ended_ms);
                    }
                }
                for one in parked {
                    if self.file.park(one.id, one.problem, &one.why)? {
                        aside.push((one.ended_ms, one.problem, one.bytes));
                    }
                }
                Effect::Settled {
                    delivered: gone,
                    parked: aside,
                }
            }
            Command::Load { held, limit } => {
                let (records, is_all) = self.file.waiting(held, *limit)?;
                Effect::Loaded { records, is_all }
            }
            Command::Find { id, .. } => Effect::Found(Box::new(self.file.find(*id)?)),
            Command::Receipt { id, .. } => Effect::Receipt(self.file.receipt(*id)?),
            Command::ListParked { .. } => Effect::Parked(self.file.parked()?),
            Command::Requeue { id, .. } => {
                let mut errands = Errands {
                    file: &mut self.file,
                    connector: &self.connector,
                    now: self.clock.now(),
                };
                match errands.run(*id, &Wish::Requeue)? {
                    (_, Some(change)) => Effect::Changed(Box::new(change)),
                    (_, None) => {
                        Effect::Refused(OutboxError::Invalid("no parked record has this id".into()))
                    }
                }
            }
            Command::Stop { .. } => Effect::Done,
        })
    }

    /// Inserts a new record unless a limit refuses it.
    fn admit(
        &mut self,
        record: &NewRecord<'_>,
        admission: Option<FullReason>,
        room: &mut u64,
    ) -> rusqlite::Result<Option<Effect>> {
        let full = admission.or((*room == 0).then_some(FullReason::Records));
        if let Some(reason) = full {
            count_refused(reason);
            return Ok(Some(Effect::Refused(OutboxError::Full(reason))));
        }
        match self.file.insert(record) {
            Ok(()) => {
                *room -= 1;
                Ok(None)
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Ok(Some(Effect::Refused(OutboxError::Invalid(
                    "the event id was used before".into(),
                ))))
            }
            Err(error) => Err(error),
        }
    }

    fn count(&mut self, effect: &Effect) {
        let Self { counts, ages, .. } = self;
        match effect {
            Effect::Reserved => {
                counts.open += 1;
                self.metrics.taken.increment(1);
            }
            Effect::Ended { ended_ms, was_open } => {
                if !was_open {
                    self.metrics.taken.increment(1);
                }
                counts.open = counts.open.saturating_sub(u64::from(*was_open));
                counts.undelivered += 1;
                ages.add(*ended_ms);
            }
            Effect::Settled { delivered, parked } => {
                let settled = to_u64(delivered.len() + parked.len());
                counts.undelivered = counts.undelivered.saturating_sub(settled);
                counts.delivered += to_u64(delivered.len());
                for ended_ms in delivered {
                    ages.remove(*ended_ms);
                }
                for (ended_ms, problem, bytes) in parked {
                    counts.parked.add(*problem, *bytes);
                    ages.remove(*ended_ms);
                }
            }
            Effect::Changed(change) => self.count_change(change),
            Effect::Done
            | Effect::Refused(_)
            | Effect::Loaded { .. }
            | Effect::Found(_)
            | Effect::Receipt(_)
            | Effect::Parked(_) => {}
        }
    }

    /// A parked record is none any more, and something waits in its place.
    fn count_change(&mut self, change: &Change) {
        let Self { counts, ages, .. } = self;
        let problem = change.was.problem.unwrap_or(Problem::Other);
        counts.parked.remove(problem, to_u64(change.was.item.len()));
        counts.undelivered += 1;
        ages.add(change.now.ended_ms);
    }

    fn publish(&self) {
        self.metrics
            .publish(&self.counts, self.clock.now().unix_timestamp());
        self.status.send_if_modified(|counts| {
            let differs = *counts != self.counts;
            counts.clone_from(&self.counts);
            differs
        });
    }
}

/// Counts an exchange that a limit has refused, here or before it came here.
pub(super) fn count_refused(reason: FullReason) {
    ::metrics::counter!("outbox_refused_total", "reason" => reason.label()).increment(1);
}

fn to_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
