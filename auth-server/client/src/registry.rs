//! Who a connector or service is registered for.

use crate::{
    AuthConfig,
    api::{ConnectorRegistration, ServiceRegistration, UserRegistration},
};
use common::{
    clock::SharedClock,
    http::client::PeerClient,
    ids::{ConnectorId, UserId},
    tls::TlsStore,
};
use http::StatusCode;
use moka::future::Cache;
use serde::de::DeserializeOwned;
use std::{hash::Hash, sync::Arc};
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
    users: Cache<UserId, Entry<UserRegistration>>,
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
            users: Cache::builder()
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
        self.look_up(&self.0.connectors, "connectors", id, id.as_str())
            .await
    }

    /// The registration of a service; `None` where there is none.
    ///
    /// Cancel safe.
    pub async fn service(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ServiceRegistration>, RegistryError> {
        self.look_up(&self.0.services, "services", id, id.as_str())
            .await
    }

    /// The registration of a user, whatever the state; `None` where nobody has this ID. It is told to servers of the data space
    /// alone.
    ///
    /// Cancel safe.
    pub async fn user(&self, id: &UserId) -> Result<Option<UserRegistration>, RegistryError> {
        self.look_up(&self.0.users, "users", id, id.as_str()).await
    }

    async fn look_up<K, T>(
        &self,
        cache: &Cache<K, Entry<T>>,
        collection: &str,
        id: &K,
        name: &str,
    ) -> Result<Option<T>, RegistryError>
    where
        K: Clone + Eq + Hash + Send + Sync + 'static,
        T: Clone + Send + Sync + DeserializeOwned + 'static,
    {
        let fresh_since = self.0.clock.now() - self.0.config.cache.get();
        let stale = |entry: &Entry<T>| entry.at <= fresh_since || entry.found.is_err();
        if let Some(entry) = cache.get(id).await.filter(|entry| !stale(entry)) {
            return entry.found;
        }
        let load = async {
            let found = self.ask(collection, name).await;
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
        name: &str,
    ) -> Result<Option<T>, RegistryError> {
        let mut url = self.0.config.peer_url.clone();
        // A user ID may have signs that mean something in a path.
        match url.path_segments_mut() {
            Ok(mut path) => path
                .pop_if_empty()
                .extend(["v1", "registry", collection, name]),
            Err(()) => return Err(RegistryError::Unavailable("it has no address".to_owned())),
        };
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
