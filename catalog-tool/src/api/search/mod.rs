//! The search over all domains, in the shape of the public one: `/backend/api/{package_search,package_show,package_list}`.
//!
//! Source: catalog-items.md §6.

mod answer;
mod parameters;

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State as Shared},
    response::Response,
};
use bytes::Bytes;
use catalog_items::CROSS_FACETS;
use catalog_site::index::{Answer as Found, Dialect, Hit, Request, SearchError};
use common::{
    concurrency::Permit,
    http::{Refused, Text, refusals as house},
    listener::{ConnectionInfo, network},
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value, json};

use self::{
    answer::{failed, succeeded, whole},
    parameters::Parameters,
};
use super::{refusals, state::AppState};
use crate::harvest::{VIEW, shown, unkey};

/// Packages that are read at once: each may be as large as a dataset may be, so no answer is ever whole in memory.
const AT_ONCE: usize = 16;

/// Most packages of an answer.
const MAX_ROWS: usize = 1_000;

/// Bytes of a query string.
const MAX_QUERY: usize = 64 << 10;

type Turn = Permit<IpAddr>;

fn begin(
    state: &AppState,
    connection: &ConnectionInfo,
    query: Option<&str>,
) -> Result<(Turn, Parameters), Refused> {
    let turn = state.searches.enter_as(network(connection.remote.ip()));
    let turn = turn.ok_or(&house::BUSY)?;
    let query = query.unwrap_or_default();
    if query.len() > MAX_QUERY {
        return Err(refusals::QUERY_UNREADABLE.saying(Text::new("長すぎます", "it is too long")));
    }
    Ok((turn, Parameters::read(query)))
}

/// Searches over all domains.
#[utoipa::path(
    get,
    path = "/backend/api/package_search",
    operation_id = "cross_package_search",
    tag = "search",
    params(
        ("q" = Option<String>, Query, description = "What is looked for, as Lucene's standard parser reads it; without it everything"),
        ("fq" = Option<String>, Query, description = "What it has to fit besides; several are joined with AND in one"),
        ("start" = Option<u32>, Query, description = "How many are left out"),
        ("rows" = Option<u32>, Query, description = "How many are given, 1,000 at most; without it 10"),
        ("sort" = Option<String>, Query, description = "`FIELD asc` or `FIELD desc`; without it `score desc`")
    ),
    responses(
        (status = 200, body = Object, description = "`result` has `q`, `count`, `facets`, `qtime` and `results`"),
        (status = 400, description = "A parameter cannot be read: `error` says which and where"),
        (status = 503, description = "The index is being built, or too many search")
    )
)]
pub(super) async fn packages(
    Shared(state): Shared<AppState>,
    Extension(connection): Extension<ConnectionInfo>,
    RawQuery(query): RawQuery,
) -> Response {
    match search(&state, &connection, query.as_deref()).await {
        Ok(response) => response,
        Err(refused) => failed("package_search", &refused),
    }
}

async fn search(
    state: &AppState,
    connection: &ConnectionInfo,
    query: Option<&str>,
) -> Result<Response, Refused> {
    let (turn, parameters) = begin(state, connection, query)?;
    let began = state.clock.now();
    let request = request(state, &parameters, 10)?;
    let q = request.q.clone();
    let found = found(state, request).await?;
    let qtime = (state.clock.now() - began).whole_milliseconds();
    let head = json!({
        "q": q, "count": found.total, "facets": facets(&found), "qtime": i64::try_from(qtime).unwrap_or_default(),
    });
    // The first are read before anything is answered: what fails then is told as a failure.
    let mut hits = found.hits;
    let rest = hits.split_off(hits.len().min(AT_ONCE));
    let first = results(state, &hits).await?;
    Ok(long(state, head, first, rest, turn))
}

