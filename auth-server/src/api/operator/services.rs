//! Services: processes with a certificate that are no connectors.

use auth_client::api::{
    Certificate, ChangeState, CreateService, CreatedService, EnrolmentCode, Page,
    RecordCertificate, Service,
};
use axum::{Json, extract::State};
use common::http::{body::ValidJson, problem::Problem};
use http::StatusCode;

use super::{Operator, PageQuery, certificates::record, page::cursor};
use crate::{
    api::{named::Named, refusals::unknown, state::AppState},
    domain::client::{Client, ClientKind},
};

const WHAT: &str = "service";

fn is(client: &Client) -> bool {
    matches!(client.kind, ClientKind::Service(_))
}

/// Registers a service.
#[utoipa::path(
    post, path = "/v1/services", tag = "services", security(("operator" = [])), request_body = CreateService,
    responses(
        (status = 201, body = CreatedService),
        (status = 409, body = Problem, description = "duplicate-id"),
        (status = 422, body = Problem)
    )
)]
pub async fn create(
    State(state): State<AppState>,
    Operator(actor): Operator,
    ValidJson(body): ValidJson<CreateService>,
) -> Result<(StatusCode, Json<CreatedService>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(state.registrar.create_service(actor, body).await?),
    ))
}

/// Lists services in the order of their IDs.
#[utoipa::path(
    get, path = "/v1/services", tag = "services", security(("operator" = [])),
    params(("cursor" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = Page<Service>))
)]
pub async fn list(
    State(state): State<AppState>,
    _: Operator,
    query: PageQuery,
) -> Result<Json<Page<Service>>, Problem> {
    let page = state
        .directory
        .clients(query.after()?, query.limit, Client::to_service);
    Ok(Json(Page {
        next: page.next.map(cursor),
        ..page
    }))
}

/// Shows a service.
#[utoipa::path(
    get, path = "/v1/services/{id}", tag = "services", security(("operator" = [])),
    params(("id" = String, Path)), responses((status = 200, body = Service), (status = 404, body = Problem))
)]
pub async fn show(
    State(state): State<AppState>,
    _: Operator,
    Named(id): Named,
) -> Result<Json<Service>, Problem> {
    let found = state.directory.client(&id.to_ascii_lowercase());
    found
        .and_then(|client| client.to_service())
        .map(Json)
        .ok_or_else(|| unknown(WHAT))
}

/// Suspends a service, or lets it act again.
#[utoipa::path(
    post, path = "/v1/services/{id}/state", tag = "services", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ChangeState,
    responses((status = 200, body = Service), (status = 404, body = Problem))
)]
pub async fn change_state(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
    ValidJson(body): ValidJson<ChangeState>,
) -> Result<Json<Service>, Problem> {
    let client = state
        .registrar
        .set_client_state(actor, id.to_ascii_lowercase(), body, WHAT, is)
        .await?;
    client.to_service().map(Json).ok_or_else(|| unknown(WHAT))
}

/// Makes a new one-time code for the service's certificate; older ones stop working.
#[utoipa::path(
    post, path = "/v1/services/{id}/enrolment", tag = "services", security(("operator" = [])),
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

/// Records a certificate that another authority issued to the service: one more, as before the last one ends.
#[utoipa::path(
    post, path = "/v1/services/{id}/certificates", tag = "services", security(("operator" = [])),
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
