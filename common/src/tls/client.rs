//! HTTP with our certificate.

use std::sync::Arc;

use arc_swap::ArcSwap;
use time::OffsetDateTime;

use super::TlsStore;
use crate::http::client::builder;

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
