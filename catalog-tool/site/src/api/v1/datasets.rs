//! Datasets as their stewards write them.

use axum::{
    Json,
    body::Body,
    extract::{
        FromRequest as _, Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use common::{
    http::{body::ValidJson, context, problem::Problem, refusals as house},
    ids::uuid_v7,
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ETAG, IF_NONE_MATCH, LOCATION},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    conditions::{condition, tag},
    page,
};
use crate::{
    api::{
        refusals::{self, problem},
        state::{CatalogState, Steward},
        wire::{
            CreateDataset, DatasetBody, DatasetList, DatasetSummary, ReplaceDataset, VersionBody,
            VersionList,
        },
    },
    content::read_content,
    domain::{
        Author, Content, DatasetStore as _, Filter, NewDataset, PackageName, State as Standing,
        Summary, ViewIds,
    },
};

/// 5 MiB: two views of the largest size that may be configured, and what stands around them.
const MAX_BODY: usize = 5 << 20;

/// Which part of the list is wanted.
#[derive(Debug, Deserialize)]
pub(in crate::api) struct Page {
    limit: Option<String>,
    cursor: Option<String>,
    state: Option<String>,
}

/// The id in the path; what is none is nothing's.
pub(super) fn named(
    path: Result<Path<String>, PathRejection>,
    unknown: &'static common::http::Refusal,
) -> Result<Uuid, Problem> {
    let Path(text) = path.map_err(|_| problem(&house::PATH_NOT_TEXT))?;
    Uuid::try_parse(&text).map_err(|_| problem(unknown))
}

/// A dataset with its tag.
fn tagged(status: StatusCode, summary: Summary) -> Response {
    let tag = tag(summary.revision);
    (status, [(ETAG, tag)], Json(DatasetSummary::from(summary))).into_response()
}

/// The content that was sent, or why there is none.
pub(super) fn content(
    state: &CatalogState,
    sent: &serde_json::value::RawValue,
) -> Result<Content, Problem> {
    let limits = catalog_items::Limits {
        bytes: state.limits.dataset.as_usize(),
        distributions: state.limits.distributions,
    };
    read_content(sent.get().as_bytes(), &limits).map_err(|error| {
        let text = error.text();
        let message = if context::lang() == common::http::Lang::En {
            text.en
        } else {
            text.ja
        };
        problem(&refusals::CONTENT_REFUSED)
            .error(format!("/dataset{}", error.pointer()), message)
            .member("reason", error.kind())
    })
}

/// Lists datasets, the newest first.
#[utoipa::path(
    get,
    path = "/v1/datasets",
    operation_id = "list_datasets",
    tag = "datasets",
    params(
        ("limit" = Option<u32>, Query, description = "Datasets a page, 1 to 200; without it 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("state" = Option<Standing>, Query, description = "Only those that stand there")
    ),
    responses(
        (status = 200, body = DatasetList),
        (status = 400, description = "A parameter does not fit"),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider")
    )
)]
pub(in crate::api) async fn list(
    State(state): State<CatalogState>,
    _: Steward,
    asked: Result<Query<Page>, QueryRejection>,
) -> Result<Json<DatasetList>, Problem> {
    let Query(asked) =
        asked.map_err(|rejection| house::PARAMETER_DOES_NOT_FIT.problem(rejection.body_text()))?;
    let limit = page::limit(asked.limit.as_deref())?;
    let before = page::cursor(asked.cursor.as_deref())?;
    let standing = asked
        .state
        .map(|word| serde_json::from_value::<Standing>(word.into()));
    let standing = standing.transpose().map_err(|_| {
        page::unfit(
            "state",
            "draft, checking, published or withdrawn is expected",
        )
    })?;
    let filter = Filter { state: standing };
    let found = state.store.list(filter, before, limit).await;
    let found = found.map_err(|error| problem(refusals::store(error)))?;
    let is_whole = found.len() < limit as usize;
    let next_cursor = found
        .last()
        .filter(|_| !is_whole)
        .map(|last| last.id.to_string());
    Ok(Json(DatasetList {
        datasets: found.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}

/// Makes a dataset, a draft.
#[utoipa::path(
    post,
    path = "/v1/datasets",
    operation_id = "create_dataset",
    tag = "datasets",
    request_body = CreateDataset,
    responses(
        (status = 201, body = DatasetSummary, description = "Made"),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 409, description = "The name or an id is another dataset's, or there are too many"),
        (status = 422, description = "The dataset cannot be read")
    )
)]
pub(in crate::api) async fn create(
    State(state): State<CatalogState>,
    Steward(by): Steward,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let ValidJson(asked) = ValidJson::<CreateDataset, MAX_BODY>::from_request(request, &()).await?;
    let at = state.clock.now();
    let id = uuid_v7(at);
    let name = asked
        .name
        .map(|name| name.parse::<PackageName>())
        .transpose();
    let name = name
        .map_err(|error| problem(&refusals::CONTENT_REFUSED).error("/name", error.to_string()))?;
    let new = NewDataset {
        id,
        name: name.unwrap_or_else(|| PackageName::of(id)),
        ids: asked.ids.map_or_else(
            || ViewIds {
                public: uuid_v7(at),
                limited: uuid_v7(at),
            },
            ViewIds::from,
        ),
        content: content(&state, &asked.dataset)?,
    };
    let made = state
        .store
        .create(&new, state.limits.datasets, &by, at)
        .await;
    let made = made.map_err(|error| problem(refusals::change(error)))?;
    tell("create", &made, &by);
    let location = HeaderValue::from_str(&format!("/v1/datasets/{id}"));
    let mut response = tagged(StatusCode::CREATED, made);
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Shows a dataset with its newest content.
#[utoipa::path(
    get,
    path = "/v1/datasets/{id}",
    operation_id = "get_dataset",
    tag = "datasets",
    params(("id" = Uuid, Path, description = "The dataset")),
    responses(
        (status = 200, body = DatasetBody),
        (status = 304, description = "It is the one of If-None-Match"),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is none")
    )
)]
pub(in crate::api) async fn show(
    State(state): State<CatalogState>,
    _: Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = named(path, &refusals::DATASET_UNKNOWN)?;
    let found = state.store.get(id).await;
    let found = found.map_err(|error| problem(refusals::store(error)))?;
    let found = found.ok_or_else(|| problem(&refusals::DATASET_UNKNOWN))?;
    let tag = tag(found.summary.revision);
    if headers.get(IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    Ok(([(ETAG, tag)], Json(DatasetBody::from(found))).into_response())
}

/// Gives a dataset another content. What the sites show stays until it is published.
#[utoipa::path(
    put,
    path = "/v1/datasets/{id}",
    operation_id = "replace_dataset",
    tag = "datasets",
    params(
        ("id" = Uuid, Path, description = "The dataset"),
        ("If-Match" = String, Header, description = "The ETag that was read, or `*`")
    ),
    request_body = ReplaceDataset,
    responses(
        (status = 200, body = DatasetSummary),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is none"),
        (status = 412, description = "It was changed meanwhile"),
        (status = 422, description = "The dataset cannot be read"),
        (status = 428, description = "No If-Match")
    )
)]
pub(in crate::api) async fn replace(
    State(state): State<CatalogState>,
    Steward(by): Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let id = named(path, &refusals::DATASET_UNKNOWN)?;
    let from = condition(&headers).map_err(problem)?;
    let ValidJson(asked) =
        ValidJson::<ReplaceDataset, MAX_BODY>::from_request(request, &()).await?;
    let content = content(&state, &asked.dataset)?;
    let (versions, at) = (state.limits.versions, state.clock.now());
    let is = state
        .store
        .replace(id, from, &content, versions, &by, at)
        .await;
    let is = is.map_err(|error| problem(refusals::change(error)))?;
    tell("change", &is, &by);
    Ok(tagged(StatusCode::OK, is))
}

