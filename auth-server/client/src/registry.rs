//! Who a connector or service is registered for.

use std::{
    hash::Hash,
    sync::{Arc, Weak},
};

use async_trait::async_trait;
use common::{
    clock::SharedClock,
    http::problem::BASE,
    ids::{ConnectorId, UserId},
    tls::{PeerClient, RecordedCertificates, TlsStore},
};
use http::StatusCode;
use moka::future::Cache;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

use crate::{
    AuthConfig,
    api::{
        ConnectorRegistration, RecordedCertificate, ServiceRegistration, Suspensions,
        UserRegistration,
    },
};

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
    /// This process is told nothing, because it may not act itself.
    #[error("the authentication server says that this process is not registered or is suspended")]
    Barred,
}

/// The problem by which the registry turns away whoever may not act.
const BARRED: &str = "certificate-not-registered";

/// A provider as a location names it: whose it is and, where it is known, which connector.
type Provider = (UserId, Option<ConnectorId>);

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
    suspended: Cache<Provider, Entry<()>>,
    certificates: Cache<[u8; 32], Entry<RecordedCertificate>>,
}

/// What a TLS store asks. It does not keep the registry, which keeps the store.
#[derive(Debug)]
struct Recorded(Weak<Inner>);

#[async_trait]
impl RecordedCertificates for Recorded {
    async fn recorded(&self, sha256: &[u8; 32]) -> Result<Option<ConnectorId>, String> {
        let inner = self.0.upgrade().ok_or("the registry is gone")?;
        let found = Registry(inner).certificate(sha256).await;
        found
            .map(|found| found.map(|certificate| certificate.subject))
            .map_err(|error| error.to_string())
    }
}

#[derive(Clone)]
struct Entry<T> {
    at: OffsetDateTime,
    found: Result<Option<T>, RegistryError>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// A registry at `config.peer_url`, asked with the certificate of `tls`, which asks it in turn about certificates that count
    /// where they are recorded.
    pub fn new(config: AuthConfig, tls: Arc<TlsStore>, clock: SharedClock) -> Self {
        let life = config.cache.get();
        let store = Arc::clone(&tls);
        let registry = Self(Arc::new(Inner {
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
            suspended: Cache::builder()
                .max_capacity(CACHED)
                .time_to_live(life)
                .build(),
            certificates: Cache::builder()
                .max_capacity(CACHED)
                .time_to_live(life)
                .build(),
            config,
        }));
        store.ask_recorded(Arc::new(Recorded(Arc::downgrade(&registry.0))));
        registry
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

    /// Those of `asked` whom the registry has suspended, as of now: at most [`Suspensions::MAX`] at a time. Not cached, for whoever
    /// has many to ask about asks seldom.
    ///
    /// Cancel safe.
    pub async fn suspensions(&self, asked: &Suspensions) -> Result<Suspensions, RegistryError> {
        let url = self.0.config.peer_endpoint("/v1/registry/suspensions");
        let request = self.0.client.get().post(url).json(asked);
        answer(request).await?.ok_or_else(|| {
            RegistryError::Unavailable("it cannot be asked about suspensions".to_owned())
        })
    }

    /// Whether a provider is suspended: its user, the connector that is named, or where none is named all that it has. Reused for
    /// the cache time of the configuration.
    ///
    /// Cancel safe.
    pub async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, RegistryError> {
        let key = (provider.clone(), connector.cloned());
        let asked = Suspensions {
            connectors: connector.cloned().into_iter().collect(),
            users: vec![provider.clone()],
            providers: match connector {
                Some(_) => Vec::new(),
                None => vec![provider.clone()],
            },
        };
        let asking = async || {
            let suspended = self.suspensions(&asked).await?;
            Ok((!suspended.is_empty()).then_some(()))
        };
        let found = self.through(&self.0.suspended, &key, asking).await?;
        Ok(found.is_some())
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

    /// For whom the certificate with this SHA-256 is recorded; `None` where it is for nobody who may act.
    ///
    /// Cancel safe.
    pub async fn certificate(
        &self,
        sha256: &[u8; 32],
    ) -> Result<Option<RecordedCertificate>, RegistryError> {
        let name = hex::encode(sha256);
        self.look_up(&self.0.certificates, "certificates", sha256, &name)
            .await
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
        let asking = async || self.ask(collection, name).await;
        self.through(cache, id, asking).await
    }

    /// What `cache` has of `id` while it is fresh, else what `asking` finds. That is seldom and takes several KiB, so it has a future
    /// of its own on the heap: those of the callers are made and moved for each exchange.
    async fn through<K, T>(
        &self,
        cache: &Cache<K, Entry<T>>,
        id: &K,
        asking: impl AsyncFnOnce() -> Result<Option<T>, RegistryError>,
    ) -> Result<Option<T>, RegistryError>
    where
        K: Clone + Eq + Hash + Send + Sync + 'static,
        T: Clone + Send + Sync + 'static,
    {
        let fresh_since = self.0.clock.now() - self.0.config.cache.get();
        let stale = |entry: &Entry<T>| entry.at <= fresh_since || entry.found.is_err();
        if let Some(entry) = cache.get(id).await.filter(|entry| !stale(entry)) {
            return entry.found;
        }
        let load = async {
            let found = asking().await;
            Entry {
                at: self.0.clock.now(),
                found,
            }
        };
        Box::pin(cache.entry_by_ref(id).or_insert_with_if(load, stale))
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
        answer(self.0.client.get().get(url)).await
    }
}

/// What the registry answers to `request`; `None` where it knows nothing.
async fn answer<T: DeserializeOwned>(
    request: reqwest::RequestBuilder,
) -> Result<Option<T>, RegistryError> {
    let response = request
        .send()
        .await
        .map_err(|error| unavailable(&error.without_url()))?;
    let status = response.status();
    if status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let body = common::http::client::read_limited(response, MAX_ANSWER_BYTES)
        .await
        .map_err(|error| unavailable(&error))?;
    match status {
        StatusCode::OK => serde_json::from_slice(&body)
            .map(Some)
            .map_err(|error| unavailable(&error)),
        StatusCode::FORBIDDEN if is_barred(&body) => Err(RegistryError::Barred),
        other => Err(RegistryError::Unavailable(format!("it answered {other}"))),
    }
}

/// Whether a refusal is the registry's own word, not that of a proxy on the way.
fn is_barred(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Problem<'b> {
        #[serde(rename = "type", borrow)]
        kind: std::borrow::Cow<'b, str>,
    }
    serde_json::from_slice::<Problem<'_>>(body)
        .is_ok_and(|problem| problem.kind.strip_prefix(BASE) == Some(BARRED))
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> RegistryError {
    RegistryError::Unavailable(common::telemetry::Chain(error).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_registry_itself_says_that_somebody_is_barred() {
        assert!(is_barred(
            br#"{"type": "urn:kakehashi:problem:certificate-not-registered", "status": 403}"#
        ));
        for other in [
            &br#"{"type": "urn:kakehashi:problem:role-missing"}"#[..],
            br#"{"type": "certificate-not-registered"}"#,
            b"<html>403 Forbidden</html>",
            b"",
        ] {
            assert!(!is_barred(other), "{}", other.escape_ascii());
        }
    }
}
