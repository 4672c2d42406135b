//! The part of the ledger that an answer needs, in memory.

use std::collections::{HashMap, HashSet};

use provenance_model::commitment::Commitment;
use sqlx::PgConnection;

use crate::{
    domain::{
        access::Viewer,
        lineage::{Direction, Effort, Graph, LineageQuery, max_edges},
        store::{Index, LedgerStoreError, ReadError},
    },
    store::view::{self, Records, Row, Starts, too_large},
};

/// The shortest id of a successor, as it is counted for what an answer may take. Most are UUIDs of 36 bytes.
const SHORT_ID: usize = 32;

/// A part of the ledger in memory: the events of an answer, and the edges that a walk over them asks for.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    previous: HashMap<Index, Vec<Index>>,
    next: HashMap<Index, Vec<Index>>,
    rows: HashMap<Index, Row>,
    next_ids: HashMap<Index, Vec<String>>,
    /// Whether what strangers attach to an event is shown.
    sees_all: bool,
}

/// Which way a walk goes from its start.
#[derive(Debug, Clone, Copy)]
enum Walk {
    Back,
    Forth,
    /// The same, also to what strangers attached.
    ForthToAll,
}

impl Loaded {
    pub(super) async fn read(
        connection: &mut PgConnection,
        starts: Starts,
        query: &LineageQuery,
        viewer: &Viewer,
    ) -> Result<(Self, Index, Starts), ReadError> {
        let mut started = Self::default();
        if starts.all().len() > 1 {
            started.read_rows(connection, starts.all()).await?;
        }
        let (start, starts) = starts.seen(&mut started, viewer)?;
        let (back, forth) = match query.direction {
            Direction::Backward => (true, false),
            Direction::Forward => (false, true),
            Direction::Both => (true, true),
        };
        let mut all: HashSet<Index> = starts.all().iter().copied().collect();
        if back {
            all.extend(reach(connection, start, Walk::Back, query).await?);
        }
        let mut descendants = HashSet::new();
        if forth {
            let way = if viewer.sees_all() {
                Walk::ForthToAll
            } else {
                Walk::Forth
            };
            descendants = reach(connection, start, way, query).await?;
            all.extend(&descendants);
        }
        if all.len() > query.most_events() {
            return Err(too_large(query));
        }
        let all: Vec<Index> = all.into_iter().collect();
        let mut loaded = Self {
            sees_all: viewer.sees_all(),
            ..Self::default()
        };
        loaded.read_previous(connection, &all, query).await?;
        if forth {
            descendants.insert(start);
            let descendants: Vec<Index> = descendants.into_iter().collect();
            loaded
                .read_next(connection, &descendants, &all, query)
                .await?;
        }
        Ok((loaded, start, starts))
    }

