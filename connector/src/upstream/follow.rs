//! Fetching from a server that may redirect, as far as it stays where the request may go.

use std::sync::Arc;

use bytes::Bytes;
use common::addresses::AddressPolicy;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Empty;

use super::{Call, Client, Ends, PooledBody, ResourceUrl, UpstreamError, path_and_query};
use crate::exchange::Budget;

/// Redirects that are followed; a server that needs more is going in circles.
const MAX_REDIRECTS: usize = 5;

/// Why there is no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// There is none.
    #[error("there is no answer")]
    Upstream(#[from] UpstreamError),
    /// It has another status than 200.
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// It leads out of where the request may go, nowhere, or in circles.
    #[error("the answer leads somewhere else")]
    Redirect,
}

/// What every request for a file says. The digest is of the bytes that the caller gets, and existing receivers break on coded
/// ones, so none are asked for. What lies coded at its source comes coded all the same ([`content_coding`](super::content_coding)).
pub fn file_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::USER_AGENT,
        HeaderValue::from_static(concat!("kakehashi/", env!("CARGO_PKG_VERSION"))),
    );
    headers
}

/// Asks for `url` with `headers`, also where redirects lead while `stays_inside` says yes. The answer is a 200 with a body that
/// ends as `ends` says.
///
/// Cancel safe: dropping the future closes the connection that it used.
///
/// # Errors
/// [`FollowError`].
pub async fn follow(
    client: &Arc<Client>,
    mut url: ResourceUrl,
    headers: &HeaderMap,
    (policy, ends): (&AddressPolicy, Ends),
    budget: &Budget,
    stays_inside: impl Fn(&ResourceUrl) -> bool,
) -> Result<Response<PooledBody>, FollowError> {
    for _ in 0..=MAX_REDIRECTS {
        let call = Call {
            origin: url.origin(),
            policy,
            expected: None,
            ends,
            budget,
        };
        let build = || {
            let mut request = Request::new(Empty::<Bytes>::new());
            *request.uri_mut() = path_and_query(url.url());
            request.headers_mut().clone_from(headers);
            request
        };
        let response = client.get(&call, build).await?;
        match response.status() {
            StatusCode::OK => return Ok(response),
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => {
                let to = location(&url, response.headers()).ok_or(FollowError::Redirect)?;
                if !stays_inside(&to) {
                    // Its path and query may be a secret of the server, a signed address for example.
                    tracing::warn!(origin = %to.origin(), "a server redirected out of where it may");
                    return Err(FollowError::Redirect);
                }
                url = to;
            }
            status => return Err(FollowError::Status(status)),
        }
    }
    Err(FollowError::Redirect)
}

fn location(from: &ResourceUrl, headers: &HeaderMap) -> Option<ResourceUrl> {
    from.join(headers.get(header::LOCATION)?.as_bytes()).ok()
}
