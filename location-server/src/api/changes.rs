//! The history.

use axum::{
    Extension, Json,
    extract::{Query, State, rejection::QueryRejection},
};
use common::{
    http::{Refused, problem::Problem, refusals},
    ids::UserId,
    listener::ConnectionInfo,
};
use http::HeaderMap;
use location_client::api::ChangesResponse;
use serde::Deserialize;

use super::{AppState, access::identified, page};
use crate::domain::ReadError;

/// Changes a page where nothing is said.
const DEFAULT_PAGE: u32 = 100;
/// Longest page.
const MAX_PAGE: u32 = 500;

/// Which part of the history is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    limit: Option<String>,
    cursor: Option<String>,
    provider_id: Option<String>,
}

/// Who changed which location, when, and how: oldest first.
#[utoipa::path(
    get,
    path = "/v1/changes",
    operation_id = "list_changes",
    tag = "history",
    params(
        ("limit" = Option<u32>, Query, description = "Changes a page, 1 to 500; without it 100"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("provider_id" = Option<String>, Query, description = "Only changes of this provider's location")
    ),
    responses(
        (status = 200, body = ChangesResponse),
        (status = 400, description = "A parameter does not fit"),
        (status = 401, description = "No operator's token"),
        (status = 403, description = "Not an operator, or the certificate is not registered")
    )
)]
pub(super) async fn list(
    State(app): State<AppState>,
    Extension(connection): Extension<ConnectionInfo>,
    asked: Result<Query<Page>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<ChangesResponse>, Problem> {
    let (_, caller) = identified(&app, &connection, &headers)
        .await
        .map_err(problem)?;
    caller.may_review().map_err(problem)?;
    let Query(asked) = asked
        .map_err(|rejection| refusals::PARAMETER_DOES_NOT_FIT.problem(rejection.body_text()))?;
    let limit = page::limit(asked.limit.as_deref(), DEFAULT_PAGE, MAX_PAGE)
        .map_err(|error| bad("limit", &error))?;
    // The cursor is the number of the last change seen; callers only pass it back.
    let after = match asked.cursor.as_deref().map(str::parse::<i64>) {
        None => 0,
        Some(Ok(after)) if after >= 0 => after,
        Some(_) => return Err(bad("cursor", "this is no cursor of this list")),
    };
    let provider = asked
        .provider_id
        .as_deref()
        .map(UserId::parse)
        .transpose()
        .map_err(|error| bad("provider_id", &error.to_string()))?;
    let changes = app
        .directory
        .changes(provider.as_ref(), after, limit)
        .await
        .map_err(|error| problem(ReadError::from(error)))?;
    let next_cursor = changes.last().map_or(after, |last| last.id).to_string();
    Ok(Json(ChangesResponse {
        changes,
        next_cursor,
    }))
}

/// In the language of the request, as on the wire's paths.
fn problem(error: impl Into<Refused>) -> Problem {
    let refused = error.into();
    let text = refused.text();
    Problem::from(refused).detail(text)
}

fn bad(parameter: &str, message: &str) -> Problem {
    let detail = format!("the parameter {parameter} does not fit");
    refusals::PARAMETER_DOES_NOT_FIT
        .problem(detail)
        .error(parameter, message)
}
