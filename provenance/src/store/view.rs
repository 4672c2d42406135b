//! What a viewer sees of a lineage, whichever database it is read from.

use std::collections::{BTreeSet, HashMap};

use crate::{
    domain::{
        access::Viewer,
        lineage::{Graph, LineageQuery, walk},
        parties::{Facts, Made},
        store::{Body, Index, Node, ReadError, StoreError},
    },
    model::commitment::Commitment,
};

/// One record, as far as a lineage shows it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) event_type: String,
    pub(super) commitment: Commitment,
    /// `None` after an erasure.
    pub(super) core: Option<String>,
    pub(super) provider: Option<String>,
    pub(super) consumer: Option<String>,
}

/// The records of a ledger on one snapshot, and the edges between them.
pub(super) trait Records: Graph {
    /// The record at `idx`.
    fn row(&mut self, idx: Index) -> Result<Row, Self::Error>;

    /// Ids of the successors of the event at `idx`, which the viewer may read, in ledger order; `None` if they have more than
    /// `max_bytes` together.
    fn next_ids(
        &mut self,
        idx: Index,
        max_bytes: usize,
    ) -> Result<Option<Vec<String>>, Self::Error>;
}

/// Bytes of an event in an answer besides its texts.
const OVERHEAD: usize = 256;

/// What is left of the memory that an answer may take.
struct Budget<'q> {
    left: usize,
    query: &'q LineageQuery,
}

impl Budget<'_> {
    fn spend(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.left = self.left.checked_sub(bytes).ok_or(too_large(self.query))?;
        Ok(())
    }
}

/// The answer would be larger than `query` allows.
pub(super) fn too_large(query: &LineageQuery) -> ReadError {
    ReadError::TooLarge {
        events: query.limit,
        bytes: query.max_bytes,
    }
}

/// The events under one id: mostly one, several where others have claimed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Starts {
    /// In ledger order, at least one.
    all: Vec<Index>,
}

impl Starts {
    /// `all` events under an id, in ledger order; `None` if there are none.
    pub(super) fn new(all: Vec<Index>) -> Option<Self> {
        (!all.is_empty()).then_some(Self { all })
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Index] {
        &self.all
    }

    /// Of several, all for whoever is a party of one, the one to walk from first; for others that one alone. What a connector
    /// delivered that is registered for it counts before what somebody with a token said.
    pub(super) fn seen<R: Records>(
        self,
        records: &mut R,
        viewer: &Viewer,
    ) -> Result<(Index, Self), StoreError>
    where
        StoreError: From<R::Error>,
    {
        let (mut counting, mut is_party) = (None, false);
        if self.all.len() > 1 {
            for idx in &self.all {
                let row = records.row(*idx)?;
                let Some(facts) = facts(*idx, &row)? else {
                    continue;
                };
                is_party |= viewer.is_party(&facts);
                let is_delivered = facts
                    .made
                    .as_ref()
                    .is_some_and(|made| made.client.is_some());
                if is_delivered && facts.is_of_an_exchange() {
                    counting = counting.or(Some(*idx));
                }
            }
        }
        let first = counting.unwrap_or(self.all[0]);
        let all = if is_party { self.all } else { vec![first] };
        Ok((first, Self { all }))
    }
}

/// The lineage that `query` asks for from the events at `starts`, as `viewer` may see it.
pub(super) fn lineage<R: Records>(
    records: &mut R,
    starts: Starts,
    query: &LineageQuery,
    viewer: &Viewer,
) -> Result<Vec<Node>, ReadError>
where
    StoreError: From<R::Error>,
{
    let mut budget = Budget {
        left: query.max_bytes,
        query,
    };
    let (start, starts) = starts.seen(records, viewer)?;
    let order = walk(records, start, query.direction, query.depth, query.limit)
        .map_err(StoreError::from)?;
    let mut order = order.ok_or(too_large(query))?;
    if let Some(at) = order.iter().position(|idx| *idx == start)
        && starts.all.len() > 1
    {
        // In the place of the one walked from; one that the walk came to as well stays where it is.
        let others: Vec<Index> = starts
            .all
            .into_iter()
            .filter(|idx| *idx == start || !order.contains(idx))
            .collect();
        order.splice(at..=at, others);
        if order.len() > query.limit {
            return Err(too_large(query));
        }
    }
    let mut found = Vec::with_capacity(order.len());
    for idx in order {
        let previous = records.previous(idx).map_err(StoreError::from)?;
        budget.spend(OVERHEAD + size_of::<Index>() * previous.len())?;
        let row = records.row(idx).map_err(StoreError::from)?;
        let is_party = facts(idx, &row)?
            .filter(|facts| viewer.may_read(facts))
            .map(|facts| viewer.is_party(&facts));
        let next = match is_party {
            None => Vec::new(),
            Some(_) => records
                .next_ids(idx, budget.left)
                .map_err(StoreError::from)?
                .ok_or(too_large(query))?,
        };
        budget.spend(next.iter().map(|id| size_of::<String>() + id.len()).sum())?;
        found.push(node(idx, row, is_party, next, previous, &mut budget)?);
    }
    if viewer.follows_lineage() {
        show_origins(&mut found, records, viewer, &mut budget)?;
    }
    Ok(found)
}

