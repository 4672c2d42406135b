//! Who a connector or service is registered for.

use crate::{
    AuthConfig,
    api::{ConnectorRegistration, ServiceRegistration},
};
use common::{clock::SharedClock, http::client::PeerClient, ids::ConnectorId, tls::TlsStore};
use http::StatusCode;
use moka::future::Cache;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use time::OffsetDateTime;

/// 10,000 registrations, about 3 MB.
const CACHED: u64 = 10_000;

/// 64 KiB: an answer holds one registration.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Why the registry could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No usable answer.
    #[error("the registry of the authentication server cannot be asked: {0}")]
    Unavailable(String),
}

/// Looks up registrations at the authentication server, through a cache. Clones share it.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    config: AuthConfig,
    client: PeerClient,
    clock: SharedClock,
    connectors: Cache<ConnectorId, Entry<ConnectorRegistration>>,
    services: Cache<ConnectorId, Entry<ServiceRegistration>>,
}

#[derive(Clone)]
struct Entry<T> {
    at: OffsetDateTime,
    found: Result<Option<T>, RegistryError>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// A registry at `config.peer_url`, asked with the certificate of `tls`.
    pub fn new(config: AuthConfig, tls: Arc<TlsStore>, clock: SharedClock) -> Self {
        let life = config.cache.get();
        Self(Arc::new(Inner {
            client: PeerClient::new(tls),
            clock,
            connectors: Cache::builder()
                .max_capacity(CACHED)
                .time_to_live(life)
                .build(),
            services: Cache::builder()
                .max_capacity(CACHED)
                .time_to_live(life)
                .build(),
            config,
        }))
    }

    /// The registration of a connector; `None` where there is none. Reused for the cache time of the configuration.
    ///
    /// Cancel safe.
    pub async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError> {
        self.look_up(&self.0.connectors, "connectors", id).await
    }

    /// The registration of a service; `None` where there is none.
    ///
    /// Cancel safe.
    pub async fn service(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ServiceRegistration>, RegistryError> {
        self.look_up(&self.0.services, "services", id).await
    }

    async fn look_up<T: Clone + Send + Sync + DeserializeOwned + 'static>(
        &self,
        cache: &Cache<ConnectorId, Entry<T>>,
        collection: &str,
        id: &ConnectorId,
    ) -> Result<Option<T>, RegistryError> {
        let fresh_since = self.0.clock.now() - self.0.config.cache.get();
        let stale = |entry: &Entry<T>| entry.at <= fresh_since || entry.found.is_err();
        if let Some(entry) = cache.get(id).await.filter(|entry| !stale(entry)) {
            return entry.found;
        }
        let load = async {
            let found = self.ask(collection, id).await;
            Entry {
                at: self.0.clock.now(),
                found,
            }
        };
        cache
            .entry_by_ref(id)
            .or_insert_with_if(load, stale)
            .await
            .into_value()
            .found
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        collection: &str,
        id: &ConnectorId,
    ) -> Result<Option<T>, RegistryError> {
        // A DNS name needs no escaping in a path.
        let url = self
            .0
            .config
            .peer_endpoint(&format!("/v1/registry/{collection}/{id}"));
        let response = self
            .0
            .client
            .get()
            .get(url)
            .send()
            .await
            .map_err(|error| unavailable(&error.without_url()))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            other => return Err(RegistryError::Unavailable(format!("it answered {other}"))),
        }
        let body = common::http::client::read_limited(response, MAX_ANSWER_BYTES)
            .await
            .map_err(|error| unavailable(&error))?;
        serde_json::from_slice(&body)
            .map(Some)
            .map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> RegistryError {
    RegistryError::Unavailable(common::telemetry::Chain(error).to_string())
}