/// Removes a dataset with all its contents, and takes it from the sites.
#[utoipa::path(
    delete,
    path = "/v1/datasets/{id}",
    operation_id = "delete_dataset",
    tag = "datasets",
    params(
        ("id" = Uuid, Path, description = "The dataset"),
        ("If-Match" = String, Header, description = "The ETag that was read, or `*`")
    ),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is none"),
        (status = 409, description = "A publication is under way"),
        (status = 412, description = "It was changed meanwhile"),
        (status = 428, description = "No If-Match")
    )
)]
pub(in crate::api) async fn remove(
    State(state): State<CatalogState>,
    Steward(by): Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let id = named(path, &refusals::DATASET_UNKNOWN)?;
    let from = condition(&headers).map_err(problem)?;
    let removed = state.store.delete(id, from, &by, state.clock.now()).await;
    removed.map_err(|error| problem(refusals::change(error)))?;
    state.index.changed();
    metrics::counter!("catalog_changes_total", "kind" => "delete").increment(1);
    tracing::info!(request.id = by.request_id, user = by.user, via = by.via, dataset.id = %id, "dataset removed");
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a dataset from the sites.
#[utoipa::path(
    post,
    path = "/v1/datasets/{id}/withdrawal",
    operation_id = "withdraw_dataset",
    tag = "datasets",
    params(
        ("id" = Uuid, Path, description = "The dataset"),
        ("If-Match" = String, Header, description = "The ETag that was read, or `*`")
    ),
    responses(
        (status = 200, body = DatasetSummary),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is none"),
        (status = 409, description = "The sites do not show it, or a publication is under way"),
        (status = 412, description = "It was changed meanwhile"),
        (status = 428, description = "No If-Match")
    )
)]
pub(in crate::api) async fn withdraw(
    State(state): State<CatalogState>,
    Steward(by): Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = named(path, &refusals::DATASET_UNKNOWN)?;
    let from = condition(&headers).map_err(problem)?;
    let is = state.store.withdraw(id, from, &by, state.clock.now()).await;
    hidden(&state, "withdraw", is, &by)
}

