//! Checking access tokens.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    clock::SharedClock,
    tls::{PeerClient, TlsStore},
};
use jsonwebtoken::{Algorithm, Validation};
use moka::future::Cache;
use secrecy::SecretString;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::{
    AuthConfig, IntrospectionMode, TokenClaims,
    introspect::{Introspection, Introspector},
    jwks::Jwks,
    token_error::TokenError,
};

/// 8 KiB: the longest token looked at. Ours have about 800 bytes; request heads end at 16 KiB.
const MAX_TOKEN_BYTES: usize = 8 << 10;

/// 10,000 tokens: what the cache holds at most, about 20 MB.
const CACHED_TOKENS: u64 = 10_000;

/// A token that passed every check of [`TokenVerifier::verify`].
#[derive(Clone)]
pub struct VerifiedToken {
    /// Its claims.
    pub claims: TokenClaims,
    /// The token itself, to be passed on.
    pub raw: SecretString,
    digest: [u8; 32],
}

impl VerifiedToken {
    /// A token that nobody has checked, for tests of what lies behind the check. Services get theirs from
    /// [`TokenVerifier::verify`] alone.
    #[doc(hidden)]
    pub fn unchecked_for_tests(claims: TokenClaims, raw: &str) -> Self {
        Self {
            claims,
            raw: SecretString::from(raw),
            digest: Sha256::digest(raw).into(),
        }
    }

    /// SHA-256 of the token: a key for caches that doesn't hold the token.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("user", &self.claims.user)
            .field("jti", &self.claims.jti)
            .finish_non_exhaustive()
    }
}

/// Verifies access tokens of the one configured issuer. Clones share the caches.
#[derive(Clone)]
pub struct TokenVerifier(Arc<Inner>);

struct Inner {
    config: AuthConfig,
    clock: SharedClock,
    jwks: Jwks,
    introspector: Introspector,
    cache: Cache<[u8; 32], Checked>,
}

/// What introspection said about a token, and when.
#[derive(Clone)]
struct Checked {
    at: OffsetDateTime,
    outcome: Result<Arc<VerifiedToken>, TokenError>,
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl TokenVerifier {
    /// A verifier that asks `config.peer_url` with the certificate of `tls`. Asks nothing yet.
    pub fn new(config: AuthConfig, tls: Arc<TlsStore>, clock: SharedClock) -> Self {
        let client = PeerClient::new(Arc::clone(&tls));
        Self(Arc::new(Inner {
            jwks: Jwks::new(
                config.peer_endpoint("/.well-known/jwks.json"),
                client.clone(),
                clock.clone(),
            ),
            introspector: Introspector::new(
                config.peer_endpoint("/oauth2/introspect"),
                client,
                tls,
                clock.clone(),
            ),
            // The clock decides how long an entry counts; this bound only frees the memory.
            cache: Cache::builder()
                .max_capacity(CACHED_TOKENS)
                .time_to_live(config.cache.get())
                .build(),
            config,
            clock,
        }))
    }

    /// Checks `token`: shape, issuer, key and signature, times, and whether the issuer still calls it active.
    ///
    /// A token of another issuer, a malformed or an expired one is refused without asking anybody. Several callers with
    /// the same token share one question. Binding and audience are for [`crate::Callers`],
    /// who know who sent the token.
    ///
    /// Cancel safe.
    pub async fn verify(&self, token: &str) -> Result<Arc<VerifiedToken>, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        let always = self.0.config.introspection == IntrospectionMode::Always;
        let fresh_since = self.0.clock.now() - self.0.config.cache.get();
        // Refusals count as long as acceptances, so that a dead token can't be used to load the issuer; only "could not
        // ask" is asked again by the next caller.
        let stale = |entry: &Checked| {
            always
                || entry.at <= fresh_since
                || matches!(entry.outcome, Err(TokenError::Unavailable(_)))
        };
        let found = self
            .0
            .cache
            .get(&digest)
            .await
            .filter(|entry| !stale(entry));
        let checked = if let Some(entry) = found {
            entry
        } else {
            // What isn't one of our issuer's tokens by its own account never fills the cache.
            let shape = Shape::read(token).ok_or(TokenError::Malformed)?;
            if shape.iss != self.0.config.issuer_text() {
                return Err(TokenError::ForeignIssuer);
            }
            // Seldom, and several KiB: on the heap, for the callers' futures are made and moved for each exchange.
            Box::pin(async {
                let load = self.check(token, &shape, digest);
                if always {
                    load.await
                } else {
                    self.0
                        .cache
                        .entry(digest)
                        .or_insert_with_if(load, stale)
                        .await
                        .into_value()
                }
            })
            .await
        };
        let verified = checked.outcome?;
        self.check_times(&verified.claims)?;
        Ok(verified)
    }

    async fn check(&self, token: &str, shape: &Shape, digest: [u8; 32]) -> Checked {
        let outcome = self.check_now(token, shape, digest).await;
        Checked {
            at: self.0.clock.now(),
            outcome,
        }
    }

    async fn check_now(
        &self,
        token: &str,
        shape: &Shape,
        digest: [u8; 32],
    ) -> Result<Arc<VerifiedToken>, TokenError> {
        let key = self.0.jwks.key(&shape.kid).await?;
        let mut validation = Validation::new(Algorithm::ES256);
        // Times follow our clock and its leeway, below; the audience is the caller's to check.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims =
            jsonwebtoken::decode::<TokenClaims>(token, &key, &validation).map_err(|error| {
                match error.kind() {
                    jsonwebtoken::errors::ErrorKind::InvalidSignature => TokenError::BadSignature,
                    _ => TokenError::Malformed,
                }
            })?;
        let claims = claims.claims;
        self.check_times(&claims)?;
        match self.0.introspector.ask(token).await? {
            Introspection::Active => Ok(Arc::new(VerifiedToken {
                claims,
                raw: SecretString::from(token),
                digest,
            })),
            Introspection::Inactive => Err(TokenError::Inactive),
        }
    }

    fn check_times(&self, claims: &TokenClaims) -> Result<(), TokenError> {
        let now = self.0.clock.now().unix_timestamp();
        let leeway = i64::try_from(self.0.config.leeway.get().as_secs()).unwrap_or(i64::MAX);
        if now >= claims.exp.saturating_add(leeway) {
            return Err(TokenError::Expired);
        }
        let begins = claims.nbf.unwrap_or(claims.iat);
        if now < begins.saturating_sub(leeway) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }
}

/// What an unverified token says about itself: just enough to choose the key.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    kid: String,
    iss: String,
}

impl Shape {
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn iss(&self) -> &str {
        &self.iss
    }

    /// Reads header and issuer; `None` unless the token has three parts, algorithm ES256 and a `kid`.
    pub fn read(token: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Header {
            alg: String,
            kid: String,
        }
        #[derive(Deserialize)]
        struct Payload {
            iss: String,
        }
        let mut parts = token.split('.');
        let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || signature.is_empty() {
            return None;
        }
        let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        let payload: Payload =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (header.alg == "ES256").then_some(Self {
            kid: header.kid,
            iss: payload.iss,
        })
    }
}

#[cfg(test)]
mod tests;
