//! Publishing, as its stewards ask for it and look on.

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
    http::{body::ValidJson, problem::Problem, refusals as house},
    ids::uuid_v7,
};
use http::{HeaderMap, HeaderValue, StatusCode, header::LOCATION};
use serde::Deserialize;

use super::{conditions::condition, datasets::named, page};
use crate::{
    api::{
        refusals::{self, problem},
        state::{CatalogState, Steward},
        wire::{CreatePublication, PublicationBody, PublicationList},
    },
    domain::{ChangeError, Hitch, PublicationStore as _},
};

const MAX_BODY: usize = 4 << 10;

/// Which part of the list is wanted.
#[derive(Debug, Deserialize)]
pub(in crate::api) struct Page {
    limit: Option<String>,
    cursor: Option<String>,
    dataset_id: Option<String>,
}

/// Has the newest content of a dataset published: it is checked, what its distributions name is read and recorded, and then the
/// sites show it.
#[utoipa::path(
    post,
    path = "/v1/publications",
    operation_id = "create_publication",
    tag = "publications",
    params(("If-Match" = String, Header, description = "The ETag of the dataset, or `*`")),
    request_body = CreatePublication,
    responses(
        (status = 202, body = PublicationBody, description = "It will be done"),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is no such dataset"),
        (status = 409, description = "A publication of it is under way"),
        (status = 412, description = "The dataset was changed meanwhile"),
        (status = 428, description = "No If-Match"),
        (status = 503, description = "Too many are under way")
    )
)]
pub(in crate::api) async fn create(
    State(state): State<CatalogState>,
    Steward(by): Steward,
    headers: HeaderMap,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let from = condition(&headers).map_err(problem)?;
    let ValidJson(asked) =
        ValidJson::<CreatePublication, MAX_BODY>::from_request(request, &()).await?;
    let (most, at) = (state.limits.publications, state.clock.now());
    let id = uuid_v7(at);
    let made = state
        .store
        .submit(asked.dataset_id, from, id, most, &by, at)
        .await;
    let made = made.map_err(|error| match error {
        ChangeError::Full => problem(&refusals::QUEUE_FULL),
        other => problem(refusals::change(other)),
    })?;
    state.wake.notify_one();
    tracing::info!(
        request.id = by.request_id, user = by.user, via = by.via, dataset.id = %made.dataset_id, publication = %id,
        "publication asked for"
    );
    let location = HeaderValue::from_str(&format!("/v1/publications/{id}"));
    let mut response = (StatusCode::ACCEPTED, Json(PublicationBody::from(made))).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Lists publications, the newest first.
#[utoipa::path(
    get,
    path = "/v1/publications",
    operation_id = "list_publications",
    tag = "publications",
    params(
        ("limit" = Option<u32>, Query, description = "Publications a page, 1 to 200; without it 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("dataset_id" = Option<Uuid>, Query, description = "Only those of this dataset")
    ),
    responses(
        (status = 200, body = PublicationList),
        (status = 400, description = "A parameter does not fit"),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider")
    )
)]
pub(in crate::api) async fn list(
    State(state): State<CatalogState>,
    _: Steward,
    asked: Result<Query<Page>, QueryRejection>,
) -> Result<Json<PublicationList>, Problem> {
    let Query(asked) =
        asked.map_err(|rejection| house::PARAMETER_DOES_NOT_FIT.problem(rejection.body_text()))?;
    let limit = page::limit(asked.limit.as_deref())?;
    let before = page::cursor(asked.cursor.as_deref())?;
    let dataset_id = page::id("dataset_id", asked.dataset_id.as_deref())?;
    let found = state.store.publications(dataset_id, before, limit).await;
    let found = found.map_err(|error| problem(refusals::store(error)))?;
    let is_whole = found.len() < limit as usize;
    let next_cursor = found
        .last()
        .filter(|_| !is_whole)
        .map(|last| last.id.to_string());
    Ok(Json(PublicationList {
        publications: found.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}

/// Shows how far a publication is.
#[utoipa::path(
    get,
    path = "/v1/publications/{id}",
    operation_id = "get_publication",
    tag = "publications",
    params(("id" = Uuid, Path, description = "The publication")),
    responses(
        (status = 200, body = PublicationBody),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is none")
    )
)]
pub(in crate::api) async fn show(
    State(state): State<CatalogState>,
    _: Steward,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<PublicationBody>, Problem> {
    let id = named(path, &refusals::PUBLICATION_UNKNOWN)?;
    let found = state.store.publication(id).await;
    let found = found.map_err(|error| problem(refusals::store(error)))?;
    let found = found.ok_or_else(|| problem(&refusals::PUBLICATION_UNKNOWN))?;
    Ok(Json(found.into()))
}

/// Ends a publication that is under way. The sites go on showing what they showed; what was recorded in the ledger stays there.
#[utoipa::path(
    delete,
    path = "/v1/publications/{id}",
    operation_id = "cancel_publication",
    tag = "publications",
    params(("id" = Uuid, Path, description = "The publication")),
    responses(
        (status = 200, body = PublicationBody, description = "It has stopped"),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is none"),
        (status = 409, description = "It had ended")
    )
)]
pub(in crate::api) async fn cancel(
    State(state): State<CatalogState>,
    Steward(by): Steward,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<PublicationBody>, Problem> {
    let id = named(path, &refusals::PUBLICATION_UNKNOWN)?;
    let hitch = Hitch::new(
        "cancelled",
        format!("{} が中止しました。", by.user),
        format!("It was cancelled by {}.", by.user),
    );
    let stopped = state.store.cancel(id, &hitch, &by, state.clock.now()).await;
    let stopped = stopped.map_err(|error| match error {
        ChangeError::Unknown => problem(&refusals::PUBLICATION_UNKNOWN),
        other => problem(refusals::change(other)),
    })?;
    tracing::info!(request.id = by.request_id, user = by.user, via = by.via, publication = %id, "publication cancelled");
    Ok(Json(stopped.into()))
}
