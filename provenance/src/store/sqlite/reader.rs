//! Connections that read.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use provenance_model::commitment::Commitment;
use rusqlite::{CachedStatement, Connection, Transaction};
use tokio::sync::Semaphore;

use super::connect::connect;
use crate::{
    domain::{
        access::Viewer,
        lineage::{Effort, Graph, LineageQuery},
        store::{Index, LedgerReader, LedgerStoreError, Lineage, ReadError},
    },
    store::view::{self, Records, Row, Starts},
};

/// Readers of short lineages at a time: reading is CPU, and the ledger shares two cores with its writer.
const READERS: usize = 4;

/// Readers of long ones, which nobody else waits behind.
const LONG_READERS: usize = 3;

/// 10 s: longest wait for one of them.
const PATIENCE: Duration = Duration::from_secs(10);

/// The reading side of a ledger on `SQLite`.
#[derive(Debug, Clone)]
pub struct SqliteReader(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
    long_places: Arc<Semaphore>,
}

impl SqliteReader {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let first = connect_to_read(path)?;
        let idle = Mutex::new(vec![first]);
        Ok(Self(Arc::new(Pool {
            path: path.to_owned(),
            idle,
            places: Arc::new(Semaphore::new(READERS)),
            long_places: Arc::new(Semaphore::new(LONG_READERS)),
        })))
    }

    /// Runs `read` on a snapshot, on a thread that may block.
    async fn with<R: Send + 'static>(
        &self,
        effort: Effort,
        read: impl FnOnce(&Transaction<'_>) -> Result<R, ReadError> + Send + 'static,
    ) -> Result<R, ReadError> {
        let places = match effort {
            Effort::Short => &self.0.places,
            Effort::Long => &self.0.long_places,
        };
        let waiting = places.clone().acquire_owned();
        let place = tokio::time::timeout(PATIENCE, waiting)
            .await
            .map_err(|_| ReadError::Busy)?
            .map_err(|e| LedgerStoreError(Box::new(e)))?;
        let pool = self.0.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _place = place;
            let idle = pool
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let mut conn = match idle {
                Some(conn) => conn,
                None => connect_to_read(&pool.path).map_err(LedgerStoreError::from)?,
            };
            let result = {
                let tx = conn.transaction().map_err(LedgerStoreError::from)?;
                read(&tx)
            };
            // A connection that failed is not used again.
            if !matches!(result, Err(ReadError::Store(_))) {
                pool.idle
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(conn);
            }
            result
        });
        reading.await.map_err(|e| LedgerStoreError(Box::new(e)))?
    }
}

fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let conn = connect(path)?;
    conn.pragma_update(None, "query_only", "ON")?;
    Ok(conn)
}

#[async_trait]
impl LedgerReader for SqliteReader {
    async fn lineage(
        &self,
        query: LineageQuery,
        viewer: Viewer,
    ) -> Result<Option<Lineage>, ReadError> {
        self.with(query.effort, move |tx| lineage(tx, &query, &viewer))
            .await
    }
}

fn lineage(
    tx: &Transaction<'_>,
    query: &LineageQuery,
    viewer: &Viewer,
) -> Result<Option<Lineage>, ReadError> {
    let Some(starts) = starts(tx, &query.id).map_err(LedgerStoreError::from)? else {
        return Ok(None);
    };
    let mut records = Snapshot::new(tx, query.most_events(), viewer.sees_all())
        .map_err(LedgerStoreError::from)?;
    let (start, starts) = starts.seen(&mut records, viewer)?;
    let plan = view::plan(&mut records, start, starts, query)?;
    view::fill(&mut records, plan, query, viewer).map(Some)
}

fn starts(tx: &Transaction<'_>, id: &str) -> rusqlite::Result<Option<Starts>> {
    let mut query = tx.prepare_cached(
        "SELECT idx FROM record WHERE id = ?1 AND kind = 1 UNION ALL
         SELECT r.idx FROM claim c JOIN record r USING(idx) WHERE c.id = ?1 AND r.kind = 1 ORDER BY 1",
    )?;
    let all = query.query_map([id], |row| row.get(0))?;
    Ok(Starts::new(all.collect::<Result<_, _>>()?))
}

