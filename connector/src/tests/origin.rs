//! A data source that behaves, and misbehaves, as its paths say.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, RawQuery, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::sync::Notify;

/// What the source was asked: path and headers.
pub type Requests = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// What a test knows of the source and how it steers it.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub requests: Requests,
    /// Bytes that were read of `endless`.
    pub endless: Arc<AtomicUsize>,
    /// Lets `pausing` go on.
    pub go_on: Arc<Notify>,
}

/// Content of `large`: 300,000 bytes.
pub fn large() -> Bytes {
    (0..300_000u32)
        .map(|number| u8::try_from(number % 251).expect("below 251"))
        .collect()
}

const FRAME: usize = 10_000;

fn frames() -> Vec<Result<Bytes, io::Error>> {
    let large = large();
    (0..large.len() / FRAME)
        .map(|number| Ok(large.slice(number * FRAME..(number + 1) * FRAME)))
        .collect()
}

fn streamed(
    frames: impl futures_util::Stream<Item = Result<Bytes, io::Error>> + Send + 'static,
    len: Option<usize>,
) -> Response {
    let mut response = Body::from_stream(frames).into_response();
    if let Some(len) = len {
        response.headers_mut().insert("content-length", len.into());
    }
    response
}

/// Breaks after half of `large`: with a pause, because a server drops what it has not sent when a body fails.
fn broken() -> impl futures_util::Stream<Item = Result<Bytes, io::Error>> + Send {
    let end = stream::once(async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(io::Error::other("broken on purpose"))
    });
    stream::iter(frames()).take(15).chain(end)
}

async fn answer(
    State(origin): State<Origin>,
    Path((_, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    origin
        .requests
        .lock()
        .expect("not poisoned")
        .push((path.clone(), headers));
    let redirect = |to: &str| (StatusCode::FOUND, [("location", to.to_owned())]).into_response();
    match path.as_str() {
        "a.csv" => (
            [
                ("content-type", "text/csv; charset=utf-8"),
                ("etag", "\"1\""),
            ],
            "a,b\n1,2\n",
        )
            .into_response(),
        "empty" => Body::empty().into_response(),
        "large" => streamed(stream::iter(frames()), Some(large().len())),
        "chunked" => streamed(stream::iter(frames()), None),
        "short" => streamed(broken(), Some(large().len())),
        "broken-chunks" => streamed(broken(), None),
        "stall" => streamed(
            stream::iter(frames()).take(15).chain(stream::pending()),
            Some(large().len()),
        ),
        "endless" => {
            let read = Arc::clone(&origin.endless);
            let frames = stream::repeat_with(move || {
                read.fetch_add(65_536, Ordering::SeqCst);
                Ok(Bytes::from(vec![0; 65_536]))
            });
            streamed(frames, None)
        }
        "pausing" => {
            let rest = stream::once(async move {
                origin.go_on.notified().await;
                Ok(Bytes::from_static(b"the end"))
            });
            streamed(stream::iter(frames()).chain(rest), Some(large().len() + 7))
        }
        "short-small" => {
            let start = stream::iter([Ok(Bytes::from_static(b"abc"))]);
            let end = stream::once(async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(io::Error::other("broken on purpose"))
            });
            streamed(start.chain(end), Some(10))
        }
        "silent" => std::future::pending().await,
        "coded" => coded(&["gzip"]),
        "coded-in-part" => coded(&["identity", "gzip"]),
        "coded-oddly" => coded(&["gzip;q=1"]),
        "coded-not" => coded(&["", "identity, ,aws-chunked"]),
        "moved-inside" | "moved-off" => redirect("/closed/a.csv"),
        "moved-raw" => redirect("/closed/a.csv?観測所=1 2#top"),
        "moved-outside" => redirect("http://127.0.0.1:9/closed/a.csv"),
        "moved-open" => redirect("/open/a.csv"),
        other => match other
            .strip_prefix("status/")
            .and_then(|code| code.parse().ok())
        {
            Some(code) => StatusCode::from_u16(code)
                .expect("a status")
                .into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

/// What a search finds: what it was asked. With `status=…` it refuses, as a site of CKAN does, and with `broken` it breaks off.
async fn found(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    if let Some(status) = query.strip_prefix("status=") {
        let status = status.parse().expect("a status");
        let refused = json!({"success": false, "error": {"message": "not today"}});
        return (status_of(status), Json(refused)).into_response();
    }
    if query == "broken" {
        return streamed(broken(), None);
    }
    let token = headers
        .get("authorization")
        .map(|token| token.to_str().ok());
    Json(json!({"success": true, "result": {"query": query, "authorization": token}}))
        .into_response()
}

fn status_of(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a status")
}

/// The source below `/closed` and `/open`, and a search.
pub fn router() -> (Router, Origin) {
    let origin = Origin::default();
    (
        Router::new()
            .route("/{folder}/{*path}", get(answer))
            .route("/search", get(found))
            .with_state(origin.clone()),
        origin,
    )
}

/// An answer with these lines of `Content-Encoding`.
fn coded(lines: &[&'static str]) -> Response {
    let mut response = "a".into_response();
    for line in lines {
        let line = http::HeaderValue::from_static(line);
        response.headers_mut().append("content-encoding", line);
    }
    response
}
