//! Answers that say something of a token, or a token.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header::CACHE_CONTROL};
use serde::Serialize;

/// An answer that nobody on the way keeps.
pub(super) fn unstored(body: impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
