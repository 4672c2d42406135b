//! The ledger's paths, on both listeners.
//!
//! Sources: CADDE 4.0, provenance API (`eventwithhash`, `lineage`); the batch is our own. Paths of CADDE answer errors in the
//! shape of that API, the batch as problem documents (RFC 9457).

mod batch;
mod error;
mod extended;
mod limits;
mod lineage;
mod register;
mod state;
#[cfg(test)]
mod tests;
mod upload;
mod writes;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    routing::{MethodRouter, get, post},
};
use common::{http::Endpoint, listener::ListenerKind};
use utoipa::OpenApi;

#[doc(hidden)]
pub use self::{batch::items_of, lineage::is_query};
pub use self::{
    error::TABLE as REFUSALS,
    limits::{Batches, Lineages},
    state::{AppState, Ledger},
    writes::Writes,
};

/// Every path of one listener with its rule and its handler: the router and the list of endpoints come from here.
fn table(kind: ListenerKind) -> Vec<(Endpoint, MethodRouter<AppState>)> {
    let (listener, caller, reader) = match kind {
        ListenerKind::Public => ("public", "bearer", "anyone"),
        ListenerKind::Peer => (
            "peer",
            "certificate:connector",
            "certificate of the data space",
        ),
    };
    let at = |method, path, access| Endpoint::new(listener, method, path, access);
    let mut table = vec![
        // Uploads are limited while they are hashed.
        (
            at("POST", "/v2/eventwithhash", caller),
            post(register::register).layer(DefaultBodyLimit::disable()),
        ),
        (
            at("GET", "/v2/lineage/{cdleventid}", caller),
            get(lineage::lineage),
        ),
        (at("GET", "/openapi.json", reader), get(description)),
    ];
    if kind == ListenerKind::Peer {
        // Clients may write the colon as they like; the router compares what they wrote.
        for path in [
            "/v2/events:batch",
            "/v2/events%3Abatch",
            "/v2/events%3abatch",
        ] {
            table.push((at("POST", path, caller), post(batch::batch)));
        }
    }
    table
}

fn router(ledger: Arc<Ledger>, listener: ListenerKind) -> Router {
    table(listener)
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        })
        .with_state(AppState { ledger, listener })
}

/// All paths of the `public` listener.
pub fn public_router(ledger: Arc<Ledger>) -> Router {
    router(ledger, ListenerKind::Public)
}

/// All paths of the `peer` listener.
pub fn peer_router(ledger: Arc<Ledger>) -> Router {
    router(ledger, ListenerKind::Peer)
}

/// What the provenance server serves.
pub fn endpoints() -> Vec<Endpoint> {
    [ListenerKind::Public, ListenerKind::Peer]
        .into_iter()
        .flat_map(table)
        .map(|(endpoint, _)| endpoint)
        .collect()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Provenance server",
        description = "The ledger of exchanges: events of CADDE 4.0, their lineage, and the batch by which connectors deliver. \
                       The batch is served to client certificates alone.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(register::register, lineage::lineage, batch::batch)
)]
struct Description;

/// The description of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

async fn description() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
