//! What the ledger needs from its database.
//!
//! Writing is one transaction after the other, on the sequencer's own thread, so it is synchronous: `SQLite` is, and for a
//! database behind a network that thread can wait. [`LedgerTx::prefetch`] is where such a store fetches in one question what
//! a group will ask one by one.

use std::error::Error;

use async_trait::async_trait;
use provenance_model::{
    commitment::{Commitment, Salt},
    core::{Actor, Subject},
    event::{SingleTag, Tag},
};

pub use super::index::Index;
use super::{
    access::Viewer,
    lineage::{BadBookmark, Bookmark, LineageQuery},
    parties::{Facts, Made},
};

/// The database failed; nothing of the transaction is recorded, unless [`is_uncertain`](Self::is_uncertain).
#[derive(Debug, thiserror::Error)]
#[error("the ledger's database did not do it")]
pub struct LedgerStoreError(#[source] pub Box<dyn Error + Send + Sync>);

impl LedgerStoreError {
    /// The database is away, locked or full: the same may work later.
    pub fn unavailable(cause: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(Unavailable(Box::new(cause))))
    }

    /// Whether the same may work later.
    pub fn is_unavailable(&self) -> bool {
        self.0.is::<Unavailable>()
    }

    /// The connection was lost while the database committed, or after a part had been committed.
    pub fn uncertain(cause: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(Uncertain(Box::new(cause))))
    }

    /// Whether something may be recorded all the same.
    pub fn is_uncertain(&self) -> bool {
        self.0.is::<Uncertain>()
    }

    /// Whether another transaction was in the way: the same may work at once.
    pub fn is_conflict(&self) -> bool {
        !self.is_uncertain() && common_db::is_conflict(self)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the database is not available")]
struct Unavailable(#[source] Box<dyn Error + Send + Sync>);

#[derive(Debug, thiserror::Error)]
#[error("it is not known whether the database has recorded it")]
struct Uncertain(#[source] Box<dyn Error + Send + Sync>);

/// A record by which another is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its place.
    pub idx: Index,
    /// Whether it is an event.
    pub is_event: bool,
    /// Its commitment.
    pub commitment: Commitment,
    /// Who submitted it.
    pub actor: String,
    /// What was submitted.
    pub content: Option<[u8; 32]>,
    /// When it was accepted, in milliseconds since 1970.
    pub rx_ms: i64,
    /// Whether there are others under its id ([`LedgerTx::claims`]).
    pub is_contested: bool,
    /// By what an event that names it is judged; nothing for evidence.
    pub facts: Facts,
}

/// What a submitter gets back of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// Its place.
    pub idx: Index,
    /// Its salt; `None` after an erasure.
    pub salt: Option<Salt>,
    /// Its core; `None` after an erasure.
    pub core: Option<String>,
    /// Predecessors that have not arrived.
    pub pending: Vec<String>,
}

/// An event that waits for another to arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its place.
    pub idx: Index,
    /// Its id.
    pub id: String,
    /// Its commitment.
    pub commitment: Commitment,
    /// By what it is judged when the other has arrived.
    pub facts: Facts,
}

/// An event that more wait for than can be told at once that it has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its id.
    pub id: String,
    /// Its place.
    pub idx: Index,
    /// Who submitted it.
    pub actor: Actor,
}

/// An event about the same data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameData {
    /// Its id.
    pub id: String,
    /// Its `cdleventtype`.
    pub event_type: String,
}

/// A record to be inserted.
#[derive(Debug)]
pub struct NewRecord<'r> {
    /// Its id.
    pub id: &'r str,
    /// Event or evidence.
    pub subject_kind: Subject,
    /// Its commitment.
    pub commitment: &'r Commitment,
    /// Its salt.
    pub salt: &'r Salt,
    /// Its core.
    pub core: &'r str,
    /// What it is found by.
    pub columns: &'r Columns,
    /// Time of acceptance, in milliseconds since 1970.
    pub rx_ms: i64,
    /// Who submitted it.
    pub actor: &'r str,
    /// What was submitted.
    pub content: Option<&'r [u8; 32]>,
    /// The record that evidence is about.
    pub about: Option<&'r str>,
}

