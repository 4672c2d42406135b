//! A transaction of the writer: its connection, what its group adds, and what the database has answered it.

use std::collections::HashMap;

use common_db::limited;
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::runtime::Handle;

use super::{
    group::Group,
    rows::{KnownRow, ReceiptRow, WaitingRow},
};
use crate::domain::store::{Index, Known, LedgerStoreError, NEIGHBOURS, Recorded, Waiting};

/// [`NEIGHBOURS`], as the database counts.
pub(super) const MOST: i64 = 64;
const _: () = assert!(MOST.unsigned_abs() == NEIGHBOURS as u64);

/// A transaction of the writer.
#[derive(Debug)]
pub struct PostgresTx<'s> {
    pub(super) runtime: &'s Handle,
    /// `None` once it has been committed.
    pub(super) tx: Option<Transaction<'static, Postgres>>,
    pub(super) group: Group,
    pub(super) seen: Seen,
}

/// What the database has answered, kept up to date with what the group adds.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) records: HashMap<String, Option<Known>>,
    pub(super) waiting: HashMap<String, Queue>,
    pub(super) successors: HashMap<Index, Vec<Index>>,
    /// Receipts of records that were there before.
    pub(super) receipts: HashMap<Index, Recorded>,
}

/// Those who wait for an id, the first of them at least.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) first: Vec<Waiting>,
    /// Whether there may be more of them.
    pub(super) is_cut: bool,
}

impl Drop for PostgresTx<'_> {
    fn drop(&mut self) {
        // Undone by a task, which needs a runtime to run on.
        let _entered = self.runtime.enter();
        drop(self.tx.take());
    }
}

impl PostgresTx<'_> {
    /// Runs `ask` on the connection, and waits for it.
    pub(super) fn block<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, LedgerStoreError> {
        let tx = self
            .tx
            .as_mut()
            .expect("it is taken by commit alone, which consumes the transaction");
        Ok(self.runtime.block_on(limited(ask(tx)))?)
    }

    pub(super) fn write(&mut self) -> Result<(), LedgerStoreError> {
        let tx = self
            .tx
            .as_mut()
            .expect("it is taken by commit alone, which consumes the transaction");
        Ok(self.runtime.block_on(limited(self.group.write(tx)))?)
    }

    pub(super) fn look_for(&mut self, ids: Vec<String>) -> Result<(), LedgerStoreError> {
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
    pub(super) fn look_for_waiting(
        &mut self,
        ids: Vec<String>,
        most: usize,
    ) -> Result<(), LedgerStoreError> {
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

    pub(super) fn look_for_successors(&mut self, of: Vec<Index>) -> Result<(), LedgerStoreError> {
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
    pub(super) fn look_for_receipts(&mut self, idx: Index) -> Result<(), LedgerStoreError> {
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
