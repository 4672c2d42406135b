//! What peers may know of each other.

use super::{named::Named, problems::unknown, state::AppState};
use auth_client::{ConnectorRegistration, api::ServiceRegistration};
use axum::{
    Json,
    extract::{FromRequestParts, State},
};
use common::{http::problem::Problem, ids::ConnectorId, listener::Peer};
use http::request::Parts;

/// A registered connector or service that may act.
#[derive(Debug)]
pub struct Member;

impl FromRequestParts<AppState> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let peer = Peer::from_request_parts(parts, state).await?;
        match state
            .directory
            .active_client(peer.id.as_str())
            .filter(|client| client.has_certificate())
        {
            Some(_) => Ok(Self),
            None => Err(Problem::forbidden(
                "peer-barred",
                format!("{} is not registered or is suspended", peer.id),
            )),
        }
    }
}

/// Says what a connector is registered for.
#[utoipa::path(
    get, path = "/v1/registry/connectors/{id}", tag = "registry", security(("certificate" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ConnectorRegistration), (status = 404, body = Problem))
)]
pub async fn connector(
    State(state): State<AppState>,
    _: Member,
    Named(id): Named,
) -> Result<Json<ConnectorRegistration>, Problem> {
    let found = ConnectorId::parse(&id)
        .ok()
        .and_then(|id| state.directory.connector(&id));
    found.map(Json).ok_or_else(|| unknown("connector"))
}

/// Says what a service is registered as.
#[utoipa::path(
    get, path = "/v1/registry/services/{id}", tag = "registry", security(("certificate" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ServiceRegistration), (status = 404, body = Problem))
)]
pub async fn service(
    State(state): State<AppState>,
    _: Member,
    Named(id): Named,
) -> Result<Json<ServiceRegistration>, Problem> {
    let found = ConnectorId::parse(&id)
        .ok()
        .and_then(|id| state.directory.service(&id));
    found.map(Json).ok_or_else(|| unknown("service"))
}
