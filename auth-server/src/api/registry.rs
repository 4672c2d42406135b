//! What peers may know of each other.

use auth_client::{
    ConnectorRegistration,
    api::{RecordedCertificate, ServiceKind, ServiceRegistration, Suspensions, UserRegistration},
};
use axum::{
    Json,
    extract::{FromRequestParts, State},
};
use common::{
    http::{body::ValidJson, problem::Problem, refusals::NOT_REGISTERED},
    ids::{ConnectorId, UserId},
    listener::Peer,
};
use http::request::Parts;

use super::{
    named::Named,
    problems::store_failed,
    refusals::{SERVERS_ONLY, TOO_MANY_ASKED, unknown},
    state::AppState,
};
use crate::domain::client::ClientKind;

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
            None => {
                Err(NOT_REGISTERED
                    .problem(format!("{} is not registered or is suspended", peer.id)))
            }
        }
    }
}

/// A server of the data space. What it may ask would tell anybody else who takes part.
#[derive(Debug)]
pub struct Server;

impl FromRequestParts<AppState> for Server {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let peer = Peer::from_request_parts(parts, state).await?;
        match state.directory.active_client(peer.id.as_str()) {
            Some(client) if client.kind == ClientKind::Service(ServiceKind::Server) => Ok(Self),
            _ => Err(SERVERS_ONLY.problem(format!("{} is no server of the data space", peer.id))),
        }
    }
}

/// Says whether a user is registered, whatever the state.
///
/// A ledger takes records about users that exist alone.
#[utoipa::path(
    get, path = "/v1/registry/users/{user_id}", tag = "registry", security(("server" = [])),
    params(("user_id" = String, Path)),
    responses((status = 200, body = UserRegistration), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn user(
    State(state): State<AppState>,
    _: Server,
    Named(id): Named,
) -> Result<Json<UserRegistration>, Problem> {
    // IDs that differ in case name one user, who has one spelling: another is nobody's in a record.
    let found = UserId::parse(&id)
        .ok()
        .and_then(|id| state.directory.registered_user(&id))
        .filter(|user| user.user_id.as_str() == id);
    found.map(Json).ok_or_else(|| unknown("user"))
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

/// Says who of some is suspended: asked by connectors whose transfers last, and where a provider is looked up.
///
/// Names those who are registered and may not act, themselves or by their participant; of others nothing is said.
#[utoipa::path(
    post, path = "/v1/registry/suspensions", tag = "registry", security(("certificate" = [])),
    request_body = Suspensions,
    responses((status = 200, body = Suspensions), (status = 422, body = Problem))
)]
pub async fn suspensions(
    State(state): State<AppState>,
    _: Member,
    ValidJson(asked): ValidJson<Suspensions>,
) -> Result<Json<Suspensions>, Problem> {
    if asked.len() > Suspensions::MAX {
        return Err(Problem::from(&TOO_MANY_ASKED).member("max", Suspensions::MAX));
    }
    Ok(Json(state.directory.suspended(asked)))
}

/// Says for which connector or service exactly this certificate is recorded. One that was withdrawn or has ended, and one of
/// somebody who may not act, is recorded for nobody.
#[utoipa::path(
    get, path = "/v1/registry/certificates/{sha256}", tag = "registry", security(("certificate" = [])),
    params(("sha256" = String, Path, description = "64 hexadecimal digits")),
    responses((status = 200, body = RecordedCertificate), (status = 404, body = Problem))
)]
pub async fn certificate(
    State(state): State<AppState>,
    _: Member,
    Named(sha256): Named,
) -> Result<Json<RecordedCertificate>, Problem> {
    let mut hash = [0; 32];
    hex::decode_to_slice(&sha256, &mut hash).map_err(|_| unknown("certificate"))?;
    let found = state.certifier.recorded_certificate(&hash).await;
    let found = found.map_err(|error| store_failed(&error))?;
    let found = found.ok_or_else(|| unknown("certificate"))?;
    Ok(Json(RecordedCertificate {
        subject: found.subject,
        not_after: found.not_after,
    }))
}
