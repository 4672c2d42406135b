//! The calls of the location server's API, one method each.

use std::sync::Arc;

use bytes::Bytes;
use common::{
    http::client::{AnswerError, read_limited},
    ids::UserId,
    tls::{PeerClient, TlsStore},
};
use http::{Method, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    api::{
        ChangesResponse, LocationsResponse, PatchLocationRequest, PostLocationRequest, Response,
    },
    lookup::{append, location_url},
    record::LocationRecord,
};

/// 16 MiB: a page of the list has up to 10,000 records.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Why a call did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, a broken one, or none in time.
    #[error("the location server can't be reached")]
    Request(#[source] reqwest::Error),
    /// The server said no.
    #[error("the location server answered {status}: {message}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// Its words.
        message: String,
    },
    /// Its answer is too long or did not arrive whole.
    #[error("the location server's answer was not read")]
    Answer(#[from] AnswerError),
    /// The body is not what the API describes.
    #[error("the location server's answer can't be read")]
    Body(#[source] serde_json::Error),
}

impl ClientError {
    /// The status of the answer, where there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Request(_) | Self::Answer(_) | Self::Body(_) => None,
        }
    }
}

/// A client of the location server, for one certificate and, for operators, one token.
///
/// A provider's own connector calls [`update`](Self::update) and [`patch`](Self::patch) without a
/// token: its certificate says whose record it may change.
#[derive(Clone)]
pub struct LocationClient {
    base: Url,
    client: PeerClient,
    token: Option<SecretString>,
}

impl LocationClient {
    /// `base` is the server's `peer` address; the certificate comes from `tls`.
    pub fn new(base: Url, tls: Arc<TlsStore>, token: Option<SecretString>) -> Self {
        Self {
            base,
            client: PeerClient::new(tls),
            token,
        }
    }

    /// The record of a provider as the server sent it; its signature is not looked at here.
    pub async fn get(&self, provider: &UserId) -> Result<Option<LocationRecord>, ClientError> {
        match self
            .call(
                Method::GET,
                location_url(&self.base, provider.as_ref()),
                None::<&()>,
            )
            .await
        {
            Ok(body) => parse(&body).map(Some),
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a record; 409 where the provider has one.
    pub async fn create(&self, entry: &PostLocationRequest) -> Result<(), ClientError> {
        self.call(
            Method::POST,
            self.path(&["cadde", "api", "v4", "location"]),
            Some(entry),
        )
        .await
        .map(drop)
    }

    /// Replaces a record; 404 where the provider has none.
    pub async fn update(&self, entry: &PostLocationRequest) -> Result<(), ClientError> {
        self.call(
            Method::PUT,
            self.path(&["cadde", "api", "v4", "location"]),
            Some(entry),
        )
        .await
        .map(drop)
    }

    /// Changes the stated members of a record.
    pub async fn patch(
        &self,
        provider: &UserId,
        changes: &PatchLocationRequest,
    ) -> Result<(), ClientError> {
        self.call(
            Method::PATCH,
            location_url(&self.base, provider.as_ref()),
            Some(changes),
        )
        .await
        .map(drop)
    }

    /// Takes a record away.
    pub async fn delete(&self, provider: &UserId) -> Result<(), ClientError> {
        self.call(
            Method::DELETE,
            location_url(&self.base, provider.as_ref()),
            None::<&()>,
        )
        .await
        .map(drop)
    }

    /// The records after `cursor`, from the first one without it: 10,000 at most, with the cursor of those that follow.
    pub async fn list(&self, cursor: Option<&str>) -> Result<LocationsResponse, ClientError> {
        let mut url = self.path(&["cadde", "api", "v4", "locations"]);
        if let Some(cursor) = cursor {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        parse(&self.call(Method::GET, url, None::<&()>).await?)
    }

    /// The history after `cursor`, from its beginning without one; `limit` is 1 to 500.
    pub async fn changes(
        &self,
        cursor: Option<&str>,
        limit: u16,
    ) -> Result<ChangesResponse, ClientError> {
        let mut url = self.path(&["v1", "changes"]);
        url.query_pairs_mut()
            .append_pair("limit", &limit.to_string());
        if let Some(cursor) = cursor {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        parse(&self.call(Method::GET, url, None::<&()>).await?)
    }

    fn path(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        append(&mut url, segments);
        url
    }

    async fn call(
        &self,
        method: Method,
        url: Url,
        body: Option<&impl Serialize>,
    ) -> Result<Bytes, ClientError> {
        let mut request = self
            .client
            .get()
            .request(method, url)
            .header(header::ACCEPT, "application/json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(ClientError::Request)?;
        let status = response.status();
        let body = read_limited(response, MAX_ANSWER_BYTES).await?;
        if status.is_success() {
            return Ok(body);
        }
        let message = serde_json::from_slice::<Response>(&body).map_or_else(
            |_| String::from_utf8_lossy(&body).into_owned(),
            |answer| answer.message,
        );
        Err(ClientError::Refused { status, message })
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(ClientError::Body)
}
