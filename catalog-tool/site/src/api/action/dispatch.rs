//! Which action is asked for, and by whom.

use axum::{
    body::Body,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    response::Response,
};
use common::http::Refused;
use http::{HeaderMap, Method};

use super::{
    answer::{self, ActionError, Answer},
    asked::Asked,
    parameters::Parameters,
    read, search,
};
use crate::{
    api::{refusals, state::CatalogState},
    domain::Side,
};

/// Actions that change something: known by name, so that their callers are told where changes are made.
const WRITES: &[&str] = &["create", "update", "patch", "revise", "delete", "purge"];

/// An action on the release site.
#[utoipa::path(
    get,
    path = "/release/api/3/action/{action}",
    operation_id = "release_action",
    tag = "sites",
    params(("action" = String, Path, description = "`package_search`, `package_show`, `package_list`, `resource_search`, `resource_show`, `organization_list`, `organization_show`, `group_list`, `license_list`, `status_show`, `site_read`")),
    responses(
        (status = 200, description = "`{help, success: true, result}`"),
        (status = 400, description = "No such action, or a query that cannot be read"),
        (status = 404, description = "There is none"),
        (status = 409, description = "A parameter is missing or wrong"),
        (status = 503, description = "The index is being built")
    )
)]
pub(in crate::api) async fn release(
    State(state): State<CatalogState>,
    action: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    answer(&state, Side::Public, (action, method, headers, query, body)).await
}

/// An action on the detail site.
#[utoipa::path(
    get,
    path = "/detail/api/3/action/{action}",
    operation_id = "detail_action",
    tag = "sites",
    params(("action" = String, Path, description = "As on the release site")),
    responses(
        (status = 200, description = "`{help, success: true, result}`"),
        (status = 400, description = "No such action, or a query that cannot be read"),
        (status = 403, description = "No token, or one of somebody who is not of the provider"),
        (status = 404, description = "There is none"),
        (status = 409, description = "A parameter is missing or wrong"),
        (status = 503, description = "The index is being built")
    )
)]
pub(in crate::api) async fn detail(
    State(state): State<CatalogState>,
    action: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    answer(
        &state,
        Side::Limited,
        (action, method, headers, query, body),
    )
    .await
}

type Request = (
    Result<Path<String>, PathRejection>,
    Method,
    HeaderMap,
    Option<String>,
    Body,
);

async fn answer(
    state: &CatalogState,
    side: Side,
    (action, method, headers, query, body): Request,
) -> Response {
    let action = action.map_or_else(|_| String::new(), |Path(action)| action);
    let help = answer::help(state.site(side), &action);
    // Who asks comes first: strangers learn nothing of how requests have to look.
    let outcome = async {
        state.reader(side, &method, &headers).await?;
        let parameters = if method == Method::POST {
            Parameters::posted(&headers, body, state.limits.query.as_usize()).await?
        } else {
            Parameters::of_query(query.as_deref().unwrap_or_default())
        };
        let asked = Asked {
            state,
            side,
            parameters,
        };
        run(&action, asked).await
    };
    match outcome.await {
        Ok(answer) => answer.into_response(&help),
        Err(error) => error.into_response(&help),
    }
}

/// What `package_search` answers on `side` to `query`, for a connector that asks in the name of somebody who may read it.
///
/// # Errors
/// What the site refuses, with the text that its clients are told.
pub async fn package_search(
    state: &CatalogState,
    side: Side,
    query: &str,
) -> Result<Response, Refused> {
    let asked = Asked {
        state,
        side,
        parameters: Parameters::of_query(query),
    };
    let answer = search::packages(asked).await.map_err(ActionError::told)?;
    Ok(answer.into_response(&answer::help(state.site(side), "package_search")))
}

async fn run(action: &str, asked: Asked<'_>) -> Result<Answer, ActionError> {
    match action {
        "package_search" => search::packages(asked).await,
        "resource_search" => search::resources(asked).await,
        "package_show" => read::package(asked).await,
        "package_list" => read::package_list(asked).await,
        "resource_show" => read::resource(asked).await,
        "organization_list" | "organization_list_for_user" => {
            read::organizations(asked, action).await
        }
        "organization_show" => read::organization(asked).await,
        // The site has one organisation and no groups or vocabularies.
        "group_list" | "vocabulary_list" => Ok(Answer::of(serde_json::json!([]))),
        "license_list" => Ok(Answer::of(read::licences())),
        "status_show" => Ok(Answer::of(read::status(&asked))),
        "site_read" => Ok(Answer::of(true.into())),
        _ if action
            .rsplit('_')
            .next()
            .is_some_and(|verb| WRITES.contains(&verb)) =>
        {
            Err((&refusals::WRITES_ELSEWHERE).into())
        }
        _ => Err(refusals::NO_SUCH_ACTION
            .naming(action.chars().take(100).collect::<String>())
            .into()),
    }
}
