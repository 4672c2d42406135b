//! Searching: a full-text index in a folder of its own, beside the database and never the truth.
//!
//! What is kept of a dataset is a [`Document`] a view, made of plain fields that need no declaring. [`Index::follow`] takes a database's changes over (a [`Source`]
//! counts them), commits them within a second, and builds the index anew where it is missing, damaged or of another version; until that is done searches fail with
//! [`SearchError::Rebuilding`], and nothing else does.
//!
//! # How texts are found
//!
//! Texts and words are [folded](fold()): width, case and the kinds of kana are one. Scripts without blanks are cut into overlapping pairs of characters, words of
//! others stay whole, and both keep their places. A word that is looked for is a row of pairs, so that it finds exactly what contains it; a single character has a
//! field of its own. Between words counts that there is something, not what. With `*` at a side a word of another script may go on there. In values that are kept
//! whole ([`Document::exact`]) every character counts, and `x*` is what the value begins with.
//!
//! The language of queries is in [`query`]. A field can be asked for by all its values at once: `f:x` is found where a text `f` contains x, where an exact `f` is x,
//! and where x is a number or a time that `f` is.
//!
//! # How it lies in tantivy
//!
//! Fields of documents are paths in a JSON field for each kind (`schema.rs`); facets and orders read the columns of those. What tantivy has no query for is a set of
//! documents that is found by going through terms once (`scan.rs`), within the time of one search (`budget.rs`).

mod budget;
mod collect;
mod compile;
mod date;
mod document;
mod fold;
mod folder;
mod follow;
mod glob;
pub mod query;
mod request;
mod runs;
mod scan;
mod schema;
mod search;
mod sort;
#[cfg(test)]
mod tests;
mod tokens;
mod writer;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::{Notify, watch};

pub use self::{
    document::{Change, Document, EVERYTHING},
    fold::fold,
    folder::OpenError,
    follow::{Source, SourceError, SourceState},
    request::{Answer, Bounds, DEFAULT_SORT, Dialect, Hit, Request, SearchError},
};
use self::{
    folder::{At, Folder, Opened},
    schema::Fields,
    writer::Writer,
};

/// An index.
pub struct Index {
    fields: Fields,
    bounds: Bounds,
    folder: Folder,
    opened: RwLock<Opened>,
    writer: Arc<tokio::sync::Mutex<Option<Writer>>>,
    progress: watch::Sender<Progress>,
    /// Whether it is to be looked through for damage.
    suspected: Mutex<bool>,
    wake: Notify,
}

/// Whether an index can be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It can, and has all changes up to this one.
    Ready(u64),
    /// It is being built.
    Rebuilding {
        /// The change that it has come to.
        done: u64,
        /// The last one, as far as it is known.
        of: u64,
    },
}

/// How far an index has come.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// What it has; nothing until it is built.
    at: Option<At>,
    done: u64,
    of: u64,
}

impl Index {
    /// Opens the index in `folder`, which is its own and is made where it is missing. What cannot be used there is thrown away: then the index is empty, and
    /// being rebuilt until [`follow`](Self::follow) has come to its end once.
    ///
    /// # Errors
    /// The folder cannot be written, or another process uses it.
    pub fn open(folder: &Path, bounds: Bounds) -> Result<Arc<Self>, OpenError> {
        let fields = Fields::new();
        let folder = Folder::take(folder)?;
        let (opened, at) = match folder.existing(&fields) {
            Some((opened, at)) => (opened, Some(at)),
            None => (folder.begin(&fields)?, None),
        };
        let counter = at.as_ref().map_or(0, |at| at.counter);
        Ok(Arc::new(Self {
            fields,
            bounds,
            folder,
            opened: RwLock::new(opened),
            writer: Arc::default(),
            progress: watch::Sender::new(Progress {
                at,
                done: counter,
                of: counter,
            }),
            suspected: Mutex::new(false),
            wake: Notify::new(),
        }))
    }

    /// Says that the database has changed: the change is taken over at once.
    pub fn changed(&self) {
        self.wake.notify_one();
    }

    /// Waits until searches find the change of that number; false if that is not so `within` this time. Cancel safe.
    pub async fn reached(&self, counter: u64, within: Duration) -> bool {
        self.changed();
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(|progress| {
            let at = progress.at.as_ref();
            at.is_some_and(|at| at.counter >= counter)
        });
        matches!(tokio::time::timeout(within, reached).await, Ok(Ok(_)))
    }

    /// Whether it can be searched.
    pub fn state(&self) -> State {
        let progress = self.progress.borrow();
        match &progress.at {
            Some(at) => State::Ready(at.counter),
            None => State::Rebuilding {
                done: progress.done,
                of: progress.of,
            },
        }
    }

    fn at(&self) -> Option<At> {
        self.progress.borrow().at.clone()
    }

    fn tell(&self, progress: Progress) {
        self.progress.send_replace(progress);
    }

    fn opened(&self) -> Opened {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.clone()
    }

    /// Has it looked through for damage.
    fn suspect(&self) {
        *self
            .suspected
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_one();
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("folder", &self.folder)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
