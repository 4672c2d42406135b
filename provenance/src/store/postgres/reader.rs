//! Reading a lineage: all of it in a few questions, then the walk in memory.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use common_db::PostgresDatabase;
use tokio::sync::Semaphore;

use super::loaded::Loaded;
use crate::{
    domain::{
        access::Viewer,
        lineage::{Effort, LineageQuery},
        store::{Index, LedgerReader, LedgerStoreError, Lineage, ReadError},
    },
    store::view::{self, Starts},
};

/// 10 s: longest wait for a connection to read with.
const PATIENCE: Duration = Duration::from_secs(10);

/// The reading side of a ledger on PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresReader {
    database: PostgresDatabase,
    places: Arc<Semaphore>,
    long_places: Arc<Semaphore>,
}

/// Readers of long lineages, which nobody else waits behind.
const LONG_READERS: usize = 3;

impl PostgresReader {
    /// A reader that takes half of the connections at most: the writer is never to wait for one that reads.
    pub(super) fn new(database: PostgresDatabase) -> Self {
        let connections = database.pool.options().get_max_connections();
        let places = usize::try_from(connections / 2)
            .unwrap_or(usize::MAX)
            .max(1);
        let long = LONG_READERS.min(places.div_ceil(2));
        Self {
            database,
            places: Arc::new(Semaphore::new((places - long).max(1))),
            long_places: Arc::new(Semaphore::new(long)),
        }
    }

    async fn read(
        &self,
        query: &LineageQuery,
        viewer: &Viewer,
    ) -> Result<Option<Lineage>, ReadError> {
        let mut tx = self.database.snapshot().await?;
        let starts: Vec<Index> = sqlx::query_scalar(
            "SELECT idx FROM record WHERE id = $1 AND kind = 1 UNION ALL \
             SELECT r.idx FROM claim c JOIN record r USING (idx) WHERE c.id = $1 AND r.kind = 1 ORDER BY 1",
        )
        .bind(&query.id)
        .fetch_all(&mut *tx)
        .await?;
        let Some(starts) = Starts::new(starts) else {
            return Ok(None);
        };
        let (mut loaded, start, starts) = Loaded::read(&mut tx, starts, query, viewer).await?;
        let plan = view::plan(&mut loaded, start, starts, query)?;
        loaded
            .read_events(&mut tx, &plan.events, query, viewer)
            .await?;
        tx.commit().await?;
        view::fill(&mut loaded, plan, query, viewer).map(Some)
    }
}

#[async_trait]
impl LedgerReader for PostgresReader {
    async fn lineage(
        &self,
        query: LineageQuery,
        viewer: Viewer,
    ) -> Result<Option<Lineage>, ReadError> {
        // An id to look for comes from outside, and the server takes no NUL: no record has such an id.
        if query.id.contains('\0') {
            return Ok(None);
        }
        let places = match query.effort {
            Effort::Short => &self.places,
            Effort::Long => &self.long_places,
        };
        let _place = tokio::time::timeout(PATIENCE, places.acquire())
            .await
            .map_err(|_| ReadError::Busy)?
            .map_err(|e| LedgerStoreError(Box::new(e)))?;
        let reading = self.database.run(|| self.read(&query, &viewer));
        let found = match query.effort {
            // What is short is so by its limits; ending it by the clock as well would cost a connection each time.
            Effort::Short => reading.await,
            Effort::Long => tokio::time::timeout(query.effort.time(), reading)
                .await
                .unwrap_or(Err(ReadError::Exhausted)),
        };
        match found {
            Err(ReadError::TooLarge { .. }) if query.effort == Effort::Short => {
                Err(ReadError::Exhausted)
            }
            found => found,
        }
    }
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
