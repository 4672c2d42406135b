//! `POST /v2/events:batch`: what the outboxes of connectors deliver.

mod items;
mod results;

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    fmt,
};

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use common::{
    http::{
        body::{BodyError, read_limited},
        problem::Problem,
        refusals,
    },
    ids::UserId,
    listener::Peer,
};
use futures_util::{StreamExt as _, stream};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};
use provenance_model::batch::{BatchReply, ItemResult, MAX_BODY_BYTES, MAX_ITEMS, Registration};
use serde::{
    Deserialize,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use self::{
    items::{Prepared, read},
    results::result,
};
use super::{AppState, error, limits::Held};
use crate::domain::{access::AuthorityError, sequencer::SubmitError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchRequest<'b> {
    #[serde(borrow)]
    items: Items<'b>,
}

/// The texts of the items, of which there are no more than may come: of four million zeros, none but the first ones are kept.
struct Items<'b> {
    texts: Vec<&'b RawValue>,
    are_too_many: bool,
}

impl<'de: 'b, 'b> Deserialize<'de> for Items<'b> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Items<'de>, A::Error> {
                let mut texts = Vec::new();
                while texts.len() < MAX_ITEMS {
                    match items.next_element()? {
                        Some(text) => texts.push(text),
                        None => break,
                    }
                }
                let mut are_too_many = false;
                while items.next_element::<IgnoredAny>()?.is_some() {
                    are_too_many = true;
                }
                Ok(Items {
                    texts,
                    are_too_many,
                })
            }
        }

        deserializer.deserialize_seq(Each)
    }
}

/// Records many finished exchanges of one connector.
///
/// Items are independent of each other and take their places in the order of the request; a predecessor may be an earlier item
/// or arrive later. All accepted ones are durable before the answer.
#[utoipa::path(post, path = "/v2/events:batch", tag = "events",
    request_body(content = Object, description = "`{\"items\": [ … ]}`: 1 to 1,024 items, 64 KiB each, 4 MiB in all"),
    responses((status = 200, description = "One result for each item, in the same order, even if all were rejected", body = BatchReply),
        (status = 400, description = "Not JSON, or no items", body = Problem),
        (status = 403, description = "The connector is not registered", body = Problem),
        (status = 413, description = "Over a limit", body = Problem),
        (status = 415, description = "Not JSON by its type, or encoded", body = Problem),
        (status = 503, description = "The ledger cannot record now; nothing of this request is recorded", body = Problem)))]
pub(super) async fn batch(
    State(app): State<AppState>,
    peer: Peer,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    if let Some(problem) = unsupported(&parts.headers) {
        return Err(problem);
    }
    let _place = app.ledger.batches.enter(&peer.id).ok_or_else(|| {
        metrics::counter!("ledger_refused_total", "reason" => "requests").increment(1);
        Problem::from(&error::TOO_MANY_REQUESTS)
    })?;
    // `Err`: the registry is out of reach, which each item will be told.
    let registration = match app.registration(&peer.id).await {
        Ok(Some(registration)) => Ok(registration),
        Ok(None) => {
            return Err((&refusals::NOT_REGISTERED).into());
        }
        Err(error) => Err(error),
    };
    app.ledger.sequencer.check_room().map_err(unavailable)?;
    let length = stated_length(&parts.headers).unwrap_or(MAX_BODY_BYTES);
    let held = app.ledger.batches.hold(&peer.id, length).await;
    let held = held.ok_or_else(|| {
        metrics::counter!("ledger_refused_total", "reason" => "busy").increment(1);
        Problem::from(&refusals::BUSY).retry_after(1)
    })?;
    let body = read_limited(body, MAX_BODY_BYTES)
        .await
        .map_err(|error| match error {
            BodyError::TooLarge { .. } => too_large("the body is too long"),
            other => other.into(),
        })?;
    let batches = &app.ledger.batches;
    let length = body.len();
    let own = app.clone();
    let items = batches
        .work(length, move || prepare(&own, &peer, &registration, &body))
        .await
        .map_err(Problem::internal)?
        .map_err(|problem| *problem)?;
    let users = look_up(&app, &items).await;
    let (mut submissions, mut results) = (Vec::new(), Vec::with_capacity(items.len()));
    for item in items {
        match item.and_then(|item| item.named_exist(&users)) {
            Ok(submission) => {
                results.push(None);
                submissions.push(submission);
            }
            Err(rejected) => results.push(Some(*rejected)),
        }
    }
    let ids: Vec<String> = submissions.iter().map(|s| s.id.clone()).collect();
    let decisions = app
        .ledger
        .sequencer
        .submit(submissions)
        .await
        .map_err(unavailable)?;
    let writing = move || {
        let mut decided = ids
            .into_iter()
            .zip(decisions)
            .map(|(id, decision)| result(id, decision));
        written(results.into_iter().map(|rejected| {
            rejected
                .or_else(|| decided.next())
                .expect("the sequencer decides about each submission")
        }))
    };
    // An answer is about as long as what it answers.
    let text = batches.work(length, writing).await;
    let text = text
        .map_err(Problem::internal)?
        .map_err(Problem::internal)?;
    Ok(answer(text, held))
}

