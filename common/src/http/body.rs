//! Reading small bodies whole. What may be large is streamed instead.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// Largest JSON body of our own APIs, in bytes.
pub const MAX_JSON: usize = 1 << 20;

/// How long a small body may take to arrive.
const BODY_DEADLINE: std::time::Duration = std::time::Duration::from_secs(15);

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is longer than allowed.
    #[error("the body is longer than {max} bytes")]
    TooLarge {
        /// The limit in bytes.
        max: usize,
    },
    /// It ended early.
    #[error("the body did not arrive whole")]
    Broken(#[source] axum::Error),
    /// It did not arrive in time.
    #[error("the body did not arrive within 15 seconds")]
    Slow,
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match &error {
            BodyError::TooLarge { max } => {
                Self::too_large("body-too-large", error.to_string()).member("max_bytes", *max)
            }
            BodyError::Broken(_) => Self::bad_request("body-broken", error.to_string()),
            BodyError::Slow => Self::new(
                http::StatusCode::REQUEST_TIMEOUT,
                "body-slow",
                "Request Timeout",
            )
            .detail(error.to_string()),
        }
    }
}

/// Reads `body`, up to `max` bytes, within 15 seconds.
///
/// # Errors
/// [`BodyError`].
pub async fn read_limited(body: Body, max: usize) -> Result<Bytes, BodyError> {
    let reading = async {
        let mut frames = body.into_data_stream();
        let Some(first) = frames.next().await else {
            return Ok(Bytes::new());
        };
        let first = first.map_err(BodyError::Broken)?;
        if first.len() > max {
            return Err(BodyError::TooLarge { max });
        }
        let Some(second) = frames.next().await else {
            return Ok(first);
        };
        let mut whole = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(frame) = next {
            let frame = frame.map_err(BodyError::Broken)?;
            if whole.len() + frame.len() > max {
                return Err(BodyError::TooLarge { max });
            }
            whole.extend_from_slice(&frame);
            next = frames.next().await;
        }
        Ok(whole.freeze())
    };
    tokio::time::timeout(BODY_DEADLINE, reading)
        .await
        .unwrap_or(Err(BodyError::Slow))
}

/// A JSON body of our own APIs; refusing it answers a problem that names the member.
#[derive(Debug, Clone)]
pub struct ValidJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ValidJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let media = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if !(media.eq_ignore_ascii_case("application/json") || media.ends_with("+json")) {
            return Err(Problem::new(
                http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "the body must be application/json",
            ));
        }
        let bytes = read_limited(request.into_body(), MAX_JSON).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let problem = if error.is_data() {
                Problem::unprocessable("body-does-not-fit", error.to_string())
            } else {
                Problem::bad_request("body-not-json", error.to_string())
            };
            problem
                .member("line", error.line())
                .member("column", error.column())
        })
    }
}
