//! The writing side, driven from the sequencer's thread, which waits for each answer.

use std::collections::HashSet;

use common_db::{PostgresDatabase, limited};
use provenance_model::event::SingleTag;
use tokio::runtime::Handle;

use super::{
    super::{actor_of, actor_text},
    group::{Group, hash, tag_key, time},
    rows::{KnownRow, SameRow},
    transaction::{MOST, PostgresTx, Seen},
};
use crate::domain::{
    parties::Made,
    store::{
        Arrival, Arrived, Edge, Index, Known, LedgerStore, LedgerStoreError, LedgerTx, Moved,
        NEIGHBOURS, NewRecord, REATTACH_MAX, Recorded, SAME_DATA_MAX, SameData, TOLD_EACH, UsedKey,
        Waiting,
    },
};

/// The writing side of a ledger on PostgreSQL.
#[derive(Debug)]
pub struct PostgresLedger {
    database: PostgresDatabase,
    /// Where the connections live. The sequencer's thread is none of its own.
    runtime: Handle,
}

impl PostgresLedger {
    /// On the runtime of whoever calls.
    pub(super) fn new(database: PostgresDatabase) -> Self {
        Self {
            database,
            runtime: Handle::current(),
        }
    }
}

impl LedgerStore for PostgresLedger {
    type Tx<'s> = PostgresTx<'s>;

    fn begin(&mut self) -> Result<PostgresTx<'_>, LedgerStoreError> {
        let database = &self.database;
        let begin = database.run(|| async {
            let mut tx = database.begin().await?;
            let next: Index = sqlx::query_scalar("SELECT idx FROM next_place FOR UPDATE")
                .fetch_one(&mut *tx)
                .await?;
            Ok::<_, LedgerStoreError>((tx, next))
        });
        let (tx, next) = self.runtime.block_on(begin)?;
        Ok(PostgresTx {
            runtime: &self.runtime,
            tx: Some(tx),
            group: Group::at(next),
            seen: Seen::default(),
        })
    }

    fn prune_keys(&mut self, before_ms: i64) -> Result<bool, LedgerStoreError> {
        let before = time(before_ms.max(0))?;
        let database = &self.database;
        // A part at a time: records wait behind it.
        let prune = database.run(|| async {
            let removed = sqlx::query(
                "DELETE FROM idem WHERE (actor, k) IN (SELECT actor, k FROM idem WHERE created < $1 LIMIT 500)",
            )
            .bind(before)
            .execute(&database.pool)
            .await?;
            Ok::<_, LedgerStoreError>(removed.rows_affected() > 0)
        });
        self.runtime.block_on(prune)
    }
}

/// Most of those that wait for an id which are fetched before they are asked for; hardly ever is there more than one.
const FORESEEN: usize = 4;

/// Of all that wait, so many are prepared to be searched for a cycle.
const SEARCHED: usize = 256;

