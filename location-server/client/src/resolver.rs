//! From a provider's user ID to its connector, in the order cache, server, disk, configuration.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use common::{
    clock::SharedClock,
    ids::UserId,
    tls::{PeerClient, TlsStore},
};
use moka::future::Cache;
use time::OffsetDateTime;

use crate::{
    config::LocationConfig,
    lookup::{LookupError, RecordSource, Server},
    record::{Location, LocationRecord, Source},
    state::State,
    verify::{RecordError, RecordKeys},
};

/// 5 s: how long an answer is used that is not the server's own word, so that a server that came
/// back, or a provider that was just registered, is seen soon, and yet not asked for each request.
const KEEP_SUBSTITUTE: Duration = Duration::from_secs(5);
/// 2 s: how long a failed lookup answers those who ask next, who would only wait for the same.
const KEEP_FAILURE: Duration = Duration::from_secs(2);
/// 10 s: a record signed with an unknown key is no reason to fetch the key set more often.
const KEY_REFRESH_INTERVAL: Duration = Duration::from_secs(10);
/// Callers choose the ids they ask for; this many answers are kept.
const MAX_CACHED: u64 = 10_000;

/// The provider's location cannot be told.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "the location of {provider} can't be told: no answer of the location server, and nothing valid is known from before"
)]
pub struct LocationError {
    /// Whose location was asked for.
    pub provider: UserId,
    /// What went wrong with the server.
    #[source]
    pub source: Arc<LookupError>,
}

/// Finds providers' connectors. Cheap to clone; clones share cache and state.
#[derive(Clone)]
pub struct LocationResolver(Arc<Inner>);

struct Inner {
    config: LocationConfig,
    clock: SharedClock,
    server: Box<dyn RecordSource>,
    keys: RwLock<RecordKeys>,
    keys_fetched: tokio::sync::Mutex<Option<OffsetDateTime>>,
    cache: Cache<UserId, Answer>,
    state: State,
}

/// A cached outcome and the moment from which it is no longer used.
#[derive(Clone)]
struct Answer {
    outcome: Result<Option<Arc<Location>>, Arc<LookupError>>,
    until: OffsetDateTime,
    /// Whether somebody is asking the server again already.
    refreshing: Arc<AtomicBool>,
}

impl Answer {
    /// The last known record, which an outage goes on with while the server is asked again in the
    /// background: a server that swallows connections must not hold up each exchange for seconds.
    fn bridge(&self, now: OffsetDateTime) -> Option<Arc<Location>> {
        let location = self.outcome.as_ref().ok()?.as_ref()?;
        let is_valid = location.expires_at.is_some_and(|end| now < end);
        (location.source == Source::LastKnown && is_valid).then(|| Arc::clone(location))
    }
}

/// Finds providers; a trait for stand-ins in tests, boxed so that the resolver's code is compiled here, once.
#[async_trait]
pub trait Locations: Send + Sync {
    /// As [`LocationResolver::resolve`].
    async fn resolve(&self, provider: &UserId) -> Result<Option<Arc<Location>>, LocationError>;
}

#[async_trait]
impl Locations for LocationResolver {
    async fn resolve(&self, provider: &UserId) -> Result<Option<Arc<Location>>, LocationError> {
        Self::resolve(self, provider).await
    }
}

impl LocationResolver {
    /// Reads the last known records. Has to be called inside a Tokio runtime: a task that writes
    /// them lives there until the resolver and its clones are dropped.
    pub fn new(config: LocationConfig, tls: Arc<TlsStore>, clock: SharedClock) -> Self {
        let server = Server::new(config.url.clone(), PeerClient::new(tls));
        Self::with_source(config, Box::new(server), clock)
    }

    fn with_source(
        config: LocationConfig,
        server: Box<dyn RecordSource>,
        clock: SharedClock,
    ) -> Self {
        let state = State::load(&config.state_file);
        tokio::spawn(state.writer(config.state_file.clone()));
        Self(Arc::new(Inner {
            keys: RwLock::new(RecordKeys::new(state.jwks())),
            keys_fetched: tokio::sync::Mutex::new(None),
            cache: Cache::builder()
                .max_capacity(MAX_CACHED)
                .time_to_live(config.cache.get())
                .build(),
            config,
            clock,
            server,
            state,
        }))
    }

    /// The connector of `provider`; `None` when nobody knows such a provider.
    ///
    /// At most one lookup a provider is in flight; others who ask meanwhile get its answer. Cancel
    /// safe: when the asker of the lookup leaves, the next one starts it again.
    ///
    /// # Errors
    /// [`LocationError`] when the server gave no usable answer and neither the disk nor the
    /// configuration has one.
    pub async fn resolve(&self, provider: &UserId) -> Result<Option<Arc<Location>>, LocationError> {
        let now = self.0.clock.now();
        let answer = match self.0.cache.get(provider).await {
            Some(fresh) if now < fresh.until => fresh,
            stale => {
                if let Some(stale) = stale
                    && let Some(location) = stale.bridge(now)
                {
                    if !stale.refreshing.swap(true, Ordering::Relaxed) {
                        let (resolver, provider) = (self.clone(), provider.clone());
                        tokio::spawn(async move { resolver.ask(&provider, now).await });
                    }
                    return Ok(Some(location));
                }
                // Seldom, and several KiB: on the heap, for the callers' futures are made and moved for each exchange.
                Box::pin(self.ask(provider, now)).await
            }
        };
        answer.outcome.map_err(|source| LocationError {
            provider: provider.clone(),
            source,
        })
    }

