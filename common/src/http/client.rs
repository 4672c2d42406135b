//! HTTP clients for everything off the exchange path.
//!
//! Redirects, proxies and decompression are off: what is asked for is what is answered.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::tls::provider;

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

pub(crate) fn builder() -> reqwest::ClientBuilder {
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
