//! Actions that look for something.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use common::http::Text;
use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    answer::{ActionError, Answer},
    asked::Asked,
    parameters::Parameters,
};
use crate::{
    api::{refusals, state::CatalogState},
    domain::{Package, Side, SiteStore as _},
    index::{DEFAULT_SORT, Dialect, Request, SearchError, query::escape},
};

/// Packages that are read at once: each may be as large as a dataset may be, so no answer is ever whole in memory.
const AT_ONCE: usize = 16;

/// Datasets that are looked through for distributions.
const CANDIDATES: usize = 1_000;

/// What a search may be asked with.
const KNOWN: &[&str] = &[
    "facet",
    "facet.field",
    "facet.limit",
    "facet.mincount",
    "fq",
    "fq_list",
    "include_deleted",
    "include_drafts",
    "include_private",
    "q",
    "rows",
    "sort",
    "start",
    "use_default_schema",
];

pub(super) async fn packages(asked: Asked<'_>) -> Result<Answer, ActionError> {
    let parameters = &asked.parameters;
    let unknown = parameters
        .names()
        .find(|name| !KNOWN.contains(name) && !name.starts_with("ext_"));
    if let Some(unknown) = unknown {
        let unknown: String = unknown.chars().take(100).collect();
        return Err(refusals::BAD_QUERY.naming(unknown).into());
    }
    let q = parameters.text("q")?.unwrap_or_default();
    let mut request = Request::new(&q, Dialect::Ckan, asked.state.clock.now());
    request.view = Some(asked.side.as_str().to_owned());
    request.fq = parameters.texts("fq")?;
    request.fq.extend(parameters.texts("fq_list")?);
    request.sort = parameters.text("sort")?.unwrap_or_default();
    request.start = parameters.number("start")?.unwrap_or(0);
    request.rows = parameters.number("rows")?.unwrap_or(10);
    // More than may be is as much as may be, as in CKAN.
    request.rows = request.rows.min(asked.state.limits.rows);
    if parameters.flag("facet")?.unwrap_or(true) {
        request.facets = parameters.texts("facet.field")?;
    }
    request.facet_limit = parameters.number("facet.limit")?.unwrap_or(50);
    request.facet_mincount = parameters.number("facet.mincount")?.unwrap_or(1);
    let sort = if request.sort.is_empty() {
        DEFAULT_SORT.to_owned()
    } else {
        request.sort.clone()
    };

    let found = found(asked.state, request).await?;
    let (facets, search_facets) = facets(asked.state, asked.side, &found.facets);
    let head = json!({
        "count": found.total, "sort": sort, "facets": facets, "search_facets": search_facets,
    });
    let ids = found
        .hits
        .iter()
        .filter_map(|hit| Uuid::try_parse(&hit.id).ok())
        .collect();
    results(asked, head, ids).await
}

/// The answer with the packages of these datasets, in this order.
async fn results(asked: Asked<'_>, head: Value, ids: Vec<Uuid>) -> Result<Answer, ActionError> {
    // The first are read before anything is answered: what fails then is told as a failure.
    let first = &ids[..ids.len().min(AT_ONCE)];
    let first = page(asked.state, asked.side, first).await?;
    if ids.len() <= AT_ONCE {
        let Value::Object(mut result) = head else {
            return Err((&refusals::FAILED).into());
        };
        result.insert("results".to_owned(), first.into());
        return Ok(Answer::of(result.into()));
    }
    let (state, side) = (asked.state.clone(), asked.side);
    let is_first = first.is_empty();
    let begin = text(&first, true);
    let rest = (is_first, ids.into_iter().skip(AT_ONCE).collect::<Vec<_>>());
    let rest = stream::try_unfold(rest, move |(is_first, ids)| {
        let state = state.clone();
        async move {
            if ids.is_empty() {
                return Ok(None);
            }
            let (now, later) = ids.split_at(ids.len().min(AT_ONCE));
            let read = page(&state, side, now).await;
            let read =
                read.map_err(|_| std::io::Error::other("a page of packages was not to be had"))?;
            let is_still_first = is_first && read.is_empty();
            Ok::<_, std::io::Error>(Some((
                text(&read, is_first),
                (is_still_first, later.to_vec()),
            )))
        }
    });
    let all = stream::once(std::future::ready(Ok(begin))).chain(rest);
    Ok(Answer::Long(head, all.boxed()))
}

/// Some packages as a part of a list, with a comma in front unless they are its first.
fn text(packages: &[Value], is_first: bool) -> Bytes {
    let mut text = String::new();
    for (number, package) in packages.iter().enumerate() {
        if number > 0 || !is_first {
            text.push(',');
        }
        text.push_str(&package.to_string());
    }
    text.into()
}

