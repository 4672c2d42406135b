//! Opening a data source.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Empty;

use super::error::FileError;
use super::sources::{Source, Sources};
use crate::exchange::{Budget, Options};
use crate::upstream::{AddressPolicy, Call, Client, PooledBody, ResourceUrl, path_and_query};

/// Redirects that are followed; a server that needs more is going in circles.
const MAX_REDIRECTS: usize = 5;

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
) -> Result<Response<PooledBody>, FileError> {
    let headers = request_headers(source, options);
    let mut url = source.fetch_url(resource).map_err(FileError::Url)?;
    if !sources.stays_inside(source, &url) {
        return Err(FileError::NoSource);
    }
    for _ in 0..=MAX_REDIRECTS {
        let call = Call {
            origin: url.origin(),
            policy: &AddressPolicy::Any,
            expected: None,
            budget,
        };
        let build = || {
            let mut request = Request::new(Empty::<Bytes>::new());
            *request.uri_mut() = path_and_query(url.url());
            request.headers_mut().clone_from(&headers);
            request
        };
        let response = client.get(&call, build).await?;
        match response.status() {
            StatusCode::OK => return uncoded(response),
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => url = redirected(&url, &response, source, sources)?,
            status => return Err(FileError::SourceStatus(status)),
        }
    }
    Err(FileError::Redirect)
}

fn request_headers(source: &Source, options: &Options) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    // The digest is of the bytes that the caller gets, and existing receivers break on coded ones.
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::USER_AGENT,
        HeaderValue::from_static(concat!("kakehashi/", env!("CARGO_PKG_VERSION"))),
    );
    for (name, value) in options.fields() {
        headers.insert(name.clone(), value.clone());
    }
    if let Some(credentials) = &source.credentials {
        headers.insert(header::AUTHORIZATION, credentials.clone());
    }
    headers
}

fn uncoded(response: Response<PooledBody>) -> Result<Response<PooledBody>, FileError> {
    match response.headers().get(header::CONTENT_ENCODING) {
        Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            Err(FileError::SourceCoding(coding.clone()))
        }
        _ => Ok(response),
    }
}

fn redirected(
    from: &ResourceUrl,
    response: &Response<PooledBody>,
    source: &Source,
    sources: &Sources,
) -> Result<ResourceUrl, FileError> {
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok());
    let to = location
        .and_then(|location| from.join(location).ok())
        .ok_or(FileError::Redirect)?;
    if !sources.stays_inside(source, &to) {
        tracing::warn!(
            location = to.as_str(),
            "a data source redirected out of itself"
        );
        return Err(FileError::Redirect);
    }
    Ok(to)
}
