//! The paths of the `public` listener, for the pages.

#![expect(
    clippy::result_large_err,
    reason = "a problem is made once a refused request, and moved straight into its answer"
)]

mod access;
mod conditions;
mod content;
mod drafts;
mod form;
mod page;
mod providers;
mod publication;
mod refusals;
mod search;
mod sources;
mod state;
#[cfg(test)]
mod tests;
mod versions;
pub mod wire;

use axum::{
    Json, Router,
    routing::{MethodRouter, delete, get, post, put},
};
use common::http::Endpoint;
use utoipa::OpenApi;

pub(crate) use self::state::{SEARCHES, TURNS};
pub use self::{
    refusals::TABLE as REFUSALS,
    state::{AppState, KnownSite},
};

const STEWARDS: &str = "session:steward";

/// Every path with its rule and its handler: the router and the list of endpoints come from here.
fn table() -> Vec<(Endpoint, MethodRouter<AppState>)> {
    let public = |method, path, access| Endpoint::new("public", method, path, access);
    let stewards = |method, path| public(method, path, STEWARDS);
    vec![
        (public("GET", "/v1/form", "anyone"), get(form::describe)),
        (stewards("POST", "/v1/check"), post(form::check)),
        (stewards("GET", "/v1/providers"), get(providers::list)),
        (stewards("GET", "/v1/drafts"), get(drafts::list)),
        (stewards("POST", "/v1/drafts"), post(drafts::create)),
        (stewards("GET", "/v1/drafts/{id}"), get(drafts::show)),
        (stewards("PUT", "/v1/drafts/{id}"), put(drafts::save)),
        (
            stewards("DELETE", "/v1/drafts/{id}"),
            delete(drafts::remove),
        ),
        (
            stewards("POST", "/v1/drafts/{id}/restoration"),
            post(drafts::restore),
        ),
        (
            stewards("GET", "/v1/drafts/{id}/versions"),
            get(versions::list),
        ),
        (
            stewards("GET", "/v1/drafts/{id}/versions/{number}"),
            get(versions::show),
        ),
        (
            stewards("POST", "/v1/drafts/{id}/undo"),
            post(versions::undo),
        ),
        (
            stewards("GET", "/v1/drafts/{id}/publication"),
            get(publication::show),
        ),
        (
            stewards("POST", "/v1/drafts/{id}/publication"),
            post(publication::publish),
        ),
        (
            stewards("DELETE", "/v1/drafts/{id}/publication"),
            delete(publication::cancel),
        ),
        (
            stewards("POST", "/v1/drafts/{id}/withdrawal"),
            post(publication::withdraw),
        ),
        (
            stewards("GET", "/v1/providers/{id}/datasets"),
            get(publication::datasets),
        ),
        (stewards("GET", "/v1/sources"), get(sources::list)),
        (
            public("GET", "/backend/api/package_search", "anyone"),
            get(search::packages),
        ),
        (
            public("GET", "/backend/api/package_show", "anyone"),
            get(search::package),
        ),
        (
            public("GET", "/backend/api/package_list", "anyone"),
            get(search::names),
        ),
        (public("GET", "/openapi.json", "anyone"), get(description)),
    ]
}

/// All paths of the `public` listener.
pub fn router(state: AppState) -> Router {
    let own = table()
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        });
    let sessions = auth_sessions::router(state.sessions.clone());
    own.with_state(state).merge(sessions)
}

/// What the catalogue tool serves.
pub fn endpoints() -> Vec<Endpoint> {
    let own = table().into_iter().map(|(endpoint, _)| endpoint);
    own.chain(auth_sessions::endpoints("public")).collect()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Catalogue tool",
        description = "Stewards sign in and write what their providers offer. For the tool's own pages: whoever is signed in is known by \
                       a cookie, and changes come with the header `X-Kakehashi-Request: 1` from their own origin.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        form::describe,
        form::check,
        providers::list,
        drafts::list,
        drafts::create,
        drafts::show,
        drafts::save,
        drafts::remove,
        drafts::restore,
        versions::list,
        versions::show,
        versions::undo,
        publication::show,
        publication::publish,
        publication::cancel,
        publication::withdraw,
        publication::datasets,
        sources::list,
        search::packages,
        search::package,
        search::names
    )
)]
struct Description;

/// The description of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi().merge_from(auth_sessions::openapi())
}

async fn description() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