/// The answer piece by piece, while the turn is held.
fn long(state: &AppState, head: Value, first: Vec<Value>, rest: Vec<Hit>, turn: Turn) -> Response {
    let begin = whole("package_search", &head);
    let begin = Bytes::from(begin + &list(&first, true));
    let progress = (state.clone(), rest, first.is_empty(), turn);
    let pages = stream::try_unfold(progress, async |(state, mut rest, is_first, turn)| {
        if rest.is_empty() {
            return Ok::<_, std::io::Error>(None);
        }
        let later = rest.split_off(rest.len().min(AT_ONCE));
        let read = results(&state, &rest).await;
        let read =
            read.map_err(|_| std::io::Error::other("a page of packages was not to be had"))?;
        let still_first = is_first && read.is_empty();
        let text = Bytes::from(list(&read, is_first));
        Ok(Some((text, (state, later, still_first, turn))))
    });
    let end = stream::once(std::future::ready(Ok(Bytes::from_static(b"]}}"))));
    let all = stream::once(std::future::ready(Ok(begin)))
        .chain(pages)
        .chain(end);
    answer::json(Body::from_stream(all.boxed()))
}

/// Packages as a part of a list, with a comma in front unless they are its first.
fn list(packages: &[Value], is_first: bool) -> String {
    let mut text = String::new();
    for (number, package) in packages.iter().enumerate() {
        if number > 0 || !is_first {
            text.push(',');
        }
        text.push_str(&package.to_string());
    }
    text
}

fn request(state: &AppState, parameters: &Parameters, rows: usize) -> Result<Request, Refused> {
    let text = |name| parameters.text(name).filter(|text| !text.trim().is_empty());
    let q = text("q").unwrap_or("*:*");
    let mut request = Request::new(q, Dialect::Cross, state.clock.now());
    request.view = Some(VIEW.to_owned());
    request.fq = text("fq").map(str::to_owned).into_iter().collect();
    request.sort = text("sort").unwrap_or("score desc").to_owned();
    request.start = parameters.number(&["start", "offset"])?.unwrap_or(0);
    request.rows = parameters
        .number(&["rows", "limit"])?
        .unwrap_or(rows)
        .min(MAX_ROWS);
    request.facets = CROSS_FACETS.map(str::to_owned).to_vec();
    Ok(request)
}

/// Asks the index, beside everything else that the process does.
async fn found(state: &AppState, request: Request) -> Result<Found, Refused> {
    let index = Arc::clone(&state.index);
    let searching = tokio::task::spawn_blocking(move || index.search(&request)).await;
    let outcome = searching.map_err(|error| house::INTERNAL.because(error))?;
    outcome.map_err(|error| match (error.ja(), error.en()) {
        (Some(ja), Some(en)) => refusals::QUERY_UNREADABLE.saying(Text::of(ja, en)),
        _ if matches!(error, SearchError::Rebuilding { .. }) => {
            (&refusals::INDEX_REBUILDING).into()
        }
        _ => house::INTERNAL.because(error),
    })
}

/// Counts as Solr gives them: a value and its number, a value and its number.
fn facets(found: &Found) -> Value {
    let fields: Map<String, Value> = found
        .facets
        .iter()
        .map(|(field, values)| {
            let flat = values
                .iter()
                .flat_map(|(value, count)| [json!(value), json!(count)]);
            (field.clone(), flat.collect())
        })
        .collect();
    json!({
        "facet_queries": {}, "facet_fields": fields, "facet_ranges": {}, "facet_intervals": {}, "facet_heatmaps": {},
    })
}

/// The packages of these hits, in their order. What the index still has and is gone is left out.
async fn results(state: &AppState, hits: &[Hit]) -> Result<Vec<Value>, Refused> {
    let keys: Vec<_> = hits.iter().filter_map(|hit| unkey(&hit.id)).collect();
    let kept = state
        .harvest
        .records(&keys)
        .await
        .map_err(|error| house::DATABASE_AWAY.because(error))?;
    let mut by_key: std::collections::HashMap<_, _> = kept
        .into_iter()
        .map(|one| ((one.source.clone(), one.id.clone()), one))
        .collect();
    let in_order = hits.iter().filter_map(|hit| {
        let one = by_key.remove(&unkey(&hit.id)?)?;
        let content = one.content?;
        let site = state.sites.get(&one.source)?;
        let place = (
            one.source.as_str(),
            site.name.as_str(),
            site.address.as_str(),
        );
        Some(shown(place, &one.name, content, hit.score))
    });
    Ok(in_order.collect())
}

