//! What one transaction adds to the ledger, held in memory until it is written in one statement.

use std::collections::{HashMap, HashSet};

use provenance_model::{
    commitment::{Commitment, Salt},
    core::Subject,
};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::domain::{
    parties::Made,
    store::{Arrived, Columns, Edge, Index, Known, LedgerStoreError, NewRecord, UsedKey, Waiting},
};

/// The additions of a transaction. What was written is forgotten where it can be asked for; what answers questions stays.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The place of the first record of the group.
    pub(super) first: Index,
    /// All records of the group, by place.
    records: Vec<Record>,
    /// How many of them were written.
    written: usize,
    tags: Tags,
    edges: Edges,
    /// Those that give no right.
    stranger_edges: Edges,
    /// Successors of any record that the group has given.
    successors: HashMap<Index, Vec<Index>>,
    /// The same edges seen from their other end.
    predecessors: HashMap<Index, Vec<Index>>,
    /// Edges to what has not arrived, in the order in which they were named; not written yet.
    pending: Vec<Pending>,
    /// What was pending and has arrived.
    resolved: HashSet<String>,
    /// Those of them whose rows are in the database; not written yet.
    resolutions: Vec<(String, Index, Index)>,
    /// Which of the edges that come of them give no right: both ends.
    resolved_strangers: Vec<(Index, Index)>,
    keys: HashMap<(String, String), ([u8; 32], Index)>,
    new_keys: Keys,
}

#[derive(Debug)]
struct Record {
    id: String,
    kind: i16,
    commitment: Commitment,
    salt: Salt,
    core: String,
    columns: Columns,
    rx: OffsetDateTime,
    actor: String,
    content: Option<[u8; 32]>,
    about: Option<String>,
    /// What it waited for when it came.
    pending: Vec<String>,
}

#[derive(Debug)]
struct Pending {
    prev_id: String,
    next: Index,
    ord: i32,
}

#[derive(Debug, Default)]
struct Edges {
    next: Vec<Index>,
    ord: Vec<i32>,
    prev: Vec<Index>,
}

impl Edges {
    fn push(&mut self, next: Index, ord: i32, prev: Index) {
        self.next.push(next);
        self.ord.push(ord);
        self.prev.push(prev);
    }
}

#[derive(Debug, Default)]
struct Tags {
    idx: Vec<Index>,
    ord: Vec<i32>,
    uri: Vec<Option<String>>,
    sha256: Vec<Option<String>>,
    size: Vec<Option<i64>>,
    key: Vec<Option<Vec<u8>>>,
}

#[derive(Debug, Default)]
struct Keys {
    actor: Vec<String>,
    key: Vec<String>,
    content: Vec<Vec<u8>>,
    idx: Vec<Index>,
    created: Vec<OffsetDateTime>,
}

/// By what the tag of these texts is found.
pub(super) fn tag_key(uri: &str, sha256: &str) -> [u8; 32] {
    // The length in front: two pairs of texts never run together into the same bytes.
    Sha256::new()
        .chain_update(uri.len().to_be_bytes())
        .chain_update(uri)
        .chain_update(sha256)
        .finalize()
        .into()
}

/// A hash of 32 bytes out of a column.
pub(super) fn hash(bytes: &[u8]) -> Result<[u8; 32], LedgerStoreError> {
    bytes
        .try_into()
        .map_err(|_| LedgerStoreError(format!("a hash has {} bytes", bytes.len()).into()))
}

/// A time out of milliseconds since 1970.
pub(super) fn time(ms: i64) -> Result<OffsetDateTime, LedgerStoreError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .map_err(|error| LedgerStoreError(Box::new(error)))
}

impl Group {
    pub(super) fn at(first: Index) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    /// The place of the next record.
    pub(super) fn next(&self) -> Index {
        self.first + Index::try_from(self.records.len()).expect("a group is small")
    }

    fn record(&self, idx: Index) -> Option<&Record> {
        usize::try_from(idx - self.first)
            .ok()
            .and_then(|at| self.records.get(at))
    }

