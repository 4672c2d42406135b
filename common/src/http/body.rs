//! Reading small bodies whole. What may be large is streamed instead.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{HeaderMap, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, SemaphorePermit};

pub use super::body_error::BodyError;
use super::{Refused, problem::Problem, refusals};
use crate::{
    concurrency::{ConcurrencyLimit, Permit},
    listener::{ConnectionInfo, network},
};

/// Largest JSON body of our own APIs, in bytes.
pub const MAX_JSON: usize = 1 << 20;

/// How long a small body may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(15);

/// The same for a body of somebody whom nobody knows.
const NOBODYS_DEADLINE: Duration = Duration::from_secs(5);

/// 2 MiB: bodies of callers whom nobody knows, of the whole process, at a time.
const NOBODYS_BUDGET: usize = 2 << 20;

/// Those of one network.
const NOBODYS_EACH: usize = 32;

/// The budget is counted in units of this many bytes.
const UNIT: usize = 1 << 10;

static NOBODYS_BYTES: Semaphore = Semaphore::const_new(NOBODYS_BUDGET / UNIT);
static NOBODYS: LazyLock<Arc<ConcurrencyLimit<IpAddr>>> = LazyLock::new(|| {
    let gauge = metrics::gauge!("listener_bodies_of_nobody");
    ConcurrencyLimit::new(usize::MAX, NOBODYS_EACH, gauge)
});

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let detail = error.to_string();
        let max = match error {
            BodyError::TooLarge { max } => Some(max),
            _ => None,
        };
        let problem = Self::from(Refused::from(error)).detail(detail);
        match max {
            Some(max) => problem.member("max_bytes", max),
            None => problem,
        }
    }
}

/// Reads `body`, up to `max` bytes, within 15 seconds.
///
/// # Errors
/// [`BodyError`].
pub async fn read_limited(body: Body, max: usize) -> Result<Bytes, BodyError> {
    read_within(body, max, BODY_DEADLINE).await
}

async fn read_within(body: Body, max: usize, deadline: Duration) -> Result<Bytes, BodyError> {
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
    tokio::time::timeout(deadline, reading)
        .await
        .unwrap_or(Err(BodyError::Slow))
}

/// A JSON body of our own APIs, `MAX` bytes at most; refusing it answers a problem that names the member.
#[derive(Debug, Clone)]
pub struct ValidJson<T, const MAX: usize = MAX_JSON>(pub T);

impl<T: DeserializeOwned, S: Send + Sync, const MAX: usize> FromRequest<S> for ValidJson<T, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        let bytes = read_limited(request.into_body(), MAX).await?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| unfit(&error))
    }
}

/// A JSON body of somebody whom nobody knows, because what proves who they are stands in it: `MAX` bytes at most, within 5
/// seconds, out of one budget for all such bodies of the process. It is held until this is dropped.
#[derive(Debug)]
pub struct NobodysJson<T, const MAX: usize> {
    /// What the body says.
    pub body: T,
    #[expect(dead_code, reason = "held, not read")]
    held: (Permit<IpAddr>, SemaphorePermit<'static>),
}

impl<T: DeserializeOwned, S: Send + Sync, const MAX: usize> FromRequest<S> for NobodysJson<T, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        let connection = request.extensions().get::<ConnectionInfo>();
        let connection =
            connection.ok_or_else(|| Problem::internal("a listener gave no connection along"))?;
        let from = connection.remote.ip();
        let Nobodys { bytes, held } = Nobodys::read(request.into_body(), from, MAX).await?;
        let body = serde_json::from_slice(&bytes).map_err(|error| unfit(&error))?;
        Ok(Self { body, held })
    }
}

