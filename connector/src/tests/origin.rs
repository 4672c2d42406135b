//! A data source that behaves, and misbehaves, as its paths say.

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, StatusCode};

/// What the source was asked: path and headers.
pub type Requests = Arc<Mutex<Vec<(String, HeaderMap)>>>;

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

fn broken() -> impl futures_util::Stream<Item = Result<Bytes, io::Error>> + Send {
    let mut frames = frames();
    frames.truncate(15);
    frames.push(Err(io::Error::other("broken on purpose")));
    stream::iter(frames)
}

async fn answer(
    State(requests): State<Requests>,
    Path((_, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    requests
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
        "endless" => streamed(
            stream::repeat_with(|| Ok(Bytes::from(vec![0; 65_536]))),
            None,
        ),
        "coded" => ([("content-encoding", "gzip")], "a").into_response(),
        "moved-inside" => redirect("/closed/a.csv"),
        "moved-outside" => redirect("http://127.0.0.1:9/closed/a.csv"),
        "moved-open" => redirect("/open/a.csv"),
        "moved-off" => redirect("/closed/a.csv"),
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

/// The source below `/closed` and `/open`, and the list of what it was asked.
pub fn router() -> (Router, Requests) {
    let requests = Requests::default();
    (
        Router::new()
            .route("/{folder}/{*path}", get(answer))
            .with_state(Arc::clone(&requests)),
        requests,
    )
}
