//! Error bodies of the CADDE wire, in the shape of each specification, always one valid JSON object.
//!
//! | where | members | type |
//! |---|---|---|
//! | connectors | `detail` (text and message id), `status`, `title`, `type` | [`ConnectorError`] |
//! | auth-server, authorization function, location-server | `message`, some with `detail` | [`MessageError`] |
//! | the same, a body or parameter that does not fit | `detail[]` of `loc`, `msg`, `type` | [`ValidationError`] |
//! | ledger | `code`, `type`, `message` | [`LedgerError`] |
//!
//! All add `message_id` (where there is one) and `request_id`. Texts follow `Accept-Language`.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};

use super::context::{self, Text};

fn respond(status: StatusCode, mut body: Value, retry_after: Option<u64>) -> Response {
    let id = context::request_id();
    if !id.0.is_nil() {
        body["request_id"] = id.to_string().into();
    }
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// An error of a connector.
#[derive(Debug, Clone)]
pub struct ConnectorError {
    /// HTTP status.
    pub status: StatusCode,
    /// Message id, for example `020004002E`.
    pub message_id: Cow<'static, str>,
    /// What happened.
    pub text: Text,
    /// Whether another token would help: only then is one asked for, since clients throw theirs away.
    pub wants_token: bool,
    /// Content of `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

impl ConnectorError {
    /// An error with a message id.
    pub fn new(status: StatusCode, message_id: impl Into<Cow<'static, str>>, text: Text) -> Self {
        Self {
            status,
            message_id: message_id.into(),
            text,
            wants_token: false,
            retry_after: None,
        }
    }

    /// Asks for a token, or for another one.
    #[must_use]
    pub fn wants_token(self, wants_token: bool) -> Self {
        Self {
            wants_token,
            ..self
        }
    }

    /// Says when a retry makes sense, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for ConnectorError {
    fn into_response(self) -> Response {
        let body = json!({
            "detail": format!("{}({})", self.text.current(), self.message_id),
            "status": self.status.as_u16(),
            "title": "",
            "type": "",
            "message_id": self.message_id,
        });
        let mut response = respond(self.status, body, self.retry_after);
        if self.wants_token {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
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
        let mut response = respond(self.status, body, self.retry_after);
        if let Some(challenge) = self.challenge {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
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
            None,
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
        respond(self.status, body, self.retry_after)
    }
}