    async fn ask(&self, provider: &UserId, now: OffsetDateTime) -> Answer {
        let lookup = self.0.look_up(provider);
        let is_stale = |cached: &Answer| cached.until <= now;
        self.0
            .cache
            .entry_by_ref(provider)
            .or_insert_with_if(lookup, is_stale)
            .await
            .into_value()
    }
}

impl Inner {
    async fn look_up(&self, provider: &UserId) -> Answer {
        let answer = match self.ask_server(provider).await {
            Ok(Some(location)) => self.keep(Ok(Some(location)), self.config.cache.get()),
            Ok(None) => {
                // The server's word ends what was known of the provider, but not what the operator
                // of this service wrote into the configuration.
                self.state.forget(provider);
                self.keep(Ok(self.configured(provider)), KEEP_SUBSTITUTE)
            }
            Err(error) => self.without_server(provider, error),
        };
        metrics::counter!("location_lookups_total", "outcome" => outcome_label(&answer))
            .increment(1);
        answer
    }

    async fn ask_server(&self, provider: &UserId) -> Result<Option<Location>, LookupError> {
        let Some(record) = self.server.record(provider).await? else {
            return Ok(None);
        };
        let location = match self.verify(provider, &record, Source::Server) {
            Err(RecordError::UnknownKey(kid)) if self.refresh_keys().await? => {
                tracing::info!(kid, "the location server signs with a new key");
                self.verify(provider, &record, Source::Server)?
            }
            other => other?,
        };
        self.state.put_record(record, self.clock.now());
        Ok(Some(location))
    }

    fn verify(
        &self,
        provider: &UserId,
        record: &LocationRecord,
        source: Source,
    ) -> Result<Location, RecordError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.verify(provider, record, self.clock.now(), source)
    }

    /// Fetches the key set unless that was done a moment ago. `true` when it may be newer than what
    /// the caller saw.
    async fn refresh_keys(&self) -> Result<bool, LookupError> {
        let asked_at = self.clock.now();
        let mut fetched = self.keys_fetched.lock().await;
        if let Some(last) = *fetched {
            if last >= asked_at {
                return Ok(true);
            }
            if asked_at - last < KEY_REFRESH_INTERVAL {
                return Ok(false);
            }
        }
        let jwks = self.server.keys().await?;
        *fetched = Some(self.clock.now());
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = RecordKeys::new(jwks.clone());
        self.state.put_jwks(jwks);
        Ok(true)
    }

    fn without_server(&self, provider: &UserId, error: LookupError) -> Answer {
        let known = self.state.record(provider).and_then(|record| {
            self.verify(provider, &record, Source::LastKnown)
                .inspect_err(|reason| tracing::info!(%provider, %reason, "the last known record is of no use"))
                .ok()
        });
        if let Some(location) = known {
            tracing::warn!(%provider, error = &error as &dyn std::error::Error, "using the last known location");
            return self.keep(Ok(Some(location)), KEEP_SUBSTITUTE);
        }
        if let Some(location) = self.configured(provider) {
            tracing::warn!(%provider, error = &error as &dyn std::error::Error, "using the configured location");
            return self.keep(Ok(Some(location)), KEEP_SUBSTITUTE);
        }
        self.keep(Err(error), KEEP_FAILURE)
    }

    fn configured(&self, provider: &UserId) -> Option<Location> {
        let entry = self.config.static_entries.get(provider)?;
        match crate::record::connector_url(entry.url.as_str()) {
            Ok(url) => Some(Location {
                provider_id: provider.clone(),
                url,
                connector_id: entry.connector_id.clone(),
                profile: entry.profile,
                expires_at: None,
                source: Source::Configured,
            }),
            Err(error) => {
                tracing::warn!(%provider, %error, "the configured location is refused");
                None
            }
        }
    }

    fn keep(&self, outcome: Result<Option<Location>, LookupError>, at_most: Duration) -> Answer {
        let mut until = self.clock.now() + at_most.min(self.config.cache.get());
        if let Ok(Some(Location {
            expires_at: Some(end),
            ..
        })) = &outcome
        {
            until = until.min(*end);
        }
        Answer {
            refreshing: Arc::default(),
            outcome: outcome.map(|found| found.map(Arc::new)).map_err(Arc::new),
            until,
        }
    }
}

fn outcome_label(answer: &Answer) -> &'static str {
    match &answer.outcome {
        Ok(Some(location)) => location.source.as_str(),
        Ok(None) => "unknown",
        Err(_) => "failed",
    }
}

#[cfg(test)]
mod tests;