    pub(super) fn insert(&mut self, new: &NewRecord<'_>) -> Result<Known, LedgerStoreError> {
        let idx = self.next();
        for (ord, tag) in (0_i32..).zip(&new.columns.tags) {
            let key = tag.uri.as_deref().zip(tag.sha256.as_deref());
            self.tags.idx.push(idx);
            self.tags.ord.push(ord);
            self.tags.uri.push(tag.uri.clone());
            self.tags.sha256.push(tag.sha256.clone());
            self.tags.size.push(tag.size);
            self.tags
                .key
                .push(key.map(|(uri, sha256)| tag_key(uri, sha256).to_vec()));
        }
        let is_event = matches!(new.subject_kind, Subject::Event);
        self.records.push(Record {
            id: new.id.to_owned(),
            kind: if is_event { 1 } else { 2 },
            commitment: *new.commitment,
            salt: *new.salt,
            core: new.core.to_owned(),
            columns: Columns {
                tags: Vec::new(),
                ..new.columns.clone()
            },
            rx: time(new.rx_ms)?,
            actor: new.actor.to_owned(),
            content: new.content.copied(),
            about: new.about.map(str::to_owned),
            pending: Vec::new(),
        });
        Ok(Known {
            idx,
            is_event,
            rx_ms: new.rx_ms,
            is_contested: false,
            commitment: *new.commitment,
            actor: new.actor.to_owned(),
            content: new.content.copied(),
            facts: new.columns.facts.clone(),
        })
    }

    /// Id, salt, core and what is still awaited, of a record of the group.
    pub(super) fn own(&self, idx: Index) -> Option<(String, Salt, String, Vec<String>)> {
        let record = self.record(idx)?;
        Some((
            record.id.clone(),
            record.salt,
            record.core.clone(),
            self.still(record.pending.clone()),
        ))
    }

    /// Those of `ids` that the group has not seen arrive.
    pub(super) fn still(&self, mut ids: Vec<String>) -> Vec<String> {
        ids.retain(|id| !self.resolved.contains(id));
        ids
    }

    pub(super) fn insert_edge(&mut self, edge: Edge, ord: i32) {
        let Edge { next, prev, .. } = edge;
        if edge.gives_right {
            self.edges.push(next, ord, prev);
        } else {
            self.stranger_edges.push(next, ord, prev);
        }
        self.join(prev, next);
    }

    fn join(&mut self, prev: Index, next: Index) {
        self.successors.entry(prev).or_default().push(next);
        self.predecessors.entry(next).or_default().push(prev);
    }

    /// Successors of `idx` that the group has given.
    pub(super) fn successors(&self, idx: Index) -> &[Index] {
        self.successors.get(&idx).map_or(&[], Vec::as_slice)
    }

    /// Predecessors of `idx` that the group has given.
    pub(super) fn predecessors(&self, idx: Index) -> &[Index] {
        self.predecessors.get(&idx).map_or(&[], Vec::as_slice)
    }

    /// Whether the group itself holds everything about `idx`.
    pub(super) fn has(&self, idx: Index) -> bool {
        idx >= self.first
    }

    /// Lets the record at `next` wait; what it says of itself to those who ask what waits.
    pub(super) fn insert_pending(
        &mut self,
        prev_id: &str,
        next: Index,
        ord: i32,
    ) -> Option<Waiting> {
        self.pending.push(Pending {
            prev_id: prev_id.to_owned(),
            next,
            ord,
        });
        let at = usize::try_from(next - self.first).ok()?;
        let record = self.records.get_mut(at)?;
        if !record.pending.iter().any(|id| id == prev_id) {
            record.pending.push(prev_id.to_owned());
        }
        Some(Waiting {
            idx: next,
            id: record.id.clone(),
            commitment: record.commitment,
            facts: record.columns.facts.clone(),
        })
    }

