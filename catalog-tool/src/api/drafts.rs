//! Drafts as their stewards write them.

use axum::{
    Json,
    body::Body,
    extract::{
        FromRequest as _, Path, Query, Request, State as Shared,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use common::{
    http::{body::ValidJson, problem::Problem, refusals as house},
    ids::uuid_v7,
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ETAG, IF_NONE_MATCH, LOCATION},
};
use uuid::Uuid;

use super::{
    access::{Steward, problem},
    conditions::{condition, stands_at, tag},
    content::{read, read_again},
    form::MAX_BODY,
    page::Page,
    refusals,
    state::AppState,
    wire::{CreateDraft, DraftBody, DraftList, SavedDraft, SentDataset},
};
use crate::{
    domain::{
        By, ChangeError, Check, Content, Draft, NewDraft, Provider, SaveDraft, Site, State, copied,
        empty,
    },
    publishing::PublishError,
};

/// The id in the path; what is none is nothing's.
pub(super) fn named(path: Result<Path<String>, PathRejection>) -> Result<Uuid, Problem> {
    let Path(text) = path.map_err(|_| problem(&house::PATH_NOT_TEXT))?;
    Uuid::try_parse(&text).map_err(|_| problem(&refusals::DRAFT_UNKNOWN))
}

/// A draft as it stands after a change, with its tag.
pub(super) fn saved(draft: Draft, check: Check) -> Response {
    let tag = tag(draft.revision);
    let summary = draft.into();
    ([(ETAG, tag)], Json(SavedDraft { summary, check })).into_response()
}

/// A draft with what it says, and its tag.
pub(super) fn whole(draft: Draft, content: Content) -> Response {
    let tag = tag(draft.revision);
    let body = DraftBody {
        summary: draft.into(),
        dataset: content.json,
        check: content.check,
    };
    ([(ETAG, tag)], Json(body)).into_response()
}

/// One line of log and one count for each change.
pub(super) fn tell(kind: &'static str, draft: Uuid, by: By<'_>) {
    metrics::counter!("catalog_drafts_total", "kind" => kind).increment(1);
    tracing::info!(user = by.user, draft.id = %draft, kind, "draft changed");
}

/// Lists drafts.
#[utoipa::path(
    get,
    path = "/v1/drafts",
    operation_id = "list_drafts",
    tag = "drafts",
    params(
        ("provider" = Option<String>, Query, description = "Only those of this provider, by its connector ID"),
        ("state" = Option<State>, Query, description = "Only those that stand there"),
        ("q" = Option<String>, Query, description = "Part of the title; width, case and kana make no difference"),
        ("sort" = Option<String>, Query, description = "`saved_at` or `title`, with `-` in front backwards; without it `-saved_at`"),
        ("offset" = Option<u32>, Query, description = "How many are left out, 0 to 100000"),
        ("limit" = Option<u32>, Query, description = "Drafts a page, 1 to 100; without it 25")
    ),
    responses(
        (status = 200, body = DraftList),
        (status = 400, description = "A parameter does not fit"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward")
    )
)]
pub(super) async fn list(
    Shared(state): Shared<AppState>,
    steward: Steward,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<DraftList>, Problem> {
    let Query(page) =
        page.map_err(|rejection| house::PARAMETER_DOES_NOT_FIT.problem(rejection.body_text()))?;
    let asked = page.asked(&steward)?;
    let listed = state.drafts.list(&asked).await.map_err(refusals::store)?;
    Ok(Json(DraftList {
        total: listed.counts.at(asked.state),
        counts: listed.counts.into(),
        drafts: listed.drafts.into_iter().map(Into::into).collect(),
    }))
}

/// Makes a draft: of a content, as a copy, of a dataset of the provider's, or empty but for what the form suggests.
#[utoipa::path(
    post,
    path = "/v1/drafts",
    operation_id = "create_draft",
    tag = "drafts",
    request_body = CreateDraft,
    responses(
        (status = 200, body = DraftBody, description = "The dataset was taken over before"),
        (status = 201, body = DraftBody),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward, or not of this provider"),
        (status = 404, description = "There is nothing to copy"),
        (status = 409, description = "There are as many as there may be"),
        (status = 422, description = "The dataset cannot be read, or it is not said whose it is")
    )
)]
pub(super) async fn create(
    Shared(state): Shared<AppState>,
    steward: Steward,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let ValidJson(asked) = ValidJson::<CreateDraft, MAX_BODY>::from_request(request, &()).await?;
    let provider = match asked.provider.as_deref() {
        Some(id) => steward
            .provider(id)
            .ok_or_else(|| problem(&refusals::PROVIDER_NOT_YOURS))?,
        None => match steward.providers.as_slice() {
            [] => return Err(problem(&refusals::PROVIDER_NOT_YOURS)),
            [only] => only,
            _ => return Err(problem(&refusals::PROVIDER_MISSING)),
        },
    };
    if let Some(id) = asked.site_dataset {
        if asked.dataset.is_some() || asked.copy_of.is_some() {
            return Err(problem(&refusals::SOURCE_AMBIGUOUS));
        }
        return take_over(&state, &steward, provider, id).await;
    }
    let content = match (asked.dataset, asked.copy_of) {
        (Some(_), Some(_)) => return Err(problem(&refusals::SOURCE_AMBIGUOUS)),
        (Some(dataset), None) => read(&state, dataset).await?,
        (None, Some(model)) => {
            let model = steward.draft(&state, model).await?.id;
            let model = state.drafts.newest(model).await.map_err(refusals::store)?;
            let model = model.ok_or_else(|| problem(&refusals::DRAFT_UNKNOWN))?;
            read_again(&state, &copied(model.version.content)).await?
        }
        (None, None) => read_again(&state, &empty()).await?,
    };
    made(&state, &steward, provider, (content, None)).await
}

