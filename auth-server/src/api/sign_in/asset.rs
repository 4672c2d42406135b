//! What the pages load: a style sheet and a script.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};

fn asset(media: &'static str, content: &'static str) -> Response {
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    // 5 min: a new version of the server is seen soon.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=300"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The style sheet.
#[utoipa::path(
    get, path = "/assets/sign-in.css", tag = "sign-in", responses((status = 200, body = String, content_type = "text/css"))
)]
pub async fn style() -> Response {
    asset(
        "text/css; charset=utf-8",
        include_str!("../../../assets/sign-in.css"),
    )
}

/// The script, without which the pages work.
#[utoipa::path(
    get, path = "/assets/sign-in.js", tag = "sign-in", responses((status = 200, body = String, content_type = "text/javascript"))
)]
pub async fn script() -> Response {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../../../assets/sign-in.js"),
    )
}
