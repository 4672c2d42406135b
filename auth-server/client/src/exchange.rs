//! Tokens for others (RFC 8693): bound to this process's certificate where those check it (RFC 8705).

use std::sync::Arc;

use common::{
    clock::SharedClock,
    ids::ConnectorId,
    tls::{PeerClient, TlsStore},
};
use http::StatusCode;
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::{
    AuthConfig,
    claims::jti_of,
    token_error::{TokenError, unavailable},
    verify::VerifiedToken,
};

/// 30 s: a bound token is not used closer to its expiry than this, so that it survives the way and the provider's checks.
const RESERVE: Duration = Duration::seconds(30);

/// Longest life of an entry: bound tokens live 5 minutes at most.
const MAX_LIFE: std::time::Duration = std::time::Duration::from_mins(5);

const CACHED_TOKENS: u64 = 10_000;

/// 64 KiB: an answer holds one token.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Exchanges users' tokens, which never go anywhere themselves. Clones share the cache.
#[derive(Clone)]
pub struct TokenExchange(Arc<Inner>);

struct Inner {
    url: String,
    client: PeerClient,
    tls: Arc<TlsStore>,
    clock: SharedClock,
    cache: Cache<Key, Outcome>,
}

impl std::fmt::Debug for TokenExchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenExchange")
            .field("url", &self.0.url)
            .finish_non_exhaustive()
    }
}

/// A token that was given for a user's.
#[derive(Debug)]
pub struct ExchangedToken {
    token: SecretString,
    jti: Option<String>,
}

impl ExchangedToken {
    /// Reads the identifier of `token`, once for all who use it. Nobody checks it: the issuer itself has just given it.
    pub fn new(token: SecretString) -> Self {
        Self {
            jti: jti_of(token.expose_secret()),
            token,
        }
    }

    /// The token.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// Its identifier; `None` if it is no JWT.
    pub fn jti(&self) -> Option<&str> {
        self.jti.as_deref()
    }
}

/// An exchanged token belongs to a user token, an audience, and the certificate of one generation.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    token: [u8; 32],
    audience: String,
    generation: u64,
}

#[derive(Clone)]
struct Outcome(Result<Exchanged, TokenError>);

#[derive(Clone)]
struct Exchanged {
    token: Arc<ExchangedToken>,
    use_until: OffsetDateTime,
}

#[derive(Serialize)]
struct Form<'a> {
    grant_type: &'static str,
    subject_token: &'a str,
    subject_token_type: &'static str,
    audience: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    expires_in: i64,
}

#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
}

impl TokenExchange {
    /// An exchange at `config.peer_url` with the certificate of `tls`.
    pub fn new(config: &AuthConfig, tls: Arc<TlsStore>, clock: SharedClock) -> Self {
        Self(Arc::new(Inner {
            url: config.peer_endpoint("/oauth2/token"),
            client: PeerClient::new(Arc::clone(&tls)),
            tls,
            clock,
            cache: Cache::builder()
                .max_capacity(CACHED_TOKENS)
                .time_to_live(MAX_LIFE)
                .build(),
        }))
    }

    /// A token for `provider` in the name of the user of `user_token`, bound to our certificate. Reused until 30 s before
    /// its expiry; concurrent callers share one request.
    ///
    /// # Errors
    /// [`TokenError::Inactive`] if the user's token doesn't count any more, [`TokenError::WrongAudience`] if the provider
    /// is not an active provider connector, [`TokenError::Unavailable`] for everything else.
    ///
    /// Cancel safe.
    pub async fn bound_token(
        &self,
        user_token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        self.token_for(user_token, provider.as_ref()).await
    }

    /// A token for somebody of another make, who checks no binding, in the name of the user of `user_token`: `audience` is the
    /// user ID of a provider of profile `cadde/4`, or the client id of a ledger. Reused as bound tokens are.
    ///
    /// # Errors
    /// As those of [`TokenExchange::bound_token`]; [`TokenError::WrongAudience`] if there is no such user or ledger.
    ///
    /// Cancel safe.
    pub async fn addressed_token(
        &self,
        user_token: &VerifiedToken,
        audience: &str,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        self.token_for(user_token, audience).await
    }

    /// A steward's token for the catalogue of `provider`, in the name of the person of `screens_token`, who signed in at this
    /// process's own screens. Reused as bound tokens are.
    ///
    /// # Errors
    /// As those of [`TokenExchange::bound_token`]; [`TokenError::Inactive`] also if the person is no steward.
    ///
    /// Cancel safe.
    pub async fn stewards_token(
        &self,
        screens_token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        self.token_for(screens_token, provider.as_ref()).await
    }

    async fn token_for(
        &self,
        user_token: &VerifiedToken,
        audience: &str,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        let key = Key {
            token: *user_token.digest(),
            audience: audience.to_owned(),
            generation: self.0.tls.generation(),
        };
        let now = self.0.clock.now();
        let stale = |entry: &Outcome| !matches!(&entry.0, Ok(bound) if now < bound.use_until);
        if let Some(Outcome(Ok(bound))) = self.0.cache.get(&key).await.filter(|entry| !stale(entry))
        {
            return Ok(bound.token);
        }
        let load = async { Outcome(self.request(user_token, audience).await) };
        // Seldom, and several KiB: on the heap, for the callers' futures are made and moved for each exchange.
        let asking = Box::pin(self.0.cache.entry(key).or_insert_with_if(load, stale));
        let entry = asking.await.into_value();
        entry.0.map(|bound| bound.token)
    }

    async fn request(
        &self,
        user_token: &VerifiedToken,
        audience: &str,
    ) -> Result<Exchanged, TokenError> {
        let form = Form {
            grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
            subject_token: user_token.raw.expose_secret(),
            subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
            audience,
            client_id: self.0.tls.own().connector_id.map(String::from),
        };
        let asked_at = self.0.clock.now();
        let response = self
            .0
            .client
            .get()
            .post(&self.0.url)
            .form(&form)
            .send()
            .await
            .map_err(|error| unavailable(&error.without_url()))?;
        let status = response.status();
        let body = common::http::client::read_limited(response, MAX_ANSWER_BYTES)
            .await
            .map_err(|error| unavailable(&error))?;
        if status != StatusCode::OK {
            return Err(refused(status, &body));
        }
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| {
            TokenError::Unavailable("the answer to the token exchange is malformed".into())
        })?;
        let use_until = asked_at + Duration::seconds(answer.expires_in.clamp(0, 300)) - RESERVE;
        Ok(Exchanged {
            token: Arc::new(ExchangedToken::new(answer.access_token)),
            use_until,
        })
    }
}

/// RFC 8693 §2.2.2: a bad subject token is `invalid_request`, a bad audience `invalid_target`. Our request is always well
/// formed, so nothing but the token can be what is wrong with it; `invalid_grant` is what others answer for the same.
fn refused(status: StatusCode, body: &[u8]) -> TokenError {
    let error = serde_json::from_slice::<TokenRefusal>(body)
        .map(|refusal| refusal.error)
        .unwrap_or_default();
    match error.as_str() {
        "invalid_request" | "invalid_grant" => TokenError::Inactive,
        "invalid_target" => TokenError::WrongAudience,
        _ => TokenError::Unavailable(format!(
            "the token exchange answered {status} {}",
            error.escape_debug()
        )),
    }
}