/// What a record is found by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// By what others judge the event; of evidence, its type is among them.
    pub facts: Facts,
    /// `cdlorganization`.
    pub organization: Option<String>,
    /// `cdltimestamp`.
    pub timestamp: Option<String>,
    /// `cdldatatags`.
    pub tags: Vec<Tag>,
}

impl Columns {
    /// Of evidence of this kind.
    pub fn of_evidence(kind: &str) -> Self {
        Self {
            facts: Facts {
                event_type: Some(kind.to_owned()),
                ..Facts::default()
            },
            ..Self::default()
        }
    }
}

/// Most events that are looked at when a record is named in place of another: a squat may have been named many times.
pub const REATTACH_MAX: i64 = 4096;

/// Most events with the same tag that are looked at: a tag has one text for everybody, so that strangers can have many.
pub const SAME_DATA_MAX: i64 = 4096;

/// The writing side of a database.
pub trait LedgerStore: Send + 'static {
    /// A transaction.
    type Tx<'s>: LedgerTx
    where
        Self: 's;

    /// Begins a transaction that no other writer can come between.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn begin(&mut self) -> Result<Self::Tx<'_>, LedgerStoreError>;

    /// Throws away some idempotency keys made before `before_ms`. True if there may be more.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn prune_keys(&mut self, before_ms: i64) -> Result<bool, LedgerStoreError>;
}

/// Most events that are told of one arrival in the transaction in which it is recorded.
pub const TOLD_EACH: usize = 256;

/// Most neighbours of an event that the writer is told: an original may have been sent a million times.
pub const NEIGHBOURS: usize = 64;

/// An idempotency key, and what it was used for.
#[derive(Debug, Clone, Copy)]
pub struct UsedKey<'k> {
    /// Whose it is.
    pub actor: &'k str,
    /// The key.
    pub key: &'k str,
    /// What was registered with it.
    pub content: &'k [u8; 32],
    /// The record made of that.
    pub idx: Index,
    /// When.
    pub now_ms: i64,
}

/// That an event names another.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// Who names.
    pub next: Index,
    /// In which place.
    pub ord: usize,
    /// Who is named.
    pub prev: Index,
    /// Whether that gives a right to it.
    pub gives_right: bool,
}

/// An event that others name who came before it.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// Its id.
    pub prev_id: &'a str,
    /// Its place.
    pub prev: Index,
    /// The last of the others.
    pub through: Index,
    /// Those of them, in ledger order, that get no right to it.
    pub strangers: &'a [Index],
}

/// That events of two parties mean another record of the same id than the one that they name.
#[derive(Debug, Clone, Copy)]
pub struct Moved<'m> {
    /// Which they name.
    pub from: Index,
    /// Which they mean.
    pub to: Index,
    /// Their provider.
    pub provider: &'m str,
    /// Their consumer.
    pub consumer: &'m str,
}

