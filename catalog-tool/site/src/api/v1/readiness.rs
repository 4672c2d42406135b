//! Whether what a dataset names can be obtained, as its stewards ask.

use axum::{
    Json,
    body::Body,
    extract::{FromRequest as _, Request, State},
};
use common::http::{body::ValidJson, problem::Problem, refusals as house};

use super::datasets::content;
use crate::{
    api::{
        refusals::{self, problem},
        state::{CatalogState, Steward},
        wire::{LookAtReadiness, Readiness},
    },
    domain::DatasetStore as _,
    readiness,
};

/// 5 MiB, as for a dataset.
const MAX_BODY: usize = 5 << 20;

/// Looks whether what a dataset names can be obtained. Nothing is stored.
#[utoipa::path(
    post,
    path = "/v1/readiness",
    operation_id = "look_at_readiness",
    tag = "datasets",
    request_body = LookAtReadiness,
    responses(
        (status = 200, body = Readiness),
        (status = 401, description = "No token"),
        (status = 403, description = "Not a steward of this provider"),
        (status = 404, description = "There is no such dataset"),
        (status = 422, description = "The dataset cannot be read, or neither or both are named"),
        (status = 503, description = "Somebody is looking already")
    )
)]
pub(in crate::api) async fn look(
    State(state): State<CatalogState>,
    Steward(by): Steward,
    request: Request<Body>,
) -> Result<Json<Readiness>, Problem> {
    // Each makes the connector ask data sources: one at a time for each steward.
    let place = state.looks.enter_as(by.user);
    let _place = place.ok_or_else(|| problem(&house::BUSY))?;
    let ValidJson(asked) =
        ValidJson::<LookAtReadiness, MAX_BODY>::from_request(request, &()).await?;
    let json = match (asked.dataset_id, asked.dataset) {
        (Some(id), None) => {
            let found = state.store.get(id).await;
            let found = found.map_err(|error| problem(refusals::store(error)))?;
            found
                .ok_or_else(|| problem(&refusals::DATASET_UNKNOWN))?
                .content
        }
        (None, Some(sent)) => content(&state, &sent)?.json,
        _ => return Err(problem(&refusals::NOT_ONE_DATASET)),
    };
    let dataset = serde_json::from_value(json);
    let dataset = dataset.map_err(|error| problem(house::INTERNAL.because(error)))?;
    let surroundings = state.surroundings.as_ref();
    let checks = readiness::look(&dataset, state.provider_id.as_str(), surroundings).await;
    Ok(Json(Readiness {
        is_ready: readiness::is_ready(&checks),
        checks,
    }))
}