    /// `prev_id` has arrived at `prev`; `waiting` have waited for it, and no others up to `through`.
    pub(super) fn resolve(&mut self, arrived: Arrived<'_>, waiting: &[Waiting]) {
        let Arrived {
            prev_id,
            prev,
            through,
            strangers,
        } = arrived;
        let (arrived, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|one| one.prev_id == prev_id && one.next <= through);
        self.pending = rest;
        for one in arrived {
            if strangers.binary_search(&one.next).is_ok() {
                self.stranger_edges.push(one.next, one.ord, prev);
            } else {
                self.edges.push(one.next, one.ord, prev);
            }
        }
        self.resolved_strangers
            .extend(strangers.iter().map(|next| (*next, prev)));
        for one in waiting {
            self.join(prev, one.idx);
        }
        self.resolutions.push((prev_id.to_owned(), prev, through));
        self.resolved.insert(prev_id.to_owned());
    }

    pub(super) fn remember_key(&mut self, used: UsedKey<'_>) -> Result<(), LedgerStoreError> {
        let (actor, key) = (used.actor.to_owned(), used.key.to_owned());
        self.new_keys.actor.push(actor.clone());
        self.new_keys.key.push(key.clone());
        self.new_keys.content.push(used.content.to_vec());
        self.new_keys.idx.push(used.idx);
        self.new_keys.created.push(time(used.now_ms)?);
        self.keys.insert((actor, key), (*used.content, used.idx));
        Ok(())
    }

    pub(super) fn key(&self, actor: &str, key: &str) -> Option<([u8; 32], Index)> {
        self.keys.get(&(actor.to_owned(), key.to_owned())).copied()
    }

    /// Whether a question about tags would miss some of the group.
    pub(super) fn has_unwritten_tags(&self) -> bool {
        !self.tags.idx.is_empty()
    }

    fn has_unwritten(&self) -> bool {
        self.written < self.records.len()
            || !self.edges.next.is_empty()
            || !self.stranger_edges.next.is_empty()
            || !self.pending.is_empty()
            || !self.resolutions.is_empty()
            || !self.new_keys.idx.is_empty()
    }

    /// Writes what was not written yet, and where the next record goes. One statement: its parts do not see each other, and
    /// none needs to.
    pub(super) async fn write(&mut self, connection: &mut PgConnection) -> sqlx::Result<()> {
        if !self.has_unwritten() {
            return Ok(());
        }
        let records = &self.records[self.written..];
        let first = self.first + Index::try_from(self.written).expect("a group is small");
        let column = |of: fn(&Record) -> Option<&str>| -> Vec<Option<&str>> {
            records.iter().map(of).collect()
        };
        let text = |of: fn(&Record) -> &str| -> Vec<&str> { records.iter().map(of).collect() };
        let resolutions = self.resolutions.iter();
        let (resolved, arrived, through): (Vec<&str>, Vec<Index>, Vec<Index>) = resolutions
            .map(|(id, idx, through)| (id.as_str(), *idx, *through))
            .collect();
        let (strangers, strangers_to): (Vec<Index>, Vec<Index>) =
            self.resolved_strangers.iter().copied().unzip();
        sqlx::query(WRITE)
            .bind(self.next())
            .bind((first..self.next()).collect::<Vec<_>>())
            .bind(text(|record| &record.id))
            .bind(records.iter().map(|record| record.kind).collect::<Vec<_>>())
            .bind(
                records
                    .iter()
                    .map(|record| record.commitment.0.as_slice())
                    .collect::<Vec<_>>(),
            )
            .bind(
                records
                    .iter()
                    .map(|record| record.salt.0.as_slice())
                    .collect::<Vec<_>>(),
            )
            .bind(text(|record| &record.core))
            .bind(column(|record| record.columns.facts.event_type.as_deref()))
            .bind(column(|record| record.columns.facts.provider.as_deref()))
            .bind(column(|record| record.columns.facts.consumer.as_deref()))
            .bind(column(|record| record.columns.organization.as_deref()))
            .bind(column(|record| record.columns.timestamp.as_deref()))
            .bind(records.iter().map(|record| record.rx).collect::<Vec<_>>())
            .bind(text(|record| &record.actor))
            .bind(
                records
                    .iter()
                    .map(|record| record.content.as_ref().map(<[u8; 32]>::as_slice))
                    .collect::<Vec<_>>(),
            )
            .bind(column(|record| record.about.as_deref()))
            .bind(&self.tags.idx)
            .bind(&self.tags.ord)
            .bind(&self.tags.uri)
            .bind(&self.tags.sha256)
            .bind(&self.tags.size)
            .bind(&self.tags.key)
            .bind(&self.edges.next)
            .bind(&self.edges.ord)
            .bind(&self.edges.prev)
            .bind(
                self.pending
                    .iter()
                    .map(|one| one.prev_id.as_str())
                    .collect::<Vec<_>>(),
            )
            .bind(self.pending.iter().map(|one| one.next).collect::<Vec<_>>())
            .bind(self.pending.iter().map(|one| one.ord).collect::<Vec<_>>())
            .bind(resolved)
            .bind(arrived)
            .bind(&self.new_keys.actor)
            .bind(&self.new_keys.key)
            .bind(&self.new_keys.content)
            .bind(&self.new_keys.idx)
            .bind(&self.new_keys.created)
            .bind(
                records
                    .iter()
                    .map(|record| record.columns.facts.made.as_ref().map(Made::to_json))
                    .collect::<Vec<_>>(),
            )
            .bind(&self.stranger_edges.next)
            .bind(&self.stranger_edges.ord)
            .bind(&self.stranger_edges.prev)
            .bind(strangers)
            .bind(strangers_to)
            .bind(through)
            .execute(connection)
            .await?;
        self.written = self.records.len();
        self.tags = Tags::default();
        self.edges = Edges::default();
        self.stranger_edges = Edges::default();
        self.resolved_strangers.clear();
        self.pending.clear();
        self.resolutions.clear();
        self.new_keys = Keys::default();
        Ok(())
    }
}

