//! What a viewer sees of a lineage, whichever database it is read from.

use std::{
    collections::{BTreeSet, HashMap},
    time::Instant,
};

use provenance_model::commitment::Commitment;

use crate::domain::{
    access::Viewer,
    lineage::{BadBookmark, Bookmark, Effort, Graph, LineageQuery, outward, walk},
    parties::{Facts, Made},
    store::{Body, Index, LedgerStoreError, Lineage, Node, ReadError},
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

    /// Ids of the first `most` successors of the event at `idx`, which the viewer may read, in ledger order; `None` if they have
    /// more than `max_bytes` together.
    fn next_ids(
        &mut self,
        idx: Index,
        most: usize,
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
    ) -> Result<(Index, Self), LedgerStoreError>
    where
        LedgerStoreError: From<R::Error>,
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

impl Starts {
    /// Puts all of them in the place of the one walked from; one that the walk came to as well stays where it is.
    fn put(self, start: Index, mut order: Vec<Index>) -> Vec<Index> {
        if self.all.len() > 1
            && let Some(at) = order.iter().position(|idx| *idx == start)
        {
            let others: Vec<Index> = self
                .all
                .into_iter()
                .filter(|idx| *idx == start || !order.contains(idx))
                .collect();
            order.splice(at..=at, others);
        }
        order
    }
}

/// Records whose reading is counted.
struct Metered<'r, R> {
    records: &'r mut R,
    steps: usize,
    until: Instant,
}

impl<'r, R> Metered<'r, R> {
    fn new(records: &'r mut R, effort: Effort) -> Self {
        Self {
            records,
            steps: effort.steps(),
            until: Instant::now() + effort.time(),
        }
    }

    fn spend(&mut self, steps: usize) -> Result<(), ReadError> {
        self.steps = self.steps.checked_sub(steps).ok_or(ReadError::Exhausted)?;
        if Instant::now() > self.until {
            return Err(ReadError::Exhausted);
        }
        Ok(())
    }
}

impl<R: Graph> Graph for Metered<'_, R>
where
    LedgerStoreError: From<R::Error>,
{
    type Error = ReadError;

    fn previous(&mut self, idx: Index) -> Result<Vec<Index>, ReadError> {
        let found = self.records.previous(idx).map_err(LedgerStoreError::from)?;
        self.spend(found.len() + 1)?;
        Ok(found)
    }

    fn next(&mut self, idx: Index) -> Result<Vec<Index>, ReadError> {
        let found = self.records.next(idx).map_err(LedgerStoreError::from)?;
        self.spend(found.len() + 1)?;
        Ok(found)
    }
}

impl<R: Records> Records for Metered<'_, R>
where
    LedgerStoreError: From<R::Error>,
{
    fn row(&mut self, idx: Index) -> Result<Row, ReadError> {
        self.spend(1)?;
        Ok(self.records.row(idx).map_err(LedgerStoreError::from)?)
    }

    fn next_ids(
        &mut self,
        idx: Index,
        most: usize,
        max_bytes: usize,
    ) -> Result<Option<Vec<String>>, ReadError> {
        let most = most.min(self.steps.saturating_add(1));
        let found = self.records.next_ids(idx, most, max_bytes);
        let found = found.map_err(LedgerStoreError::from)?;
        self.spend(found.as_ref().map_or(0, Vec::len))?;
        Ok(found)
    }
}

/// Which events are read for an answer, in its order.
#[derive(Debug)]
pub(super) struct Plan {
    /// All that decide about it: by an event of the viewer's own those behind it are shown.
    pub(super) events: Vec<Index>,
    /// How many of them were on the pages before.
    skip: usize,
    next: Option<Bookmark>,
}

