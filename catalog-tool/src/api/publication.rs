//! Publishing drafts, and what providers have.

use axum::{
    Json,
    extract::{
        Path, Query, State as Shared,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse as _, Response},
};
use common::http::{problem::Problem, refusals as house};
use http::{HeaderMap, StatusCode, header::ETAG};
use serde::Deserialize;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use super::{
    access::{Steward, problem},
    conditions::{condition, stands_at, tag},
    drafts::{named, tell},
    page::unfit,
    refusals,
    state::AppState,
    wire::{DraftSummary, PublicationBody, SiteDatasetBody, SiteDatasetList},
};
use crate::domain::{Draft, State};

/// How a draft is published.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    overwrite: Option<bool>,
}

/// Has what a draft says now published: it is written to its provider, which checks it, records it and shows it.
#[utoipa::path(
    post,
    path = "/v1/drafts/{id}/publication",
    operation_id = "publish_draft",
    tag = "publishing",
    params(
        ("id" = Uuid, Path, description = "The draft"),
        ("overwrite" = Option<bool>, Query, description = "Whether what others made of it at the provider is overwritten"),
        ("If-Match" = String, Header, description = "The ETag that was read, or `*`")
    ),
    responses(
        (status = 202, body = PublicationBody, description = "The provider does it"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward, here or there"),
        (status = 404, description = "There is none"),
        (status = 409, description = "A publication is under way, or it was changed at the provider"),
        (status = 412, description = "It was changed meanwhile"),
        (status = 422, description = "It is not ready: `check` says why"),
        (status = 428, description = "No If-Match"),
        (status = 502, description = "The provider refuses: `provider_problem` says why"),
        (status = 503, description = "The provider is away")
    )
)]
pub(super) async fn publish(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
    how: Result<Query<How>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = named(path)?;
    let Query(how) =
        how.map_err(|rejection| house::PARAMETER_DOES_NOT_FIT.problem(rejection.body_text()))?;
    let from = condition(&headers)?;
    let newest = state.drafts.newest(id).await.map_err(refusals::store)?;
    let newest = newest.filter(|one| steward.writes_for(&one.draft.provider));
    let newest = newest.ok_or_else(|| problem(&refusals::DRAFT_UNKNOWN))?;
    let provider = newest.draft.provider.clone();
    let _turn = steward.turn(&state)?;
    let acting = steward.acting(&provider)?;
    let publishing =
        state
            .publisher
            .publish(acting, (newest, from), how.overwrite.unwrap_or_default());
    let draft = publishing.await.map_err(refusals::publishing)?;
    tell("publish", id, steward.by());
    let mut response = shown(&draft, false)?.into_response();
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

fn shown(draft: &Draft, is_stale: bool) -> Result<Json<PublicationBody>, Problem> {
    let publication = draft.publication.as_ref();
    let publication = publication.ok_or_else(|| problem(&refusals::PUBLICATION_UNKNOWN))?;
    Ok(Json(PublicationBody::of(publication, is_stale)))
}

/// Shows how far the last publication of a draft is.
#[utoipa::path(
    get,
    path = "/v1/drafts/{id}/publication",
    operation_id = "get_publication",
    tag = "publishing",
    params(("id" = Uuid, Path, description = "The draft")),
    responses(
        (status = 200, body = PublicationBody),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward, here or there"),
        (status = 404, description = "There is no such draft, or it was never published")
    )
)]
pub(super) async fn show(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<PublicationBody>, Problem> {
    let draft = steward.draft(&state, named(path)?).await?;
    let provider = draft.provider.clone();
    let _turn = steward.turn(&state)?;
    let looked = state
        .publisher
        .look(steward.acting(&provider)?, draft)
        .await;
    let looked = looked.map_err(refusals::publishing)?;
    shown(&looked.draft, looked.is_stale)
}

/// Ends the publication of a draft that is under way. The sites go on showing what they showed.
#[utoipa::path(
    delete,
    path = "/v1/drafts/{id}/publication",
    operation_id = "cancel_publication",
    tag = "publishing",
    params(("id" = Uuid, Path, description = "The draft")),
    responses(
        (status = 200, body = PublicationBody, description = "It has stopped"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward, here or there"),
        (status = 404, description = "There is no such draft, or it was never published"),
        (status = 409, description = "It had ended"),
        (status = 503, description = "The provider is away")
    )
)]
pub(super) async fn cancel(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<PublicationBody>, Problem> {
    let draft = steward.draft(&state, named(path)?).await?;
    let _turn = steward.turn(&state)?;
    let cancelled = state
        .publisher
        .cancel(steward.acting(&draft.provider)?, &draft)
        .await;
    let draft = cancelled.map_err(refusals::publishing)?;
    tell("cancel", draft.id, steward.by());
    shown(&draft, false)
}

/// Takes a draft from its provider's sites.
#[utoipa::path(
    post,
    path = "/v1/drafts/{id}/withdrawal",
    operation_id = "withdraw_draft",
    tag = "publishing",
    params(
        ("id" = Uuid, Path, description = "The draft"),
        ("If-Match" = String, Header, description = "The ETag that was read, or `*`")
    ),
    responses(
        (status = 200, body = DraftSummary),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward, here or there"),
        (status = 404, description = "There is none"),
        (status = 409, description = "The sites do not show it, or a publication is under way"),
        (status = 412, description = "It was changed meanwhile"),
        (status = 428, description = "No If-Match"),
        (status = 503, description = "The provider is away")
    )
)]
pub(super) async fn withdraw(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let draft = steward.draft(&state, named(path)?).await?;
    stands_at(&draft, condition(&headers)?)?;
    let _turn = steward.turn(&state)?;
    let withdrawn = state
        .publisher
        .withdraw(steward.acting(&draft.provider)?, &draft)
        .await;
    let draft = withdrawn.map_err(refusals::publishing)?;
    tell("withdraw", draft.id, steward.by());
    Ok((
        [(ETAG, tag(draft.revision))],
        Json(DraftSummary::from(draft)),
    )
        .into_response())
}

