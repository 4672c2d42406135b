//! The two questions that a resolver asks the location server.

use async_trait::async_trait;
use bytes::Bytes;
use common::{
    http::client::{AnswerError, read_limited},
    ids::UserId,
    tls::PeerClient,
};
use http::{StatusCode, header};
use jsonwebtoken::jwk::JwkSet;
use url::Url;

use crate::{api, record::LocationRecord, verify::RecordError};

/// Why the location server gave no usable answer. An unknown provider is an answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// No connection, a broken one, or none in time.
    #[error("the location server can't be reached")]
    Request(#[source] reqwest::Error),
    /// An answer that is neither a record nor the server's word that there is none.
    #[error("the location server answered {0}")]
    Status(StatusCode),
    /// The body is not what the API describes.
    #[error("the location server's answer can't be read")]
    Body(#[source] serde_json::Error),
    /// It is longer than any record or key set, or did not arrive whole.
    #[error("the location server's answer was not read")]
    Answer(#[from] AnswerError),
    /// The record is not to be trusted.
    #[error("the location server's record is refused")]
    Refused(#[from] RecordError),
}

/// 64 KiB: a record has about 1 KB, a key set 200 bytes a key.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Where records and keys come from; a trait so that the resolver's rules are tested without a server.
#[async_trait]
pub(crate) trait RecordSource: Send + Sync {
    /// The record of a provider, not yet verified; `None` when the server says that there is none.
    async fn record(&self, provider: &UserId) -> Result<Option<LocationRecord>, LookupError>;

    /// The keys that sign records.
    async fn keys(&self) -> Result<JwkSet, LookupError>;
}

/// The location server over mutual TLS.
pub(crate) struct Server {
    base: Url,
    client: PeerClient,
}

impl Server {
    pub(crate) fn new(base: Url, client: PeerClient) -> Self {
        Self { base, client }
    }
}

#[async_trait]
impl RecordSource for Server {
    async fn record(&self, provider: &UserId) -> Result<Option<LocationRecord>, LookupError> {
        let url = location_url(&self.base, provider.as_ref());
        let response = self
            .client
            .get()
            .get(url)
            .header(header::ACCEPT, "application/json")
            .send()
            .await
            .map_err(LookupError::Request)?;
        match response.status() {
            StatusCode::OK => Ok(Some(parse(&read(response).await?)?)),
            // A 404 of something in between (a wrong path prefix, a proxy) is no word about the provider.
            StatusCode::NOT_FOUND => match parse::<api::Response>(&read(response).await?) {
                Ok(_) => Ok(None),
                Err(_) => Err(LookupError::Status(StatusCode::NOT_FOUND)),
            },
            other => Err(LookupError::Status(other)),
        }
    }

    async fn keys(&self) -> Result<JwkSet, LookupError> {
        let mut url = self.base.clone();
        append(&mut url, &[".well-known", "jwks.json"]);
        let response = self
            .client
            .get()
            .get(url)
            .send()
            .await
            .map_err(LookupError::Request)?;
        match response.status() {
            StatusCode::OK => parse(&read(response).await?),
            other => Err(LookupError::Status(other)),
        }
    }
}

/// `{base}/cadde/api/v4/location/{id}`, the id percent-encoded as one segment.
pub(crate) fn location_url(base: &Url, id: &str) -> Url {
    let mut url = base.clone();
    append(&mut url, &["cadde", "api", "v4", "location"]);
    // `Url` would drop the segments `.` and `..`, encoded or not, and ask for something else; an id
    // that is one of them reaches the server as an empty one, which nobody has.
    let segment = if matches!(id, "." | "..") { "" } else { id };
    append(&mut url, &[segment]);
    url
}

/// Appends segments, each percent-encoded, to a base with or without a path.
pub(crate) fn append(url: &mut Url, segments: &[&str]) {
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
}

async fn read(response: reqwest::Response) -> Result<Bytes, LookupError> {
    Ok(read_limited(response, MAX_ANSWER_BYTES).await?)
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, LookupError> {
    serde_json::from_slice(body).map_err(LookupError::Body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(
        "https://l.example",
        "cadde.1.aa",
        "https://l.example/cadde/api/v4/location/cadde.1.aa"
    )]
    #[case(
        "https://l.example/",
        "a@b.jp",
        "https://l.example/cadde/api/v4/location/a@b.jp"
    )]
    #[case(
        "https://l.example/x/",
        "a?b=c&d",
        "https://l.example/x/cadde/api/v4/location/a%3Fb=c&d"
    )]
    #[case(
        "https://l.example",
        "a%2Fb",
        "https://l.example/cadde/api/v4/location/a%252Fb"
    )]
    #[case(
        "https://l.example",
        "日本",
        "https://l.example/cadde/api/v4/location/%E6%97%A5%E6%9C%AC"
    )]
    #[case("https://l.example", "..", "https://l.example/cadde/api/v4/location/")]
    fn provider_id_is_one_segment(#[case] base: &str, #[case] id: &str, #[case] url: &str) {
        assert_eq!(location_url(&base.parse().unwrap(), id).as_str(), url);
    }
}
