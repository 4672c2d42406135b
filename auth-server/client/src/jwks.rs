//! The issuer's public keys.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use common::{clock::SharedClock, tls::PeerClient};
use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, JwkSet},
};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::token_error::{TokenError, unavailable};

/// 10 s: how often an unknown `kid` may lead to a new look at the keys.
const REFRESH_PAUSE: Duration = Duration::seconds(10);

/// 256 KiB: far more than the keys of a rotation.
const MAX_JWKS_BYTES: usize = 256 << 10;

type Keys = HashMap<String, Arc<DecodingKey>>;

/// Keys by `kid`, fetched when an unknown one is named.
pub(crate) struct Jwks {
    url: String,
    client: PeerClient,
    clock: SharedClock,
    keys: ArcSwap<Keys>,
    /// Counts the fetches that have ended.
    ended: AtomicU64,
    /// How the last fetch ended; held while one is in flight.
    last: Mutex<Option<Result<OffsetDateTime, TokenError>>>,
}

impl Jwks {
    pub(crate) fn new(url: String, client: PeerClient, clock: SharedClock) -> Self {
        Self {
            url,
            client,
            clock,
            keys: ArcSwap::default(),
            ended: AtomicU64::new(0),
            last: Mutex::default(),
        }
    }

    /// The key named `kid`.
    pub(crate) async fn key(&self, kid: &str) -> Result<Arc<DecodingKey>, TokenError> {
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let ended_before = self.ended.load(Ordering::Acquire);
        let mut last = self.last.lock().await;
        // Somebody else may have fetched while we waited.
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let now = self.clock.now();
        match &*last {
            Some(Ok(at)) if now < *at + REFRESH_PAUSE => return Err(TokenError::BadSignature),
            // Whoever waited for a fetch that failed doesn't wait for one more: while the issuer is away, callers would
            // stand in line for as long as each of them takes to give up.
            Some(Err(error)) if self.ended.load(Ordering::Acquire) != ended_before => {
                return Err(error.clone());
            }
            _ => {}
        }
        let fetched = self.fetch().await;
        self.ended.fetch_add(1, Ordering::Release);
        *last = Some(fetched.as_ref().map(|_| now).map_err(Clone::clone));
        self.keys.store(Arc::new(fetched?));
        drop(last);
        self.known(kid).ok_or(TokenError::BadSignature)
    }

    fn known(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        self.keys.load().get(kid).cloned()
    }

    async fn fetch(&self) -> Result<Keys, TokenError> {
        let response = self
            .client
            .get()
            .get(&self.url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| unavailable(&error.without_url()))?;
        let body = common::http::client::read_limited(response, MAX_JWKS_BYTES)
            .await
            .map_err(|error| unavailable(&error))?;
        let set: JwkSet = serde_json::from_slice(&body).map_err(|_| {
            TokenError::Unavailable("the key set of the issuer is malformed".into())
        })?;
        Ok(usable(&set))
    }
}

/// The keys that can have signed one of our tokens: P-256 with a `kid`.
fn usable(set: &JwkSet) -> Keys {
    set.keys
        .iter()
        .filter(|jwk| {
            matches!(&jwk.algorithm, AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256)
        })
        .filter_map(|jwk| {
            let kid = jwk.common.key_id.clone()?;
            let key = DecodingKey::from_jwk(jwk).ok()?;
            Some((kid, Arc::new(key)))
        })
        .collect()
}
