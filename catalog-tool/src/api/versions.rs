//! What drafts said before, and going back to it.

use axum::{
    Json,
    body::Body,
    extract::{FromRequest as _, Path, Request, State as Shared, rejection::PathRejection},
    response::Response,
};
use common::http::{body::ValidJson, problem::Problem, refusals as house};
use http::HeaderMap;

use super::{
    access::{Steward, problem},
    conditions::condition,
    content::read_again,
    drafts::{named, tell, whole},
    refusals,
    state::AppState,
    wire::{DraftBody, Undo, VersionBody, VersionList},
};
use crate::domain::SaveDraft;

const MAX_BODY: usize = 4 << 10;

/// Lists the contents that are kept of a draft.
#[utoipa::path(
    get,
    path = "/v1/drafts/{id}/versions",
    operation_id = "list_draft_versions",
    tag = "drafts",
    params(("id" = Uuid, Path, description = "The draft")),
    responses(
        (status = 200, body = VersionList),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward"),
        (status = 404, description = "There is none")
    )
)]
pub(super) async fn list(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<VersionList>, Problem> {
    let id = steward.draft(&state, named(path)?).await?.id;
    let found = state.drafts.versions(id).await.map_err(refusals::store)?;
    let versions = found.into_iter().map(Into::into).collect();
    Ok(Json(VersionList { versions }))
}

/// Shows one content of a draft.
#[utoipa::path(
    get,
    path = "/v1/drafts/{id}/versions/{number}",
    operation_id = "get_draft_version",
    tag = "drafts",
    params(
        ("id" = Uuid, Path, description = "The draft"),
        ("number" = i64, Path, description = "The version")
    ),
    responses(
        (status = 200, body = VersionBody),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward"),
        (status = 404, description = "There is none, or it is not kept any more")
    )
)]
pub(super) async fn show(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<VersionBody>, Problem> {
    let Path((id, number)) = path.map_err(|_| problem(&house::PATH_NOT_TEXT))?;
    let id = steward.draft(&state, named(Ok(Path(id)))?).await?.id;
    let unknown = || problem(&refusals::VERSION_UNKNOWN);
    let number = number.parse().map_err(|_| unknown())?;
    let found = state.drafts.version(id, number).await;
    let found = found.map_err(refusals::store)?.ok_or_else(unknown)?;
    Ok(Json(found.into()))
}

/// Gives a draft back what it said before: one step back, and one more each time, or any content that is kept. It becomes the newest
/// version, so that this can be undone too.
#[utoipa::path(
    post,
    path = "/v1/drafts/{id}/undo",
    operation_id = "undo_draft",
    tag = "drafts",
    params(
        ("id" = Uuid, Path, description = "The draft"),
        ("If-Match" = String, Header, description = "The ETag that was read, or `*`")
    ),
    request_body = Undo,
    responses(
        (status = 200, body = DraftBody),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward"),
        (status = 404, description = "There is no such draft or version"),
        (status = 409, description = "No older version is kept"),
        (status = 412, description = "It was changed meanwhile"),
        (status = 428, description = "No If-Match")
    )
)]
pub(super) async fn undo(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let id = steward.draft(&state, named(path)?).await?.id;
    let from = condition(&headers)?;
    let ValidJson(asked) = ValidJson::<Undo, MAX_BODY>::from_request(request, &()).await?;
    let drafts = &state.drafts;
    let wanted = if let Some(number) = asked.version {
        let found = drafts.version(id, number).await.map_err(refusals::store)?;
        found.ok_or_else(|| problem(&refusals::VERSION_UNKNOWN))?
    } else {
        let is = drafts.newest(id).await.map_err(refusals::store)?;
        let is = is
            .ok_or_else(|| problem(&refusals::DRAFT_UNKNOWN))?
            .version
            .summary;
        // After an undo the next one goes on from there, not back to what was undone.
        let stands_at = is.restored_from.unwrap_or(is.number);
        let found = drafts
            .before(id, stands_at)
            .await
            .map_err(refusals::store)?;
        found.ok_or_else(|| problem(&refusals::NOTHING_TO_UNDO))?
    };
    let content = read_again(&state, &wanted.content).await?;
    let summary = wanted.summary;
    let save = SaveDraft {
        id,
        from,
        content: &content,
        restored_from: Some(summary.restored_from.unwrap_or(summary.number)),
        keep: state.limits.versions,
    };
    let is = drafts.save(save, steward.by()).await;
    let is = is.map_err(refusals::change)?;
    tell("undo", id, steward.by());
    Ok(whole(is, content))
}
