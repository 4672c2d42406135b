//! The release sites that are harvested, and how they answer.

use axum::{Json, extract::State as Shared};
use common::http::problem::Problem;

use super::{
    access::Steward,
    refusals,
    state::AppState,
    wire::{SourceBody, SourceList, SourceState},
};

/// Lists the sites that are harvested, and how they answer.
#[utoipa::path(
    get,
    path = "/v1/sources",
    operation_id = "list_sources",
    tag = "search",
    responses(
        (status = 200, body = SourceList),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward")
    )
)]
pub(super) async fn list(
    Shared(state): Shared<AppState>,
    _: Steward,
) -> Result<Json<SourceList>, Problem> {
    let mut known = state.harvest.sources().await.map_err(refusals::store)?;
    let sources = state.sites.iter().map(|(id, site)| {
        let at = known.iter().position(|one| one.id == *id);
        let is = at.map(|at| known.swap_remove(at)).unwrap_or_default();
        SourceBody {
            id: id.clone(),
            name: site.name.clone(),
            release: site.address.clone(),
            state: match (is.silent_since, is.answered_at) {
                (Some(_), _) => SourceState::NoAnswer,
                (None, Some(_)) => SourceState::Answers,
                (None, None) => SourceState::NotChecked,
            },
            datasets: is.datasets,
            asked_at: is.asked_at,
            answered_at: is.answered_at,
            silent_since: is.silent_since,
            skipped: is.skipped,
            problem: is.problem,
        }
    });
    Ok(Json(SourceList {
        sources: sources.collect(),
    }))
}
