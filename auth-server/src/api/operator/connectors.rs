//! Connectors.

use auth_client::api::{
    Certificate, ChangeProfile, ChangeState, Connector, ConnectorCheck, CreateConnector,
    CreatedConnector, EnrolmentCode, Page, RecordCertificate, RedirectUris, RotatedSecret,
};
use axum::{Json, extract::State};
use common::http::{body::ValidJson, problem::Problem};
use http::StatusCode;

use super::{Operator, PageQuery, handlers::client_handlers, page::cursor};
use crate::{
    api::{named::Named, problems::conflict, refusals::unknown, state::AppState},
    domain::client::{Client, ClientKind},
};

const WHAT: &str = "connector";

fn is(client: &Client) -> bool {
    matches!(client.kind, ClientKind::Connector { .. })
}

fn spelled(id: &str) -> String {
    id.to_ascii_lowercase()
}

/// Registers a connector. Its ID, address and key must not belong to another one.
#[utoipa::path(
    post, path = "/v1/connectors", tag = "connectors", security(("operator" = [])), request_body = CreateConnector,
    responses(
        (status = 201, body = CreatedConnector),
        (status = 409, body = Problem, description = "duplicate-id, duplicate-url or duplicate-key"),
        (status = 422, body = Problem)
    )
)]
pub async fn create(
    State(state): State<AppState>,
    Operator(actor): Operator,
    ValidJson(body): ValidJson<CreateConnector>,
) -> Result<(StatusCode, Json<CreatedConnector>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(state.registrar.create_connector(actor, body).await?),
    ))
}

/// Says what a registration would be refused for, and registers nothing.
#[utoipa::path(
    post, path = "/v1/connectors/check", tag = "connectors", security(("operator" = [])), request_body = CreateConnector,
    responses((status = 200, body = ConnectorCheck), (status = 422, body = Problem))
)]
pub async fn check(
    State(state): State<AppState>,
    _: Operator,
    ValidJson(body): ValidJson<CreateConnector>,
) -> Result<Json<ConnectorCheck>, Problem> {
    let found = state.registrar.check_connector(&body).await?;
    Ok(Json(ConnectorCheck {
        conflicts: found.into_iter().map(conflict).collect(),
    }))
}

/// Says what a connector speaks.
#[utoipa::path(
    post, path = "/v1/connectors/{id}/profile", tag = "connectors", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ChangeProfile,
    responses((status = 200, body = Connector), (status = 404, body = Problem))
)]
pub async fn change_profile(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
    ValidJson(body): ValidJson<ChangeProfile>,
) -> Result<Json<Connector>, Problem> {
    let client = state
        .registrar
        .set_profile(actor, id.to_ascii_lowercase(), body.profile)
        .await?;
    client.to_connector().map(Json).ok_or_else(|| unknown(WHAT))
}

client_handlers! {
    (Connector, "/v1/connectors", "connectors", Client::to_connector)

    /// Lists connectors in the order of their IDs.
    list;

    /// Shows a connector.
    show;

    /// Suspends a connector, or lets it act again.
    change_state;

    /// Says where those who sign in at a connector's screens, or out of them, are sent back to. Without any it has none.
    change_redirect_uris;

    /// Gives a connector a new client secret, shown once. The old one stops working at once.
    rotate_secret;

    /// Makes a new one-time code for the connector's certificate; older ones stop working.
    replace_code;

    /// Records a certificate that another authority issued to the connector: one more, as before the last one ends.
    record_certificate;
}
