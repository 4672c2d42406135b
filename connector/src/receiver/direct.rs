//! Direct mode (簡易パターン): open data of servers on the egress list, without a provider's connector.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::Empty;
use provenance::outbox::Kind;

use super::Receiver;
use super::egress::Exit;
use super::error::FileError;
use super::file::Fetch;
use crate::exchange::{Exchange, Recording, attachment, collect, headers};
use crate::upstream::{Call, PooledBody, ResourceUrl, UpstreamError, path_and_query};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;

impl Receiver {
    /// Fetches `url`, which the entry `exit` of the egress list allows. No token and no certificate of ours goes there.
    pub(super) async fn direct(
        &self,
        url: &ResourceUrl,
        exit: &Exit,
        fetch: Fetch<'_>,
        exchange: &mut Option<Exchange>,
    ) -> Result<Response<Body>, FileError> {
        let (source, body) = self.open(exit, url, &fetch).await?.into_parts();
        let recording = if fetch.can_record {
            let kind = Kind::Direct {
                source_url: url.as_str().to_owned(),
            };
            self.recording(&fetch, kind, url.as_str())
        } else {
            Recording::Off
        };
        let announced = body.size_hint().exact();
        let collected = collect(body, announced, fetch.budget)
            .await
            .map_err(|error| FileError::Source(UpstreamError::Body(error)))?;
        let delivered = self
            .recorder
            .deliver(
                collected,
                announced,
                recording,
                &fetch.caller,
                fetch.budget,
                exchange,
            )
            .await?;
        let mut response = Response::new(delivered.body);
        *response.headers_mut() = answer_headers(&source.headers, url);
        Ok(response)
    }

    async fn open(
        &self,
        exit: &Exit,
        url: &ResourceUrl,
        fetch: &Fetch<'_>,
    ) -> Result<Response<PooledBody>, FileError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let call = Call {
                origin: url.origin(),
                policy: &exit.policy,
                expected: None,
                budget: fetch.budget,
            };
            let response = self
                .direct_client
                .get(&call, || request(&url))
                .await
                .map_err(FileError::from_source)?;
            match response.status() {
                StatusCode::OK if is_coded(response.headers()) => {
                    return Err(FileError::SourceAnswer("its content is coded"));
                }
                StatusCode::OK => return Ok(response),
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => {
                    let location = response
                        .headers()
                        .get(header::LOCATION)
                        .and_then(|value| value.to_str().ok());
                    let to = location.and_then(|location| url.join(location).ok());
                    let to = to.filter(|to| self.egress.stays_inside(exit, to));
                    url = to.ok_or(FileError::SourceAnswer("it redirected off the list"))?;
                }
                status => return Err(FileError::SourceStatus(status)),
            }
        }
        Err(FileError::SourceAnswer("it redirected too often"))
    }
}

fn request(url: &ResourceUrl) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = path_and_query(url.url());
    let fields = request.headers_mut();
    fields.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    fields.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    fields.insert(
        header::USER_AGENT,
        HeaderValue::from_static(concat!("kakehashi/", env!("CARGO_PKG_VERSION"))),
    );
    request
}

fn is_coded(fields: &HeaderMap) -> bool {
    fields
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The five headers of CADDE, empty: there is no event that an application could look up, and no contract.
fn answer_headers(source: &HeaderMap, url: &ResourceUrl) -> HeaderMap {
    let mut answer = HeaderMap::with_capacity(9);
    for name in headers::ANSWER_HEADERS {
        answer.insert(name, HeaderValue::from_static(""));
    }
    let media_type = source.get(header::CONTENT_TYPE).cloned();
    answer.insert(
        header::CONTENT_TYPE,
        media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    answer.insert(header::CONTENT_DISPOSITION, attachment(&url.file_name()));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    answer
}
