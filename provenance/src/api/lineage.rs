//! `GET /v2/lineage/{cdleventid}`: what came before and after an event.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
};

use axum::{
    body::Body,
    extract::{self, Path, Request, rejection::PathRejection},
    response::{IntoResponse as _, Response},
};
use common::http::cadde::LedgerError;
use futures_util::stream;
use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{CONTENT_TYPE, VARY},
};
use provenance_model::json::push_string;
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    AppState, error,
    extended::{EXTENDED, wants_extended},
};
use crate::domain::{
    access::Viewer,
    lineage::{Bookmark, Direction, Effort, LineageQuery, Page},
    store::{self, Index, Node, ReadError},
};

/// The lineage of an event (CADDE 4.0, 来歴確認).
///
/// An array of events: the ancestors farthest first, the event itself, then its descendants. Events of which the caller is no
/// party show id, type and commitment alone. With `Accept: application/vnd.cadde.provenance+json` each event of the caller's own
/// also has `ledger` with the core that was committed to.
#[utoipa::path(get, path = "/v2/lineage/{cdleventid}", tag = "events",
    params(("cdleventid" = String, Path, description = "The event to start from"),
        ("direction" = Option<String>, Query, description = "`BACKWARD` (default), `FORWARD` or `BOTH`; also as header `x-direction`"),
        ("depth" = Option<i64>, Query, description = "Steps away from the event, −1 (default) for all; also as header `x-depth`"),
        ("limit" = Option<usize>, Query, description = "Most events of a page. Pages go outward from the event: it comes first, then its ancestors, the nearest first, then its descendants"),
        ("bookmark" = Option<String>, Query, description = "`x-cadde-next-bookmark` of the page before")),
    responses((status = 200, description = "The events", body = Vec<Object>),
        (status = 400, description = "Unknown direction or depth"),
        (status = 401, description = "No token, or one that is not accepted"),
        (status = 404, description = "No such event"),
        (status = 503, description = "Too many lineages are being read, or the database is not available")))]