/// A new draft, with where it is.
async fn made(
    state: &AppState,
    steward: &Steward,
    provider: &Provider,
    (content, site): (Content, Option<Site>),
) -> Result<Response, Problem> {
    let by = steward.by();
    let (id, most) = (uuid_v7(by.at), state.limits.per_provider);
    let new = NewDraft {
        id,
        provider: &provider.id,
        content: &content,
        site: site.as_ref(),
    };
    let made = state.drafts.create(new, most, by).await;
    let made = made.map_err(refusals::change)?;
    tell("create", id, by);
    let mut response = whole(made, content);
    *response.status_mut() = StatusCode::CREATED;
    let location = HeaderValue::from_str(&format!("/v1/drafts/{id}"));
    let location = location.map_err(Problem::internal)?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// A draft that stands for a dataset of the provider's, which may have been written by others.
async fn take_over(
    state: &AppState,
    steward: &Steward,
    provider: &Provider,
    dataset: Uuid,
) -> Result<Response, Problem> {
    let known = state.drafts.of_site(&provider.id, &[dataset]).await;
    if let Some(draft) = known.map_err(refusals::store)?.get(&dataset) {
        let found = state.drafts.newest(*draft).await.map_err(refusals::store)?;
        let found = found.ok_or_else(|| problem(&refusals::DRAFT_UNKNOWN))?;
        let content = read_again(state, &found.version.content).await?;
        return Ok(whole(found.draft, content));
    }
    let _turn = steward.turn(state)?;
    let read = state
        .publisher
        .read(steward.acting(&provider.id)?, dataset)
        .await;
    let (content, site) = read.map_err(|error| match error {
        PublishError::Nothing => problem(&refusals::DATASET_UNKNOWN),
        other => refusals::publishing(other),
    })?;
    made(state, steward, provider, (content, Some(site))).await
}

/// Shows a draft with what it says.
#[utoipa::path(
    get,
    path = "/v1/drafts/{id}",
    operation_id = "get_draft",
    tag = "drafts",
    params(("id" = Uuid, Path, description = "The draft")),
    responses(
        (status = 200, body = DraftBody),
        (status = 304, description = "As it was"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward"),
        (status = 404, description = "There is none")
    )
)]
pub(super) async fn show(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = named(path)?;
    let found = state.drafts.newest(id).await.map_err(refusals::store)?;
    let found = found.filter(|found| steward.writes_for(&found.draft.provider));
    let found = found.ok_or_else(|| problem(&refusals::DRAFT_UNKNOWN))?;
    let tag = tag(found.draft.revision);
    // What the provider says of it has no tag: only what was never there is the same as before.
    if found.draft.site.is_none() && headers.get(IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let content = read_again(&state, &found.version.content).await?;
    Ok(whole(found.draft, content))
}

/// Saves what a draft says now. What it said before is kept for a while.
#[utoipa::path(
    put,
    path = "/v1/drafts/{id}",
    operation_id = "save_draft",
    tag = "drafts",
    params(
        ("id" = Uuid, Path, description = "The draft"),
        ("If-Match" = String, Header, description = "The ETag that was read, or `*`")
    ),
    request_body = SentDataset,
    responses(
        (status = 200, body = SavedDraft),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward"),
        (status = 404, description = "There is none"),
        (status = 412, description = "It was changed meanwhile: `changed_by`, `changed_at`, `version` and `revision` say by whom"),
        (status = 422, description = "The dataset cannot be read"),
        (status = 428, description = "No If-Match")
    )
)]
pub(super) async fn save(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let id = steward.draft(&state, named(path)?).await?.id;
    let from = condition(&headers)?;
    let ValidJson(sent) = ValidJson::<SentDataset, MAX_BODY>::from_request(request, &()).await?;
    let content = read(&state, sent.dataset).await?;
    let save = SaveDraft {
        id,
        from,
        content: &content,
        restored_from: None,
        keep: state.limits.versions,
    };
    let is = state.drafts.save(save, steward.by()).await;
    let is = is.map_err(refusals::change)?;
    tell("save", id, steward.by());
    Ok(saved(is, content.check))
}

