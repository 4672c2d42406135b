//! The connection that writes.

use std::path::Path;

use provenance_model::{
    commitment::{Commitment, Salt},
    core::Subject,
    event::SingleTag,
};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{
    super::{actor_of, actor_text},
    connect::connect,
};
use crate::domain::{
    parties::{Facts, Made},
    store::{
        Arrival, Arrived, Edge, Index, Known, LedgerStore, LedgerStoreError, LedgerTx, Moved,
        NEIGHBOURS, NewRecord, REATTACH_MAX, Recorded, SAME_DATA_MAX, SameData, UsedKey, Waiting,
    },
};

/// The writing side of a ledger on `SQLite`.
#[derive(Debug)]
pub struct SqliteLedger {
    conn: Connection,
}

impl SqliteLedger {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let conn = connect(path)?;
        // 64 MiB: a WAL that a burst made longer is cut back after its checkpoint.
        conn.query_row("PRAGMA journal_size_limit = 67108864", [], |_| Ok(()))?;
        // 16 MiB: what a group changes, and the ends of the indexes, for ids of versions 7 and 8 begin with their time. Others hit
        // the ids' index at random; the system keeps those pages, and does not count them as this process's.
        conn.pragma_update(None, "cache_size", -16_384)?;
        Ok(Self { conn })
    }

    /// Lets the file have so many pages at most, but not fewer than it has; 0 changes nothing.
    #[cfg(test)]
    pub(crate) fn limit_pages(&self, pages: i64) {
        let set = format!("PRAGMA max_page_count = {pages}");
        let set = self.conn.query_row(&set, [], |_| Ok(()));
        set.expect("it is answered with what holds now");
    }
}

impl LedgerStore for SqliteLedger {
    type Tx<'s> = SqliteTx<'s>;

    fn begin(&mut self) -> Result<SqliteTx<'_>, LedgerStoreError> {
        // IMMEDIATE: a transaction that reads first and then writes could find that it may not write any more.
        let tx = self
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Asked each time: another process may have the file open as well, by mistake or while it is replaced by this one.
        let next = tx
            .prepare_cached("SELECT coalesce(max(idx) + 1, 0) FROM record")?
            .query_row([], |row| row.get(0))?;
        Ok(SqliteTx { tx, next })
    }

    fn prune_keys(&mut self, before_ms: i64) -> Result<bool, LedgerStoreError> {
        // A part at a time: records wait behind it.
        let removed = self.conn.execute(
            "DELETE FROM idem WHERE (actor, k) IN (SELECT actor, k FROM idem WHERE created_ms < ?1 LIMIT 500)",
            [before_ms],
        )?;
        Ok(removed > 0)
    }
}

/// A transaction of the writer.
#[derive(Debug)]
pub struct SqliteTx<'s> {
    tx: Transaction<'s>,
    /// The place of the next record.
    next: Index,
}