/// A body of any form of somebody whom nobody knows, under the same bounds. What is held of the budget is held until this is
/// dropped.
#[derive(Debug)]
pub struct Nobodys {
    /// What it says.
    pub bytes: Bytes,
    held: (Permit<IpAddr>, SemaphorePermit<'static>),
}

impl Nobodys {
    /// Reads `body`, which comes `from` there: `max` bytes at most, within 5 seconds.
    ///
    /// # Errors
    /// [`BodyError`].
    pub async fn read(body: Body, from: IpAddr, max: usize) -> Result<Self, BodyError> {
        let held = budget(from, max)?;
        let bytes = read_within(body, max, NOBODYS_DEADLINE).await?;
        Ok(Self { bytes, held })
    }
}

/// A part of the budget for a body of `max` bytes.
fn budget(
    address: IpAddr,
    max: usize,
) -> Result<(Permit<IpAddr>, SemaphorePermit<'static>), BodyError> {
    let place = NOBODYS.enter_as(network(address)).ok_or(BodyError::Busy)?;
    let units = u32::try_from(max.div_ceil(UNIT)).unwrap_or(u32::MAX);
    let permit = NOBODYS_BYTES.try_acquire_many(units);
    Ok((place, permit.map_err(|_| BodyError::Busy)?))
}

/// Whether the body is JSON, as far as its headers say.
fn is_json(headers: &HeaderMap) -> bool {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/json") || media.ends_with("+json")
}

fn not_json() -> Problem {
    (&refusals::NOT_JSON).into()
}

fn unfit(error: &serde_json::Error) -> Problem {
    let problem = if error.is_data() {
        refusals::BODY_DOES_NOT_FIT.problem(error.to_string())
    } else {
        refusals::BODY_NOT_JSON.problem(error.to_string())
    };
    problem
        .member("line", error.line())
        .member("column", error.column())
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    /// A third, in whole units.
    const LARGE: usize = NOBODYS_BUDGET / 3 / UNIT * UNIT;

    async fn read<const MAX: usize>(
        address: &str,
        body: Body,
    ) -> Result<NobodysJson<String, MAX>, Problem> {
        let mut request = Request::new(body);
        let media = http::HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, media);
        request.extensions_mut().insert(ConnectionInfo {
            remote: (address.parse::<IpAddr>().expect("an address"), 1).into(),
            peer: None,
            control: crate::listener::ConnectionControl::default(),
        });
        NobodysJson::from_request(request, &()).await
    }

    fn status<T>(answer: Result<T, Problem>) -> Option<StatusCode> {
        use axum::response::IntoResponse as _;
        answer.err().map(|problem| problem.into_response().status())
    }

    /// One test: the budget is one for the process.
    #[tokio::test]
    async fn strangers_have_a_budget_of_which_no_network_has_all() {
        let text = |length: usize| Body::from(format!("\"{}\"", "x".repeat(length)));
        assert_eq!(status(read::<24>("192.0.2.1", text(22)).await), None);
        let large = status(read::<24>("192.0.2.1", text(23)).await);
        assert_eq!(large, Some(StatusCode::PAYLOAD_TOO_LARGE));
        let mut held = Vec::new();
        for _ in 0..NOBODYS_EACH {
            held.push(read::<24>("192.0.2.1", text(1)).await.unwrap());
        }
        let beyond = status(read::<24>("192.0.2.1", text(1)).await);
        assert_eq!(beyond, Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(status(read::<24>("192.0.2.2", text(1)).await), None);
        held.clear();
        assert_eq!(status(read::<24>("192.0.2.1", text(1)).await), None);

        let mut all = Vec::new();
        for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
            all.push(read::<LARGE>(address, text(1)).await.unwrap());
        }
        let body =
            futures_util::stream::poll_fn(|_| -> std::task::Poll<Option<std::io::Result<Bytes>>> {
                panic!("a body for which there is no room is not read")
            });
        let beyond = status(read::<LARGE>("192.0.2.4", Body::from_stream(body)).await);
        assert_eq!(beyond, Some(StatusCode::SERVICE_UNAVAILABLE));
        all.pop();
        assert_eq!(status(read::<LARGE>("192.0.2.4", text(1)).await), None);
    }
}
