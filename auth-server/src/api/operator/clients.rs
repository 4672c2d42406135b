//! Applications: clients with a secret.

use auth_client::api::{
    AppClient, ChangePurpose, ChangeState, CreateAppClient, CreatedAppClient, Page, RotatedSecret,
};
use axum::{Json, extract::State};
use common::http::{body::ValidJson, problem::Problem};
use http::StatusCode;

use super::{Operator, PageQuery, page::cursor};
use crate::{
    api::{named::Named, refusals::unknown, state::AppState},
    domain::client::{Client, ClientKind},
};

const WHAT: &str = "client";

fn is(client: &Client) -> bool {
    matches!(client.kind, ClientKind::App(_))
}

/// Registers an application. Its secret is shown once.
#[utoipa::path(
    post, path = "/v1/clients", tag = "clients", security(("operator" = [])), request_body = CreateAppClient,
    responses(
        (status = 201, body = CreatedAppClient),
        (status = 409, body = Problem, description = "duplicate-id"),
        (status = 422, body = Problem)
    )
)]
pub async fn create(
    State(state): State<AppState>,
    Operator(actor): Operator,
    ValidJson(body): ValidJson<CreateAppClient>,
) -> Result<(StatusCode, Json<CreatedAppClient>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(state.registrar.create_app_client(actor, body).await?),
    ))
}

/// Lists applications in the order of their IDs.
#[utoipa::path(
    get, path = "/v1/clients", tag = "clients", security(("operator" = [])),
    params(("cursor" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = Page<AppClient>))
)]
pub async fn list(
    State(state): State<AppState>,
    _: Operator,
    query: PageQuery,
) -> Result<Json<Page<AppClient>>, Problem> {
    let page = state
        .directory
        .clients(query.after()?, query.limit, Client::to_app);
    Ok(Json(Page {
        next: page.next.map(cursor),
        ..page
    }))
}

/// Shows an application.
#[utoipa::path(
    get, path = "/v1/clients/{id}", tag = "clients", security(("operator" = [])),
    params(("id" = String, Path)), responses((status = 200, body = AppClient), (status = 404, body = Problem))
)]
pub async fn show(
    State(state): State<AppState>,
    _: Operator,
    Named(id): Named,
) -> Result<Json<AppClient>, Problem> {
    let found = state.directory.client(&id);
    found
        .and_then(|client| client.to_app())
        .map(Json)
        .ok_or_else(|| unknown(WHAT))
}

/// Suspends an application, or lets it act again. Suspending ends the sessions begun with it.
#[utoipa::path(
    post, path = "/v1/clients/{id}/state", tag = "clients", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ChangeState,
    responses((status = 200, body = AppClient), (status = 404, body = Problem))
)]
pub async fn change_state(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
    ValidJson(body): ValidJson<ChangeState>,
) -> Result<Json<AppClient>, Problem> {
    let client = state
        .registrar
        .set_client_state(actor, id, body, WHAT, is)
        .await?;
    client.to_app().map(Json).ok_or_else(|| unknown(WHAT))
}

/// Says what an application is for.
#[utoipa::path(
    post, path = "/v1/clients/{id}/purpose", tag = "clients", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ChangePurpose,
    responses((status = 200, body = AppClient), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub async fn change_purpose(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
    ValidJson(body): ValidJson<ChangePurpose>,
) -> Result<Json<AppClient>, Problem> {
    let client = state.registrar.set_purpose(actor, id, body.purpose).await?;
    client.to_app().map(Json).ok_or_else(|| unknown(WHAT))
}

/// Gives an application a new client secret, shown once. The old one stops working at once.
#[utoipa::path(
    post, path = "/v1/clients/{id}/secret", tag = "clients", security(("operator" = [])),
    params(("id" = String, Path)), responses((status = 200, body = RotatedSecret), (status = 404, body = Problem))
)]
pub async fn rotate_secret(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
) -> Result<Json<RotatedSecret>, Problem> {
    Ok(Json(
        state.registrar.rotate_secret(actor, id, WHAT, is).await?,
    ))
}