    /// The bodies of `all`, and the successors that they name.
    pub(super) async fn read_events(
        &mut self,
        connection: &mut PgConnection,
        all: &[Index],
        query: &LineageQuery,
        viewer: &Viewer,
    ) -> Result<(), ReadError> {
        let bytes: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(octet_length(core)), 0)::int8 FROM record WHERE idx = ANY($1)",
        )
        .bind(all)
        .fetch_one(&mut *connection)
        .await?;
        if usize::try_from(bytes).is_ok_and(|bytes| bytes > query.max_bytes) {
            return Err(too_large(query));
        }
        self.read_rows(connection, all).await?;
        self.read_next_ids(connection, query, viewer).await
    }

    async fn read_previous(
        &mut self,
        connection: &mut PgConnection,
        all: &[Index],
        query: &LineageQuery,
    ) -> Result<(), ReadError> {
        let most = max_edges(query.most_events());
        let edges: Vec<(Index, Index)> = sqlx::query_as(
            "SELECT next_idx, prev_idx FROM (SELECT next_idx, ord, prev_idx FROM edge WHERE next_idx = ANY($1) \
             UNION ALL SELECT next_idx, ord, prev_idx FROM stranger_edge WHERE next_idx = ANY($1)) e \
             ORDER BY next_idx, ord LIMIT $2",
        )
        .bind(all)
        .bind(one_more(most))
        .fetch_all(connection)
        .await?;
        for (next, previous) in at_most(edges, most, query)? {
            self.previous.entry(next).or_default().push(previous);
        }
        Ok(())
    }

    /// Successors as far as the answer has them: the walk asks for no others.
    async fn read_next(
        &mut self,
        connection: &mut PgConnection,
        of: &[Index],
        all: &[Index],
        query: &LineageQuery,
    ) -> Result<(), ReadError> {
        let most = max_edges(query.most_events());
        let edges: Vec<(Index, Index)> = sqlx::query_as(
            if self.sees_all {
                "SELECT prev_idx, next_idx FROM edge WHERE prev_idx = ANY($1) AND next_idx = ANY($2) UNION \
                 SELECT prev_idx, next_idx FROM stranger_edge WHERE prev_idx = ANY($1) AND next_idx = ANY($2) \
                 ORDER BY prev_idx, next_idx LIMIT $3"
            } else {
                "SELECT DISTINCT prev_idx, next_idx FROM edge WHERE prev_idx = ANY($1) AND next_idx = ANY($2) \
                 ORDER BY prev_idx, next_idx LIMIT $3"
            },
        )
        .bind(of)
        .bind(all)
        .bind(one_more(most))
        .fetch_all(connection)
        .await?;
        for (previous, next) in at_most(edges, most, query)? {
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
            "SELECT r.idx, coalesce(c.id, r.id) AS id, coalesce(r.etype, '') AS event_type, r.commitment, r.core, r.provider, \
             r.consumer FROM record r LEFT JOIN claim c ON c.idx = r.idx WHERE r.idx = ANY($1)",
        )
        .bind(all)
        .fetch_all(connection)
        .await?;
        for row in rows {
            self.rows.insert(row.idx, row.try_into()?);
        }
        Ok(())
    }

    /// Of what the viewer may read by itself all successors are named.
    async fn read_next_ids(
        &mut self,
        connection: &mut PgConnection,
        query: &LineageQuery,
        viewer: &Viewer,
    ) -> Result<(), ReadError> {
        let mut open = Vec::new();
        for (idx, row) in &self.rows {
            if view::facts(*idx, row)?.is_some_and(|facts| viewer.may_read(&facts)) {
                open.push(*idx);
            }
        }
        if let Some(page) = query.page {
            return self.read_first_ids(connection, &open, page.limit).await;
        }
        let most = query.max_bytes / SHORT_ID;
        let most = match query.effort {
            Effort::Short => most.min(query.effort.steps()),
            Effort::Long => most,
        };
        let named: Vec<(Index, Index, String)> = sqlx::query_as(
            if self.sees_all {
                "SELECT e.prev_idx, e.next_idx, coalesce(c.id, r.id) FROM (SELECT prev_idx, next_idx FROM edge WHERE prev_idx = ANY($1) \
                 UNION SELECT prev_idx, next_idx FROM stranger_edge WHERE prev_idx = ANY($1)) e \
                 JOIN record r ON r.idx = e.next_idx LEFT JOIN claim c ON c.idx = r.idx ORDER BY e.prev_idx, e.next_idx LIMIT $2"
            } else {
                "SELECT DISTINCT e.prev_idx, e.next_idx, coalesce(c.id, r.id) FROM edge e JOIN record r ON r.idx = e.next_idx \
                 LEFT JOIN claim c ON c.idx = r.idx WHERE e.prev_idx = ANY($1) ORDER BY prev_idx, next_idx LIMIT $2"
            },
        )
        .bind(open)
        .bind(one_more(most))
        .fetch_all(connection)
        .await?;
        for (previous, _, id) in at_most(named, most, query)? {
            self.next_ids.entry(previous).or_default().push(id);
        }
        Ok(())
    }

    /// Of the events at `open` no more than `each` successors.
    async fn read_first_ids(
        &mut self,
        connection: &mut PgConnection,
        open: &[Index],
        each: usize,
    ) -> Result<(), ReadError> {
        let named: Vec<(Index, Index, String)> = sqlx::query_as(if self.sees_all {
            "SELECT o.idx, e.next_idx, coalesce(c.id, r.id) FROM unnest($1::int8[]) AS o(idx) CROSS JOIN LATERAL \
             (SELECT next_idx FROM edge WHERE prev_idx = o.idx UNION \
              SELECT next_idx FROM stranger_edge WHERE prev_idx = o.idx ORDER BY next_idx LIMIT $2) e \
             JOIN record r ON r.idx = e.next_idx LEFT JOIN claim c ON c.idx = r.idx ORDER BY o.idx, e.next_idx"
        } else {
            "SELECT o.idx, e.next_idx, coalesce(c.id, r.id) FROM unnest($1::int8[]) AS o(idx) CROSS JOIN LATERAL \
             (SELECT DISTINCT next_idx FROM edge WHERE prev_idx = o.idx ORDER BY next_idx LIMIT $2) e \
             JOIN record r ON r.idx = e.next_idx LEFT JOIN claim c ON c.idx = r.idx ORDER BY o.idx, e.next_idx"
        })
        .bind(open)
        .bind(i64::try_from(each).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
        for (previous, _, id) in named {
            self.next_ids.entry(previous).or_default().push(id);
        }
        Ok(())
    }
}

/// A `LIMIT` that shows whether there are more rows than `most`.
fn one_more(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1)
}

