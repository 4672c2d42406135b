//! Errors of our own APIs: `application/problem+json` (RFC 9457).

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde::Serialize;

use super::{
    Lang, Refusal, Refused,
    cadde::fields,
    context,
    refusals::{INTERNAL, METHOD_NOT_ALLOWED},
};

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

impl From<&'static Refusal> for Problem {
    fn from(refusal: &'static Refusal) -> Self {
        Refused::from(refusal).into()
    }
}

/// In English: its readers are programs and their operators.
impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        refused.log_reason();
        Self {
            kind: format!("{BASE}{}", refused.refusal.kind),
            title: refused.status.canonical_reason().unwrap_or("Error").into(),
            status: refused.status,
            detail: Some(refused.text_in(Lang::En)),
            errors: Vec::new(),
            members: serde_json::Map::new(),
            retry_after: refused.retry_after,
            challenge: refused.challenge,
            allow: refused.allow,
        }
    }
}

impl Refusal {
    /// This refusal as a problem; `detail` says what happened this time.
    pub fn problem(&'static self, detail: impl Into<String>) -> Problem {
        Problem::from(Refused::from(self)).detail(detail)
    }
}

impl Problem {
    /// 500: `cause` goes to the log under the id of the request, the caller learns only the id.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        INTERNAL.because(cause.to_string()).into()
    }

    /// 405, with the methods that are allowed.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..METHOD_NOT_ALLOWED.problem(format!("this path answers {allow} only"))
        }
    }

    /// With another `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
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
        fields(headers, self.retry_after, self.challenge, self.allow);
        response
    }
}