pub(super) async fn lineage(
    extract::State(app): extract::State<AppState>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, LedgerError> {
    let (parts, _) = request.into_parts();
    let caller = app.identify(&parts).await?;
    if !caller.audience.is_empty() {
        return Err(error::other_audience(app.ledger.config.auth_status));
    }
    // An id that is no text has no event.
    let Path(id) = id.map_err(|_| &error::NO_SUCH_EVENT)?;
    let config = &app.ledger.config;
    let query = LineageQuery {
        id,
        direction: direction(&parts.uri, &parts.headers)?,
        depth: depth(&parts.uri, &parts.headers)?,
        limit: config.max_lineage,
        max_bytes: config.max_lineage_bytes.as_usize(),
        page: page(&parts.uri, config.max_lineage)?,
        effort: Effort::Short,
    };
    let viewer = Viewer::new(&caller, config.read);
    let reading = app.ledger.lineages.read(caller.actor.key()).await;
    let reading = reading.ok_or(&error::READING_BUSY)?;
    let found = find(&app, caller.actor.key(), query, viewer).await?;
    drop(reading);
    let store::Lineage { nodes, next } = found.ok_or(&error::NO_SUCH_EVENT)?;
    let is_extended = wants_extended(&parts.headers);
    let media_type = if is_extended {
        EXTENDED
    } else {
        "application/json"
    };
    let bytes = nodes.iter().map(size).sum();
    let sending = app.ledger.lineages.send(bytes);
    let sending = sending.map_err(|_| &error::READING_BUSY)?;
    let text = Rendered {
        shown: Shown::new(&nodes),
        nodes: nodes.into_iter(),
        is_extended,
        state: State::Begins,
        _sending: sending,
    };
    let body = if bytes <= WHOLE {
        Body::from(text.collect::<String>())
    } else {
        Body::from_stream(stream::iter(text.map(Ok::<_, Infallible>)))
    };
    let mut answer = ([(CONTENT_TYPE, media_type), (VARY, "accept")], body).into_response();
    if let Some(next) = next {
        let next = HeaderValue::try_from(next.to_string()).expect("numbers are header text");
        answer.headers_mut().insert(NEXT_BOOKMARK, next);
    }
    Ok(answer)
}

/// Where the next page begins.
const NEXT_BOOKMARK: HeaderName = HeaderName::from_static("x-cadde-next-bookmark");

/// Reads a lineage among the short ones, and where it is not short once more among the long ones.
async fn find(
    app: &AppState,
    caller: String,
    query: LineageQuery,
    viewer: Viewer,
) -> Result<Option<store::Lineage>, LedgerError> {
    let reader = &app.ledger.reader;
    match reader.lineage(query.clone(), viewer.clone()).await {
        Err(ReadError::Exhausted) => {}
        found => return found.map_err(error::read),
    }
    let long = app.ledger.lineages.read_long(caller).await;
    let _long = long.ok_or(&error::READING_BUSY)?;
    let query = LineageQuery {
        effort: Effort::Long,
        ..query
    };
    let found = reader.lineage(query, viewer).await;
    found.map_err(error::read)
}

/// The page that is asked for: of `limit` events, after the `bookmark` that the page before came with.
fn page(uri: &Uri, most: usize) -> Result<Option<Page>, LedgerError> {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let (mut limit, mut after) = (None, None);
    for (name, value) in pairs {
        match &*name {
            "limit" => limit = Some(value.into_owned()),
            "bookmark" => after = Some(value.into_owned()),
            _ => {}
        }
    }
    let Some(limit) = limit else {
        return match after {
            None => Ok(None),
            Some(_) => Err(error::INVALID_LIMIT.naming(most).into()),
        };
    };
    let limit = limit
        .parse()
        .ok()
        .filter(|limit| (1..=most).contains(limit));
    let limit = limit.ok_or_else(|| error::INVALID_LIMIT.naming(most))?;
    let after = after
        .map(|after| after.parse::<Bookmark>())
        .transpose()
        .map_err(|_| &error::INVALID_BOOKMARK)?;
    Ok(Some(Page { limit, after }))
}

/// Whether a lineage can be asked for so. For what is fuzzed.
#[doc(hidden)]
pub fn is_query(uri: &Uri, headers: &HeaderMap) -> bool {
    direction(uri, headers).is_ok() && depth(uri, headers).is_ok() && page(uri, 1_000).is_ok()
}

/// A parameter: the query has precedence over the header, which manuals document for it.
fn parameter(uri: &Uri, headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    if let Some((_, value)) = pairs.into_iter().find(|(key, _)| key == name) {
        return Some(value.into_owned());
    }
    let value = headers.get(format!("x-{name}"))?;
    // What is no text is none of what a parameter may be.
    let text = String::from_utf8_lossy(value.as_bytes());
    Some(text.trim().to_owned())
}

fn direction(uri: &Uri, headers: &HeaderMap) -> Result<Direction, LedgerError> {
    match parameter(uri, headers, "direction") {
        None => Ok(Direction::default()),
        Some(text) => Ok(Direction::parse(&text).ok_or(&error::INVALID_DIRECTION)?),
    }
}

fn depth(uri: &Uri, headers: &HeaderMap) -> Result<Option<u32>, LedgerError> {
    let Some(text) = parameter(uri, headers, "depth") else {
        return Ok(None);
    };
    match text.parse::<i64>() {
        Ok(-1) => Ok(None),
        // Nobody is that far away.
        Ok(n) if n >= 0 => Ok(Some(u32::try_from(n).unwrap_or(u32::MAX))),
        _ => Err((&error::INVALID_DEPTH).into()),
    }
}

/// The event inside a core, as text.
#[derive(Deserialize)]
struct CoreEvent<'c> {
    #[serde(borrow)]
    event: &'c RawValue,
}

/// 64 KiB: answers up to this size are sent whole, others in pieces of it, so that what was sent is no longer held.
const WHOLE: usize = 64 << 10;

/// About how many bytes `node` takes in an answer.
fn size(node: &Node) -> usize {
    let body = node.body.as_ref().map_or(0, |body| {
        body.core.len() + body.next.iter().map(|id| id.len() + 3).sum::<usize>()
    });
    256 + body
}

