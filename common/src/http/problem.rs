//! Errors of our own APIs: `application/problem+json` (RFC 9457).

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;

use super::context;

/// Base of the `type` of our problems; each kind is described in `docs/reference/problems.md`.
pub const BASE: &str = "urn:kakehashi:problem:";

/// A problem document.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// What kind of problem this is: stable, for programs.
    #[serde(rename = "type")]
    kind: String,
    /// The kind for people, the same in each occurrence.
    title: String,
    /// The HTTP status.
    #[serde(serialize_with = "status_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// What happened this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Further members.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    members: serde_json::Map<String, serde_json::Value>,
    /// In how many seconds a retry makes sense.
    #[serde(skip)]
    retry_after: Option<u64>,
    /// Content of the header `Allow` or `WWW-Authenticate`.
    #[serde(skip)]
    challenge: Option<&'static str>,
    #[serde(skip)]
    allow: Option<&'static str>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field, as a JSON pointer or the name of a parameter.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn status_number<S: serde::Serializer>(
    status: &StatusCode,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of the kind `slug`.
    pub fn new(status: StatusCode, slug: &str, title: impl Into<String>) -> Self {
        Self {
            kind: format!("{BASE}{slug}"),
            title: title.into(),
            status,
            detail: None,
            errors: Vec::new(),
            members: serde_json::Map::new(),
            retry_after: None,
            challenge: None,
            allow: None,
        }
    }

    fn with(status: StatusCode, slug: &str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self::new(status, slug, title).detail(detail)
    }

    /// 400.
    pub fn bad_request(slug: &str, detail: impl Into<String>) -> Self {
        Self::with(StatusCode::BAD_REQUEST, slug, detail)
    }

    /// 401, with a challenge for a bearer token (RFC 6750 §3).
    pub fn unauthorized(slug: &str, detail: impl Into<String>) -> Self {
        Self {
            challenge: Some("Bearer"),
            ..Self::with(StatusCode::UNAUTHORIZED, slug, detail)
        }
    }

    /// 403.
    pub fn forbidden(slug: &str, detail: impl Into<String>) -> Self {
        Self::with(StatusCode::FORBIDDEN, slug, detail)
    }

    /// 404.
    pub fn not_found(slug: &str, detail: impl Into<String>) -> Self {
        Self::with(StatusCode::NOT_FOUND, slug, detail)
    }

    /// 405, with the methods that are allowed.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let detail = format!("this path answers {allow} only");
        Self {
            allow: Some(allow),
            ..Self::with(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
        }
    }

    /// 409.
    pub fn conflict(slug: &str, detail: impl Into<String>) -> Self {
        Self::with(StatusCode::CONFLICT, slug, detail)
    }

    /// 413.
    pub fn too_large(slug: &str, detail: impl Into<String>) -> Self {
        Self::with(StatusCode::PAYLOAD_TOO_LARGE, slug, detail)
    }

    /// 422.
    pub fn unprocessable(slug: &str, detail: impl Into<String>) -> Self {
        Self::with(StatusCode::UNPROCESSABLE_ENTITY, slug, detail)
    }

    /// 429 with `Retry-After` in seconds.
    pub fn too_many_requests(slug: &str, detail: impl Into<String>, retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::with(StatusCode::TOO_MANY_REQUESTS, slug, detail)
        }
    }

    /// 503 with `Retry-After` in seconds.
    pub fn unavailable(slug: &str, detail: impl Into<String>, retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::with(StatusCode::SERVICE_UNAVAILABLE, slug, detail)
        }
    }

    /// 500: `cause` goes to the log under the id of the request, the caller learns only the id.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(request.id = %context::request_id(), error = %cause, "request failed");
        Self::with(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the request failed here; the operator finds the cause by the id in `instance`",
        )
    }

    /// Says what happened this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Names a field that is wrong.
    #[must_use]
    pub fn error(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
        self
    }

    /// Adds a member.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The `type`.
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let id = context::request_id();
        if !id.0.is_nil() {
            self.members
                .insert("instance".into(), format!("urn:uuid:{id}").into());
        }
        let body =
            serde_json::to_vec(&self).expect("a problem has only members that JSON can express");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}
