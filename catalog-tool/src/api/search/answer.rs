//! Answers in CKAN's shape.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use common::http::Refused;
use http::{
    HeaderValue,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::{Value, json};

/// What describes this API.
const HELP: &str = "/openapi.json#";

pub(super) fn json(body: Body) -> Response {
    let media = HeaderValue::from_static("application/json");
    ([(CONTENT_TYPE, media)], body).into_response()
}

pub(super) fn succeeded(action: &str, result: &Value) -> Response {
    let body = json!({"help": format!("{HELP}{action}"), "success": true, "result": result});
    json(Body::from(body.to_string()))
}

/// The beginning of an answer whose results come piece by piece; `]}}` is its end.
pub(super) fn whole(action: &str, head: &Value) -> String {
    let head = head.to_string();
    let members = head
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let members = members.unwrap_or_default();
    format!("{{\"help\":\"{HELP}{action}\",\"success\":true,\"result\":{{{members},\"results\":[")
}

pub(super) fn failed(action: &str, refused: &Refused) -> Response {
    refused.log_reason();
    let body = json!({
        "help": format!("{HELP}{action}"), "success": false,
        "error": {"__type": refused.refusal.kind, "message": refused.text()},
    });
    let mut response = json(Body::from(body.to_string()));
    *response.status_mut() = refused.status;
    if let Some(seconds) = refused.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}
