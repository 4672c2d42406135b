//! The one listener's paths.
//!
//! Source: CADDE 4.0, location server API description and design slides; where the two disagree both
//! ways are served. Every answer is JSON, and no error body has a member `provider_connector_url`:
//! existing receivers take any such member for the address, whatever the status.

mod access;
mod body;
mod changes;
mod error;
mod etag;
mod page;
mod read;
mod state;
#[cfg(test)]
mod tests;
mod write;

use axum::{
    Json, Router,
    response::{IntoResponse as _, Response as HttpResponse},
    routing::{MethodRouter, any, delete, get, patch, post, put},
};
use common::http::{Endpoint, Refused, cadde::message, problem::Problem, refusals};
pub use error::TABLE as REFUSALS;
use http::Uri;
pub use state::AppState;
use utoipa::OpenApi;

/// Every path with its rule and its handler: the router and the list of endpoints come from here.
fn table() -> Vec<(Endpoint, MethodRouter<AppState>)> {
    let peer = |method, path, access| Endpoint::new("peer", method, path, access);
    let writers = "certificate:operator-tool + bearer:operator";
    let changers = "certificate:operator-tool + bearer:operator, or the provider's own connector";
    vec![
        (
            peer("GET", "/cadde/api/v4/location/{provider_id}", "certificate"),
            get(read::one),
        ),
        // What an existing receiver asks for when it was given an empty provider ID.
        (
            peer("GET", "/cadde/api/v4/location/", "certificate"),
            get(read::nobody),
        ),
        (
            peer("POST", "/cadde/api/v4/location", writers),
            post(write::create),
        ),
        (
            peer("PUT", "/cadde/api/v4/location", changers),
            put(write::replace),
        ),
        (
            peer("PATCH", "/cadde/api/v4/location/{provider_id}", changers),
            patch(write::change),
        ),
        (
            peer("DELETE", "/cadde/api/v4/location/{provider_id}", writers),
            delete(write::remove),
        ),
        (
            peer("PATCH", "/api/v4/location/{provider_id}", changers),
            patch(write::change),
        ),
        (
            peer("DELETE", "/api/v4/location/{provider_id}", writers),
            delete(write::remove),
        ),
        (
            peer(
                "GET",
                "/cadde/api/v4/locations",
                "certificate + bearer:operator",
            ),
            get(read::all),
        ),
        (
            peer(
                "GET",
                "/.well-known/jwks.json",
                "certificate of the data space",
            ),
            get(read::jwks),
        ),
        (
            peer("GET", "/v1/changes", "certificate + bearer:operator"),
            get(changes::list),
        ),
        (
            peer("GET", "/openapi.json", "certificate of the data space"),
            get(description),
        ),
    ]
}

/// All paths of the `peer` listener.
pub fn router(state: AppState) -> Router {
    table()
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        })
        // An ID that a receiver put into the path as it was, with a slash in it, ends here.
        .route("/cadde/{*path}", any(unknown))
        .route("/api/{*path}", any(unknown))
        .method_not_allowed_fallback(other_method)
        .with_state(state)
}

async fn unknown() -> HttpResponse {
    message(&(&refusals::NO_SUCH_PATH).into())
}

/// The wire's form on the wire's paths, a problem on our own.
async fn other_method(uri: Uri) -> HttpResponse {
    let refused = Refused::from(&refusals::METHOD_NOT_ALLOWED);
    if uri.path().starts_with("/cadde/") || uri.path().starts_with("/api/") {
        message(&refused)
    } else {
        let text = refused.text();
        Problem::from(refused).detail(text).into_response()
    }
}

/// What the location server serves.
pub fn endpoints() -> Vec<Endpoint> {
    table().into_iter().map(|(endpoint, _)| endpoint).collect()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Location server",
        description = "Where is the connector of a provider? CADDE 4.0's location API with signed, expiring records, \
                       and the history of changes. Mutual TLS on every path.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        read::one,
        read::all,
        read::jwks,
        write::create,
        write::replace,
        write::change,
        write::remove,
        changes::list
    )
)]
struct Description;

/// The description of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

async fn description() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
