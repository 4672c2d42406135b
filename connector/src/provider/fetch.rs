//! Opening a data source.

use std::sync::Arc;

use common::{addresses::AddressPolicy, http::Refused};
use http::{Response, header};

use super::sources::{Source, Sources};
use crate::{
    exchange::{Budget, Options, refusals},
    upstream::{Client, PooledBody, ResourceUrl, file_headers, follow},
};

/// Asks `source` for `resource` and returns its answer, which is a 200 with an uncoded body.
///
/// Only what the configuration allows reaches the source: its own credentials and listed options, never a token.
pub(super) async fn open(
    client: &Arc<Client>,
    sources: &Sources,
    source: &Source,
    resource: &ResourceUrl,
    options: &Options,
    budget: &Budget,
) -> Result<Response<PooledBody>, Refused> {
    let url = source.fetch_url(resource)?;
    let is_inside = |url: &ResourceUrl| sources.stays_inside(source, url);
    if !is_inside(&url) {
        return Err((&refusals::NO_SOURCE).into());
    }
    let mut headers = file_headers();
    for (name, value) in options.fields() {
        headers.insert(name.clone(), value.clone());
    }
    if let Some(credentials) = &source.credentials {
        headers.insert(header::AUTHORIZATION, credentials.clone());
    }
    let any = AddressPolicy::Any;
    let answer = follow(
        client,
        url,
        &headers,
        (&any, source.ends),
        budget,
        is_inside,
    )
    .await?;
    Ok(answer)
}
