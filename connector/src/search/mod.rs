//! Searches of catalogues on their way through a connector: how they are refused, bounded and logged.

mod refusals;

use std::time::Instant;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use common::{
    http::{
        Refused,
        context::{self, RequestId},
    },
    ids::UserId,
};
use futures_util::{Stream, stream};
use http::{
    HeaderMap, HeaderValue,
    header::{self, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    request::Parts,
};
use http_body_util::BodyExt as _;
use tokio::time::timeout_at;

pub use self::refusals::TABLE;
pub(crate) use self::refusals::*;
use crate::{
    exchange::{Budget, Permit, Role, headers},
    upstream::{BodyError, PooledBody},
};

/// The path of both connectors.
pub(crate) const CATALOG: &str = "/cadde/api/v4/catalog";

/// Longest query in a log line, in characters.
const MAX_LOGGED: usize = 500;

/// One search under way, and what its one log line will say.
#[derive(Debug)]
pub(crate) struct Search {
    role: Role,
    started: Instant,
    request_id: RequestId,
    query: String,
    has_token: bool,
    /// `meta` or `detail`.
    pub kind: &'static str,
    /// Whose catalogue it is.
    pub provider: Option<UserId>,
    /// Who asks.
    pub consumer: Option<UserId>,
    /// The place that it takes among what is under way, until its answer has passed.
    pub place: Option<Permit>,
}

impl Search {
    /// A search that has just been asked for.
    pub fn begin(role: Role, request: &Parts) -> Self {
        let query = request.uri.query().unwrap_or_default();
        Self {
            role,
            started: Instant::now(),
            request_id: context::request_id(),
            query: query.chars().take(MAX_LOGGED).collect(),
            has_token: headers::present(&request.headers, &header::AUTHORIZATION).is_some(),
            kind: "",
            provider: None,
            consumer: None,
            place: None,
        }
    }

    /// Whether a token came along.
    pub fn has_token(&self) -> bool {
        self.has_token
    }

    /// The answer: what was found, or why nothing was. What an exchange would be refused for has the ids of a catalogue here.
    pub fn answer(mut self, found: Result<Found, Refused>) -> Response {
        match found {
            Ok(found) => {
                self.log(None);
                found.into_response(self.place.take())
            }
            Err(refused) => {
                let refused = of_catalogue(refused);
                self.log(Some(&refused));
                refused.log();
                crate::exchange::refusals::respond(&refused, self.role)
            }
        }
    }

    /// The trace line of CADDE 4.0 for a search (`log_type` to `authorization` are its fields).
    fn log(&self, refused: Option<&Refused>) {
        let elapsed = self.started.elapsed().as_millis();
        tracing::info!(
            log_type = "browsing",
            "type" = "search",
            role = self.role.label(),
            outcome = if refused.is_some() { "refused" } else { "answered" },
            consumer_id = self.consumer.as_ref().map(UserId::as_str),
            provider_id = self.provider.as_ref().map(UserId::as_str),
            search_type = self.kind,
            query = self.query,
            authorization = self.has_token,
            request.id = %self.request_id,
            status = refused.map(|refused| refused.status.as_u16()),
            message_id = refused.map(|refused| self.role.message_id(refused)),
            duration_ms = u64::try_from(elapsed).unwrap_or(u64::MAX),
            "search"
        );
    }
}

/// What a search came to, of which the body is still to come.
#[derive(Debug)]
pub(crate) enum Found {
    /// Of somebody else.
    Passed {
        /// As it comes.
        body: Box<PooledBody>,
        /// How it is coded.
        coding: Option<HeaderValue>,
        /// The time it has.
        budget: Budget,
    },
    /// Of a catalogue in this process.
    Own(Response),
}

impl Found {
    fn into_response(self, place: Option<Permit>) -> Response {
        let mut fields = HeaderMap::new();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let body = match self {
            Self::Own(response) => {
                let frames = response.into_body().into_data_stream();
                Body::from_stream(held(frames, place))
            }
            Self::Passed {
                body,
                coding,
                budget,
            } => {
                fields.extend(coding.map(|coding| (CONTENT_ENCODING, coding)));
                Body::from_stream(held(passing(body, budget), place))
            }
        };
        (fields, body).into_response()
    }
}

/// The frames, with the place kept until the last has passed or the caller has left.
fn held<S: Stream + Send + 'static>(
    frames: S,
    place: Option<Permit>,
) -> impl Stream<Item = S::Item> + Send {
    use futures_util::StreamExt as _;
    frames.map(move |frame| {
        let _kept = &place;
        frame
    })
}

/// The bytes of `body` as they come, none of which may be waited for longer than `budget` says. One that breaks breaks the answer.
fn passing(body: Box<PooledBody>, budget: Budget) -> impl Stream<Item = Result<Bytes, BodyError>> {
    stream::try_unfold(body, move |mut body| async move {
        loop {
            let by = budget
                .end_by()
                .min(tokio::time::Instant::now() + budget.idle());
            let frame = timeout_at(by, body.frame()).await;
            let Some(frame) = frame.map_err(|_| BodyError::Idle)? else {
                return Ok(None);
            };
            if let Ok(data) = frame?.into_data() {
                return Ok(Some((data, body)));
            }
        }
    })
}
