//! Looking up.

use axum::{
    Extension, Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::listener::ConnectionInfo;
use http::{
    HeaderMap, StatusCode,
    header::{CACHE_CONTROL, ETAG},
};
use jsonwebtoken::jwk::JwkSet;
use location_client::api::LocationsResponse;
use serde::Deserialize;

use super::{
    AppState,
    access::{identified, registered},
    error::{self, WireError},
    etag, page,
};

/// Longest page of the list, and its length where none is asked for: existing tools know no pages.
const MAX_PAGE: u32 = 10_000;

/// The location of one provider.
#[utoipa::path(
    get,
    path = "/cadde/api/v4/location/{provider_id}",
    operation_id = "get_location",
    tag = "search",
    params(("provider_id" = String, Path, description = "User ID of the provider")),
    responses(
        (status = 200, description = "The record: provider_id, provider_connector_url, connector_id, profile, expires_at, jws"),
        (status = 304, description = "The record is the one of If-None-Match"),
        (status = 403, description = "The certificate is not registered"),
        (status = 404, description = "Nobody by that ID, or somebody who is suspended"),
        (status = 422, description = "Not a user ID"),
        (status = 503, description = "The database or the authentication server does not answer")
    )
)]
pub(super) async fn one(
    State(app): State<AppState>,
    Extension(connection): Extension<ConnectionInfo>,
    named: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, WireError> {
    registered(&app, &connection).await?;
    let provider = WireError::provider(named)?;
    let Some(signed) = app.directory.get(&provider).await? else {
        metrics::counter!("location_records_served_total", "outcome" => "unknown").increment(1);
        return Err((&error::UNKNOWN).into());
    };
    // Of whoever may not act nothing is told but that: what receivers keep for an outage goes with this answer.
    let members = &signed.record.members;
    let asking = app
        .callers
        .facts()
        .is_suspended(&members.provider_id, members.connector_id.as_ref());
    if asking.await.map_err(|error| error::caller(error.into()))? {
        metrics::counter!("location_records_served_total", "outcome" => "suspended").increment(1);
        return Err((&error::UNKNOWN).into());
    }
    metrics::counter!("location_records_served_total", "outcome" => "found").increment(1);
    let tag = etag::tag(&signed);
    let known = etag::is_known(&headers, &tag);
    // Private: the answer is for holders of a certificate. A minute is what our own receivers keep it.
    let headers = [
        (ETAG, tag),
        (
            CACHE_CONTROL,
            http::HeaderValue::from_static("private, max-age=60"),
        ),
    ];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Json(&*signed.record)).into_response())
}

/// The location of nobody: an empty ID.
pub(super) async fn nobody(
    State(app): State<AppState>,
    Extension(connection): Extension<ConnectionInfo>,
) -> Result<(), WireError> {
    registered(&app, &connection).await?;
    Err((&error::UNKNOWN).into())
}

/// Which part of the list is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    limit: Option<String>,
    cursor: Option<String>,
}

/// All locations, for operators.
#[utoipa::path(
    get,
    path = "/cadde/api/v4/locations",
    operation_id = "get_locations",
    tag = "setting",
    params(
        ("limit" = Option<u32>, Query, description = "Records a page, 1 to 10,000; without it 10,000"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before")
    ),
    responses(
        (status = 200, description = "The records in the order of their provider IDs, and next_cursor where more follow"),
        (status = 401, description = "No operator's token"),
        (status = 403, description = "Not an operator, or the certificate is not registered"),
        (status = 422, description = "A parameter does not fit")
    )
)]
pub(super) async fn all(
    State(app): State<AppState>,
    Extension(connection): Extension<ConnectionInfo>,
    asked: Result<Query<Page>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<LocationsResponse>, WireError> {
    let (_, caller) = identified(&app, &connection, &headers).await?;
    caller.may_review()?;
    let Query(asked) = asked.map_err(|rejection| WireError::queries(rejection.body_text()))?;
    let limit = page::limit(asked.limit.as_deref(), MAX_PAGE, MAX_PAGE)
        .map_err(|error| WireError::query("limit", error))?;
    let after = asked.cursor.as_deref().map(decode_cursor).transpose()?;
    // One more than the page tells whether there is another.
    let mut records = app.directory.list(after.as_deref(), limit + 1).await?;
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    let locations: Vec<_> = records
        .into_iter()
        .map(|signed| (*signed.record).clone())
        .collect();
    let next_cursor = locations
        .last()
        .filter(|_| more)
        .map(|last| URL_SAFE_NO_PAD.encode(last.members.provider_id.as_str()));
    Ok(Json(LocationsResponse {
        locations,
        next_cursor,
    }))
}

fn decode_cursor(cursor: &str) -> Result<String, WireError> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| WireError::query("cursor", "this is no cursor of this list"))
}

/// The public keys that sign records (RFC 7517).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "get_record_keys",
    tag = "search",
    responses((status = 200, description = "The key set"))
)]
pub(super) async fn jwks(State(app): State<AppState>) -> Json<JwkSet> {
    Json(app.directory.signer().jwks().clone())
}