/// Deletes a draft, and the dataset at its provider, if the sites do not show it. The draft can be brought back for a while.
#[utoipa::path(
    delete,
    path = "/v1/drafts/{id}",
    operation_id = "delete_draft",
    tag = "drafts",
    params(
        ("id" = Uuid, Path, description = "The draft"),
        ("If-Match" = String, Header, description = "The ETag that was read, or `*`")
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward"),
        (status = 404, description = "There is none"),
        (status = 409, description = "The provider's sites show it, or it is being published"),
        (status = 412, description = "It was changed meanwhile"),
        (status = 428, description = "No If-Match")
    )
)]
pub(super) async fn remove(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let draft = steward.draft(&state, named(path)?).await?;
    let (id, from) = (draft.id, condition(&headers)?);
    stands_at(&draft, from)?;
    if matches!(draft.state, State::Checking | State::Published) {
        return Err(refusals::change(ChangeError::State(draft.state)));
    }
    if draft.site.is_some() {
        let _turn = steward.turn(&state)?;
        let removed = state
            .publisher
            .remove(steward.acting(&draft.provider)?, &draft)
            .await;
        removed.map_err(refusals::publishing)?;
    }
    let deleted = state.drafts.delete(id, from, steward.by()).await;
    deleted.map_err(refusals::change)?;
    tell("delete", id, steward.by());
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a draft back that was deleted.
#[utoipa::path(
    post,
    path = "/v1/drafts/{id}/restoration",
    operation_id = "restore_draft",
    tag = "drafts",
    params(("id" = Uuid, Path, description = "The draft")),
    responses(
        (status = 200, body = DraftBody),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward"),
        (status = 404, description = "There is none that was deleted, or it is not kept any more")
    )
)]
pub(super) async fn restore(
    Shared(state): Shared<AppState>,
    steward: Steward,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = named(path)?;
    let provider = state.drafts.deleted(id).await.map_err(refusals::store)?;
    if !provider.is_some_and(|provider| steward.writes_for(&provider)) {
        return Err(problem(&refusals::DRAFT_UNKNOWN));
    }
    let restored = state.drafts.restore(id, steward.by()).await;
    restored.map_err(refusals::change)?;
    tell("restore", id, steward.by());
    let found = state.drafts.newest(id).await.map_err(refusals::store)?;
    let found = found.ok_or_else(|| problem(&refusals::DRAFT_UNKNOWN))?;
    let content = read_again(&state, &found.version.content).await?;
    Ok(whole(found.draft, content))
}