/// Sends `text` as fast as its connector takes it: until then it counts as one of its batches.
fn answer(text: Vec<u8>, held: Held) -> Response {
    let length = text.len();
    let mut text = Bytes::from_owner(Answer { text, _held: held });
    let body = if length <= PIECE {
        Body::from(text)
    } else {
        // In pieces, for who takes a large answer too slowly is known by the pieces that were not asked for yet.
        let pieces = std::iter::from_fn(move || {
            let next = text.split_to(text.len().min(PIECE));
            (!next.is_empty()).then_some(Ok::<_, Infallible>(next))
        });
        Body::from_stream(stream::iter(pieces))
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_LENGTH, HeaderValue::from(length)),
    ];
    (StatusCode::OK, headers, body).into_response()
}

/// 64 KiB: answers up to this size are sent whole, others in pieces of it.
const PIECE: usize = 64 << 10;

/// A [`BatchReply`] of `results`, each of which is gone once it is written: it has the text of a core.
fn written(results: impl Iterator<Item = ItemResult>) -> serde_json::Result<Vec<u8>> {
    let mut text = br#"{"results":["#.to_vec();
    for (i, result) in results.enumerate() {
        if i > 0 {
            text.push(b',');
        }
        serde_json::to_writer(&mut text, &result)?;
    }
    text.extend_from_slice(b"]}");
    Ok(text)
}

struct Answer {
    text: Vec<u8>,
    _held: Held,
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

/// How many items `body` has, and whether there are too many. For what is fuzzed.
#[doc(hidden)]
pub fn items_of(body: &[u8]) -> Option<(usize, bool)> {
    let BatchRequest { items } = serde_json::from_slice(body).ok()?;
    Some((items.texts.len(), items.are_too_many))
}

/// How long the body is; nothing else arrives, where that is said.
fn stated_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Makes submissions of the items of `body`, one after the other: a tree of JSON takes up to a hundred times its text, and a
/// record about as much as it.
fn prepare(
    app: &AppState,
    peer: &Peer,
    registration: &Result<Registration, AuthorityError>,
    body: &[u8],
) -> Result<Vec<Result<Prepared, Box<ItemResult>>>, Box<Problem>> {
    let BatchRequest { items } =
        serde_json::from_slice(body).map_err(|e| refusals::BODY_NOT_JSON.problem(e.to_string()))?;
    if items.texts.is_empty() {
        return Err(Box::new((&error::NO_ITEMS).into()));
    }
    if items.are_too_many {
        return Err(too_large("there are too many items").into());
    }
    let mut prepared = Vec::with_capacity(items.texts.len());
    let mut bytes = 0;
    for text in items.texts {
        let item = read(app, registration, text.get(), &peer.id)
            .map(|item| Prepared::new(app, peer, item));
        bytes += item.as_ref().map_or(0, |item| item.submission.parts.size());
        if bytes > MAX_RECORDS_BYTES {
            return Err(too_large("the items are too long in their canonical form").into());
        }
        prepared.push(item);
    }
    Ok(prepared)
}

/// 8 MiB: most bytes of the records of one request. What connectors write is as long in its canonical form; numbers with
/// exponents may be five times as long.
const MAX_RECORDS_BYTES: usize = 2 * MAX_BODY_BYTES;

/// What is wrong with the form of the body, if anything.
fn unsupported(headers: &HeaderMap) -> Option<Problem> {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let is_encoded = headers
        .get(CONTENT_ENCODING)
        .is_some_and(|v| !v.as_bytes().eq_ignore_ascii_case(b"identity"));
    let detail = if !media_type.eq_ignore_ascii_case("application/json") {
        "the body must be application/json"
    } else if is_encoded {
        "the body must not be encoded"
    } else {
        return None;
    };
    Some(refusals::NOT_JSON.problem(detail))
}

fn too_large(detail: &str) -> Problem {
    error::BATCH_TOO_LARGE
        .problem(detail)
        .member("max_items", MAX_ITEMS)
        .member("max_bytes", MAX_BODY_BYTES)
}

fn unavailable(error: SubmitError) -> Problem {
    // A connector's only other place for them is its outbox: it comes again soon.
    let soon = matches!(error, SubmitError::Busy).then_some(1);
    let problem = Problem::from(error::submit(error));
    match soon {
        Some(seconds) => problem.retry_after(seconds),
        None => problem,
    }
}

/// Questions about users that one request asks at a time.
const QUESTIONS: usize = 8;

/// Whether the users that `items` name exist, each asked for once.
async fn look_up(
    app: &AppState,
    items: &[Result<Prepared, Box<ItemResult>>],
) -> HashMap<UserId, Result<bool, AuthorityError>> {
    let named = items.iter().flatten().flat_map(|item| &item.named);
    let named: HashSet<UserId> = named.filter_map(|(_, user)| user.clone()).collect();
    stream::iter(named)
        .map(async |user| {
            let is_known = app.ledger.authority.known(&user).await;
            (user, is_known.map(|known| known.is_some()))
        })
        .buffer_unordered(QUESTIONS)
        .collect()
        .await
}
