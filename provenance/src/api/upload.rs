//! Reading the multipart body of a registration. Files are hashed as they pass; nothing of them is kept.

use std::time::Duration;

use axum::extract::{FromRequest as _, Multipart, Request, multipart::Field};
use common::http::cadde::LedgerError;
use sha2::{Digest as _, Sha256};

use super::error;

/// 1 MiB: longest event. One that names 10,000 predecessors has 400 kB.
const MAX_EVENT: u64 = 1 << 20;

/// Most files in one registration.
const MAX_FILES: usize = 1_000;

/// 30 s: longest silence in the middle of a body.
const IDLE: Duration = Duration::from_secs(30);

/// What a registration consists of.
pub(super) struct Upload {
    /// The part `request`.
    pub(super) event: Vec<u8>,
    /// SHA-256 of each part `upfile`, in order.
    pub(super) hashes: Vec<[u8; 32]>,
}

/// Reads the body of `request`, up to `max` bytes.
///
/// The part `request` may come with or without a file name, empty or not, and with any media type: existing clients differ.
/// Other parts are passed over.
pub(super) async fn read(request: Request, max: u64) -> Result<Upload, LedgerError> {
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|e| not_multipart(&e.body_text()))?;
    let mut budget = max;
    let (mut event, mut hashes) = (None, Vec::new());
    while let Some(mut part) = in_time(parts.next_field()).await? {
        match part.name() {
            Some("request") if event.is_none() => {
                let mut text = Vec::new();
                let mut left = budget.min(MAX_EVENT);
                while let Some(chunk) = next(&mut part, &mut left, MAX_EVENT).await? {
                    text.extend_from_slice(&chunk);
                }
                event = Some(text);
            }
            Some("request") => {
                return Err(error::bad_request(
                    "two-events",
                    "there are two parts named request",
                ));
            }
            Some("upfile") if hashes.len() == MAX_FILES => {
                let detail = format!("there are more than {MAX_FILES} parts named upfile");
                return Err(error::bad_request("too-many-files", &detail));
            }
            Some("upfile") => {
                let mut hash = Sha256::new();
                while let Some(chunk) = next(&mut part, &mut budget, max).await? {
                    hash.update(&chunk);
                }
                hashes.push(hash.finalize().into());
            }
            _ => while next(&mut part, &mut budget, max).await?.is_some() {},
        }
    }
    let event =
        event.ok_or_else(|| error::bad_request("no-event", "there is no part named request"))?;
    Ok(Upload { event, hashes })
}

/// The next piece of a part, as long as `budget` lasts.
async fn next(
    part: &mut Field<'_>,
    budget: &mut u64,
    max: u64,
) -> Result<Option<bytes::Bytes>, LedgerError> {
    let chunk = in_time(part.chunk()).await?;
    if let Some(chunk) = &chunk {
        let len = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        *budget = budget
            .checked_sub(len)
            .ok_or_else(|| error::too_large(max))?;
    }
    Ok(chunk)
}

async fn in_time<T>(
    reading: impl Future<Output = Result<T, axum::extract::multipart::MultipartError>>,
) -> Result<T, LedgerError> {
    let read = tokio::time::timeout(IDLE, reading)
        .await
        .map_err(|_| error::too_slow())?;
    read.map_err(|e| not_multipart(&e.body_text()))
}

fn not_multipart(detail: &str) -> LedgerError {
    error::bad_request("not-multipart", detail)
}
