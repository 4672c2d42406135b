//! Reading the multipart body of a registration. Files are hashed as they pass; nothing of them is kept.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use axum::{
    body::Body,
    extract::{FromRequest as _, Multipart, Request, multipart::Field},
};
use bytes::Bytes;
use common::http::cadde::LedgerError;
use futures_util::{Stream, StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use super::{error, writes::Write};

/// 1 MiB: longest event. One that names 10,000 predecessors has 400 kB.
const MAX_EVENT: u64 = 1 << 20;

/// Most files in one registration.
const MAX_FILES: usize = 1_000;

/// Most parts of any name.
const MAX_PARTS: usize = MAX_FILES + 24;

/// 1 MiB: most of a body that may arrive without a part beginning or going on. The parser keeps all of it, looking for the end
/// of the headers of a part, which have some hundred bytes.
const MAX_GAP: usize = 1 << 20;

/// 128 KiB: most that the parser is given at a time. It takes whatever is there before it looks at any of it.
const HELPING: usize = 128 << 10;

/// 30 s: longest silence in the middle of a body.
const IDLE: Duration = Duration::from_secs(30);

/// What a registration consists of.
pub(super) struct Upload {
    /// The part `request`.
    pub(super) event: Vec<u8>,
    /// SHA-256 of each part `upfile`, in order.
    pub(super) hashes: Vec<[u8; 32]>,
}

/// Reads the body of `request`, up to `max` bytes, as fast as `write` may.
///
/// The part `request` may come with or without a file name, empty or not, and with any media type: existing clients differ.
/// Other parts are passed over.
pub(super) async fn read(
    request: Request,
    max: u64,
    write: &Write<'_>,
) -> Result<Upload, LedgerError> {
    let pace = Pace::default();
    let request = request.map(|body| Body::from_stream(pace.clone().watch(body)));
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|e| not_multipart(&e.body_text()))?;
    let mut budget = max;
    let (mut event, mut hashes, mut count) = (None, Vec::new(), 0);
    while let Some(mut part) = in_time(parts.next_field()).await? {
        pace.moved();
        count += 1;
        if count > MAX_PARTS {
            return Err(error::TOO_MANY_PARTS.naming(MAX_PARTS).into());
        }
        match part.name() {
            Some("request") if event.is_none() => {
                let mut text = Vec::new();
                let mut left = budget.min(MAX_EVENT);
                while let Some(chunk) = next(&mut part, &pace, &mut left, MAX_EVENT).await? {
                    text.extend_from_slice(&chunk);
                }
                event = Some(text);
            }
            Some("request") => {
                return Err((&error::TWO_EVENTS).into());
            }
            Some("upfile") if hashes.len() == MAX_FILES => {
                return Err(error::TOO_MANY_FILES.naming(MAX_FILES).into());
            }
            Some("upfile") => {
                let mut hash = Sha256::new();
                while let Some(chunk) = next(&mut part, &pace, &mut budget, max).await? {
                    write.hash(chunk.len()).await;
                    hash.update(&chunk);
                }
                hashes.push(hash.finalize().into());
            }
            _ => {
                while let Some(chunk) = next(&mut part, &pace, &mut budget, max).await? {
                    write.hash(chunk.len()).await;
                }
            }
        }
    }
    let event = event.ok_or(&error::NO_EVENT)?;
    Ok(Upload { event, hashes })
}

/// The next piece of a part, as long as `budget` lasts.
async fn next(
    part: &mut Field<'_>,
    pace: &Pace,
    budget: &mut u64,
    max: u64,
) -> Result<Option<Bytes>, LedgerError> {
    let chunk = in_time(part.chunk()).await?;
    pace.moved();
    if let Some(chunk) = &chunk {
        let len = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        *budget = budget
            .checked_sub(len)
            .ok_or_else(|| error::BODY_TOO_LARGE.naming(max))?;
    }
    Ok(chunk)
}

/// How much of a body has arrived since the parser last told of a part.
#[derive(Debug, Clone, Default)]
struct Pace(Arc<AtomicUsize>);

impl Pace {
    fn moved(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// The frames of `body`, with pauses, until there are too many for what the parser makes of them.
    fn watch(self, body: Body) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static {
        let mut frames = body.into_data_stream();
        let mut helped = 0;
        stream::poll_fn(move |cx| {
            if helped >= HELPING {
                helped = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.0.load(Ordering::Relaxed) > MAX_GAP {
                let error = "the headers of a part are too long";
                return Poll::Ready(Some(Err(axum::Error::new(error))));
            }
            let next = frames.poll_next_unpin(cx);
            if let Poll::Ready(Some(Ok(frame))) = &next {
                helped += frame.len();
                self.0.fetch_add(frame.len(), Ordering::Relaxed);
            }
            next
        })
    }
}

async fn in_time<T>(
    reading: impl Future<Output = Result<T, axum::extract::multipart::MultipartError>>,
) -> Result<T, LedgerError> {
    let read = tokio::time::timeout(IDLE, reading)
        .await
        .map_err(|_| &error::BODY_SLOW)?;
    read.map_err(|e| not_multipart(&e.body_text()))
}

fn not_multipart(detail: &str) -> LedgerError {
    error::NOT_MULTIPART.naming(detail).into()
}