impl LedgerTx for PostgresTx<'_> {
    fn prefetch(&mut self, ids: &mut dyn Iterator<Item = &str>) -> Result<(), LedgerStoreError> {
        let ids: HashSet<&str> = ids.collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        self.look_for(ids.clone())?;
        self.look_for_waiting(ids, FORESEEN)?;
        let queues = self.seen.waiting.values();
        let waiting: HashSet<Index> = queues
            .flat_map(|queue| &queue.first)
            .map(|one| one.idx)
            .take(SEARCHED)
            .collect();
        if waiting.is_empty() {
            return Ok(());
        }
        self.look_for_successors(waiting.into_iter().collect())
    }

    fn find(&mut self, id: &str) -> Result<Option<Known>, LedgerStoreError> {
        if !self.seen.records.contains_key(id) {
            self.look_for(vec![id.to_owned()])?;
        }
        Ok(self.seen.records.get(id).cloned().flatten())
    }

    fn claims(&mut self, id: &str) -> Result<Vec<Known>, LedgerStoreError> {
        self.write()?;
        let rows: Vec<KnownRow> = self.block(async |connection| {
            sqlx::query_as(
                "SELECT r.id, r.idx, r.kind, r.commitment, r.actor, r.content, r.etype, r.provider, r.consumer, r.made, r.rx, \
                 true AS is_contested FROM claim c JOIN record r USING (idx) WHERE c.id = $1 ORDER BY r.idx",
            )
            .bind(id)
            .fetch_all(connection)
            .await
        })?;
        rows.into_iter()
            .map(|row| row.read().map(|(_, known)| known))
            .collect()
    }

    fn insert_claim(&mut self, id: &str, idx: Index) -> Result<(), LedgerStoreError> {
        self.block(async |connection| {
            sqlx::query("INSERT INTO claim (idx, id) VALUES ($1, $2)")
                .bind(idx)
                .bind(id)
                .execute(connection)
                .await
        })?;
        if let Some(Some(known)) = self.seen.records.get_mut(id) {
            known.is_contested = true;
        }
        Ok(())
    }

    fn reattach(&mut self, moved: Moved<'_>) -> Result<(), LedgerStoreError> {
        self.write()?;
        self.block(async |connection| {
            sqlx::query(
                "WITH named AS (SELECT next_idx, ord FROM edge WHERE prev_idx = $1 UNION ALL \
                 SELECT next_idx, ord FROM stranger_edge WHERE prev_idx = $1 LIMIT $2), \
                 moved AS (SELECT n.next_idx, n.ord FROM named n JOIN record r ON r.idx = n.next_idx \
                 WHERE r.etype = 'Received' AND r.provider = $3 AND r.consumer = $4), \
                 kept AS (UPDATE edge e SET prev_idx = $5 FROM moved m WHERE e.next_idx = m.next_idx AND e.ord = m.ord), \
                 gone AS (DELETE FROM stranger_edge e USING moved m WHERE e.next_idx = m.next_idx AND e.ord = m.ord \
                 RETURNING e.next_idx, e.ord) \
                 INSERT INTO edge (next_idx, ord, prev_idx) SELECT next_idx, ord, $5 FROM gone",
            )
            .bind(moved.from)
            .bind(REATTACH_MAX)
            .bind(moved.provider)
            .bind(moved.consumer)
            .bind(moved.to)
            .execute(connection)
            .await
        })?;
        self.seen.successors.remove(&moved.from);
        Ok(())
    }

    fn recorded(&mut self, idx: Index) -> Result<Recorded, LedgerStoreError> {
        if let Some((id, salt, core, pending)) = self.group.own(idx) {
            return Ok(Recorded {
                id,
                idx,
                salt: Some(salt),
                core: Some(core),
                pending,
            });
        }
        if !self.seen.receipts.contains_key(&idx) {
            self.look_for_receipts(idx)?;
        }
        let receipt = self.seen.receipts.get(&idx).cloned();
        let receipt =
            receipt.ok_or_else(|| LedgerStoreError(format!("there is no record {idx}").into()))?;
        Ok(Recorded {
            pending: self.group.still(receipt.pending),
            ..receipt
        })
    }

    fn made(&mut self, idx: Index) -> Result<Option<Made>, LedgerStoreError> {
        let core = match self.group.own(idx) {
            Some((_, _, core, _)) => Some(core),
            None => self.block(async |connection| {
                sqlx::query_scalar("SELECT core FROM record WHERE idx = $1")
                    .bind(idx)
                    .fetch_one(connection)
                    .await
            })?,
        };
        core.map(|core| Made::of_core(&core))
            .transpose()
            .map_err(|error| LedgerStoreError(Box::new(error)))
    }

    fn by_key(
        &mut self,
        actor: &str,
        key: &str,
    ) -> Result<Option<([u8; 32], Index)>, LedgerStoreError> {
        if let Some(found) = self.group.key(actor, key) {
            return Ok(Some(found));
        }
        let found: Option<(Vec<u8>, Index)> = self.block(async |connection| {
            sqlx::query_as("SELECT content, idx FROM idem WHERE actor = $1 AND k = $2")
                .bind(actor)
                .bind(key)
                .fetch_optional(connection)
                .await
        })?;
        found
            .map(|(content, idx)| Ok((hash(&content)?, idx)))
            .transpose()
    }

    fn remember_key(&mut self, used: UsedKey<'_>) -> Result<(), LedgerStoreError> {
        self.group.remember_key(used)
    }

    fn same_data(&mut self, tag: &SingleTag) -> Result<Vec<SameData>, LedgerStoreError> {
        if self.group.has_unwritten_tags() {
            self.write()?;
        }
        let key = tag_key(&tag.uri, &tag.sha256);
        let found: Vec<SameRow> = self.block(async |connection| {
            sqlx::query_as(
                "SELECT DISTINCT r.idx, r.id, r.actor, r.etype, r.provider, r.consumer, r.made \
                 FROM (SELECT idx FROM tag WHERE key = $1 LIMIT $3) t JOIN record r USING (idx) \
                 WHERE r.provider = $2 AND r.kind = 1 ORDER BY r.idx",
            )
            .bind(key.as_slice())
            .bind(&tag.provider)
            .bind(SAME_DATA_MAX)
            .fetch_all(connection)
            .await
        })?;
        found
            .into_iter()
            .filter_map(|row| row.read().transpose())
            .collect()
    }

    fn waiting_for(&mut self, id: &str, most: usize) -> Result<Vec<Waiting>, LedgerStoreError> {
        let queue = self.seen.waiting.get(id);
        if queue.is_none_or(|queue| queue.is_cut && queue.first.len() < most) {
            self.look_for_waiting(vec![id.to_owned()], most)?;
        }
        let queue = self.seen.waiting.get(id).into_iter();
        let first = queue.flat_map(|queue| &queue.first).take(most);
        Ok(first.cloned().collect())
    }

    fn successors(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError> {
        // What is new has no successors but those that the group gave it.
        if !self.group.has(idx) && !self.seen.successors.contains_key(&idx) {
            self.look_for_successors(vec![idx])?;
        }
        let before = self.seen.successors.get(&idx).into_iter().flatten();
        let found = before.chain(self.group.successors(idx)).copied();
        let mut found: Vec<Index> = found.take(NEIGHBOURS).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn predecessors(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError> {
        // What is new names whatever the group knows of it.
        let before: Vec<Index> = if self.group.has(idx) {
            Vec::new()
        } else {
            self.block(async |connection| {
                sqlx::query_scalar(
                    "SELECT prev_idx FROM edge WHERE next_idx = $1 UNION ALL \
                     SELECT prev_idx FROM stranger_edge WHERE next_idx = $1 LIMIT $2",
                )
                .bind(idx)
                .bind(MOST)
                .fetch_all(connection)
                .await
            })?
        };
        let found = before.iter().chain(self.group.predecessors(idx)).copied();
        let mut found: Vec<Index> = found.take(NEIGHBOURS).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn insert(&mut self, record: &NewRecord<'_>) -> Result<Index, LedgerStoreError> {
        let known = self.group.insert(record)?;
        let idx = known.idx;
        self.seen.records.insert(record.id.to_owned(), Some(known));
        Ok(idx)
    }

    fn insert_edge(&mut self, edge: Edge) -> Result<(), LedgerStoreError> {
        self.group.insert_edge(edge, place(edge.ord)?);
        Ok(())
    }

    fn insert_pending(
        &mut self,
        prev_id: &str,
        next: Index,
        ord: usize,
    ) -> Result<(), LedgerStoreError> {
        // Before the group adds to it, what the database knows of it has to be there.
        self.waiting_for(prev_id, TOLD_EACH + 1)?;
        let new = self.group.insert_pending(prev_id, next, place(ord)?);
        let queue = self.seen.waiting.entry(prev_id.to_owned()).or_default();
        let is_there = |new: &Waiting| queue.first.last().is_some_and(|one| one.idx == new.idx);
        if let Some(new) = new.filter(|new| !is_there(new)) {
            queue.first.push(new);
        }
        Ok(())
    }

    fn resolve(&mut self, arrived: Arrived<'_>) -> Result<(), LedgerStoreError> {
        let queue = self.seen.waiting.entry(arrived.prev_id.to_owned());
        let queue = queue.or_default();
        let told = queue
            .first
            .partition_point(|one| one.idx <= arrived.through);
        let told: Vec<Waiting> = queue.first.drain(..told).collect();
        self.group.resolve(arrived, &told);
        Ok(())
    }

    fn leave_arrival(&mut self, arrival: &Arrival) -> Result<(), LedgerStoreError> {
        let actor = actor_text(&arrival.actor)?;
        self.block(async |connection| {
            // Of two that claim the id, the second has those who still wait.
            sqlx::query(
                "INSERT INTO arriving (prev_id, idx, actor) VALUES ($1, $2, $3) \
                 ON CONFLICT (prev_id) DO UPDATE SET idx = EXCLUDED.idx, actor = EXCLUDED.actor",
            )
            .bind(&arrival.id)
            .bind(arrival.idx)
            .bind(&actor)
            .execute(connection)
            .await
        })?;
        Ok(())
    }

    fn left_arrival(&mut self) -> Result<Option<Arrival>, LedgerStoreError> {
        let found: Option<(String, Index, String)> = self.block(async |connection| {
            sqlx::query_as("SELECT prev_id, idx, actor FROM arriving LIMIT 1")
                .fetch_optional(connection)
                .await
        })?;
        found
            .map(|(id, idx, actor)| {
                let actor = actor_of(&actor)?;
                Ok(Arrival { id, idx, actor })
            })
            .transpose()
    }

    fn end_arrival(&mut self, id: &str) -> Result<(), LedgerStoreError> {
        self.block(async |connection| {
            sqlx::query("DELETE FROM arriving WHERE prev_id = $1")
                .bind(id)
                .execute(connection)
                .await
        })?;
        Ok(())
    }

    fn commit(mut self) -> Result<(), LedgerStoreError> {
        self.write()?;
        let tx = self.tx.take().expect("nothing else takes it");
        self.runtime
            .block_on(limited(tx.commit()))
            .map_err(|error| {
                if is_told(&error) {
                    error.into()
                } else {
                    LedgerStoreError::uncertain(error)
                }
            })
    }
}

/// Whether the server has said that it did not commit. One that is told to stop may say so after it has (class 57).
fn is_told(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| {
        ["22", "23", "25", "40", "53"]
            .iter()
            .any(|class| code.starts_with(class))
    })
}

fn place(ord: usize) -> Result<i32, LedgerStoreError> {
    i32::try_from(ord).map_err(|error| LedgerStoreError(Box::new(error)))
}