/// Shows one package: by its `xckan_id`, or by its id at its site.
#[utoipa::path(
    get,
    path = "/backend/api/package_show",
    operation_id = "cross_package_show",
    tag = "search",
    params(("id" = String, Query, description = "The package")),
    responses(
        (status = 200, body = Object),
        (status = 400, description = "No id"),
        (status = 404, description = "There is none"),
        (status = 503, description = "Too many ask")
    )
)]
pub(super) async fn package(
    Shared(state): Shared<AppState>,
    Extension(connection): Extension<ConnectionInfo>,
    RawQuery(query): RawQuery,
) -> Response {
    match show(&state, &connection, query.as_deref()).await {
        Ok(package) => succeeded("package_show", &package),
        Err(refused) => failed("package_show", &refused),
    }
}

async fn show(
    state: &AppState,
    connection: &ConnectionInfo,
    query: Option<&str>,
) -> Result<Value, Refused> {
    let (_turn, parameters) = begin(state, connection, query)?;
    let id = parameters.text("id").filter(|id| !id.is_empty());
    let id = id.ok_or(&refusals::PACKAGE_ID_MISSING)?;
    let away = |error| house::DATABASE_AWAY.because(error);
    let by_name = match unkey(id) {
        Some((source, name)) => state.harvest.by_name(&source, &name).await.map_err(away)?,
        None => None,
    };
    let found = match by_name {
        Some(found) => Some(found),
        None => state.harvest.by_id(id).await.map_err(away)?,
    };
    let unknown = || Refused::from(&refusals::PACKAGE_UNKNOWN);
    let found = found.ok_or_else(unknown)?;
    let site = state.sites.get(&found.source).ok_or_else(unknown)?;
    let content = found.content.ok_or_else(unknown)?;
    let place = (
        found.source.as_str(),
        site.name.as_str(),
        site.address.as_str(),
    );
    Ok(shown(place, &found.name, content, 1.0))
}

/// Lists packages by their `xckan_id`.
#[utoipa::path(
    get,
    path = "/backend/api/package_list",
    operation_id = "cross_package_list",
    tag = "search",
    params(
        ("fq" = Option<String>, Query, description = "What they have to fit; without it all"),
        ("start" = Option<u32>, Query, description = "How many are left out; `offset` means the same"),
        ("rows" = Option<u32>, Query, description = "How many are given, 1,000 at most; `limit` means the same")
    ),
    responses(
        (status = 200, body = Object),
        (status = 400, description = "A parameter cannot be read"),
        (status = 503, description = "The index is being built, or too many search")
    )
)]
pub(super) async fn names(
    Shared(state): Shared<AppState>,
    Extension(connection): Extension<ConnectionInfo>,
    RawQuery(query): RawQuery,
) -> Response {
    match listed(&state, &connection, query.as_deref()).await {
        Ok(ids) => succeeded("package_list", &ids.into()),
        Err(refused) => failed("package_list", &refused),
    }
}

async fn listed(
    state: &AppState,
    connection: &ConnectionInfo,
    query: Option<&str>,
) -> Result<Vec<Value>, Refused> {
    let (_turn, parameters) = begin(state, connection, query)?;
    let mut request = request(state, &parameters, MAX_ROWS)?;
    request.q = "*:*".to_owned();
    request.sort = "xckan_id asc".to_owned();
    request.facets.clear();
    let found = found(state, request).await?;
    let mut ids = Vec::with_capacity(found.hits.len());
    for hits in found.hits.chunks(AT_ONCE) {
        for package in results(state, hits).await? {
            ids.push(package["xckan_id"].clone());
        }
    }
    Ok(ids)
}
