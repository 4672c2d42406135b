//! Direct mode (簡易パターン): open data of servers on the egress list, without a provider's connector.

use axum::body::Body;
use common::http::Refused;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::Body as _;
use provenance_outbox::Kind;

use super::Receiver;
use super::egress::Exit;
use super::file::Fetch;
use crate::exchange::{Exchange, Recording, attachment, collect, headers, refusals};
use crate::upstream::{ResourceUrl, UpstreamError, file_headers, follow};

impl Receiver {
    /// Fetches `url`, which the entry `exit` of the egress list allows. No token and no certificate of ours goes there.
    pub(super) async fn direct(
        &self,
        url: &ResourceUrl,
        exit: &Exit,
        fetch: Fetch<'_>,
        exchange: &mut Option<Exchange>,
    ) -> Result<Response<Body>, Refused> {
        let fields = file_headers();
        let opened = follow(
            &self.direct_client,
            url.clone(),
            &fields,
            (&exit.policy, exit.ends),
            fetch.budget,
            |to| self.egress.stays_inside(exit, to),
        );
        let (source, body) = opened.await?.into_parts();
        let recording = if fetch.can_record {
            let kind = Kind::Direct {
                source_url: url.as_str().to_owned(),
            };
            self.recording(&fetch, kind, url.as_str())
        } else {
            Recording::Off
        };
        let recording = recording.of_body(body.framing());
        let announced = body.size_hint().exact();
        let collected = collect(body, announced, fetch.budget)
            .await
            .map_err(|error| refusals::source(UpstreamError::Body(error)))?;
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
