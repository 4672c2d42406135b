//! Reading a lineage: all of it in a few questions, then the walk in memory.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use common::db::PostgresDatabase;
use sqlx::PgConnection;

use crate::{
    domain::{
        access::Viewer,
        lineage::{Direction, Graph, LineageQuery},
        store::{Index, LedgerReader, Node, ReadError, StoreError},
    },
    model::commitment::Commitment,
    store::view::{self, Records, Row},
};

/// The reading side of a ledger on PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresReader(PostgresDatabase);

impl PostgresReader {
    pub(super) fn new(database: PostgresDatabase) -> Self {
        Self(database)
    }

    async fn read(
        &self,
        query: &LineageQuery,
        viewer: &Viewer,
    ) -> Result<Option<Vec<Node>>, ReadError> {
        let mut tx = self.0.snapshot().await?;
        let start: Option<Index> =
            sqlx::query_scalar("SELECT idx FROM record WHERE id = $1 AND kind = 1")
                .bind(&query.id)
                .fetch_optional(&mut *tx)
                .await?;
        let Some(start) = start else { return Ok(None) };
        let mut loaded = Loaded::read(&mut tx, start, query, viewer).await?;
        tx.commit().await?;
        view::lineage(&mut loaded, start, query, viewer).map(Some)
    }
}

#[async_trait]
impl LedgerReader for PostgresReader {
    async fn lineage(
        &self,
        query: LineageQuery,
        viewer: Viewer,
    ) -> Result<Option<Vec<Node>>, ReadError> {
        // An id to look for comes from outside, and the server takes no NUL: no record has such an id.
        if query.id.contains('\0') {
            return Ok(None);
        }
        self.0.run(|| self.read(&query, &viewer)).await
    }
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A part of the ledger in memory: the events of an answer, and the edges that a walk over them asks for.
#[derive(Debug, Default)]
struct Loaded {
    previous: HashMap<Index, Vec<Index>>,
    next: HashMap<Index, Vec<Index>>,
    rows: HashMap<Index, Row>,
    next_ids: HashMap<Index, Vec<String>>,
}

/// Which way a walk goes from its start.
#[derive(Debug, Clone, Copy)]
enum Way {
    Back,
    Forth,
}

impl Loaded {
    async fn read(
        connection: &mut PgConnection,
        start: Index,
        query: &LineageQuery,
        viewer: &Viewer,
    ) -> Result<Self, ReadError> {
        let (back, forth) = match query.direction {
            Direction::Backward => (true, false),
            Direction::Forward => (false, true),
            Direction::Both => (true, true),
        };
        let mut all = HashSet::from([start]);
        if back {
            all.extend(reach(connection, start, Way::Back, query).await?);
        }
        let mut descendants = HashSet::new();
        if forth {
            descendants = reach(connection, start, Way::Forth, query).await?;
            all.extend(&descendants);
        }
        if all.len() > query.limit {
            return Err(ReadError::TooLarge(query.limit));
        }
        let all: Vec<Index> = all.into_iter().collect();
        let mut loaded = Self::default();
        loaded.read_previous(connection, &all).await?;
        if forth {
            descendants.insert(start);
            let descendants: Vec<Index> = descendants.into_iter().collect();
            loaded.read_next(connection, &descendants).await?;
        }
        loaded.read_rows(connection, &all).await?;
        loaded.read_next_ids(connection, &all, viewer).await?;
        Ok(loaded)
    }

    async fn read_previous(
        &mut self,
        connection: &mut PgConnection,
        all: &[Index],
    ) -> sqlx::Result<()> {
        let edges: Vec<(Index, Index)> = sqlx::query_as(
            "SELECT next_idx, prev_idx FROM edge WHERE next_idx = ANY($1) ORDER BY next_idx, ord",
        )
        .bind(all)
        .fetch_all(connection)
        .await?;
        for (next, previous) in edges {
            self.previous.entry(next).or_default().push(previous);
        }
        Ok(())
    }

    async fn read_next(&mut self, connection: &mut PgConnection, of: &[Index]) -> sqlx::Result<()> {
        let edges: Vec<(Index, Index)> = sqlx::query_as(
            "SELECT DISTINCT prev_idx, next_idx FROM edge WHERE prev_idx = ANY($1) ORDER BY prev_idx, next_idx",
        )
        .bind(of)
        .fetch_all(connection)
        .await?;
        for (previous, next) in edges {
            self.next.entry(previous).or_default().push(next);
        }
        Ok(())
    }

    async fn read_rows(
        &mut self,
        connection: &mut PgConnection,
        all: &[Index],
    ) -> Result<(), ReadError> {
        let rows: Vec<RecordRow> = sqlx::query_as(
            "SELECT idx, id, coalesce(etype, '') AS event_type, commitment, core, provider, consumer FROM record \
             WHERE idx = ANY($1)",
        )
        .bind(all)
        .fetch_all(connection)
        .await?;
        for row in rows {
            self.rows.insert(row.idx, row.try_into()?);
        }
        Ok(())
    }

