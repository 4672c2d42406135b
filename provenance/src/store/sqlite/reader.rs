//! Connections that read.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Transaction};
use serde::Deserialize;
use std::borrow::Cow;
use tokio::sync::Semaphore;

use super::connect;
use crate::{
    domain::{
        access::{Parties, Viewer},
        lineage::{Graph, LineageQuery, walk},
        store::{Body, Index, LedgerReader, Node, ReadError, StoreError},
    },
    model::commitment::Commitment,
};

/// Readers at a time: reading is CPU, and the ledger shares two cores with its writer.
const READERS: usize = 4;

/// The reading side of a ledger on `SQLite`.
#[derive(Debug, Clone)]
pub struct SqliteReader(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
}

impl SqliteReader {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let first = connect_to_read(path)?;
        let idle = Mutex::new(vec![first]);
        Ok(Self(Arc::new(Pool {
            path: path.to_owned(),
            idle,
            places: Arc::new(Semaphore::new(READERS)),
        })))
    }

    /// Runs `read` on a snapshot, on a thread that may block.
    async fn with<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> Result<R, ReadError> + Send + 'static,
    ) -> Result<R, ReadError> {
        let place = self
            .0
            .places
            .clone()
            .acquire_owned()
            .await
            .map_err(|e| StoreError(Box::new(e)))?;
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
                None => connect_to_read(&pool.path).map_err(StoreError::from)?,
            };
            let result = {
                let tx = conn.transaction().map_err(StoreError::from)?;
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
        reading.await.map_err(|e| StoreError(Box::new(e)))?
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
    ) -> Result<Option<Vec<Node>>, ReadError> {
        self.with(move |tx| lineage(tx, &query, &viewer)).await
    }
}

fn lineage(
    tx: &Transaction<'_>,
    query: &LineageQuery,
    viewer: &Viewer,
) -> Result<Option<Vec<Node>>, ReadError> {
    let start = tx
        .query_row(
            "SELECT idx FROM record WHERE id = ?1 AND kind = 1",
            [&query.id],
            |row| row.get(0),
        )
        .optional()
        .map_err(StoreError::from)?;
    let Some(start) = start else { return Ok(None) };
    let mut edges = Edges::new(tx).map_err(StoreError::from)?;
    let order = walk(&mut edges, start, query.direction, query.depth, query.limit)
        .map_err(StoreError::from)?;
    let order = order.ok_or(ReadError::TooLarge(query.limit))?;
    let mut nodes = Nodes::new(tx).map_err(StoreError::from)?;
    let mut read = |idx| -> Result<Node, ReadError> {
        let previous = edges.previous(idx).map_err(StoreError::from)?;
        Ok(nodes.read(idx, previous, |parties| viewer.may_read(parties), viewer)?)
    };
    let mut found = order
        .into_iter()
        .map(&mut read)
        .collect::<Result<Vec<_>, _>>()?;
    if viewer.follows_lineage() {
        show_origins(&mut found, &mut nodes, viewer)?;
    }
    Ok(Some(found))
}

/// Shows what the viewer's own events go back to, as far as it is in the answer. Of what comes after them, these events name
/// only what is in the answer too: who else received the same data is not the viewer's business.
fn show_origins(
    found: &mut [Node],
    nodes: &mut Nodes<'_>,
    viewer: &Viewer,
) -> Result<(), ReadError> {
    let places: HashMap<Index, usize> = found
        .iter()
        .enumerate()
        .map(|(at, node)| (node.idx, at))
        .collect();
    let ids: HashSet<String> = found.iter().map(|node| node.id.clone()).collect();
    let mut open: Vec<usize> = (0..found.len())
        .filter(|at| found[*at].body.is_some())
        .collect();
    while let Some(at) = open.pop() {
        for idx in found[at].previous.clone() {
            let Some(&at) = places.get(&idx).filter(|at| found[**at].body.is_none()) else {
                continue;
            };
            let mut shown = nodes.read(idx, found[at].previous.clone(), |_| true, viewer)?;
            // An erased event has no body for anybody, and what is before it is not shown through it.
            let Some(body) = &mut shown.body else {
                continue;
            };
            body.next.retain(|id| ids.contains(id));
            found[at] = shown;
            open.push(at);
        }
    }
    Ok(())
}

struct Edges<'c> {
    previous: CachedStatement<'c>,
    next: CachedStatement<'c>,
}

impl<'c> Edges<'c> {
    fn new(tx: &'c Transaction<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            previous: tx
                .prepare_cached("SELECT prev_idx FROM edge WHERE next_idx = ?1 ORDER BY ord")?,
            next: tx.prepare_cached(
                "SELECT DISTINCT next_idx FROM edge WHERE prev_idx = ?1 ORDER BY next_idx",
            )?,
        })
    }
}

impl Graph for Edges<'_> {
    type Error = rusqlite::Error;

    fn previous(&mut self, idx: Index) -> rusqlite::Result<Vec<Index>> {
        self.previous.query_map([idx], |row| row.get(0))?.collect()
    }

    fn next(&mut self, idx: Index) -> rusqlite::Result<Vec<Index>> {
        self.next.query_map([idx], |row| row.get(0))?.collect()
    }
}

struct Nodes<'c> {
    node: CachedStatement<'c>,
    next_ids: CachedStatement<'c>,
}

/// Who submitted a record, out of its core.
#[derive(Deserialize)]
struct CoreActor<'c> {
    #[serde(borrow)]
    actor: ActorFields<'c>,
}

#[derive(Deserialize)]
struct ActorFields<'c> {
    #[serde(borrow)]
    user: Cow<'c, str>,
    #[serde(borrow)]
    client: Option<Cow<'c, str>>,
}

impl<'c> Nodes<'c> {
    fn new(tx: &'c Transaction<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            node: tx.prepare_cached(
                "SELECT id, etype, commitment, core, provider, consumer FROM record WHERE idx = ?1",
            )?,
            next_ids: tx.prepare_cached(
                "SELECT DISTINCT e.next_idx, r.id FROM edge e JOIN record r ON r.idx = e.next_idx
                 WHERE e.prev_idx = ?1 ORDER BY e.next_idx",
            )?,
        })
    }

    fn read(
        &mut self,
        idx: Index,
        previous: Vec<Index>,
        may_read: impl Fn(&Parties<'_>) -> bool,
        viewer: &Viewer,
    ) -> Result<Node, StoreError> {
        let mut rows = self.node.query([idx])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let core: Option<String> = row.get(3)?;
        let (provider, consumer): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
        let mut node = Node {
            idx,
            id: row.get(0)?,
            event_type: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            commitment: Commitment(row.get(2)?),
            body: None,
            previous,
        };
        // After an erasure there is nothing to read for anybody.
        if let Some(core) = core {
            let CoreActor { actor } = serde_json::from_str(&core).map_err(|e| {
                StoreError(format!("the core of record {idx} cannot be read: {e}").into())
            })?;
            let parties = Parties {
                provider: provider.as_deref(),
                consumer: consumer.as_deref(),
                actor_user: &actor.user,
                actor_client: actor.client.as_deref(),
            };
            if may_read(&parties) {
                let is_party = viewer.is_party(&parties);
                let next = self
                    .next_ids
                    .query_map([idx], |row| row.get(1))?
                    .collect::<Result<_, _>>()?;
                node.body = Some(Body {
                    core,
                    next,
                    is_party,
                });
            }
        }
        Ok(node)
    }
}
