//! Fetching from a server that may redirect, as far as it stays where the request may go.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Empty;

use super::{
    AddressPolicy, Call, Client, Ends, PooledBody, ResourceUrl, UpstreamError, path_and_query,
};
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
    /// Its content is coded, unasked.
    #[error("the content is coded as {0:?}")]
    Coded(String),
    /// It leads out of where the request may go, nowhere, or in circles.
    #[error("the answer leads somewhere else")]
    Redirect,
}

/// What every request for a file says. The digest is of the bytes that the caller gets, and existing receivers break on coded
/// ones, so none are asked for.
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

/// Codings that leave the bytes as they are: none, and the one that stays with objects that were uploaded in signed pieces.
const PLAIN_CODINGS: [&[u8]; 2] = [b"identity", b"aws-chunked"];

/// Longest name of codings in a message, in bytes.
const MAX_CODINGS: usize = 64;

/// How the content is coded, if it is: by all lines of `Content-Encoding` together, each a list whose elements may be empty
/// (RFC 9110 §5.3, §5.6.1.2, §8.4).
pub fn coding(headers: &HeaderMap) -> Option<String> {
    let mut codings = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|coding| {
            let is_plain = |plain: &[u8]| coding.eq_ignore_ascii_case(plain);
            !coding.is_empty() && !PLAIN_CODINGS.into_iter().any(is_plain)
        });
    let first = codings.next()?;
    let mut all = first.to_vec();
    for coding in codings {
        all.extend(b", ");
        all.extend(coding);
    }
    all.truncate(MAX_CODINGS);
    Some(String::from_utf8_lossy(&all).into_owned())
}

/// Asks for `url` with `headers`, also where redirects lead while `stays_inside` says yes. The answer is a 200 with an
/// uncoded body that ends as `ends` says.
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
            StatusCode::OK => {
                return match coding(response.headers()) {
                    Some(coding) => Err(FollowError::Coded(coding)),
                    None => Ok(response),
                };
            }
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], None)]
    #[case(&[""], None)]
    #[case(&["identity"], None)]
    #[case(&["Identity, , identity", ","], None)]
    #[case(&["aws-chunked"], None)]
    #[case(&["gzip"], Some("gzip"))]
    #[case(&["identity", "gzip"], Some("gzip"))]
    #[case(&["identity,gzip"], Some("gzip"))]
    #[case(&["", "identity", " ,\tbr ,"], Some("br"))]
    #[case(&["aws-chunked,gzip"], Some("gzip"))]
    #[case(&["gzip", "identity", "br"], Some("gzip, br"))]
    #[case(&["identity;q=1"], Some("identity;q=1"))]
    #[case(&["x-\u{e9}"], Some("x-\u{fffd}"))]
    fn all_lines_and_elements_count(#[case] lines: &[&str], #[case] expected: Option<&str>) {
        let latin1 = |line: &&str| line.chars().map(|c| c as u8).collect::<Vec<u8>>();
        let lines = lines.iter().map(|line| {
            let value = HeaderValue::from_bytes(&latin1(line)).unwrap();
            (header::CONTENT_ENCODING, value)
        });
        let headers: HeaderMap = lines.collect();
        assert_eq!(coding(&headers).as_deref(), expected);
    }

    #[test]
    fn a_long_name_is_cut() {
        let long = HeaderValue::from_str(&"x".repeat(5000)).unwrap();
        let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, long)]);
        assert_eq!(coding(&headers).unwrap().len(), MAX_CODINGS);
    }
}
