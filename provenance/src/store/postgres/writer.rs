//! The writing side, driven from the sequencer's thread, which waits for each answer.

use std::collections::{HashMap, HashSet};

use common::clock::unix_millis;
use common_db::{PostgresDatabase, limited};
use provenance_model::{
    commitment::{Commitment, Salt},
    event::SingleTag,
};
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;
use tokio::runtime::Handle;

use super::{
    super::{actor_of, actor_text},
    group::{Group, hash, tag_key, time},
};
use crate::domain::{
    parties::{Facts, Made},
    store::{
        Arrival, Index, Known, LedgerStore, LedgerStoreError, LedgerTx, NEIGHBOURS, NewRecord,
        REATTACH_MAX, Recorded, SAME_DATA_MAX, SameData, TOLD_EACH, Waiting,
    },
};

/// [`NEIGHBOURS`], as the database counts.
const MOST: i64 = 64;
const _: () = assert!(MOST.unsigned_abs() == NEIGHBOURS as u64);

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

/// A transaction of the writer.
#[derive(Debug)]
pub struct PostgresTx<'s> {
    runtime: &'s Handle,
    /// `None` once it has been committed.
    tx: Option<Transaction<'static, Postgres>>,
    group: Group,
    seen: Seen,
}

/// What the database has answered, kept up to date with what the group adds.
#[derive(Debug, Default)]
struct Seen {
    records: HashMap<String, Option<Known>>,
    waiting: HashMap<String, Queue>,
    successors: HashMap<Index, Vec<Index>>,
    /// Receipts of records that were there before.
    receipts: HashMap<Index, Recorded>,
}

/// Those who wait for an id, the first of them at least.
#[derive(Debug, Default)]
struct Queue {
    first: Vec<Waiting>,
    /// Whether there may be more of them.
    is_cut: bool,
}

/// Most of those that wait for an id which are fetched before they are asked for; hardly ever is there more than one.
const FORESEEN: usize = 4;

/// Of all that wait, so many are prepared to be searched for a cycle.
const SEARCHED: usize = 256;

impl Drop for PostgresTx<'_> {
    fn drop(&mut self) {
        // Undone by a task, which needs a runtime to run on.
        let _entered = self.runtime.enter();
        drop(self.tx.take());
    }
}

