//! What the writer thread is asked to do, and what it answers.

use std::collections::HashSet;

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    OutboxError, Parked, Problem,
    delivery::{Outgoing, Room},
    errand::Change,
    file::{Found, Outcome},
    millis::to_i64,
    packing::Packed,
};

pub(crate) type Reply = oneshot::Sender<Result<(), OutboxError>>;

/// What the thread is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Insert an open record.
    Reserve {
        id: Uuid,
        request: Vec<u8>,
        resource: Option<String>,
        at_ms: u64,
        reply: Reply,
    },
    /// Insert a record that has ended already.
    Record {
        id: Uuid,
        item: Bytes,
        resource: Option<String>,
        ended_ms: u64,
        reply: Reply,
    },
    /// End an open record; without `reply` nobody waits, and it is tried until it is written.
    Finish {
        id: Uuid,
        outcome: Outcome,
        item: Bytes,
        ended_ms: u64,
        reply: Option<Reply>,
    },
    /// Write what the ledger answered. Tried until it is written.
    Settle {
        delivered: Vec<Settled>,
        parked: Vec<RefusedRecord>,
        done: oneshot::Sender<()>,
    },
    /// Read records into the queue of delivery, none of `held`.
    Load { held: HashSet<Uuid>, limit: Room },
    /// Look one record up.
    Find {
        id: Uuid,
        reply: oneshot::Sender<Found>,
    },
    /// Read the receipt of a delivered record.
    Receipt {
        id: Uuid,
        reply: oneshot::Sender<Option<Vec<u8>>>,
    },
    /// List the parked records.
    ListParked { reply: oneshot::Sender<Vec<Parked>> },
    /// Deliver a parked record again.
    Requeue { id: Uuid, reply: Reply },
    /// Write everything that was asked before, close the file, end.
    Stop { reply: oneshot::Sender<()> },
}

impl Command {
    /// Nobody is told of its failure, so it may not fail.
    pub(super) fn must_succeed(&self) -> bool {
        matches!(self, Self::Finish { reply: None, .. } | Self::Settle { .. })
    }
}

/// A record that the ledger has.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) id: Uuid,
    pub(crate) ended_ms: i64,
    pub(crate) receipt: Packed,
}

/// A record that the ledger refused for good.
#[derive(Debug, Clone)]
pub(crate) struct RefusedRecord {
    pub(crate) id: Uuid,
    pub(crate) ended_ms: i64,
    pub(crate) problem: Problem,
    /// Why, for people.
    pub(crate) why: String,
    /// What its item has.
    pub(crate) bytes: u64,
}

/// What a command did, to be told after the commit.
pub(super) enum Effect {
    Done,
    Refused(OutboxError),
    Reserved,
    Ended {
        ended_ms: i64,
        was_open: bool,
    },
    Settled {
        delivered: Vec<i64>,
        parked: Vec<(i64, Problem, u64)>,
    },
    /// `is_all`: nothing else in the file waits.
    Loaded {
        records: Vec<Outgoing>,
        is_all: bool,
    },
    Found(Box<Found>),
    Receipt(Option<Vec<u8>>),
    Parked(Vec<Parked>),
    /// A parked record is none any more.
    Changed(Box<Change>),
}

/// What is told to whom after the commit.
pub(super) enum Answer {
    Nobody,
    Done(oneshot::Sender<()>),
    Unit(Reply, Result<(), OutboxError>),
    Found(oneshot::Sender<Found>, Found),
    Receipt(oneshot::Sender<Option<Vec<u8>>>, Option<Vec<u8>>),
    Parked(oneshot::Sender<Vec<Parked>>, Vec<Parked>),
}

impl Answer {
    /// Whoever asked may have left: what was written stays written.
    pub(super) fn send(self) {
        match self {
            Self::Nobody => {}
            Self::Done(to) => drop(to.send(())),
            Self::Unit(to, result) => drop(to.send(result)),
            Self::Found(to, found) => drop(to.send(found)),
            Self::Receipt(to, receipt) => drop(to.send(receipt)),
            Self::Parked(to, records) => drop(to.send(records)),
        }
    }
}

pub(super) fn conclude(command: Command, effect: Effect, ended: &mut Vec<Outgoing>) -> Answer {
    match (command, effect) {
        (
            Command::Reserve { reply, .. }
            | Command::Record { reply, .. }
            | Command::Requeue { reply, .. },
            Effect::Refused(error),
        ) => Answer::Unit(reply, Err(error)),
        (Command::Finish { reply, .. }, Effect::Refused(error)) => {
            reply.map_or(Answer::Nobody, |reply| Answer::Unit(reply, Err(error)))
        }
        (Command::Reserve { reply, .. }, _) => Answer::Unit(reply, Ok(())),
        (
            Command::Record {
                id,
                item,
                reply,
                ended_ms,
                ..
            },
            _,
        ) => {
            ended.push(Outgoing::new(id, to_i64(ended_ms), item));
            Answer::Unit(reply, Ok(()))
        }
        (
            Command::Finish {
                id,
                item,
                reply,
                ended_ms,
                ..
            },
            _,
        ) => {
            ended.push(Outgoing::new(id, to_i64(ended_ms), item));
            reply.map_or(Answer::Nobody, |reply| Answer::Unit(reply, Ok(())))
        }
        (Command::Requeue { reply, .. }, Effect::Changed(change)) => {
            ended.push(change.now);
            Answer::Unit(reply, Ok(()))
        }
        (Command::Find { reply, .. }, Effect::Found(found)) => Answer::Found(reply, *found),
        (Command::Receipt { reply, .. }, Effect::Receipt(receipt)) => {
            Answer::Receipt(reply, receipt)
        }
        (Command::ListParked { reply }, Effect::Parked(records)) => Answer::Parked(reply, records),
        (Command::Settle { done, .. }, _) => Answer::Done(done),
        // A reader whose answer is of another kind would be told by its dropped channel.
        _ => Answer::Nobody,
    }
}

/// Tells that nothing of the group was written. Readers are told by their dropped channel.
pub(super) fn refuse(command: Command, error: OutboxError) {
    match command {
        Command::Reserve { reply, .. }
        | Command::Record { reply, .. }
        | Command::Requeue { reply, .. } => {
            Answer::Unit(reply, Err(error)).send();
        }
        Command::Finish {
            reply: Some(reply), ..
        } => Answer::Unit(reply, Err(error)).send(),
        _ => {}
    }
}
