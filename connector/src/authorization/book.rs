//! The grants in memory, kept in step with the database.

use std::{
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use common::{
    process::{Check, Shutdown},
    telemetry::Chain,
};
use tokio::time::Instant;

use super::{
    grant_index::GrantIndex,
    store::{GrantStore, StoreError},
};

/// How often the database is asked whether something changed: half of the second that is promised.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long decisions go on from memory while the database cannot be asked: a restart of a database server fits in.
const TOLERANCE: Duration = Duration::from_secs(10);

/// The database could not be asked for so long that the grants in memory do not count any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the database of grants cannot be asked")]
pub struct OutOfStep;

/// The grants of this provider.
#[derive(Debug)]
pub struct GrantBook {
    store: Arc<dyn GrantStore>,
    index: RwLock<GrantIndex>,
    revision: AtomicI64,
    started: Instant,
    /// Milliseconds after `started` when the memory was last known to be right.
    in_step_at: AtomicU64,
    /// One refresh at a time, so that an older one never overwrites a newer one.
    refreshing: tokio::sync::Mutex<()>,
}

impl GrantBook {
    /// Reads all grants.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(store: Arc<dyn GrantStore>) -> Result<Arc<Self>, StoreError> {
        let (revision, grants) = store.load().await?;
        Ok(Arc::new(Self {
            store,
            index: RwLock::new(GrantIndex::new(grants)),
            revision: AtomicI64::new(revision),
            started: Instant::now(),
            in_step_at: AtomicU64::new(0),
            refreshing: tokio::sync::Mutex::default(),
        }))
    }

    /// The grants as they are now, give or take a second; for one decision, since changes wait for it.
    ///
    /// # Errors
    /// [`OutOfStep`] when the database has not answered for 10 s.
    pub fn current(&self) -> Result<RwLockReadGuard<'_, GrantIndex>, OutOfStep> {
        let in_step_at =
            self.started + Duration::from_millis(self.in_step_at.load(Ordering::Acquire));
        if in_step_at.elapsed() > TOLERANCE {
            Err(OutOfStep)
        } else {
            Ok(self.index.read().unwrap_or_else(PoisonError::into_inner))
        }
    }

    /// Where the grants are kept.
    pub fn store(&self) -> &dyn GrantStore {
        self.store.as_ref()
    }

    /// Takes over what changed in the database.
    ///
    /// # Errors
    /// [`StoreError`]; the memory stays as it was.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let _alone = self.refreshing.lock().await;
        let asked_at = self.started.elapsed();
        let known = self.revision.load(Ordering::Acquire);
        if let Some(news) = self.store.news(known).await? {
            let read = news.grants.len();
            let write = || self.index.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(targets) = &news.targets {
                write().replace(targets, news.grants);
            } else {
                // Put together before anybody has to wait for it.
                let whole = GrantIndex::new(news.grants);
                *write() = whole;
            }
            self.revision.store(news.revision, Ordering::Release);
            tracing::debug!(revision = news.revision, read, "grants read again");
        }
        self.in_step_at.store(
            u64::try_from(asked_at.as_millis()).unwrap_or(u64::MAX),
            Ordering::Release,
        );
        Ok(())
    }

    /// Calls [`GrantBook::refresh`] until `shutdown` and tells `check` whether the database answers.
    pub fn spawn_sync(self: &Arc<Self>, check: Check, shutdown: Shutdown) {
        let book = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(INTERVAL) => {}
                }
                let refreshed = book
                    .refresh()
                    .await
                    .map_err(|error| Chain(&error).to_string());
                check.set(refreshed);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::{
        super::store::{Change, News, Which},
        *,
    };
    use crate::authorization::Grant;

    /// A database that has gone.
    #[derive(Debug)]
    struct Gone;

    #[async_trait]
    impl GrantStore for Gone {
        async fn register(&self, _: &Grant, _: &Change<'_>) -> Result<bool, StoreError> {
            Err(sqlx::Error::PoolClosed.into())
        }

        async fn remove(&self, _: &str, _: Which<'_>, _: &Change<'_>) -> Result<u64, StoreError> {
            Err(sqlx::Error::PoolClosed.into())
        }

        async fn list(&self, _: Option<&str>) -> Result<Vec<Grant>, StoreError> {
            Err(sqlx::Error::PoolClosed.into())
        }

        async fn load(&self) -> Result<(i64, Vec<Grant>), StoreError> {
            Ok((1, Vec::new()))
        }

        async fn news(&self, _: i64) -> Result<Option<News>, StoreError> {
            Err(sqlx::Error::PoolClosed.into())
        }

        async fn forget_changes(&self, _: time::OffsetDateTime) -> Result<u64, StoreError> {
            Err(sqlx::Error::PoolClosed.into())
        }
    }

    #[tokio::test]
    async fn grants_in_memory_count_for_a_while_and_then_no_more() {
        let mut book = GrantBook::open(Arc::new(Gone)).await.unwrap();
        book.refresh().await.unwrap_err();
        assert!(book.current().is_ok());
        let alone = Arc::get_mut(&mut book).unwrap();
        alone.started -= TOLERANCE + Duration::from_secs(1);
        assert_eq!(book.current().unwrap_err(), OutOfStep);
    }
}