/// The records as one transaction sees them.
struct Snapshot<'c> {
    /// Successors of one event that are read at most.
    limit: i64,
    previous: CachedStatement<'c>,
    next: CachedStatement<'c>,
    node: CachedStatement<'c>,
    next_ids: CachedStatement<'c>,
}

const NEXT: &str =
    "SELECT DISTINCT next_idx FROM edge WHERE prev_idx = ?1 ORDER BY next_idx LIMIT ?2";
const ALL_NEXT: &str = "SELECT next_idx FROM edge WHERE prev_idx = ?1
     UNION SELECT next_idx FROM stranger_edge WHERE prev_idx = ?1 ORDER BY next_idx LIMIT ?2";
const NEXT_IDS: &str =
    "SELECT DISTINCT e.next_idx, coalesce(c.id, r.id) FROM edge e JOIN record r ON r.idx = e.next_idx
     LEFT JOIN claim c ON c.idx = r.idx WHERE e.prev_idx = ?1 ORDER BY e.next_idx";
const ALL_NEXT_IDS: &str = "SELECT e.next_idx, coalesce(c.id, r.id) FROM (SELECT next_idx FROM edge WHERE prev_idx = ?1
     UNION SELECT next_idx FROM stranger_edge WHERE prev_idx = ?1) e JOIN record r ON r.idx = e.next_idx
     LEFT JOIN claim c ON c.idx = r.idx ORDER BY e.next_idx";

impl<'c> Snapshot<'c> {
    /// What strangers attach to an event is shown to whoever `sees_all`.
    fn new(tx: &'c Transaction<'_>, limit: usize, sees_all: bool) -> rusqlite::Result<Self> {
        let (next, next_ids) = if sees_all {
            (ALL_NEXT, ALL_NEXT_IDS)
        } else {
            (NEXT, NEXT_IDS)
        };
        Ok(Self {
            limit: i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
            previous: tx.prepare_cached(
                "SELECT prev_idx FROM (SELECT ord, prev_idx FROM edge WHERE next_idx = ?1
                 UNION ALL SELECT ord, prev_idx FROM stranger_edge WHERE next_idx = ?1) ORDER BY ord",
            )?,
            next: tx.prepare_cached(next)?,
            node: tx.prepare_cached(
                "SELECT coalesce(c.id, r.id), r.etype, r.commitment, r.core, r.provider, r.consumer
                 FROM record r LEFT JOIN claim c ON c.idx = r.idx WHERE r.idx = ?1",
            )?,
            next_ids: tx.prepare_cached(next_ids)?,
        })
    }
}

impl Graph for Snapshot<'_> {
    type Error = rusqlite::Error;

    fn previous(&mut self, idx: Index) -> rusqlite::Result<Vec<Index>> {
        self.previous.query_map([idx], |row| row.get(0))?.collect()
    }

    fn next(&mut self, idx: Index) -> rusqlite::Result<Vec<Index>> {
        self.next
            .query_map([idx, self.limit], |row| row.get(0))?
            .collect()
    }
}

impl Records for Snapshot<'_> {
    fn row(&mut self, idx: Index) -> rusqlite::Result<Row> {
        self.node.query_row([idx], |row| {
            Ok(Row {
                id: row.get(0)?,
                event_type: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                commitment: Commitment(row.get(2)?),
                core: row.get(3)?,
                provider: row.get(4)?,
                consumer: row.get(5)?,
            })
        })
    }

    fn next_ids(
        &mut self,
        idx: Index,
        most: usize,
        max_bytes: usize,
    ) -> rusqlite::Result<Option<Vec<String>>> {
        let (mut ids, mut bytes) = (Vec::new(), 0);
        let mut rows = self.next_ids.query([idx])?;
        while ids.len() < most
            && let Some(row) = rows.next()?
        {
            let id: String = row.get(1)?;
            bytes += id.len();
            if bytes > max_bytes {
                return Ok(None);
            }
            ids.push(id);
        }
        Ok(Some(ids))
    }
}
