//! What is handed to the sequencer, and what it decides.

use std::sync::Arc;

use provenance_model::{
    core::{Actor, CoreParts, Subject},
    event::{Event, SingleTag},
};
use serde::{Deserialize, Serialize};

use super::store::{Columns, Recorded};

/// A record that fits the schema and whose submitter may submit it. What depends on the state of the ledger is open.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The id of the event or evidence.
    pub id: String,
    /// Who submits it.
    pub actor: Actor,
    /// SHA-256 of what was submitted.
    pub content: [u8; 32],
    /// Event or evidence.
    pub subject: Subject,
    /// The core as far as it is known.
    pub parts: CoreParts,
    /// `cdlpreviousevents`.
    pub previous: Vec<String>,
    /// What it will be found by.
    pub columns: Columns,
    /// By which call it came.
    pub by: Call,
}

impl Submission {
    /// About how many bytes it takes in memory.
    pub fn size(&self) -> usize {
        let previous: usize = self.previous.iter().map(String::len).sum();
        let body = self.parts.size();
        let copies = match self.by {
            Call::Batch => 1,
            // The event itself stays beside its text.
            Call::Single(_) => 3,
        };
        copies * (body + previous) + OVERHEAD
    }
}

/// 512 B: actor, columns and hashes of a submission.
const OVERHEAD: usize = 512;

/// The rules that depend on the call.
#[derive(Debug, Clone)]
pub enum Call {
    /// `POST /v2/events:batch`: an id is idempotent by itself, predecessors may arrive later.
    Batch,
    /// `POST /v2/eventwithhash`.
    Single(Box<Single>),
}

/// What a single registration brings along.
#[derive(Debug, Clone)]
pub struct Single {
    /// The event, in case that the rule against duplicates changes its predecessors.
    pub event: Event,
    /// What the rule against duplicates looks at; `None` where it does not apply.
    pub duplicates: Option<(SingleTag, Arc<DuplicateTypes>)>,
    /// Whether predecessors may arrive later.
    pub allow_pending: bool,
    /// The idempotency key.
    pub key: Option<String>,
}

/// The event types that the rule against duplicates is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DuplicateTypes {
    /// Types that are not registered a second time for the same provider, URL and hash.
    pub check: Vec<String>,
    /// Types of these that are linked to the `update` event of the same data, where there is no original of it.
    pub add_previous: Vec<String>,
    /// Types that make data.
    pub update: Vec<String>,
    /// Types that announce data: the originals.
    pub publish: Vec<String>,
}

impl Default for DuplicateTypes {
    /// As existing ledgers are set up.
    fn default() -> Self {
        let originals = || vec!["Create".to_owned(), "Publish".to_owned()];
        Self {
            check: originals(),
            add_previous: originals(),
            update: vec!["Update".to_owned()],
            publish: originals(),
        }
    }
}

/// A record is in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is new.
    Created(Recorded),
    /// The same was submitted before.
    Exists(Recorded),
    /// The same data has an event already: that one's id.
    Duplicate(String),
}

/// A record is not in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another record has this id.
    #[error("the id {0} is already in use")]
    IdTaken(String),
    /// The same id was submitted with other content, or by somebody else.
    #[error("the id {0} was recorded with other content or by another connector")]
    Conflict(String),
    /// The same connector submitted the same id with other content: what it has recorded is this.
    #[error("the id {} was recorded with other content by this connector", .0.id)]
    Contradicts(Box<Recorded>),
    /// The idempotency key was used for something else.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// A predecessor is not there.
    #[error("the predecessor {0} does not exist")]
    Missing(String),
    /// The event names itself.
    #[error("the event names itself as predecessor")]
    SelfReference,
    /// The event would be its own ancestor.
    #[error("the event would be its own ancestor")]
    Cycle,
    /// The ledger itself failed over this record, and its log says why. The same may work after that was put right.
    #[error("the ledger could not write this record")]
    Failed,
}

/// What became of a submission.
pub type Decision = Result<Accepted, Refused>;