/// Which part of a provider's list is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    state: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

impl Page {
    /// The query with which the provider is asked.
    fn query(self) -> Result<String, Problem> {
        let mut query = Serializer::new(String::new());
        let limit = self.limit.map_or(Ok(50), |limit| limit.parse::<u32>());
        let limit = limit.ok().filter(|limit| (1..=200).contains(limit));
        let limit =
            limit.ok_or_else(|| unfit("limit", "a whole number from 1 to 200 is expected"))?;
        query.append_pair("limit", &limit.to_string());
        if let Some(state) = self.state {
            let known = serde_json::from_value::<State>(state.into());
            let known = known.map_err(|_| {
                unfit(
                    "state",
                    "draft, checking, published or withdrawn is expected",
                )
            })?;
            query.append_pair("state", known.as_str());
        }
        if let Some(cursor) = self.cursor {
            if cursor.len() > 200 {
                return Err(problem(&house::CURSOR_UNKNOWN));
            }
            query.append_pair("cursor", &cursor);
        }
        Ok(query.finish())
    }
}

/// Lists what a provider has, also what was not written here.
#[utoipa::path(
    get,
    path = "/v1/providers/{id}/datasets",
    operation_id = "list_provider_datasets",
    tag = "providers",
    params(
        ("id" = String, Path, description = "The connector ID of the provider"),
        ("state" = Option<State>, Query, description = "Only those that stand there"),
        ("limit" = Option<u32>, Query, description = "Datasets a page, 1 to 200; without it 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before")
    ),
    responses(
        (status = 200, body = SiteDatasetList),
        (status = 400, description = "A parameter does not fit"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward, here or there"),
        (status = 404, description = "There is no such provider, or one may not write for it"),
        (status = 503, description = "The provider is away")
    )
)]
pub(super) async fn datasets(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<SiteDatasetList>, Problem> {
    let Path(id) = path.map_err(|_| problem(&house::PATH_NOT_TEXT))?;
    let provider = steward
        .provider(&id)
        .ok_or_else(|| problem(&refusals::PROVIDER_UNKNOWN))?;
    let Query(page) =
        page.map_err(|rejection| house::PARAMETER_DOES_NOT_FIT.problem(rejection.body_text()))?;
    let query = page.query()?;
    let _turn = steward.turn(&state)?;
    let listed = state
        .publisher
        .list(steward.acting(&provider.id)?, &query)
        .await;
    let listed = listed.map_err(refusals::publishing)?;
    let ids: Vec<Uuid> = listed.datasets.iter().map(|one| one.id).collect();
    let drafts = state
        .drafts
        .of_site(&provider.id, &ids)
        .await
        .map_err(refusals::store)?;
    let datasets = listed.datasets.into_iter().map(|dataset| SiteDatasetBody {
        draft: drafts.get(&dataset.id).copied(),
        dataset,
    });
    Ok(Json(SiteDatasetList {
        datasets: datasets.collect(),
        next_cursor: listed.next_cursor,
    }))
}
