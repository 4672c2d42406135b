//! Answers in CKAN's form.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use common::http::{Refusal, Refused, context};
use futures_util::stream::BoxStream;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::{Value, json};

use crate::{api::refusals, domain::SiteFacts};

/// What an action comes to.
pub(super) enum Answer {
    /// The result.
    Whole(Value),
    /// A result whose packages come one after the other: what stands before its list `results`, and the list.
    Long(Value, BoxStream<'static, Result<Bytes, std::io::Error>>),
}

/// Why there is none.
pub(super) enum ActionError {
    Refused(Refused),
    /// Parameters, each with what is wrong with it.
    Invalid(BTreeMap<&'static str, String>),
}

impl Answer {
    pub(super) fn of(result: Value) -> Self {
        Self::Whole(result)
    }

    pub(super) fn into_response(self, help: &str) -> Response {
        let body = match self {
            Self::Whole(result) => json!({"help": help, "success": true, "result": result})
                .to_string()
                .into(),
            Self::Long(head, results) => long(help, &head, results),
        };
        respond(StatusCode::OK, body)
    }
}

/// The same text with the list in its place, which is nowhere whole.
fn long(
    help: &str,
    head: &Value,
    results: BoxStream<'static, Result<Bytes, std::io::Error>>,
) -> Body {
    use futures_util::{StreamExt as _, stream};
    let head = head.to_string();
    let members = head.strip_suffix('}').unwrap_or(&head);
    let begin = format!(
        r#"{{"help":{},"success":true,"result":{members},"results":["#,
        json!(help)
    );
    let once = |text: String| stream::once(std::future::ready(Ok(Bytes::from(text))));
    Body::from_stream(once(begin).chain(results).chain(once("]}}".to_owned())))
}

fn respond(status: StatusCode, body: Body) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json;charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Where CKAN says what an action is about.
pub(super) fn help(site: &SiteFacts, action: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(action, percent_encoding::NON_ALPHANUMERIC);
    let name = name.to_string().replace("%5F", "_");
    format!("{}/api/3/action/help_show?name={name}", site.url)
}

impl ActionError {
    pub(super) fn missing(parameter: &'static str) -> Self {
        Self::invalid(parameter, "Missing value")
    }

    pub(super) fn invalid(parameter: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(BTreeMap::from([(parameter, message.into())]))
    }

    /// As one text.
    pub(super) fn told(self) -> Refused {
        match self {
            Self::Refused(refused) => refused,
            Self::Invalid(fields) => {
                let fields = fields
                    .iter()
                    .map(|(field, message)| format!("{field}: {message}"));
                refusals::BAD_PARAMETER.naming(fields.collect::<Vec<_>>().join(", "))
            }
        }
    }

    pub(super) fn into_response(self, help: &str) -> Response {
        let (refused, fields) = match self {
            Self::Refused(refused) => (refused, BTreeMap::new()),
            Self::Invalid(fields) => ((&refusals::INVALID).into(), fields),
        };
        refused.log_reason();
        let mut error = json!({"__type": refused.refusal.ids[0]});
        if fields.is_empty() {
            error["message"] = refused.text().into();
        }
        for (field, message) in fields {
            error[field] = json!([message]);
        }
        let mut body = json!({"help": help, "success": false, "error": error});
        let id = context::request_id();
        if !id.0.is_nil() {
            body["request_id"] = id.to_string().into();
        }
        let mut response = respond(refused.status, body.to_string().into());
        if let Some(seconds) = refused.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Refused> for ActionError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<&'static Refusal> for ActionError {
    fn from(refusal: &'static Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<crate::domain::StoreError> for ActionError {
    fn from(error: crate::domain::StoreError) -> Self {
        refusals::site_store(error).into()
    }
}
