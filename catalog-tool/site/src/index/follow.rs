//! Keeping in step with the database.

use std::{
    error::Error,
    mem,
    sync::{Arc, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use common::{process::Shutdown, telemetry::Chain};

use super::{Change, Index, OpenError, Progress, folder::At, writer::Writer};

/// How often is looked for changes that nobody tells of: those of other processes at the same database.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long is waited at most after something failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Changes that are asked for at once.
const BATCH: usize = 200;

/// What went wrong at a source.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// The database that an index follows.
///
/// It counts its changes: each takes the next number in the transaction that makes it, and none becomes visible before those with lower numbers. A dataset has the
/// number of its last change, also when it was withdrawn or deleted.
#[async_trait]
pub trait Source: Send + Sync {
    /// Where it stands.
    async fn state(&self) -> Result<SourceState, SourceError>;

    /// Datasets whose last change has a higher number than `after`, in the order of these, `limit` at most; fewer where they are large, none where there are none.
    async fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, SourceError>;
}

/// Where a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// Its own name: an index of another database is built anew.
    pub identity: String,
    /// The number of its last change.
    pub counter: u64,
}

/// Why an index does not keep step.
#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error("the database of the search index does not answer")]
    Source(#[source] SourceError),
    #[error("the search index cannot be written")]
    Write(#[source] tantivy::TantivyError),
    #[error("the search index cannot be begun anew")]
    Begin(#[from] OpenError),
    #[error("the search index was interrupted")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl Index {
    /// Takes changes of `source` over until `shutdown`: within a second, and at once after [`changed`](Self::changed). Builds the index anew where it cannot be
    /// used any more.
    pub async fn follow(self: Arc<Self>, source: Arc<dyn Source>, shutdown: Shutdown) {
        let mut pause = INTERVAL;
        loop {
            match self.catch_up(&*source).await {
                Ok(()) => pause = INTERVAL,
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "the search index does not keep step");
                    if matches!(error, FollowError::Write(_)) {
                        self.suspect();
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        // What was not committed is asked for again at the next start.
        *self.writer.lock().await = None;
    }

    async fn catch_up(self: &Arc<Self>, source: &dyn Source) -> Result<(), FollowError> {
        if mem::take(
            &mut *self
                .suspected
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        ) {
            let index = Arc::clone(self);
            let whole = tokio::task::spawn_blocking(move || index.folder.is_whole(&index.opened()));
            if !whole.await.map_err(FollowError::Interrupted)? {
                tracing::warn!("the search index is damaged");
                self.begin_anew().await?;
            }
        }
        let there = source.state().await.map_err(FollowError::Source)?;
        let known = self.at();
        let is_of_it = known
            .as_ref()
            .is_some_and(|at| at.identity == there.identity && at.counter <= there.counter);
        if !is_of_it && known.is_some() {
            tracing::warn!(?known, ?there, "the search index follows another database");
            self.begin_anew().await?;
        }
        let mut at = At {
            counter: self.at().map_or(0, |at| at.counter),
            identity: there.identity.clone(),
        };
        let is_new = self.at().is_none();
        if at.counter == there.counter && !is_new {
            return Ok(());
        }
        while at.counter < there.counter {
            let changes = source.changes(at.counter, BATCH).await;
            let changes = changes.map_err(FollowError::Source)?;
            // Numbers that nothing has any more are those of changes that others followed.
            at.counter = changes.last().map_or(there.counter, |last| last.counter);
            self.write(move |index, writer| writer.apply(&index.fields, &changes))
                .await?;
            if is_new {
                self.tell(Progress {
                    at: None,
                    done: at.counter,
                    of: there.counter,
                });
            }
        }
        let done = at.clone();
        self.write(move |_, writer| writer.commit(&done)).await?;
        if is_new {
            tracing::info!(changes = at.counter, "the search index is built");
        }
        self.tell(Progress {
            done: at.counter,
            of: there.counter,
            at: Some(at),
        });
        Ok(())
    }

    /// Writes where others may be kept waiting, with the writer there is or a new one. After a failure it is none: what it had taken over is lost.
    async fn write(
        self: &Arc<Self>,
        work: impl FnOnce(&Self, &mut Writer) -> tantivy::Result<()> + Send + 'static,
    ) -> Result<(), FollowError> {
        let mut place = Arc::clone(&self.writer).lock_owned().await;
        let index = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let mut writer = match place.take() {
                Some(writer) => writer,
                None => Writer::new(&index.opened())?,
            };
            work(&index, &mut writer)?;
            *place = Some(writer);
            Ok(())
        });
        let done = done.await.map_err(FollowError::Interrupted)?;
        done.map_err(FollowError::Write)
    }

    /// Puts an empty index in the place of this one.
    async fn begin_anew(self: &Arc<Self>) -> Result<(), FollowError> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        self.tell(Progress::default());
        let index = Arc::clone(self);
        let begun = tokio::task::spawn_blocking(move || {
            // It holds the folder.
            *writer = None;
            let opened = index.folder.begin(&index.fields)?;
            *index.opened.write().unwrap_or_else(PoisonError::into_inner) = opened;
            Ok(())
        });
        let begun: Result<(), OpenError> = begun.await.map_err(FollowError::Interrupted)?;
        Ok(begun?)
    }
}
