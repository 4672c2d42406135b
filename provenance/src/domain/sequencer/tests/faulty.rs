//! A database that does not do what it should, when it is told to.

use std::sync::atomic::{AtomicI64, AtomicU32};

use provenance_model::event::SingleTag;

use crate::{
    domain::{
        parties::Made,
        sequencer::*,
        store::{
            Arrival, Arrived, Edge, Index, Known, LedgerStoreError, LedgerTx, Moved, NewRecord,
            Recorded, SameData, UsedKey, Waiting,
        },
    },
    store::SqliteLedger,
};

/// What is wrong with a database.
#[derive(Default)]
pub(super) struct Faults {
    /// How many more transactions another one is in the way of.
    pub(super) conflicts: AtomicU32,
    /// How many more commits are not answered.
    pub(super) lost_commits: AtomicU32,
    /// Most pages of the file; 0 for any number.
    pub(super) max_pages: AtomicI64,
    /// Held by whoever keeps transactions from beginning.
    pub(super) door: tokio::sync::Mutex<()>,
    /// How many were to be told that something had arrived, of each transaction the most.
    pub(super) told: AtomicU32,
    pub(super) told_most: AtomicU32,
    /// How often neighbours of an event were asked for.
    pub(super) asked: AtomicU32,
}

/// A database with faults; a record called `poison` makes each transaction fail, one called `panic` is worse.
pub(super) struct Faulty {
    pub(super) store: SqliteLedger,
    pub(super) faults: Arc<Faults>,
}

pub(super) struct FaultyTx<'s> {
    tx: <SqliteLedger as LedgerStore>::Tx<'s>,
    faults: &'s Faults,
}

/// Whether one of so many faults is left.
fn strikes(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
        .is_ok()
}

#[derive(Debug, thiserror::Error)]
#[error("could not serialize access")]
struct InTheWay;

impl sqlx::error::DatabaseError for InTheWay {
    fn message(&self) -> &'static str {
        "could not serialize access"
    }

    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        Some("40001".into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> sqlx::error::ErrorKind {
        sqlx::error::ErrorKind::Other
    }
}

impl LedgerStore for Faulty {
    type Tx<'s> = FaultyTx<'s>;

    fn begin(&mut self) -> Result<FaultyTx<'_>, LedgerStoreError> {
        drop(self.faults.door.blocking_lock());
        self.store
            .limit_pages(self.faults.max_pages.load(Ordering::Relaxed));
        Ok(FaultyTx {
            tx: self.store.begin()?,
            faults: &self.faults,
        })
    }

    fn prune_keys(&mut self, before_ms: i64) -> Result<bool, LedgerStoreError> {
        self.store.prune_keys(before_ms)
    }
}

impl LedgerTx for FaultyTx<'_> {
    fn find(&mut self, id: &str) -> Result<Option<Known>, LedgerStoreError> {
        self.tx.find(id)
    }

    fn claims(&mut self, id: &str) -> Result<Vec<Known>, LedgerStoreError> {
        self.tx.claims(id)
    }

    fn insert_claim(&mut self, id: &str, idx: Index) -> Result<(), LedgerStoreError> {
        self.tx.insert_claim(id, idx)
    }

    fn reattach(&mut self, moved: Moved<'_>) -> Result<(), LedgerStoreError> {
        self.tx.reattach(moved)
    }

    fn recorded(&mut self, idx: Index) -> Result<Recorded, LedgerStoreError> {
        self.tx.recorded(idx)
    }

    fn by_key(
        &mut self,
        actor: &str,
        key: &str,
    ) -> Result<Option<([u8; 32], Index)>, LedgerStoreError> {
        self.tx.by_key(actor, key)
    }

    fn remember_key(&mut self, used: UsedKey<'_>) -> Result<(), LedgerStoreError> {
        self.tx.remember_key(used)
    }

    fn same_data(&mut self, tag: &SingleTag) -> Result<Vec<SameData>, LedgerStoreError> {
        self.tx.same_data(tag)
    }

    fn waiting_for(&mut self, id: &str, most: usize) -> Result<Vec<Waiting>, LedgerStoreError> {
        let waiting = self.tx.waiting_for(id, most)?;
        let told = u32::try_from(waiting.len()).unwrap();
        self.faults.told.fetch_add(told, Ordering::Relaxed);
        Ok(waiting)
    }

    fn leave_arrival(&mut self, arrival: &Arrival) -> Result<(), LedgerStoreError> {
        self.tx.leave_arrival(arrival)
    }

    fn left_arrival(&mut self) -> Result<Option<Arrival>, LedgerStoreError> {
        self.tx.left_arrival()
    }

    fn end_arrival(&mut self, id: &str) -> Result<(), LedgerStoreError> {
        self.tx.end_arrival(id)
    }

    fn successors(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError> {
        self.faults.asked.fetch_add(1, Ordering::Relaxed);
        self.tx.successors(idx)
    }

    fn predecessors(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError> {
        self.faults.asked.fetch_add(1, Ordering::Relaxed);
        self.tx.predecessors(idx)
    }

    fn insert(&mut self, record: &NewRecord<'_>) -> Result<Index, LedgerStoreError> {
        if strikes(&self.faults.conflicts) {
            let error = sqlx::Error::Database(Box::new(InTheWay));
            return Err(LedgerStoreError::unavailable(error));
        }
        match record.id {
            "poison" => Err(LedgerStoreError("it cannot be written".into())),
            "panic" => std::panic::resume_unwind(Box::new("as told")),
            _ => self.tx.insert(record),
        }
    }

    fn made(&mut self, idx: Index) -> Result<Option<Made>, LedgerStoreError> {
        self.tx.made(idx)
    }

    fn insert_edge(&mut self, edge: Edge) -> Result<(), LedgerStoreError> {
        self.tx.insert_edge(edge)
    }

    fn insert_pending(
        &mut self,
        prev_id: &str,
        next: Index,
        ord: usize,
    ) -> Result<(), LedgerStoreError> {
        self.tx.insert_pending(prev_id, next, ord)
    }

    fn resolve(&mut self, arrived: Arrived<'_>) -> Result<(), LedgerStoreError> {
        self.tx.resolve(arrived)
    }

    fn commit(self) -> Result<(), LedgerStoreError> {
        let told = self.faults.told.swap(0, Ordering::Relaxed);
        self.faults.told_most.fetch_max(told, Ordering::Relaxed);
        self.tx.commit()?;
        if strikes(&self.faults.lost_commits) {
            return Err(LedgerStoreError::uncertain(std::io::Error::other("reset")));
        }
        Ok(())
    }
}
