//! The one writer of the ledger: gives each record its place and answers when that is durable.
//!
//! A thread of its own takes what arrived while it committed the last group, a request of each caller in turn (`turns`), decides
//! about it, 128 records in a transaction, commits, and only then answers (`writer`). Places are contiguous because nobody else gives any, and the transaction that fails gives
//! none.

mod disk;
mod job;
mod limits;
mod load;
mod metrics;
#[cfg(test)]
mod tests;
mod turns;
mod writer;

use std::sync::{
    Arc,
    atomic::Ordering,
    mpsc::{self, Sender},
};

use common::{clock::SharedClock, process::Check};
use tokio::sync::oneshot;

pub use self::{job::SubmitError, limits::SequencerLimits};
use self::{
    job::{Amount, Job},
    load::Load,
    writer::{Message, Writer},
};
use super::{
    store::LedgerStore,
    submission::{Decision, Submission},
};

/// Hands submissions to the writer. Clones are the same writer.
#[derive(Debug, Clone)]
pub struct Sequencer {
    jobs: Sender<Message>,
    load: Arc<Load>,
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
        let load = Arc::new(Load::default());
        let limits = Arc::new(limits);
        let writer = Writer::new(store, clock, limits.clone(), load.clone(), check);
        // Nobody joins it: `close` tells when it has written everything and closed the database.
        std::thread::Builder::new()
            .name("ledger-writer".to_owned())
            .spawn(move || writer.run(&inbox))?;
        Ok(Self { jobs, load, limits })
    }

    /// Whether records are taken at all, to be asked before something large is read.
    ///
    /// # Errors
    /// [`SubmitError::DiskFull`].
    pub fn check_room(&self) -> Result<(), SubmitError> {
        if self.load.is_disk_full.load(Ordering::Relaxed) {
            return refused(SubmitError::DiskFull);
        }
        Ok(())
    }

    /// Decides about `submissions` in their order, as one group. The accepted ones are durable on return.
    ///
    /// Not cancel safe in the sense that dropping the future takes nothing back: what was handed over is decided.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit(&self, submissions: Vec<Submission>) -> Result<Vec<Decision>, SubmitError> {
        let Some(first) = submissions.first() else {
            return Ok(Vec::new());
        };
        // All of a request have one caller.
        let caller = first.actor.key();
        let amount = Amount {
            records: submissions.len(),
            bytes: submissions.iter().map(Submission::size).sum(),
        };
        if !self.load.waiting.add(&caller, amount, &self.limits) {
            return refused(SubmitError::Busy);
        }
        let (reply, decided) = oneshot::channel();
        let job = Job {
            caller,
            submissions,
            amount,
            reply,
        };
        if let Err(mpsc::SendError(Message::Job(job))) = self.jobs.send(Message::Job(job)) {
            self.load.waiting.remove(&job.caller, job.amount);
            return refused(SubmitError::Stopped);
        }
        match decided.await {
            Ok(Ok(decisions)) => Ok(decisions),
            Ok(Err(error)) => refused(error),
            Err(_) => refused(SubmitError::Stopped),
        }
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

fn refused<T>(error: SubmitError) -> Result<T, SubmitError> {
    ::metrics::counter!("ledger_refused_total", "reason" => error.label()).increment(1);
    Err(error)
}
