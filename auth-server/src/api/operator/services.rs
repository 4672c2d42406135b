//! Services: processes with a certificate that are no connectors.

use auth_client::api::{
    Certificate, ChangeState, CreateService, CreatedService, EnrolmentCode, Page,
    RecordCertificate, RedirectUris, Service,
};
use axum::{Json, extract::State};
use common::http::{body::ValidJson, problem::Problem};
use http::StatusCode;

use super::{Operator, PageQuery, handlers::client_handlers, page::cursor};
use crate::{
    api::{named::Named, refusals::unknown, state::AppState},
    domain::client::{Client, ClientKind},
};

const WHAT: &str = "service";

fn is(client: &Client) -> bool {
    matches!(client.kind, ClientKind::Service(_))
}

fn spelled(id: &str) -> String {
    id.to_ascii_lowercase()
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

client_handlers! {
    (Service, "/v1/services", "services", Client::to_service)

    /// Lists services in the order of their IDs.
    list;

    /// Shows a service.
    show;

    /// Suspends a service, or lets it act again.
    change_state;

    /// Says where those who sign in at a service's screens, or out of them, are sent back to. Without any it has none.
    change_redirect_uris;

    /// Makes a new one-time code for the service's certificate; older ones stop working.
    replace_code;

    /// Records a certificate that another authority issued to the service: one more, as before the last one ends.
    record_certificate;
}
