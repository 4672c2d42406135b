//! Every path of the catalogue, once: the router, the list for the access matrix and the description all come from here.

use axum::{
    Json, Router,
    routing::{MethodRouter, delete, get, post, put},
};
use common::http::Endpoint;
use utoipa::OpenApi;

use super::{
    action::dispatch as action,
    state::CatalogState,
    v1::{datasets, publications, readiness},
};

const STEWARDS: &str = "bearer:steward for this connector, or session: the provider's own user or a member of its organisation";
const READERS: &str = "bearer for this connector, or session: the provider's own user or a member of its organisation";

/// Every path with its rule and its handler.
fn table() -> Vec<(Endpoint, MethodRouter<CatalogState>)> {
    let public = |method, path, access| Endpoint::new("public", method, path, access);
    let mut table = vec![
        (public("GET", "/v1/datasets", STEWARDS), get(datasets::list)),
        (
            public("POST", "/v1/datasets", STEWARDS),
            post(datasets::create),
        ),
        (
            public("GET", "/v1/datasets/{id}", STEWARDS),
            get(datasets::show),
        ),
        (
            public("PUT", "/v1/datasets/{id}", STEWARDS),
            put(datasets::replace),
        ),
        (
            public("DELETE", "/v1/datasets/{id}", STEWARDS),
            delete(datasets::remove),
        ),
        (
            public("POST", "/v1/datasets/{id}/withdrawal", STEWARDS),
            post(datasets::withdraw),
        ),
        (
            public("POST", "/v1/datasets/{id}/draft", STEWARDS),
            post(datasets::redraft),
        ),
        (
            public("GET", "/v1/datasets/{id}/versions", STEWARDS),
            get(datasets::versions),
        ),
        (
            public("GET", "/v1/datasets/{id}/versions/{number}", STEWARDS),
            get(datasets::version),
        ),
        (
            public("GET", "/v1/publications", STEWARDS),
            get(publications::list),
        ),
        (
            public("POST", "/v1/publications", STEWARDS),
            post(publications::create),
        ),
        (
            public("GET", "/v1/publications/{id}", STEWARDS),
            get(publications::show),
        ),
        (
            public("DELETE", "/v1/publications/{id}", STEWARDS),
            delete(publications::cancel),
        ),
        (
            public("POST", "/v1/readiness", STEWARDS),
            post(readiness::look),
        ),
        (public("GET", "/openapi.json", "anyone"), get(description)),
    ];
    // Clients of CKAN use the one or the other, and ask and post alike.
    for path in [
        "/release/api/3/action/{action}",
        "/release/api/action/{action}",
    ] {
        table.push((public("GET", path, "anyone"), get(action::release)));
        table.push((public("POST", path, "anyone"), post(action::release)));
    }
    for path in [
        "/detail/api/3/action/{action}",
        "/detail/api/action/{action}",
    ] {
        table.push((public("GET", path, READERS), get(action::detail)));
        table.push((public("POST", path, READERS), post(action::detail)));
    }
    table
}

/// All paths of the catalogue.
pub fn router(state: CatalogState) -> Router {
    table()
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        })
        .with_state(state)
}

/// What [`router`] serves, for the access matrix.
pub fn endpoints() -> Vec<Endpoint> {
    table().into_iter().map(|(endpoint, _)| endpoint).collect()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Catalogue of a provider",
        description = "The CKAN sites `/release` and `/detail` over a provider's datasets, and the API of its stewards.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        action::release,
        action::detail,
        datasets::list,
        datasets::create,
        datasets::show,
        datasets::replace,
        datasets::remove,
        datasets::withdraw,
        datasets::redraft,
        datasets::versions,
        datasets::version,
        publications::list,
        publications::create,
        publications::show,
        publications::cancel,
        readiness::look
    )
)]
struct Description;

/// The description of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut description = Description::openapi();
    description.merge(auth_sessions::openapi());
    description
}

async fn description() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
