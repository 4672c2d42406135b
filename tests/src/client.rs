//! HTTP clients of a scenario, and what they got.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::tls::{self, Identity};

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

impl Answer {
    /// Reads an answer whole.
    ///
    /// # Errors
    /// If the body breaks off.
    pub async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Ok(Self {
            status,
            headers,
            body: response.bytes().await?,
        })
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in answer {}: {}", self.status, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The message id of an error body.
    pub fn message_id(&self) -> Option<String> {
        Some(self.json().get("message_id")?.as_str()?.to_owned())
    }

    /// A header field's value, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// SHA-256 of the body, lower-case hex.
    pub fn sha256(&self) -> String {
        sha256(&self.body)
    }

    /// Fails the test unless the receiver passes on that the provider refused with `status` and `message_id`.
    #[track_caller]
    pub fn assert_refused_by_provider(&self, status: u16, message_id: &str) {
        self.assert_refused(status, "020004005E");
        assert!(
            self.text().contains(&format!("({message_id})")),
            "the provider's reason: {}",
            self.text()
        );
    }

    /// Fails the test unless the status is `status` and the error body names `message_id`.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, message_id: &str) {
        assert_eq!(
            (self.status, self.message_id().as_deref()),
            (status, Some(message_id)),
            "body: {}",
            self.text()
        );
        let detail = self
            .json()
            .get("detail")
            .and_then(Value::as_str)
            .map(str::to_owned);
        assert!(
            detail.is_some_and(|text| !text.is_empty()),
            "an error says what was wrong: {}",
            self.text()
        );
    }
}

/// SHA-256, lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// As patient as the slowest deadline of the services.
const TIMEOUT: Duration = Duration::from_secs(90);

fn builder(tls: rustls::ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // A connection lives on the runtime of the test that made it, a client may outlive that.
        .pool_max_idle_per_host(0)
        .timeout(TIMEOUT)
}

/// A client like curl: HTTP/1.1, no certificate.
pub fn plain(ca: &Path) -> reqwest::Client {
    builder(tls::client_config(ca, None))
        .http1_only()
        .build()
        .expect("the client can be built")
}

/// The same from an address of its own, with a certificate or without: listeners tell strangers apart by that.
pub fn at(address: Ipv4Addr, ca: &Path, identity: Option<Identity>) -> reqwest::Client {
    builder(tls::client_config(ca, identity))
        .http1_only()
        .local_address(IpAddr::from(address))
        .build()
        .expect("the client can be built")
}

/// HTTP/2 without TLS, as a load balancer may speak it to a service behind it.
pub fn http2(ca: &Path) -> reqwest::Client {
    builder(tls::client_config(ca, None))
        .http2_prior_knowledge()
        .build()
        .expect("the client can be built")
}

/// A client with a certificate: HTTP/1.1 over mutual TLS.
pub fn with_certificate(ca: &Path, identity: Identity) -> reqwest::Client {
    builder(tls::client_config(ca, Some(identity)))
        .http1_only()
        .build()
        .expect("the client can be built")
}