/// An answer, piece by piece.
struct Rendered {
    shown: Shown,
    nodes: std::vec::IntoIter<Node>,
    is_extended: bool,
    state: State,
    /// What the answer may take until it is sent.
    _sending: Option<OwnedSemaphorePermit>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Begins,
    Goes,
    Ended,
}

impl Iterator for Rendered {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut out = match self.state {
            State::Begins => "[".to_owned(),
            State::Goes => String::new(),
            State::Ended => return None,
        };
        while out.len() < WHOLE {
            let Some(node) = self.nodes.next() else {
                out.push(']');
                self.state = State::Ended;
                return Some(out);
            };
            if self.state == State::Goes {
                out.push_str(",\n");
            }
            self.state = State::Goes;
            let written = node
                .body
                .as_ref()
                .is_some_and(|body| write_event(&mut out, body, self.is_extended));
            if !written {
                out.push_str(&self.shown.redacted(&node).to_string());
            }
        }
        Some(out)
    }
}

/// Writes an event: the text that was committed to, and what is computed. False if the core has no event.
fn write_event(out: &mut String, body: &store::Body, is_extended: bool) -> bool {
    let Ok(CoreEvent { event }) = serde_json::from_str(&body.core) else {
        return false;
    };
    let with_ledger = is_extended && body.is_party;
    // A member of the client's own with our name would occur twice.
    let own_ledger = with_ledger && event.get().contains("\"ledger\":");
    let text = if own_ledger {
        without_ledger(event.get())
    } else {
        event.get().to_owned()
    };
    let Some(open) = text.strip_suffix('}') else {
        return false;
    };
    out.push_str(open);
    out.push_str(",\"cdlnextevents\":[");
    for (i, id) in body.next.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_string(out, id);
    }
    out.push(']');
    if with_ledger {
        out.push_str(",\"ledger\":{\"core\":");
        push_string(out, &body.core);
        out.push('}');
    }
    out.push('}');
    true
}

fn without_ledger(event: &str) -> String {
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(event) else {
        return event.to_owned();
    };
    members.remove("ledger");
    provenance_model::json::canonical(&members)
}

/// The answer's own events, for the edges that redacted ones may show: both ends are in the answer anyway.
#[derive(Default)]
struct Shown {
    ids: HashMap<Index, String>,
    next: HashMap<Index, Vec<Index>>,
}

impl Shown {
    fn new(nodes: &[Node]) -> Self {
        if nodes.iter().all(|node| node.body.is_some()) {
            return Self::default();
        }
        let ids: HashMap<Index, String> = nodes
            .iter()
            .map(|node| (node.idx, node.id.clone()))
            .collect();
        let mut edges: Vec<(Index, Index)> = Vec::new();
        for node in nodes {
            let previous: HashSet<Index> = node.previous.iter().copied().collect();
            edges.extend(
                previous
                    .into_iter()
                    .filter(|prev| ids.contains_key(prev))
                    .map(|prev| (prev, node.idx)),
            );
        }
        edges.sort_unstable();
        let mut next: HashMap<Index, Vec<Index>> = HashMap::new();
        for (prev, idx) in edges {
            next.entry(prev).or_default().push(idx);
        }
        Self { ids, next }
    }

    fn id_of(&self, idx: Index) -> Option<&str> {
        self.ids.get(&idx).map(String::as_str)
    }

    fn redacted(&self, node: &Node) -> Value {
        let previous: Vec<&str> = node
            .previous
            .iter()
            .filter_map(|idx| self.id_of(*idx))
            .collect();
        let next = self.next.get(&node.idx).into_iter().flatten();
        let next: Vec<&str> = next.filter_map(|idx| self.id_of(*idx)).collect();
        json!({
            "cdleventid": node.id,
            "cdleventtype": node.event_type,
            "cdlpreviousevents": previous,
            "cdlnextevents": next,
            "commitment": node.commitment.to_base64(),
        })
    }
}