impl LedgerTx for SqliteTx<'_> {
    fn find(&mut self, id: &str) -> Result<Option<Known>, LedgerStoreError> {
        let mut query = self.tx.prepare_cached(
            "SELECT idx, kind = 1, commitment, actor, content, etype, provider, consumer, made, rx_ms,
                    EXISTS(SELECT 1 FROM claim WHERE claim.id = record.id) FROM record WHERE id = ?1",
        )?;
        Ok(query.query_row([id], known).optional()?)
    }

    fn claims(&mut self, id: &str) -> Result<Vec<Known>, LedgerStoreError> {
        let mut query = self.tx.prepare_cached(
            "SELECT r.idx, r.kind = 1, r.commitment, r.actor, r.content, r.etype, r.provider, r.consumer, r.made, r.rx_ms, 1
             FROM claim c JOIN record r USING(idx) WHERE c.id = ?1 ORDER BY r.idx",
        )?;
        Ok(query.query_map([id], known)?.collect::<Result<_, _>>()?)
    }

    fn insert_claim(&mut self, id: &str, idx: Index) -> Result<(), LedgerStoreError> {
        let mut insert = self
            .tx
            .prepare_cached("INSERT INTO claim(idx, id) VALUES (?1, ?2)")?;
        insert.execute(params![idx, id])?;
        Ok(())
    }

    fn reattach(&mut self, moved: Moved<'_>) -> Result<(), LedgerStoreError> {
        let mut query = self.tx.prepare_cached(
            "SELECT e.next_idx, e.ord FROM
               (SELECT next_idx, ord FROM (SELECT next_idx, ord FROM edge WHERE prev_idx = ?1 UNION ALL
                SELECT next_idx, ord FROM stranger_edge WHERE prev_idx = ?1) LIMIT ?2) e JOIN record r ON r.idx = e.next_idx
             WHERE r.etype = 'Received' AND r.provider = ?3 AND r.consumer = ?4",
        )?;
        let values = params![moved.from, REATTACH_MAX, moved.provider, moved.consumer];
        let found = query.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found: Vec<(Index, i64)> = found.collect::<Result<_, _>>()?;
        for (next, ord) in found {
            for remove in [
                "DELETE FROM edge WHERE next_idx = ?1 AND ord = ?2",
                "DELETE FROM stranger_edge WHERE next_idx = ?1 AND ord = ?2",
            ] {
                self.tx.prepare_cached(remove)?.execute([next, ord])?;
            }
            let mut insert = self
                .tx
                .prepare_cached("INSERT INTO edge(next_idx, ord, prev_idx) VALUES (?1, ?2, ?3)")?;
            insert.execute([next, ord, moved.to])?;
        }
        Ok(())
    }

    fn recorded(&mut self, idx: Index) -> Result<Recorded, LedgerStoreError> {
        let mut query = self
            .tx
            .prepare_cached("SELECT id, salt, core FROM record WHERE idx = ?1")?;
        let (id, salt, core) = query.query_row([idx], |row| {
            Ok((
                row.get(0)?,
                row.get::<_, Option<[u8; 32]>>(1)?.map(Salt),
                row.get(2)?,
            ))
        })?;
        let mut query =
            self.tx.prepare_cached("SELECT prev_id FROM pending_edge WHERE next_idx = ?1 GROUP BY prev_id ORDER BY min(ord)")?;
        let pending = query
            .query_map([idx], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Recorded {
            id,
            idx,
            salt,
            core,
            pending,
        })
    }

    fn made(&mut self, idx: Index) -> Result<Option<Made>, LedgerStoreError> {
        let mut query = self
            .tx
            .prepare_cached("SELECT core FROM record WHERE idx = ?1")?;
        let core: Option<String> = query.query_row([idx], |row| row.get(0))?;
        core.map(|core| Made::of_core(&core))
            .transpose()
            .map_err(|error| LedgerStoreError(Box::new(error)))
    }

    fn by_key(
        &mut self,
        actor: &str,
        key: &str,
    ) -> Result<Option<([u8; 32], Index)>, LedgerStoreError> {
        let mut query = self
            .tx
            .prepare_cached("SELECT content, idx FROM idem WHERE actor = ?1 AND k = ?2")?;
        Ok(query
            .query_row([actor, key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    fn remember_key(&mut self, used: UsedKey<'_>) -> Result<(), LedgerStoreError> {
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO idem(actor, k, content, idx, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        insert.execute(params![
            used.actor,
            used.key,
            used.content,
            used.idx,
            used.now_ms
        ])?;
        Ok(())
    }

    fn same_data(&mut self, tag: &SingleTag) -> Result<Vec<SameData>, LedgerStoreError> {
        let mut query = self.tx.prepare_cached(
            "SELECT DISTINCT r.idx, r.id, r.actor, r.etype, r.provider, r.consumer, r.made
             FROM (SELECT idx FROM tag WHERE sha256 = ?1 AND uri = ?2 LIMIT ?4) t JOIN record r USING(idx)
             WHERE r.provider = ?3 AND r.kind = 1 ORDER BY r.idx",
        )?;
        let found = query.query_map(
            params![tag.sha256, tag.uri, tag.provider, SAME_DATA_MAX],
            |row| {
                let actor: String = row.get(2)?;
                Ok((row.get(1)?, facts(row, 3)?.or_by(&actor)))
            },
        )?;
        let mut all = Vec::new();
        for one in found {
            let (id, facts) = one?;
            if facts.is_the_providers() {
                let event_type = facts.event_type.unwrap_or_default();
                all.push(SameData { id, event_type });
            }
        }
        Ok(all)
    }

    fn waiting_for(&mut self, id: &str, most: usize) -> Result<Vec<Waiting>, LedgerStoreError> {
        // Grouped along the index: SQLite makes a table of its own for DISTINCT each time, for what is hardly ever one row.
        let mut query = self.tx.prepare_cached(
            "SELECT r.idx, r.id, r.commitment, r.actor, r.etype, r.provider, r.consumer, r.made
             FROM (SELECT next_idx FROM pending_edge WHERE prev_id = ?1 GROUP BY next_idx ORDER BY next_idx LIMIT ?2) p
             JOIN record r ON r.idx = p.next_idx",
        )?;
        let found = query.query_map(params![id, ord_value(most)], |row| {
            Ok(Waiting {
                idx: row.get(0)?,
                id: row.get(1)?,
                commitment: Commitment(row.get(2)?),
                facts: {
                    let actor: String = row.get(3)?;
                    facts(row, 4)?.or_by(&actor)
                },
            })
        })?;
        let mut waiting = found.collect::<Result<Vec<_>, _>>()?;
        waiting.sort_unstable_by_key(|event| event.idx);
        Ok(waiting)
    }

    fn successors(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError> {
        let mut query = self.tx.prepare_cached(
            "SELECT next_idx FROM edge WHERE prev_idx = ?1 UNION ALL
                 SELECT next_idx FROM stranger_edge WHERE prev_idx = ?1 LIMIT ?2",
        )?;
        Ok(query
            .query_map(params![idx, ord_value(NEIGHBOURS)], |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }

    fn predecessors(&mut self, idx: Index) -> Result<Vec<Index>, LedgerStoreError> {
        let mut query = self.tx.prepare_cached(
            "SELECT prev_idx FROM edge WHERE next_idx = ?1 UNION ALL
                 SELECT prev_idx FROM stranger_edge WHERE next_idx = ?1 LIMIT ?2",
        )?;
        Ok(query
            .query_map(params![idx, ord_value(NEIGHBOURS)], |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }

    fn insert(&mut self, record: &NewRecord<'_>) -> Result<Index, LedgerStoreError> {
        let idx = self.next;
        let kind = match record.subject_kind {
            Subject::Event => 1,
            Subject::Evidence => 2,
        };
        let columns = record.columns;
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO record(idx, id, kind, commitment, salt, core, etype, provider, consumer, org, cts, rx_ms, actor, content,
                                subject, made)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?;
        insert.execute(params![
            idx,
            record.id,
            kind,
            record.commitment.0,
            record.salt.0,
            record.core,
            columns.facts.event_type,
            columns.facts.provider,
            columns.facts.consumer,
            columns.organization,
            columns.timestamp,
            record.rx_ms,
            record.actor,
            record.content,
            record.about,
            columns.facts.made.as_ref().map(Made::to_json),
        ])?;
        for (ord, tag) in (0_i64..).zip(&columns.tags) {
            let mut insert = self.tx.prepare_cached(
                "INSERT INTO tag(idx, ord, uri, sha256, size) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            insert.execute(params![idx, ord, tag.uri, tag.sha256, tag.size])?;
        }
        self.next += 1;
        Ok(idx)
    }

    fn insert_edge(&mut self, edge: Edge) -> Result<(), LedgerStoreError> {
        let Edge { next, prev, .. } = edge;
        let mut insert = self.tx.prepare_cached(if edge.gives_right {
            "INSERT INTO edge(next_idx, ord, prev_idx) VALUES (?1, ?2, ?3)"
        } else {
            "INSERT INTO stranger_edge(next_idx, ord, prev_idx) VALUES (?1, ?2, ?3)"
        })?;
        insert.execute(params![next, ord_value(edge.ord), prev])?;
        Ok(())
    }

    fn insert_pending(
        &mut self,
        prev_id: &str,
        next: Index,
        ord: usize,
    ) -> Result<(), LedgerStoreError> {
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO pending_edge(prev_id, next_idx, ord) VALUES (?1, ?2, ?3)",
        )?;
        insert.execute(params![prev_id, next, ord_value(ord)])?;
        Ok(())
    }

    fn resolve(&mut self, arrived: Arrived<'_>) -> Result<(), LedgerStoreError> {
        let Arrived {
            prev_id,
            prev,
            through,
            strangers,
        } = arrived;
        for next in strangers {
            let mut insert = self.tx.prepare_cached(
                "INSERT INTO stranger_edge(next_idx, ord, prev_idx)
                 SELECT next_idx, ord, ?2 FROM pending_edge WHERE prev_id = ?1 AND next_idx = ?3",
            )?;
            insert.execute(params![prev_id, prev, next])?;
            let mut remove = self
                .tx
                .prepare_cached("DELETE FROM pending_edge WHERE prev_id = ?1 AND next_idx = ?2")?;
            remove.execute(params![prev_id, next])?;
        }
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO edge(next_idx, ord, prev_idx) SELECT next_idx, ord, ?2 FROM pending_edge
             WHERE prev_id = ?1 AND next_idx <= ?3",
        )?;
        insert.execute(params![prev_id, prev, through])?;
        let mut remove = self
            .tx
            .prepare_cached("DELETE FROM pending_edge WHERE prev_id = ?1 AND next_idx <= ?2")?;
        remove.execute(params![prev_id, through])?;
        Ok(())
    }

    fn leave_arrival(&mut self, arrival: &Arrival) -> Result<(), LedgerStoreError> {
        let actor = actor_text(&arrival.actor)?;
        let mut insert = self
            .tx
            // Of two that claim the id, the second has those who still wait.
            .prepare_cached("REPLACE INTO arriving(prev_id, idx, actor) VALUES (?1, ?2, ?3)")?;
        insert.execute(params![arrival.id, arrival.idx, actor])?;
        Ok(())
    }

    fn left_arrival(&mut self) -> Result<Option<Arrival>, LedgerStoreError> {
        let mut query = self
            .tx
            .prepare_cached("SELECT prev_id, idx, actor FROM arriving LIMIT 1")?;
        let found: Option<(String, Index, String)> = query
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        found
            .map(|(id, idx, actor)| {
                let actor = actor_of(&actor)?;
                Ok(Arrival { id, idx, actor })
            })
            .transpose()
    }

    fn end_arrival(&mut self, id: &str) -> Result<(), LedgerStoreError> {
        let mut remove = self
            .tx
            .prepare_cached("DELETE FROM arriving WHERE prev_id = ?1")?;
        remove.execute([id])?;
        Ok(())
    }

    fn commit(self) -> Result<(), LedgerStoreError> {
        // A commit that fails here is rolled back.
        Ok(self.tx.commit()?)
    }
}

fn ord_value(ord: usize) -> i64 {
    i64::try_from(ord).unwrap_or(i64::MAX)
}

/// A record by which others are judged.
fn known(row: &rusqlite::Row<'_>) -> rusqlite::Result<Known> {
    let actor: String = row.get(3)?;
    Ok(Known {
        idx: row.get(0)?,
        is_event: row.get(1)?,
        commitment: Commitment(row.get(2)?),
        content: row.get(4)?,
        facts: facts(row, 5)?.or_by(&actor),
        rx_ms: row.get(9)?,
        is_contested: row.get(10)?,
        actor,
    })
}

/// `etype`, `provider`, `consumer` and `made`, which stand at `first` and after it.
fn facts(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Facts> {
    let made: Option<String> = row.get(first + 3)?;
    let made = made.map(|made| serde_json::from_str(&made)).transpose();
    Ok(Facts {
        event_type: row.get(first)?,
        provider: row.get(first + 1)?,
        consumer: row.get(first + 2)?,
        made: made.map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                first + 3,
                rusqlite::types::Type::Text,
                error.into(),
            )
        })?,
    })
}
