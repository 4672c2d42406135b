//! Users.

use auth_client::api::{ChangeState, CreateUser, CreatedUser, Page, ResetPassword, User};
use axum::{Json, extract::State};
use common::http::{body::ValidJson, problem::Problem};
use http::StatusCode;

use super::{Operator, PageQuery, page::cursor};
use crate::api::{named::Named, refusals::unknown, state::AppState};

/// Registers a user. The server issues the user ID and makes the first password, which is shown once.
#[utoipa::path(
    post, path = "/v1/users", tag = "users", security(("operator" = [])), request_body = CreateUser,
    responses((status = 201, body = CreatedUser), (status = 409, body = Problem), (status = 422, body = Problem))
)]
pub async fn create(
    State(state): State<AppState>,
    Operator(actor): Operator,
    ValidJson(body): ValidJson<CreateUser>,
) -> Result<(StatusCode, Json<CreatedUser>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(state.registrar.create_user(actor, body).await?),
    ))
}

/// Lists users in the order of their IDs.
#[utoipa::path(
    get, path = "/v1/users", tag = "users", security(("operator" = [])),
    params(("cursor" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = Page<User>))
)]
pub async fn list(
    State(state): State<AppState>,
    _: Operator,
    query: PageQuery,
) -> Result<Json<Page<User>>, Problem> {
    let page = state.directory.users(query.after()?, query.limit);
    Ok(Json(Page {
        next: page.next.map(cursor),
        ..page
    }))
}

/// Shows a user.
#[utoipa::path(
    get, path = "/v1/users/{user_id}", tag = "users", security(("operator" = [])),
    params(("user_id" = String, Path)), responses((status = 200, body = User), (status = 404, body = Problem))
)]
pub async fn show(
    State(state): State<AppState>,
    _: Operator,
    Named(id): Named,
) -> Result<Json<User>, Problem> {
    let found = id.parse().ok().and_then(|id| state.directory.user(&id));
    found
        .map(|found| Json((*found).clone()))
        .ok_or_else(|| unknown("user"))
}

/// Suspends a user, or lets them act again. Suspending ends their sessions.
#[utoipa::path(
    post, path = "/v1/users/{user_id}/state", tag = "users", security(("operator" = [])),
    params(("user_id" = String, Path)), request_body = ChangeState,
    responses((status = 200, body = User), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub async fn change_state(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
    ValidJson(body): ValidJson<ChangeState>,
) -> Result<Json<User>, Problem> {
    let id = id.parse().map_err(|_| unknown("user"))?;
    Ok(Json(state.registrar.set_user_state(actor, id, body).await?))
}

/// Gives a user a new password, made by the server and shown once, and ends their sessions.
#[utoipa::path(
    post, path = "/v1/users/{user_id}/password", tag = "users", security(("operator" = [])),
    params(("user_id" = String, Path)), responses((status = 200, body = ResetPassword), (status = 404, body = Problem))
)]
pub async fn reset_password(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(id): Named,
) -> Result<Json<ResetPassword>, Problem> {
    let id = id.parse().map_err(|_| unknown("user"))?;
    Ok(Json(state.registrar.reset_password(actor, id).await?))
}