/// Makes a draft of a dataset again.
#[utoipa::path(
    post,
    path = "/v1/datasets/{id}/draft",
    operation_id = "redraft_dataset",
    tag = "datasets",
    params(
        ("id" = Uuid, Path, description = "The dataset"),
        ("If-Match" = String, Header, description = "The ETag that was read, or `*`")
    ),
    responses(
        (status = 200, body = DatasetSummary),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is none"),
        (status = 409, description = "It is a draft, or a publication is under way"),
        (status = 412, description = "It was changed meanwhile"),
        (status = 428, description = "No If-Match")
    )
)]
pub(in crate::api) async fn redraft(
    State(state): State<CatalogState>,
    Steward(by): Steward,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = named(path, &refusals::DATASET_UNKNOWN)?;
    let from = condition(&headers).map_err(problem)?;
    let is = state.store.redraft(id, from, &by, state.clock.now()).await;
    hidden(&state, "redraft", is, &by)
}

fn hidden(
    state: &CatalogState,
    kind: &'static str,
    outcome: Result<Summary, crate::domain::ChangeError>,
    by: &Author,
) -> Result<Response, Problem> {
    let is = outcome.map_err(|error| problem(refusals::change(error)))?;
    state.index.changed();
    tell(kind, &is, by);
    Ok(tagged(StatusCode::OK, is))
}

/// Lists the contents that a dataset has and had.
#[utoipa::path(
    get,
    path = "/v1/datasets/{id}/versions",
    operation_id = "list_versions",
    tag = "datasets",
    params(
        ("id" = Uuid, Path, description = "The dataset"),
        ("limit" = Option<u32>, Query, description = "Versions a page, 1 to 200; without it 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before")
    ),
    responses(
        (status = 200, body = VersionList),
        (status = 400, description = "A parameter does not fit"),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is none")
    )
)]
pub(in crate::api) async fn versions(
    State(state): State<CatalogState>,
    _: Steward,
    path: Result<Path<String>, PathRejection>,
    asked: Result<Query<Page>, QueryRejection>,
) -> Result<Json<VersionList>, Problem> {
    let id = named(path, &refusals::DATASET_UNKNOWN)?;
    let Query(asked) =
        asked.map_err(|rejection| house::PARAMETER_DOES_NOT_FIT.problem(rejection.body_text()))?;
    let limit = page::limit(asked.limit.as_deref())?;
    let before: Option<i64> = page::cursor(asked.cursor.as_deref())?;
    let found = state.store.versions(id, before, limit).await;
    let found = found.map_err(|error| problem(refusals::store(error)))?;
    // A dataset has one at least.
    if found.is_empty() && before.is_none() {
        return Err(problem(&refusals::DATASET_UNKNOWN));
    }
    let is_whole = found.len() < limit as usize;
    let next_cursor = found
        .last()
        .filter(|_| !is_whole)
        .map(|last| last.number.to_string());
    Ok(Json(VersionList {
        versions: found.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}

/// Shows one content that a dataset has or had.
#[utoipa::path(
    get,
    path = "/v1/datasets/{id}/versions/{number}",
    operation_id = "get_version",
    tag = "datasets",
    params(
        ("id" = Uuid, Path, description = "The dataset"),
        ("number" = i64, Path, description = "The version")
    ),
    responses(
        (status = 200, body = VersionBody),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is none")
    )
)]
pub(in crate::api) async fn version(
    State(state): State<CatalogState>,
    _: Steward,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<VersionBody>, Problem> {
    let Path((id, number)) = path.map_err(|_| problem(&house::PATH_NOT_TEXT))?;
    let id = Uuid::try_parse(&id).map_err(|_| problem(&refusals::DATASET_UNKNOWN))?;
    let unknown = || problem(&refusals::VERSION_UNKNOWN);
    let number: i64 = number.parse().map_err(|_| unknown())?;
    let found = state.store.version(id, number).await;
    let found = found.map_err(|error| problem(refusals::store(error)))?;
    let dataset = found.ok_or_else(unknown)?;
    Ok(Json(VersionBody { number, dataset }))
}

/// One line of log and one count for a change that the history holds.
fn tell(kind: &'static str, of: &Summary, by: &Author) {
    metrics::counter!("catalog_changes_total", "kind" => kind).increment(1);
    tracing::info!(
        request.id = by.request_id,
        user = by.user,
        via = by.via,
        dataset.id = %of.id,
        kind,
        "dataset changed"
    );
}