const WRITE: &str = "\
WITH place AS (UPDATE next_place SET idx = $1), \
records AS (INSERT INTO record (idx, id, kind, commitment, salt, core, etype, provider, consumer, org, cts, rx, actor, content, \
subject, made) SELECT * FROM unnest($2::int8[], $3::text[], $4::int2[], $5::bytea[], $6::bytea[], $7::text[], $8::text[], $9::text[], \
$10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::text[], $15::bytea[], $16::text[], $36::text[])), \
tags AS (INSERT INTO tag (idx, ord, uri, sha256, size, key) \
SELECT * FROM unnest($17::int8[], $18::int4[], $19::text[], $20::text[], $21::int8[], $22::bytea[])), \
edges AS (INSERT INTO edge (next_idx, ord, prev_idx) SELECT * FROM unnest($23::int8[], $24::int4[], $25::int8[])), \
strangers AS (INSERT INTO stranger_edge (next_idx, ord, prev_idx) SELECT * FROM unnest($37::int8[], $38::int4[], $39::int8[])), \
waiting AS (INSERT INTO pending_edge (prev_id, next_idx, ord) SELECT * FROM unnest($26::text[], $27::int8[], $28::int4[])), \
gone AS (DELETE FROM pending_edge p USING unnest($29::text[], $30::int8[], $42::int8[]) AS arrived(id, idx, through) \
WHERE p.prev_id = arrived.id AND p.next_idx <= arrived.through \
RETURNING p.next_idx, p.ord, arrived.idx), \
foreign_ends AS (SELECT * FROM unnest($40::int8[], $41::int8[]) AS f(next_idx, idx)), \
resolved AS (INSERT INTO edge (next_idx, ord, prev_idx) SELECT next_idx, ord, idx FROM gone \
WHERE (next_idx, idx) NOT IN (SELECT next_idx, idx FROM foreign_ends)), \
resolved_strangers AS (INSERT INTO stranger_edge (next_idx, ord, prev_idx) SELECT next_idx, ord, idx FROM gone \
WHERE (next_idx, idx) IN (SELECT next_idx, idx FROM foreign_ends)) \
INSERT INTO idem (actor, k, content, idx, created) \
SELECT * FROM unnest($31::text[], $32::text[], $33::bytea[], $34::int8[], $35::timestamptz[])";