    /// Of what the viewer may read all successors are named; of the rest, which a viewer may come to see as an origin, those in
    /// the answer: an original has been sent to many.
    async fn read_next_ids(
        &mut self,
        connection: &mut PgConnection,
        all: &[Index],
        viewer: &Viewer,
    ) -> Result<(), ReadError> {
        let (mut open, mut closed) = (Vec::new(), Vec::new());
        for (idx, row) in &self.rows {
            let may_read = view::with_parties(*idx, row, |parties| viewer.may_read(parties))?;
            if may_read == Some(true) {
                open.push(*idx);
            } else {
                closed.push(*idx);
            }
        }
        let named: Vec<(Index, Index, String)> = sqlx::query_as(
            "SELECT DISTINCT e.prev_idx, e.next_idx, r.id FROM edge e JOIN record r ON r.idx = e.next_idx \
             WHERE e.prev_idx = ANY($1) \
             UNION SELECT e.prev_idx, e.next_idx, r.id FROM edge e JOIN record r ON r.idx = e.next_idx \
             WHERE e.prev_idx = ANY($2) AND e.next_idx = ANY($3) ORDER BY prev_idx, next_idx",
        )
        .bind(open)
        .bind(closed)
        .bind(all)
        .fetch_all(connection)
        .await?;
        for (previous, _, id) in named {
            self.next_ids.entry(previous).or_default().push(id);
        }
        Ok(())
    }
}

/// The events that a walk from `start` comes to, `start` excepted.
async fn reach(
    connection: &mut PgConnection,
    start: Index,
    way: Way,
    query: &LineageQuery,
) -> Result<HashSet<Index>, ReadError> {
    let Some(depth) = query.depth else {
        return everything(connection, start, way, query.limit).await;
    };
    let (mut seen, mut frontier) = (HashSet::from([start]), vec![start]);
    for _ in 0..depth {
        let step = match way {
            Way::Back => "SELECT DISTINCT prev_idx FROM edge WHERE next_idx = ANY($1)",
            Way::Forth => "SELECT DISTINCT next_idx FROM edge WHERE prev_idx = ANY($1)",
        };
        let found: Vec<Index> = sqlx::query_scalar(step)
            .bind(&frontier)
            .fetch_all(&mut *connection)
            .await?;
        frontier = found.into_iter().filter(|idx| seen.insert(*idx)).collect();
        if seen.len() > query.limit {
            return Err(ReadError::TooLarge(query.limit));
        }
        if frontier.is_empty() {
            break;
        }
    }
    seen.remove(&start);
    Ok(seen)
}

/// The same without a depth, which one question answers, however long the chain is.
async fn everything(
    connection: &mut PgConnection,
    start: Index,
    way: Way,
    limit: usize,
) -> Result<HashSet<Index>, ReadError> {
    let closure = match way {
        Way::Back => {
            "WITH RECURSIVE found(idx) AS (VALUES ($1::int8) UNION \
             SELECT e.prev_idx FROM found f JOIN edge e ON e.next_idx = f.idx) \
             SELECT idx FROM found LIMIT $2"
        }
        Way::Forth => {
            "WITH RECURSIVE found(idx) AS (VALUES ($1::int8) UNION \
             SELECT e.next_idx FROM found f JOIN edge e ON e.prev_idx = f.idx) \
             SELECT idx FROM found LIMIT $2"
        }
    };
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let found: Vec<Index> = sqlx::query_scalar(closure)
        .bind(start)
        .bind(most)
        .fetch_all(connection)
        .await?;
    if found.len() > limit {
        return Err(ReadError::TooLarge(limit));
    }
    Ok(found.into_iter().filter(|idx| *idx != start).collect())
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    idx: Index,
    id: String,
    event_type: String,
    commitment: Vec<u8>,
    core: Option<String>,
    provider: Option<String>,
    consumer: Option<String>,
}

impl TryFrom<RecordRow> for Row {
    type Error = StoreError;

    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        Ok(Self {
            commitment: Commitment(super::group::hash(&row.commitment)?),
            id: row.id,
            event_type: row.event_type,
            core: row.core,
            provider: row.provider,
            consumer: row.consumer,
        })
    }
}

impl Graph for Loaded {
    type Error = StoreError;

    fn previous(&mut self, idx: Index) -> Result<Vec<Index>, StoreError> {
        Ok(self.previous.get(&idx).cloned().unwrap_or_default())
    }

    fn next(&mut self, idx: Index) -> Result<Vec<Index>, StoreError> {
        Ok(self.next.get(&idx).cloned().unwrap_or_default())
    }
}

impl Records for Loaded {
    fn row(&mut self, idx: Index) -> Result<Row, StoreError> {
        let row = self.rows.get(&idx).cloned();
        row.ok_or_else(|| {
            StoreError(format!("record {idx}, which an edge names, is not there").into())
        })
    }

    fn next_ids(&mut self, idx: Index) -> Result<Vec<String>, StoreError> {
        Ok(self.next_ids.get(&idx).cloned().unwrap_or_default())
    }
}