impl PostgresTx<'_> {
    /// Runs `ask` on the connection, and waits for it.
    fn block<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, LedgerStoreError> {
        let tx = self
            .tx
            .as_mut()
            .expect("it is taken by commit alone, which consumes the transaction");
        Ok(self.runtime.block_on(limited(ask(tx)))?)
    }

    fn write(&mut self) -> Result<(), LedgerStoreError> {
        let tx = self
            .tx
            .as_mut()
            .expect("it is taken by commit alone, which consumes the transaction");
        Ok(self.runtime.block_on(limited(self.group.write(tx)))?)
    }

    fn look_for(&mut self, ids: Vec<String>) -> Result<(), LedgerStoreError> {
        let rows: Vec<KnownRow> = self.block(async |connection| {
            sqlx::query_as(
                "SELECT id, idx, kind, commitment, actor, content, etype, provider, consumer, made, rx, \
                 EXISTS (SELECT 1 FROM claim c WHERE c.id = record.id) AS is_contested FROM record WHERE id = ANY($1)",
            )
            .bind(&ids)
            .fetch_all(connection)
            .await
        })?;
        self.seen
            .records
            .extend(ids.into_iter().map(|id| (id, None)));
        for row in rows {
            let (id, known) = row.read()?;
            self.seen.records.insert(id, Some(known));
        }
        Ok(())
    }

    /// The first `most` that wait for each of `ids`.
    fn look_for_waiting(&mut self, ids: Vec<String>, most: usize) -> Result<(), LedgerStoreError> {
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let rows: Vec<WaitingRow> = self.block(async |connection| {
            sqlx::query_as(
                "SELECT asked.id AS prev_id, r.idx, r.id, r.commitment, r.actor, r.etype, r.provider, r.consumer, r.made \
                 FROM unnest($1::text[]) AS asked(id) CROSS JOIN LATERAL (SELECT DISTINCT next_idx FROM pending_edge \
                 WHERE prev_id = asked.id ORDER BY next_idx LIMIT $2) p JOIN record r ON r.idx = p.next_idx ORDER BY r.idx",
            )
            .bind(&ids)
            .bind(limit)
            .fetch_all(connection)
            .await
        })?;
        for id in ids {
            self.seen.waiting.insert(id, Queue::default());
        }
        for row in rows {
            let (prev_id, waiting) = row.read()?;
            let queue = self.seen.waiting.entry(prev_id).or_default();
            queue.first.push(waiting);
            queue.is_cut = queue.first.len() >= most;
        }
        Ok(())
    }

    fn look_for_successors(&mut self, of: Vec<Index>) -> Result<(), LedgerStoreError> {
        let rows: Vec<(Index, Index)> = self.block(async |connection| {
            sqlx::query_as(
                "SELECT asked.idx, e.next_idx FROM unnest($1::int8[]) AS asked(idx) CROSS JOIN LATERAL \
                 (SELECT next_idx FROM edge WHERE prev_idx = asked.idx UNION ALL \
                  SELECT next_idx FROM stranger_edge WHERE prev_idx = asked.idx LIMIT $2) e",
            )
            .bind(&of)
            .bind(MOST)
            .fetch_all(connection)
            .await
        })?;
        for idx in of {
            self.seen.successors.entry(idx).or_default();
        }
        for (previous, next) in rows {
            self.seen.successors.entry(previous).or_default().push(next);
        }
        Ok(())
    }

    /// Receipts of `idx` and of everything else that is known to have been there before: whoever repeats one record, as an
    /// outbox does that missed an answer, mostly repeats all of a request.
    fn look_for_receipts(&mut self, idx: Index) -> Result<(), LedgerStoreError> {
        let known = self.seen.records.values().flatten().map(|known| known.idx);
        let mut all: Vec<Index> = known
            .filter(|idx| !self.group.has(*idx))
            .chain([idx])
            .collect();
        all.retain(|idx| !self.seen.receipts.contains_key(idx));
        let rows: Vec<ReceiptRow> = self.block(async |connection| {
            sqlx::query_as("SELECT idx, id, salt, core FROM record WHERE idx = ANY($1)")
                .bind(&all)
                .fetch_all(connection)
                .await
        })?;
        for row in rows {
            self.seen.receipts.insert(row.idx, row.read()?);
        }
        let pending: Vec<(Index, String)> = self.block(async |connection| {
            sqlx::query_as(
                "SELECT next_idx, prev_id FROM pending_edge WHERE next_idx = ANY($1) \
                 GROUP BY next_idx, prev_id ORDER BY next_idx, min(ord)",
            )
            .bind(&all)
            .fetch_all(connection)
            .await
        })?;
        for (idx, prev_id) in pending {
            if let Some(receipt) = self.seen.receipts.get_mut(&idx) {
                receipt.pending.push(prev_id);
            }
        }
        Ok(())
    }
}

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

    fn reattach(
        &mut self,
        from: Index,
        to: Index,
        provider: &str,
        consumer: &str,
    ) -> Result<(), LedgerStoreError> {
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
            .bind(from)
            .bind(REATTACH_MAX)
            .bind(provider)
            .bind(consumer)
            .bind(to)
            .execute(connection)
            .await
        })?;
        self.seen.successors.remove(&from);
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

    fn remember_key(
        &mut self,
        actor: &str,
        key: &str,
        content: &[u8; 32],
        idx: Index,
        now_ms: i64,
    ) -> Result<(), LedgerStoreError> {
        self.group.remember_key(actor, key, content, idx, now_ms)
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
        let mut all = Vec::new();
        for row in found {
            let facts = row.facts.read()?.or_by(&row.actor);
            if facts.is_the_providers() {
                let event_type = facts.event_type.unwrap_or_default();
                all.push(SameData {
                    id: row.id,
                    event_type,
                });
            }
        }
        Ok(all)
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

    fn insert_edge(
        &mut self,
        next: Index,
        ord: usize,
        prev: Index,
        gives_right: bool,
    ) -> Result<(), LedgerStoreError> {
        self.group.insert_edge(next, place(ord)?, prev, gives_right);
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

    fn resolve(
        &mut self,
        prev_id: &str,
        prev: Index,
        through: Index,
        strangers: &[Index],
    ) -> Result<(), LedgerStoreError> {
        let queue = self.seen.waiting.entry(prev_id.to_owned()).or_default();
        let told = queue.first.partition_point(|one| one.idx <= through);
        let told: Vec<Waiting> = queue.first.drain(..told).collect();
        self.group.resolve(prev_id, prev, through, &told, strangers);
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

common_db::row! { sqlx::postgres::PgRow =>
    struct ReceiptRow {
        idx: Index,
        id: String,
        salt: Option<Vec<u8>>,
        core: Option<String>,
    }
}

impl ReceiptRow {
    /// Without what it waits for.
    fn read(self) -> Result<Recorded, LedgerStoreError> {
        Ok(Recorded {
            id: self.id,
            idx: self.idx,
            salt: self.salt.as_deref().map(hash).transpose()?.map(Salt),
            core: self.core,
            pending: Vec::new(),
        })
    }
}

common_db::row! { sqlx::postgres::PgRow =>
    struct KnownRow {
        id: String,
        idx: Index,
        kind: i16,
        commitment: Vec<u8>,
        actor: String,
        content: Option<Vec<u8>>,
        rx: OffsetDateTime,
        is_contested: bool,
        ..facts: FactsRow,
    }
}

common_db::row! { sqlx::postgres::PgRow =>
    /// By what an event is judged.
    struct FactsRow {
        etype: Option<String>,
        provider: Option<String>,
        consumer: Option<String>,
        made: Option<String>,
    }
}

impl FactsRow {
    fn read(self) -> Result<Facts, LedgerStoreError> {
        let made = self
            .made
            .map(|made| serde_json::from_str(&made))
            .transpose();
        Ok(Facts {
            event_type: self.etype,
            provider: self.provider,
            consumer: self.consumer,
            made: made.map_err(|error| LedgerStoreError(Box::new(error)))?,
        })
    }
}

common_db::row! { sqlx::postgres::PgRow =>
    struct WaitingRow {
        prev_id: String,
        idx: Index,
        id: String,
        commitment: Vec<u8>,
        actor: String,
        ..facts: FactsRow,
    }
}

impl WaitingRow {
    fn read(self) -> Result<(String, Waiting), LedgerStoreError> {
        let waiting = Waiting {
            idx: self.idx,
            id: self.id,
            commitment: Commitment(hash(&self.commitment)?),
            facts: self.facts.read()?.or_by(&self.actor),
        };
        Ok((self.prev_id, waiting))
    }
}

common_db::row! { sqlx::postgres::PgRow =>
    struct SameRow {
        id: String,
        actor: String,
        ..facts: FactsRow,
    }
}

impl KnownRow {
    fn read(self) -> Result<(String, Known), LedgerStoreError> {
        let known = Known {
            facts: self.facts.read()?.or_by(&self.actor),
            idx: self.idx,
            is_event: self.kind == 1,
            commitment: Commitment(hash(&self.commitment)?),
            actor: self.actor,
            content: self.content.as_deref().map(hash).transpose()?,
            rx_ms: i64::try_from(unix_millis(self.rx)).unwrap_or(i64::MAX),
            is_contested: self.is_contested,
        };
        Ok((self.id, known))
    }
}
