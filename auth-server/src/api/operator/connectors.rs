//! Connectors.

use auth_client::api::{
    Certificate, ChangeProfile, ChangeState, Connector, ConnectorCheck, CreateConnector,
    CreatedConnector, EnrolmentCode, Page, RecordCertificate, RotatedSecret,
};
use axum::{Json, extract::State};
use common::http::{body::ValidJson, problem::Problem};
use http::StatusCode;

use super::{Operator, PageQuery, certificates::record, page::cursor};
use crate::{
    api::{named::Named, problems::conflict, refusals::unknown, state::AppState},
    domain::client::{Client, ClientKind},
};

const WHAT: &str = "connector";

fn is(client: &Client) -> bool {
    matches!(client.kind, ClientKind::Connector { .. })
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

/// Lists connectors in the order of their IDs.
#[utoipa::path(
    get, path = "/v1/connectors", tag = "connectors", security(("operator" = [])),
    params(("cursor" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = Page<Connector>))
)]
pub async fn list(
    State(state): State<AppState>,
    _: Operator,
    query: PageQuery,
) -> Result<Json<Page<Connector>>, Problem> {
    let page = state
        .directory
        .clients(query.after()?, query.limit, Client::to_connector);
    Ok(Json(Page {
        next: page.next.map(cursor),
        ..page
    }))
}

/// Shows a connector.
#[utoipa::path(
    get, path = "/v1/connectors/{id}", tag = "connectors", security(("operator" = [])),
    params(("id" = String, Path)), responses((status = 200, body = Connector), (status = 404, body = Problem))
)]
pub async fn show(
    State(state): State<AppState>,
    _: Operator,
    Named(id): Named,
) -> Result<Json<Connector>, Problem> {
    let found = state.directory.client(&id.to_ascii_lowercase());
    found
        .and_then(|client| client.to_connector())
        .map(Json)
        .ok_or_else(|| unknown(WHAT))
}

/// Suspends a connector, or lets it act again.
#[utoipa::path(
    post, path = "/v1/connectors/{id}/state", tag = "connectors", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ChangeState,
    responses((status = 200, body = Connector), (status = 404, body = Problem))
)]
pub async fn change_state(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
    ValidJson(body): ValidJson<ChangeState>,
) -> Result<Json<Connector>, Problem> {
    let client = state
        .registrar
        .set_client_state(actor, id.to_ascii_lowercase(), body, WHAT, is)
        .await?;
    client.to_connector().map(Json).ok_or_else(|| unknown(WHAT))
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

/// Gives a connector a new client secret, shown once. The old one stops working at once.
#[utoipa::path(
    post, path = "/v1/connectors/{id}/secret", tag = "connectors", security(("operator" = [])),
    params(("id" = String, Path)), responses((status = 200, body = RotatedSecret), (status = 404, body = Problem))
)]
pub async fn rotate_secret(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
) -> Result<Json<RotatedSecret>, Problem> {
    Ok(Json(
        state
            .registrar
            .rotate_secret(actor, id.to_ascii_lowercase(), WHAT, is)
            .await?,
    ))
}

/// Makes a new one-time code for the connector's certificate; older ones stop working.
#[utoipa::path(
    post, path = "/v1/connectors/{id}/enrolment", tag = "connectors", security(("operator" = [])),
    params(("id" = String, Path)), responses((status = 201, body = EnrolmentCode), (status = 404, body = Problem))
)]
pub async fn replace_code(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
) -> Result<(StatusCode, Json<EnrolmentCode>), Problem> {
    let code = state
        .registrar
        .replace_code(actor, id.to_ascii_lowercase(), WHAT, is)
        .await?;
    Ok((StatusCode::CREATED, Json(code)))
}

/// Records a certificate that another authority issued to the connector: one more, as before the last one ends.
#[utoipa::path(
    post, path = "/v1/connectors/{id}/certificates", tag = "connectors", security(("operator" = [])),
    params(("id" = String, Path)), request_body = RecordCertificate,
    responses(
        (status = 201, body = Certificate), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "duplicate-key"), (status = 422, body = Problem)
    )
)]
pub async fn record_certificate(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
    ValidJson(body): ValidJson<RecordCertificate>,
) -> Result<(StatusCode, Json<Certificate>), Problem> {
    let found = state.directory.client(&id.to_ascii_lowercase());
    let owner = found.filter(|client| is(client));
    let owner = owner.and_then(|client| client.dns_name());
    let owner = owner.ok_or_else(|| unknown(WHAT))?;
    record(&state, actor, &owner, &body).await
}
