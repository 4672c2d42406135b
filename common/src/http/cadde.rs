//! Error bodies of the CADDE wire, in the shape of each specification, always one valid JSON object.
//!
//! | where | members | type |
//! |---|---|---|
//! | connectors | `detail` (text and message id), `status`, `title`, `type` | [`connector`] |
//! | auth-server, authorization function, location-server | `message`, some with `detail` | [`message`] |
//! | the same, a body or parameter that does not fit | `detail[]` of `loc`, `msg`, `type` | [`ValidationError`] |
//! | ledger | `code`, `type`, `message` | [`ledger`] |
//!
//! All add `message_id` (where there is one) and `request_id`. Texts follow `Accept-Language`.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};

use super::{
    context::{self, Text},
    refusal::Refused,
};

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
    let [message_id, _] = refused.refusal.ids;
    refuse(
        refused,
        json!({ "message": refused.text(), "message_id": message_id }),
    )
}

/// The answer of the authorization function, whose specification has a further member.
pub fn message_and_detail(refused: &Refused) -> Response {
    let ([message_id, _], text) = (refused.refusal.ids, refused.text());
    refuse(
        refused,
        json!({ "message": text, "detail": text, "message_id": message_id }),
    )
}

/// The answer of the ledger's wire paths.
pub fn ledger(refused: &Refused) -> Response {
    let [message_id, _] = refused.refusal.ids;
    refuse(
        refused,
        json!({ "code": 1, "type": "error", "message": refused.text(), "message_id": message_id }),
    )
}

/// An error of the authentication server, the authorization function or the location server.
#[derive(Debug, Clone)]
pub struct MessageError {
    /// HTTP status.
    pub status: StatusCode,
    /// What happened.
    pub text: Text,
    /// More about it, where the specification has the member.
    pub detail: Option<String>,
    /// Our kind of problem, for programs.
    pub message_id: Option<Cow<'static, str>>,
    /// Content of `WWW-Authenticate`.
    pub challenge: Option<&'static str>,
    /// Content of `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

impl MessageError {
    /// An error with a message.
    pub fn new(status: StatusCode, text: Text) -> Self {
        Self {
            status,
            text,
            detail: None,
            message_id: None,
            challenge: None,
            retry_after: None,
        }
    }
}

impl IntoResponse for MessageError {
    fn into_response(self) -> Response {
        let mut body = json!({ "message": self.text.current() });
        if let Some(detail) = self.detail {
            body["detail"] = detail.into();
        }
        if let Some(id) = self.message_id {
            body["message_id"] = Value::String(id.into_owned());
        }
        let mut response = respond(self.status, body);
        fields(
            response.headers_mut(),
            self.retry_after,
            self.challenge,
            None,
        );
        response
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

/// An error of the ledger's wire paths.
#[derive(Debug, Clone)]
pub struct LedgerError {
    /// HTTP status.
    pub status: StatusCode,
    /// What happened.
    pub text: Text,
    /// Our kind of problem, for programs.
    pub message_id: Option<Cow<'static, str>>,
    /// Content of `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

impl LedgerError {
    /// An error with a message.
    pub fn new(status: StatusCode, text: Text) -> Self {
        Self {
            status,
            text,
            message_id: None,
            retry_after: None,
        }
    }
}

impl IntoResponse for LedgerError {
    fn into_response(self) -> Response {
        let mut body = json!({ "code": 1, "type": "error", "message": self.text.current() });
        if let Some(id) = self.message_id {
            body["message_id"] = Value::String(id.into_owned());
        }
        let mut response = respond(self.status, body);
        fields(response.headers_mut(), self.retry_after, None, None);
        response
    }
}
