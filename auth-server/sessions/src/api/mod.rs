//! What a server with screens serves so that people sign in at it.

mod caller;
mod cookies;
mod login;
mod messages;
mod own;
mod page;
mod paths;
mod refusals;
mod session;
mod state;
#[cfg(test)]
mod tests;

use axum::{
    Router,
    routing::{MethodRouter, get, post},
};
use common::http::Endpoint;
use utoipa::OpenApi;

use self::paths::{CALLBACK, LOGIN, LOGOUT, SESSION};
pub use self::{
    own::REQUEST_HEADER,
    refusals::TABLE,
    state::{Host, OpenError, Parts, Sessions},
};

/// Every path with its rule and its handler: the router and the list of endpoints come from here.
fn table(listener: &'static str) -> [(Endpoint, MethodRouter<Sessions>); 4] {
    let row = |method, path, access| Endpoint::new(listener, method, path, access);
    [
        (row("GET", LOGIN, "anyone"), get(login::login)),
        (
            row("GET", CALLBACK, "the browser that was sent to sign in"),
            get(login::callback),
        ),
        (row("GET", SESSION, "session"), get(session::session)),
        (row("POST", LOGOUT, "own pages"), post(session::logout)),
    ]
}

/// Routes for the listener with the server's screens.
pub fn router(sessions: Sessions) -> Router {
    table("public")
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        })
        .with_state(sessions)
}

/// What that listener serves with them.
pub fn endpoints(listener: &'static str) -> Vec<Endpoint> {
    table(listener)
        .into_iter()
        .map(|(endpoint, _)| endpoint)
        .collect()
}

#[derive(OpenApi)]
#[openapi(paths(login::login, login::callback, session::session, session::logout))]
struct Description;

/// The description of these paths, for that of the server.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}