/// The rows that were asked for with [`one_more`], unless it came.
fn at_most<T>(rows: Vec<T>, most: usize, query: &LineageQuery) -> Result<Vec<T>, ReadError> {
    if rows.len() > most {
        return Err(too_large(query));
    }
    Ok(rows)
}

/// The events that a walk from `start` comes to, `start` excepted.
async fn reach(
    connection: &mut PgConnection,
    start: Index,
    way: Walk,
    query: &LineageQuery,
) -> Result<HashSet<Index>, ReadError> {
    let Some(depth) = query.depth else {
        return everything(connection, start, way, query).await;
    };
    let (mut seen, mut frontier) = (HashSet::from([start]), vec![start]);
    for _ in 0..depth {
        let step = match way {
            Walk::Back => {
                "SELECT prev_idx FROM edge WHERE next_idx = ANY($1) UNION \
                 SELECT prev_idx FROM stranger_edge WHERE next_idx = ANY($1) LIMIT $2"
            }
            Walk::Forth => "SELECT DISTINCT next_idx FROM edge WHERE prev_idx = ANY($1) LIMIT $2",
            Walk::ForthToAll => {
                "SELECT next_idx FROM edge WHERE prev_idx = ANY($1) UNION \
                 SELECT next_idx FROM stranger_edge WHERE prev_idx = ANY($1) LIMIT $2"
            }
        };
        let found: Vec<Index> = sqlx::query_scalar(step)
            .bind(&frontier)
            .bind(one_more(query.most_events()))
            .fetch_all(&mut *connection)
            .await?;
        let is_cut = found.len() > query.most_events();
        frontier = found.into_iter().filter(|idx| seen.insert(*idx)).collect();
        if is_cut || seen.len() > query.most_events() {
            return Err(too_large(query));
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
    way: Walk,
    query: &LineageQuery,
) -> Result<HashSet<Index>, ReadError> {
    let closure = match way {
        // One step is one subquery: the recursive part may name `found` once.
        Walk::Back => {
            "WITH RECURSIVE found(idx) AS (VALUES ($1::int8) UNION SELECT e.prev_idx FROM found f CROSS JOIN LATERAL \
             (SELECT prev_idx FROM edge WHERE next_idx = f.idx UNION ALL \
              SELECT prev_idx FROM stranger_edge WHERE next_idx = f.idx) e) \
             SELECT idx FROM found LIMIT $2"
        }
        Walk::Forth => {
            "WITH RECURSIVE found(idx) AS (VALUES ($1::int8) UNION \
             SELECT e.next_idx FROM found f JOIN edge e ON e.prev_idx = f.idx) \
             SELECT idx FROM found LIMIT $2"
        }
        Walk::ForthToAll => {
            "WITH RECURSIVE found(idx) AS (VALUES ($1::int8) UNION SELECT e.next_idx FROM found f CROSS JOIN LATERAL \
             (SELECT next_idx FROM edge WHERE prev_idx = f.idx UNION ALL \
              SELECT next_idx FROM stranger_edge WHERE prev_idx = f.idx) e) \
             SELECT idx FROM found LIMIT $2"
        }
    };
    let found: Vec<Index> = sqlx::query_scalar(closure)
        .bind(start)
        .bind(one_more(query.most_events()))
        .fetch_all(connection)
        .await?;
    let found = at_most(found, query.most_events(), query)?;
    Ok(found.into_iter().filter(|idx| *idx != start).collect())
}

common_db::row! { sqlx::postgres::PgRow =>
    struct RecordRow {
        idx: Index,
        id: String,
        event_type: String,
        commitment: Vec<u8>,
        core: Option<String>,
        provider: Option<String>,
        consumer: Option<String>,
    }
}

impl TryFrom<RecordRow> for Row {
    type Error = LedgerStoreError;

    fn try_from(row: RecordRow) -> Result<Self, LedgerStoreError> {
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
    type Error = LedgerStoreError;

    fn previous(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError> {
        Ok(self.previous.get(&idx).cloned().unwrap_or_default())
    }

    fn next(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError> {
        Ok(self.next.get(&idx).cloned().unwrap_or_default())
    }
}

impl Records for Loaded {
    fn row(&mut self, idx: Index) -> Result<Row, LedgerStoreError> {
        let row = self.rows.get(&idx).cloned();
        row.ok_or_else(|| {
            LedgerStoreError(format!("record {idx}, which an edge names, is not there").into())
        })
    }

    fn next_ids(
        &mut self,
        idx: Index,
        most: usize,
        max_bytes: usize,
    ) -> Result<Option<Vec<String>>, LedgerStoreError> {
        let mut ids = self.next_ids.remove(&idx).unwrap_or_default();
        ids.truncate(most);
        let bytes: usize = ids.iter().map(String::len).sum();
        Ok((bytes <= max_bytes).then_some(ids))
    }
}