/// The packages of these datasets, rendered, in this order. What the index still has and the site no longer shows is left out.
async fn page(state: &CatalogState, side: Side, ids: &[Uuid]) -> Result<Vec<Value>, ActionError> {
    let packages = state.store.packages(side, ids).await?;
    let by_id: BTreeMap<Uuid, Package> = packages
        .into_iter()
        .map(|package| (package.dataset_id, package))
        .collect();
    let in_order: Vec<Package> = ids.iter().filter_map(|id| by_id.get(id).cloned()).collect();
    let asked = Asked {
        state,
        side,
        parameters: Parameters::default(),
    };
    asked.rendered(&in_order).await
}

/// Asks the index, beside everything else that the process does.
async fn found(
    state: &CatalogState,
    request: Request,
) -> Result<crate::index::Answer, ActionError> {
    let index = Arc::clone(&state.index);
    let searching = tokio::task::spawn_blocking(move || index.search(&request)).await;
    let outcome = searching.map_err(|error| refusals::SEARCH_FAILED.because(error))?;
    outcome.map_err(|error| match (error.ja(), error.en()) {
        (Some(ja), Some(en)) => refusals::BAD_QUERY.saying(Text::of(ja, en)).into(),
        _ if matches!(error, SearchError::Rebuilding { .. }) => (&refusals::NOT_SEARCHABLE).into(),
        _ => refusals::SEARCH_FAILED.because(error).into(),
    })
}

/// Counts in both forms of CKAN's.
fn facets(
    state: &CatalogState,
    side: Side,
    found: &[(String, Vec<(String, u64)>)],
) -> (Value, Value) {
    let organization = &state.site(side).organization;
    let (mut plain, mut titled) = (Map::new(), Map::new());
    for (field, values) in found {
        let counts: Map<String, Value> = values
            .iter()
            .map(|(value, count)| (value.clone(), (*count).into()))
            .collect();
        let items = values.iter().map(|(value, count)| {
            let is_own = field == "organization" && *value == organization.name;
            let shown = if is_own { &organization.title } else { value };
            json!({"name": value, "display_name": shown, "count": count})
        });
        titled.insert(
            field.clone(),
            json!({"title": field, "items": items.collect::<Vec<_>>()}),
        );
        plain.insert(field.clone(), counts.into());
    }
    (plain.into(), titled.into())
}

/// Distributions of which a member contains a text.
pub(super) async fn resources(asked: Asked<'_>) -> Result<Answer, ActionError> {
    let terms = asked.parameters.texts("query")?;
    if terms.is_empty() {
        return Err(ActionError::missing("query"));
    }
    let mut wanted = Vec::new();
    for term in &terms {
        let Some((field, text)) = term.split_once(':') else {
            return Err(ActionError::invalid(
                "query",
                "Must be <field>:<value> pair(s)",
            ));
        };
        if !["url", "name", "description", "format"].contains(&field) {
            let field: String = field.chars().take(100).collect();
            let message = format!("Field \"{field}\" not recognised in resource_search.");
            return Err(ActionError::invalid("query", message));
        }
        wanted.push((field, text.to_lowercase()));
    }
    let offset: usize = asked.parameters.number("offset")?.unwrap_or(0);
    let limit: Option<usize> = asked.parameters.number("limit")?;
    let limit = limit
        .unwrap_or(asked.state.limits.rows)
        .min(asked.state.limits.rows);

    let mut request = Request::new("*:*", Dialect::Ckan, asked.state.clock.now());
    request.view = Some(asked.side.as_str().to_owned());
    request.rows = CANDIDATES.min(asked.state.limits.rows);
    let term = |(field, text): &(&str, String)| format!("res_{field}:*{}*", escape(text));
    request.fq = wanted
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(term)
        .collect();
    let found = found(asked.state, request).await?;

    let mut hits = Vec::new();
    let mut count = 0;
    let ids: Vec<Uuid> = found
        .hits
        .iter()
        .filter_map(|hit| Uuid::try_parse(&hit.id).ok())
        .collect();
    for ids in ids.chunks(AT_ONCE) {
        for package in page(asked.state, asked.side, ids).await? {
            for resource in package["resources"].as_array().into_iter().flatten() {
                let fits = |(field, text): &(&str, String)| {
                    let value = resource[*field].as_str().unwrap_or_default();
                    value.to_lowercase().contains(text)
                };
                if wanted.iter().all(fits) {
                    count += 1;
                    if count > offset && hits.len() < limit {
                        hits.push(resource.clone());
                    }
                }
            }
        }
    }
    Ok(Answer::of(json!({"count": count, "results": hits})))
}
