//! What a viewer sees of a lineage, whichever database it is read from.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use serde::Deserialize;

use crate::{
    domain::{
        access::{Parties, Viewer},
        lineage::{Graph, LineageQuery, walk},
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

    /// Ids of the successors of the event at `idx`, in ledger order. Of an event that the viewer may not read by itself, those
    /// outside the answer may be missing.
    fn next_ids(&mut self, idx: Index) -> Result<Vec<String>, Self::Error>;
}

/// The lineage that `query` asks for from the event at `start`, as `viewer` may see it.
pub(super) fn lineage<R: Records>(
    records: &mut R,
    start: Index,
    query: &LineageQuery,
    viewer: &Viewer,
) -> Result<Vec<Node>, ReadError>
where
    StoreError: From<R::Error>,
{
    let order = walk(records, start, query.direction, query.depth, query.limit)
        .map_err(StoreError::from)?;
    let order = order.ok_or(ReadError::TooLarge(query.limit))?;
    let mut found = Vec::with_capacity(order.len());
    for idx in order {
        let previous = records.previous(idx).map_err(StoreError::from)?;
        found.push(node(
            records,
            idx,
            previous,
            |parties| viewer.may_read(parties),
            viewer,
        )?);
    }
    if viewer.follows_lineage() {
        show_origins(&mut found, records, viewer)?;
    }
    Ok(found)
}

/// Shows what the viewer's own events go back to, as far as it is in the answer. Of what comes after them, these events name
/// only what is in the answer too: who else received the same data is not the viewer's business.
fn show_origins<R: Records>(
    found: &mut [Node],
    records: &mut R,
    viewer: &Viewer,
) -> Result<(), ReadError>
where
    StoreError: From<R::Error>,
{
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
            let mut shown = node(records, idx, found[at].previous.clone(), |_| true, viewer)?;
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

/// Whom the record at `idx` concerns, asked with `ask`; `None` after an erasure.
pub(super) fn with_parties<T>(
    idx: Index,
    row: &Row,
    ask: impl FnOnce(&Parties<'_>) -> T,
) -> Result<Option<T>, StoreError> {
    let Some(core) = &row.core else {
        return Ok(None);
    };
    let CoreActor { actor } = serde_json::from_str(core)
        .map_err(|e| StoreError(format!("the core of record {idx} cannot be read: {e}").into()))?;
    Ok(Some(ask(&Parties {
        provider: row.provider.as_deref(),
        consumer: row.consumer.as_deref(),
        actor_user: &actor.user,
        actor_client: actor.client.as_deref(),
    })))
}

fn node<R: Records>(
    records: &mut R,
    idx: Index,
    previous: Vec<Index>,
    may_read: impl Fn(&Parties<'_>) -> bool,
    viewer: &Viewer,
) -> Result<Node, StoreError>
where
    StoreError: From<R::Error>,
{
    let row = records.row(idx)?;
    let is_party = with_parties(idx, &row, |parties| {
        may_read(parties).then(|| viewer.is_party(parties))
    })?
    .flatten();
    let body = match (is_party, row.core) {
        (Some(is_party), Some(core)) => Some(Body {
            core,
            next: records.next_ids(idx)?,
            is_party,
        }),
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
