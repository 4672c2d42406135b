//! Applications: clients with a secret.

use auth_client::api::{
    AppClient, ChangePurpose, ChangeState, CreateAppClient, CreatedAppClient, Page, RedirectUris,
    RotatedSecret,
};
use axum::{Json, extract::State};
use common::http::{body::ValidJson, problem::Problem};
use http::StatusCode;

use super::{Operator, PageQuery, handlers::client_handlers, page::cursor};
use crate::{
    api::{named::Named, refusals::unknown, state::AppState},
    domain::client::{Client, ClientKind},
};

const WHAT: &str = "client";

fn is(client: &Client) -> bool {
    matches!(client.kind, ClientKind::App(_))
}

/// Unlike a DNS name it is told apart by its case.
fn spelled(id: &str) -> String {
    id.to_owned()
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

client_handlers! {
    (AppClient, "/v1/clients", "clients", Client::to_app)

    /// Lists applications in the order of their IDs.
    list;

    /// Shows an application.
    show;

    /// Suspends an application, or lets it act again. Suspending ends the sessions begun with it.
    change_state;

    /// Says where those who sign in through an application, or out of it, are sent back to.
    change_redirect_uris;

    /// Gives an application a new client secret, shown once. The old one stops working at once.
    rotate_secret;
}
