//! The form: its description, and checks of what stands in it.

use std::sync::LazyLock;

use axum::{
    Json,
    body::Body,
    extract::{FromRequest as _, Request, State},
    response::{IntoResponse as _, Response},
};
use catalog_items::form;
use common::http::{body::ValidJson, problem::Problem};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};

use super::{access::Steward, content::read, state::AppState, wire::SentDataset};
use crate::domain::Check;

/// 5 MiB: two views of the largest size that may be configured, and what stands around them.
pub(super) const MAX_BODY: usize = 5 << 20;

/// The description, once and for all: it is part of the program.
static FORM: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(form()).expect("it is JSON"));

/// Of this build; a form that is another one belongs to another version.
const TAG: HeaderValue = HeaderValue::from_static(concat!("\"", env!("CARGO_PKG_VERSION"), "-2\""));

/// Describes the form: which items stand where, what each takes, and what to write.
#[utoipa::path(
    get,
    path = "/v1/form",
    operation_id = "get_form",
    tag = "form",
    responses((status = 200, body = Object), (status = 304, description = "As it was"))
)]
pub(super) async fn describe(headers: HeaderMap) -> Response {
    if headers.get(IF_NONE_MATCH) == Some(&TAG) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, TAG)]).into_response();
    }
    let json = HeaderValue::from_static("application/json");
    let cache = HeaderValue::from_static("no-cache");
    let head = [(ETAG, TAG), (CONTENT_TYPE, json), (CACHE_CONTROL, cache)];
    (head, FORM.as_str()).into_response()
}

/// Says what is wrong with a dataset or missing; nothing is kept.
#[utoipa::path(
    post,
    path = "/v1/check",
    operation_id = "check_dataset",
    tag = "form",
    request_body = SentDataset,
    responses(
        (status = 200, body = Check),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward"),
        (status = 413, description = "Too large"),
        (status = 422, description = "The dataset cannot be read")
    )
)]
pub(super) async fn check(
    State(state): State<AppState>,
    _: Steward,
    request: Request<Body>,
) -> Result<Json<Check>, Problem> {
    let ValidJson(sent) = ValidJson::<SentDataset, MAX_BODY>::from_request(request, &()).await?;
    Ok(Json(read(&state, sent.dataset).await?.check))
}