/// Finds the events that `query` asks for from the one at `start`, which stands for `starts`.
pub(super) fn plan<R: Graph>(
    records: &mut R,
    start: Index,
    starts: Starts,
    query: &LineageQuery,
) -> Result<Plan, ReadError>
where
    LedgerStoreError: From<R::Error>,
{
    let mut records = Metered::new(records, query.effort);
    let Some(page) = query.page else {
        let order = walk(
            &mut records,
            start,
            query.direction,
            query.depth,
            query.limit,
        )?;
        let events = starts.put(start, order.ok_or(too_large(query))?);
        if events.len() > query.limit {
            return Err(too_large(query));
        }
        return Ok(Plan {
            events,
            skip: 0,
            next: None,
        });
    };
    let begin = page.after.map_or(0, |after| after.position);
    let end = begin.saturating_add(page.limit);
    // One more shows whether there is another page.
    let most = end.saturating_add(1);
    if most > query.most_events() {
        return Err(match query.effort {
            Effort::Short => ReadError::Exhausted,
            Effort::Long => too_large(query),
        });
    }
    let found = outward(&mut records, start, query.direction, query.depth, most)?;
    let before = found.order.len();
    let mut order = starts.put(start, found.order);
    let ancestors = found.ancestors + order.len() - before;
    if let Some(after) = page.after
        && order.get(begin - 1) != Some(&after.last)
    {
        return Err(BadBookmark.into());
    }
    let is_last = order.len() <= end;
    order.truncate(end);
    let next = order.last().filter(|_| !is_last).map(|last| Bookmark {
        position: order.len(),
        last: *last,
    });
    // What is behind an event of the viewer's own may be on a later page than that one.
    let from = if begin < ancestors { 0 } else { begin };
    Ok(Plan {
        events: order.split_off(from.min(order.len())),
        skip: begin - from,
        next,
    })
}

/// The answer of `plan`, as `viewer` may see it.
pub(super) fn fill<R: Records>(
    records: &mut R,
    plan: Plan,
    query: &LineageQuery,
    viewer: &Viewer,
) -> Result<Lineage, ReadError>
where
    LedgerStoreError: From<R::Error>,
{
    let mut records = Metered::new(records, query.effort);
    let mut budget = Budget {
        left: query.max_bytes,
        query,
    };
    let most_next = query.page.map_or(usize::MAX, |page| page.limit);
    let mut found = Vec::with_capacity(plan.events.len());
    // By what those are judged that the viewer may read.
    let mut read = Vec::with_capacity(plan.events.len());
    for idx in plan.events {
        let previous = records.previous(idx)?;
        budget.spend(OVERHEAD + size_of::<Index>() * previous.len())?;
        let row = records.row(idx)?;
        let facts = facts(idx, &row)?.filter(|facts| viewer.may_read(facts));
        let is_party = facts.as_ref().map(|facts| viewer.is_party(facts));
        read.push(facts);
        let next = match is_party {
            None => Vec::new(),
            Some(_) => records
                .next_ids(idx, most_next, budget.left)?
                .ok_or(too_large(query))?,
        };
        budget.spend(next.iter().map(|id| size_of::<String>() + id.len()).sum())?;
        found.push(node(idx, row, is_party, next, previous, &mut budget)?);
    }
    if viewer.follows_lineage() {
        show_origins(&mut found, read, &mut records, viewer, &mut budget)?;
    }
    Ok(Lineage {
        nodes: found.split_off(plan.skip.min(found.len())),
        next: plan.next,
    })
}

/// Shows what the viewer's own events go back to, as far as it is in the answer and each step was made by a party of what it
/// names. Of what comes after them, these events name only what is in the answer too: who else received the same data is not the
/// viewer's business.
///
/// A connector may read what it delivered in somebody's name. That leads it to the other side of that exchange where both state the
/// same token, for only then it was there: whose an event is, it says itself.
fn show_origins<R: Records<Error = ReadError>>(
    found: &mut [Node],
    mut read: Vec<Option<Facts>>,
    records: &mut R,
    viewer: &Viewer,
    budget: &mut Budget<'_>,
) -> Result<(), ReadError> {
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
    let mut is_behind = vec![false; found.len()];
    while let Some(at) = open.pop() {
        let Some(event) = read[at].take() else {
            continue;
        };
        let is_followed = is_behind[at] || viewer.is_named(&event);
        for idx in found[at].previous.clone() {
            let Some(&at) = places.get(&idx).filter(|at| found[**at].body.is_none()) else {
                continue;
            };
            let row = records.row(idx)?;
            // An erased event has no body for anybody, and what is before it is not shown through it.
            let Some(previous) = facts(idx, &row)? else {
                continue;
            };
            if !event.gives_right_to(&previous)
                || !(is_followed || event.is_of_the_token_of(&previous))
            {
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
            let named = std::mem::take(&mut found[at].previous);
            found[at] = node(idx, row, Some(is_party), ids, named, budget)?;
            read[at] = Some(previous);
            is_behind[at] = true;
            open.push(at);
        }
    }
    Ok(())
}

/// By what the record at `idx` is judged; `None` after an erasure.
pub(super) fn facts(idx: Index, row: &Row) -> Result<Option<Facts>, LedgerStoreError> {
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

fn made(idx: Index, core: &str) -> Result<Made, LedgerStoreError> {
    Made::of_core(core).map_err(|e| {
        LedgerStoreError(format!("the core of record {idx} cannot be read: {e}").into())
    })
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
