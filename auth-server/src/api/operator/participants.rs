//! Participants.

use auth_client::api::{ChangeDomain, ChangeState, CreateParticipant, Page, Participant};
use axum::{Json, extract::State};
use common::http::{body::ValidJson, problem::Problem};
use http::StatusCode;
use uuid::Uuid;

use super::{Operator, PageQuery, page::cursor};
use crate::api::{named::Named, refusals::unknown, state::AppState};

/// Registers a participant.
#[utoipa::path(
    post, path = "/v1/participants", tag = "participants", security(("operator" = [])),
    request_body = CreateParticipant,
    responses((status = 201, body = Participant), (status = 409, body = Problem), (status = 422, body = Problem))
)]
pub async fn create(
    State(state): State<AppState>,
    Operator(actor): Operator,
    ValidJson(body): ValidJson<CreateParticipant>,
) -> Result<(StatusCode, Json<Participant>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(state.registrar.create_participant(actor, body).await?),
    ))
}

/// Lists participants in the order of their registration.
#[utoipa::path(
    get, path = "/v1/participants", tag = "participants", security(("operator" = [])),
    params(("cursor" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = Page<Participant>))
)]
pub async fn list(
    State(state): State<AppState>,
    _: Operator,
    query: PageQuery,
) -> Result<Json<Page<Participant>>, Problem> {
    let page = state
        .directory
        .participants(query.after::<Uuid>()?, query.limit);
    Ok(Json(Page {
        next: page.next.map(cursor),
        ..page
    }))
}

/// Shows a participant.
#[utoipa::path(
    get, path = "/v1/participants/{id}", tag = "participants", security(("operator" = [])),
    params(("id" = String, Path)), responses((status = 200, body = Participant), (status = 404, body = Problem))
)]
pub async fn show(
    State(state): State<AppState>,
    _: Operator,
    Named(id): Named,
) -> Result<Json<Participant>, Problem> {
    let found = id
        .parse()
        .ok()
        .and_then(|id| state.directory.participant(id));
    found
        .map(|found| Json((*found).clone()))
        .ok_or_else(|| unknown("participant"))
}

/// Says which domain a participant belongs to, for screens.
#[utoipa::path(
    post, path = "/v1/participants/{id}/domain", tag = "participants", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ChangeDomain,
    responses((status = 200, body = Participant), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub async fn change_domain(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
    ValidJson(body): ValidJson<ChangeDomain>,
) -> Result<Json<Participant>, Problem> {
    let id = id.parse().map_err(|_| unknown("participant"))?;
    let changed = state.registrar.set_domain(actor, id, body.domain).await?;
    Ok(Json(changed))
}

/// Suspends a participant with its users and connectors, or lets them act again.
#[utoipa::path(
    post, path = "/v1/participants/{id}/state", tag = "participants", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ChangeState,
    responses((status = 200, body = Participant), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub async fn change_state(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
    ValidJson(body): ValidJson<ChangeState>,
) -> Result<Json<Participant>, Problem> {
    let id = id.parse().map_err(|_| unknown("participant"))?;
    Ok(Json(
        state
            .registrar
            .set_participant_state(actor, id, body)
            .await?,
    ))
}