/// Shows what the viewer's own events go back to, as far as it is in the answer and each step was made by a party of what it
/// names. Of what comes after them, these events name only what is in the answer too: who else received the same data is not the
/// viewer's business.
fn show_origins<R: Records>(
    found: &mut [Node],
    records: &mut R,
    viewer: &Viewer,
    budget: &mut Budget<'_>,
) -> Result<(), ReadError>
where
    StoreError: From<R::Error>,
{
    let places: HashMap<Index, usize> = found
        .iter()
        .enumerate()
        .map(|(at, node)| (node.idx, at))
        .collect();
    let mut next: HashMap<Index, BTreeSet<(Index, usize)>> = HashMap::new();
    for (at, node) in found.iter().enumerate() {
        for previous in node.previous.iter().filter(|idx| places.contains_key(idx)) {
            next.entry(*previous).or_default().insert((node.idx, at));
        }
    }
    let mut open: Vec<usize> = (0..found.len())
        .filter(|at| found[*at].body.is_some())
        .collect();
    while let Some(at) = open.pop() {
        let Some(body) = &found[at].body else {
            continue;
        };
        let event = Facts {
            made: Some(made(found[at].idx, &body.core)?),
            ..Facts::default()
        };
        for idx in found[at].previous.clone() {
            let Some(&at) = places.get(&idx).filter(|at| found[**at].body.is_none()) else {
                continue;
            };
            let row = records.row(idx).map_err(StoreError::from)?;
            // An erased event has no body for anybody, and what is before it is not shown through it.
            let Some(previous) = facts(idx, &row)? else {
                continue;
            };
            if !event.gives_right_to(&previous) {
                continue;
            }
            let is_party = viewer.is_party(&previous);
            let ids: Vec<String> = next
                .get(&idx)
                .into_iter()
                .flatten()
                .map(|(_, at)| found[*at].id.clone())
                .collect();
            budget.spend(ids.iter().map(|id| size_of::<String>() + id.len()).sum())?;
            let previous = std::mem::take(&mut found[at].previous);
            found[at] = node(idx, row, Some(is_party), ids, previous, budget)?;
            open.push(at);
        }
    }
    Ok(())
}

/// By what the record at `idx` is judged; `None` after an erasure.
pub(super) fn facts(idx: Index, row: &Row) -> Result<Option<Facts>, StoreError> {
    let Some(core) = &row.core else {
        return Ok(None);
    };
    Ok(Some(Facts {
        event_type: Some(row.event_type.clone()),
        provider: row.provider.clone(),
        consumer: row.consumer.clone(),
        made: Some(made(idx, core)?),
    }))
}

fn made(idx: Index, core: &str) -> Result<Made, StoreError> {
    Made::of_core(core)
        .map_err(|e| StoreError(format!("the core of record {idx} cannot be read: {e}").into()))
}

/// A node of the answer, with its body where the viewer may read it and `next` are its successors.
fn node(
    idx: Index,
    row: Row,
    is_party: Option<bool>,
    next: Vec<String>,
    previous: Vec<Index>,
    budget: &mut Budget<'_>,
) -> Result<Node, ReadError> {
    let body = match (is_party, row.core) {
        (Some(is_party), Some(core)) => {
            budget.spend(core.len())?;
            Some(Body {
                core,
                next,
                is_party,
            })
        }
        _ => None,
    };
    Ok(Node {
        idx,
        id: row.id,
        event_type: row.event_type,
        commitment: row.commitment,
        body,
        previous,
    })
}
