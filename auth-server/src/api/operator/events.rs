//! The audit trail.

use auth_client::api::{Event, Page};
use axum::{Json, extract::State};
use common::http::problem::Problem;

use super::{Auditor, PageQuery, page::cursor};
use crate::api::{problems::store_failed, state::AppState};

/// Lists what was done, newest first.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", security(("auditor" = [])),
    params(("cursor" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = Page<Event>))
)]
pub async fn list(
    State(state): State<AppState>,
    _: Auditor,
    query: PageQuery,
) -> Result<Json<Page<Event>>, Problem> {
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let mut items = state
        .store
        .events(query.after()?, limit + 1)
        .await
        .map_err(|error| store_failed(&error))?;
    let more = items.len() > query.limit;
    items.truncate(query.limit);
    let next = items.last().filter(|_| more).map(|event| cursor(event.id));
    Ok(Json(Page { items, next }))
}
