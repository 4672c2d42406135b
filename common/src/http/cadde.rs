//! Error bodies of the CADDE wire, in the shape of each specification, always one valid JSON object.
//!
//! | where | members | type |
//! |---|---|---|
//! | connectors | `detail` (text and message id), `status`, `title`, `type` | [`connector`] |
//! | auth-server, authorization function, location-server | `message`, some with `detail` | [`message`] |
//! | the same, a body or parameter that does not fit | `detail[]` of `loc`, `msg`, `type` | [`ValidationError`] |
//! | ledger | `code`, `type`, `message` | [`LedgerError`] |
//!
//! All add `message_id` (where there is one) and `request_id`. Texts follow `Accept-Language`.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};

use super::{context, refusal::Refused};

fn respond(status: StatusCode, mut body: Value) -> Response {
    let id = context::request_id();
    if !id.0.is_nil() {
        body["request_id"] = id.to_string().into();
    }
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The headers that a refusal has in whatever form it leaves.
pub(super) fn fields(
    headers: &mut HeaderMap,
    retry_after: Option<u64>,
    challenge: Option<&'static str>,
    allow: Option<&'static str>,
) {
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    for (name, value) in [(WWW_AUTHENTICATE, challenge), (ALLOW, allow)] {
        if let Some(value) = value {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

fn refuse(refused: &Refused, body: Value) -> Response {
    let mut response = respond(refused.status, body);
    fields(
        response.headers_mut(),
        refused.retry_after,
        refused.challenge,
        refused.allow,
    );
    response
}

/// A connector's answer, under one of the message ids that `refused` has.
pub fn connector(refused: &Refused, message_id: &str) -> Response {
    let body = json!({
        "detail": format!("{}({message_id})", refused.text()),
        "status": refused.status.as_u16(),
        "title": "",
        "type": "",
        "message_id": message_id,
    });
    refuse(refused, body)
}

/// The answer of the authentication server or the location server.
pub fn message(refused: &Refused) -> Response {
    refused.log_reason();
    let [message_id, _] = refused.refusal.ids;
    refuse(
        refused,
        json!({ "message": refused.text(), "message_id": message_id }),
    )
}

/// The answer of the authorization function, whose specification has a further member.
pub fn message_and_detail(refused: &Refused) -> Response {
    refused.log_reason();
    let ([message_id, _], text) = (refused.refusal.ids, refused.text());
    refuse(
        refused,
        json!({ "message": text, "detail": text, "message_id": message_id }),
    )
}

/// An error of the ledger's wire paths.
#[derive(Debug)]
pub struct LedgerError(pub Refused);

impl<E: Into<Refused>> From<E> for LedgerError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for LedgerError {
    fn into_response(self) -> Response {
        self.0.log_reason();
        let [message_id, _] = self.0.refusal.ids;
        let body = json!({
            "code": 1,
            "type": "error",
            "message": self.0.text(),
            "message_id": message_id,
        });
        refuse(&self.0, body)
    }
}

/// A body, parameter or header that does not fit its schema: 422.
#[derive(Debug, Clone, Default)]
pub struct ValidationError {
    problems: Vec<Value>,
}

impl ValidationError {
    /// What is wrong at `location`, for example `["body", "user_id"]`; `kind` is for programs, `value_error.missing`.
    pub fn new(location: &[&str], message: impl Into<String>, kind: &str) -> Self {
        Self::default().and(location, message, kind)
    }

    /// Adds another problem.
    #[must_use]
    pub fn and(mut self, location: &[&str], message: impl Into<String>, kind: &str) -> Self {
        self.problems
            .push(json!({ "loc": location, "msg": message.into(), "type": kind }));
        self
    }

    /// Whether there is no problem.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }
}

impl IntoResponse for ValidationError {
    fn into_response(self) -> Response {
        respond(
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({ "detail": self.problems }),
        )
    }
}