/// A transaction of the one writer. Dropped without [`commit`](Self::commit), it leaves no trace.
pub trait LedgerTx {
    /// Announces ids that will be asked for.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn prefetch(&mut self, ids: &mut dyn Iterator<Item = &str>) -> Result<(), LedgerStoreError> {
        let _ = ids;
        Ok(())
    }

    /// The record with this id.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn find(&mut self, id: &str) -> Result<Option<Known>, LedgerStoreError>;

    /// The other records under this id, in ledger order.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn claims(&mut self, id: &str) -> Result<Vec<Known>, LedgerStoreError>;

    /// Records that the record at `idx` is another one under `id`.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn insert_claim(&mut self, id: &str, idx: Index) -> Result<(), LedgerStoreError>;

    /// Lets those of the first [`REATTACH_MAX`] events that name the one at `moved.from` name the one at `moved.to` instead which
    /// are the `Received` of these parties. They have a right to it.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn reattach(&mut self, moved: Moved<'_>) -> Result<(), LedgerStoreError>;

    /// What its submitter gets back of a record.
    ///
    /// # Errors
    /// [`LedgerStoreError`], also if there is no such record.
    fn recorded(&mut self, idx: Index) -> Result<Recorded, LedgerStoreError>;

    /// What the core of the record at `idx` says of who made it; `None` after an erasure.
    ///
    /// # Errors
    /// [`LedgerStoreError`], also if there is no such record.
    fn made(&mut self, idx: Index) -> Result<Option<Made>, LedgerStoreError>;

    /// The content and the record that an actor used this idempotency key for.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn by_key(
        &mut self,
        actor: &str,
        key: &str,
    ) -> Result<Option<([u8; 32], Index)>, LedgerStoreError>;

    /// Remembers an idempotency key.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn remember_key(&mut self, used: UsedKey<'_>) -> Result<(), LedgerStoreError>;

    /// Events that the same provider made, with a tag of the same URL and hash, in ledger order; of [`SAME_DATA_MAX`] with that
    /// tag.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn same_data(&mut self, tag: &SingleTag) -> Result<Vec<SameData>, LedgerStoreError>;

    /// The first `most` events that wait for `id`, in ledger order.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn waiting_for(&mut self, id: &str, most: usize) -> Result<Vec<Waiting>, LedgerStoreError>;

    /// Events that name the one at `idx` as predecessor, [`NEIGHBOURS`] at most; one may be there twice.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn successors(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError>;

    /// Events that the one at `idx` names as predecessors and that have arrived, [`NEIGHBOURS`] at most.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn predecessors(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError>;

    /// Inserts a record at the next place.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn insert(&mut self, record: &NewRecord<'_>) -> Result<Index, LedgerStoreError>;

    /// Records that one event names another.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn insert_edge(&mut self, edge: Edge) -> Result<(), LedgerStoreError>;

    /// Records that the event at `next` names `prev_id`, which has not arrived, in place `ord`.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn insert_pending(
        &mut self,
        prev_id: &str,
        next: Index,
        ord: usize,
    ) -> Result<(), LedgerStoreError>;

    /// Turns what waits for an event into edges to it.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn resolve(&mut self, arrived: Arrived<'_>) -> Result<(), LedgerStoreError>;

    /// Remembers that more wait for an event than were told.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn leave_arrival(&mut self, arrival: &Arrival) -> Result<(), LedgerStoreError>;

    /// One of those, if there is any.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn left_arrival(&mut self) -> Result<Option<Arrival>, LedgerStoreError>;

    /// All that waited for `id` have been told.
    ///
    /// # Errors
    /// [`LedgerStoreError`].
    fn end_arrival(&mut self, id: &str) -> Result<(), LedgerStoreError>;

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`LedgerStoreError`], uncertain if the database did not say.
    fn commit(self) -> Result<(), LedgerStoreError>;
}

/// One event of a lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its place.
    pub idx: Index,
    /// Its id.
    pub id: String,
    /// Its `cdleventtype`.
    pub event_type: String,
    /// Its commitment.
    pub commitment: Commitment,
    /// What the viewer may read of it.
    pub body: Option<Body>,
    /// Places of its predecessors, as far as they have arrived.
    pub previous: Vec<Index>,
}

/// The body of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its core.
    pub core: String,
    /// Ids of its successors in ledger order.
    pub next: Vec<String>,
    /// Whether the viewer is a party of it.
    pub is_party: bool,
}

/// A lineage, or a page of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// Its events.
    pub nodes: Vec<Node>,
    /// Where the next page begins, if there is one.
    pub next: Option<Bookmark>,
}

/// The reading side of a database.
#[async_trait]
pub trait LedgerReader: Send + Sync + 'static {
    /// The lineage that `query` asks for, as `viewer` may see it, on one snapshot; `None` if there is no such event.
    ///
    /// # Errors
    /// [`ReadError`].
    async fn lineage(
        &self,
        query: LineageQuery,
        viewer: Viewer,
    ) -> Result<Option<Lineage>, ReadError>;
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The answer would be too large.
    #[error("the lineage has more than {events} events or {bytes} bytes")]
    TooLarge {
        /// Most events.
        events: usize,
        /// Most bytes.
        bytes: usize,
    },
    /// Reading it cost more than was allowed.
    #[error("reading the lineage took too long")]
    Exhausted,
    /// The bookmark is of no page of it.
    #[error(transparent)]
    Bookmark(#[from] BadBookmark),
    /// Too much is being read.
    #[error("too many lineages are being read")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] LedgerStoreError),
}
