//! HTTP clients for everything off the exchange path.
//!
//! Redirects, proxies and decompression are off: what is asked for is what is answered.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use bytes::{Bytes, BytesMut};
use time::OffsetDateTime;

use crate::tls::{TlsStore, provider};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// Longest wait for a whole answer.
const TOTAL: Duration = Duration::from_secs(10);

/// Why an answer was not read.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It is longer than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
    /// It did not arrive whole or in time.
    #[error("the answer did not arrive whole")]
    Broken(#[source] reqwest::Error),
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("kakehashi/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .pool_idle_timeout(Duration::from_secs(30))
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
}

/// A client without a certificate, that trusts what the operating system trusts. For plain HTTP on loopback and for
/// public addresses.
///
/// # Errors
/// [`reqwest::Error`] where the trust store cannot be read.
pub fn plain() -> Result<reqwest::Client, reqwest::Error> {
    // Only the first call decides; the provider is the same each time.
    let _ = provider().as_ref().clone().install_default();
    builder().build()
}

/// A client without a certificate, that trusts the certificates in `anchors` alone.
///
/// # Errors
/// [`reqwest::Error`], or a rustls error where an anchor cannot be used.
pub fn trusting(
    anchors: &[rustls_pki_types::CertificateDer<'static>],
) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = rustls::RootCertStore::empty();
    for anchor in anchors {
        roots.add(anchor.clone())?;
    }
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(builder().tls_backend_preconfigured(config).build()?)
}

/// A client with this process's certificate, for peers: one pool of connections a generation of the certificate, and a new one when the
/// certificate of a server has ended.
#[derive(Debug, Clone)]
pub struct PeerClient {
    tls: Arc<TlsStore>,
    current: Arc<ArcSwap<Pool>>,
}

#[derive(Debug)]
struct Pool {
    revision: u64,
    since: OffsetDateTime,
    client: reqwest::Client,
}

impl PeerClient {
    /// A client that follows `tls`.
    ///
    /// # Panics
    /// If the operating system gives no resources for a client; its TLS configuration is ready by then, so nothing
    /// that an operator configures can make it fail.
    pub fn new(tls: Arc<TlsStore>) -> Self {
        let client =
            Self::build(&tls).expect("a client over a ready TLS configuration can be made");
        Self {
            tls,
            current: Arc::new(ArcSwap::from_pointee(client)),
        }
    }

    fn build(tls: &TlsStore) -> Result<Pool, reqwest::Error> {
        let (revision, since) = (tls.revision(), tls.time());
        let config = tls.client_config().as_ref().clone();
        Ok(Pool {
            revision,
            since,
            client: builder()
                .https_only(true)
                .tls_backend_preconfigured(config)
                .build()?,
        })
    }

    /// The client for now.
    pub fn get(&self) -> reqwest::Client {
        let current = self.current.load();
        if current.revision == self.tls.revision()
            && !self.tls.has_server_ended_since(current.since)
        {
            return current.client.clone();
        }
        match Self::build(&self.tls) {
            Ok(fresh) => {
                let client = fresh.client.clone();
                self.current.store(Arc::new(fresh));
                client
            }
            Err(error) => {
                tracing::error!(%error, "no client for the new certificate, the previous one stays in use");
                current.client.clone()
            }
        }
    }
}

/// Reads an answer, up to `max` bytes.
///
/// # Errors
/// [`AnswerError`].
pub async fn read_limited(mut answer: reqwest::Response, max: usize) -> Result<Bytes, AnswerError> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|e| AnswerError::Broken(e.without_url()))?
    {
        if whole.len() + chunk.len() > max {
            return Err(AnswerError::TooLarge(max));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}
