//! Signing people in at the authentication server, for a server with screens: by code and PKCE (RFC 6749 §4.1, RFC 7636, `OpenID` Connect
//! Core 1.0 §3.1), asked with this process's own certificate.

use std::{fmt, sync::Arc};

use common::{
    clock::SharedClock,
    ids::ConnectorId,
    tls::{PeerClient, TlsStore},
};
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::{
    AuthConfig,
    id_token::{Expected, IdTokens},
    token_error::{TokenError, unavailable},
};

/// 64 KiB: an answer holds three tokens.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// 365 days: no token lives for longer, whatever an answer says.
const MAX_LIFE: i64 = 365 * 86_400;

/// What a browser is sent to the authentication server with.
#[derive(Debug, Clone, Copy)]
pub struct SignInRequest<'a> {
    /// Where it comes back to.
    pub redirect_uri: &'a str,
    /// Comes back with it.
    pub state: &'a str,
    /// Stands in the `id_token`.
    pub nonce: &'a str,
    /// SHA-256 of the verifier (`S256`).
    pub challenge: &'a str,
}

/// What it comes back with, and what belongs to that.
#[derive(Debug, Clone, Copy)]
pub struct SignInAnswer<'a> {
    /// The code.
    pub code: &'a str,
    /// As in the request.
    pub redirect_uri: &'a str,
    /// As in the request.
    pub nonce: &'a str,
    /// What the challenge was made of.
    pub verifier: &'a str,
}

/// The tokens of somebody who signed in.
#[derive(Debug, Clone)]
pub struct SignedInTokens {
    /// For this server's own screens.
    pub access: SecretString,
    /// For the next ones.
    pub refresh: SecretString,
    /// When the access token ends, by our clock.
    pub expires_at: OffsetDateTime,
}

/// What is known of a person besides their token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Person {
    /// The user's internal identifier, as in the token.
    #[serde(default, skip_serializing)]
    pub sub: String,
    /// Name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Participant that the user belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<PersonsParticipant>,
    /// Domain of the participant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<PersonsDomain>,
}

/// Participant that a person belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PersonsParticipant {
    /// Its id in the registry.
    pub id: String,
    /// Name shown.
    pub name: String,
}

/// Domain that a person belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PersonsDomain {
    /// Its letter.
    pub letter: String,
    /// Its name in Japanese.
    pub name_ja: String,
    /// Its name in English.
    pub name_en: String,
}

/// Why somebody is not signed in, or not any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The authentication server said no: the code, or the token, does not count.
    #[error("the authentication server refused: {0}")]
    Refused(String),
    /// No usable answer.
    #[error("the authentication server cannot be asked: {0}")]
    Unavailable(String),
    /// What it answered was not made for this sign-in.
    #[error("the id_token is refused")]
    IdToken(#[source] TokenError),
}

/// The authentication server as a server with screens uses it. Clones share what they know.
#[derive(Clone)]
pub struct CodeFlow(Arc<Inner>);

struct Inner {
    config: AuthConfig,
    own: ConnectorId,
    client: PeerClient,
    id_tokens: IdTokens,
    clock: SharedClock,
}

impl fmt::Debug for CodeFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeFlow")
            .field("config", &self.0.config)
            .field("own", &self.0.own)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct CodeForm<'a> {
    grant_type: &'static str,
    client_id: &'a str,
    code: &'a str,
    redirect_uri: &'a str,
    code_verifier: &'a str,
}

#[derive(Serialize)]
struct RefreshForm<'a> {
    grant_type: &'static str,
    client_id: &'a str,
    refresh_token: &'a str,
}

#[derive(Serialize)]
struct RevokeForm<'a> {
    client_id: &'a str,
    token: &'a str,
    token_type_hint: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    refresh_token: SecretString,
    expires_in: i64,
    #[serde(default)]
    id_token: Option<SecretString>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl CodeFlow {
    /// For the server `own`, by the certificate of `tls`. Asks nothing yet.
    pub fn new(
        config: &AuthConfig,
        own: ConnectorId,
        tls: Arc<TlsStore>,
        clock: SharedClock,
    ) -> Self {
        let client = PeerClient::new(tls);
        Self(Arc::new(Inner {
            id_tokens: IdTokens::new(config, client.clone(), clock.clone()),
            config: config.clone(),
            own,
            client,
            clock,
        }))
    }

    /// The name by which the authentication server signs what it answers browsers with (RFC 9207).
    pub fn issuer(&self) -> &str {
        self.0.config.issuer_text()
    }

    /// Where a browser is sent to sign in.
    pub fn sign_in_address(&self, request: &SignInRequest<'_>) -> Url {
        let mut url = self.public("/oauth2/authorize");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", self.0.own.as_str())
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("scope", "openid profile")
            .append_pair("state", request.state)
            .append_pair("nonce", request.nonce)
            .append_pair("code_challenge", request.challenge)
            .append_pair("code_challenge_method", "S256");
        url
    }

    /// Where a browser ends its session at the authentication server itself, which asks the person: no token goes with it.
    pub fn sign_out_address(&self, post_logout_redirect_uri: &str) -> Url {
        let mut url = self.public("/oauth2/logout");
        url.query_pairs_mut()
            .append_pair("client_id", self.0.own.as_str())
            .append_pair("post_logout_redirect_uri", post_logout_redirect_uri);
        url
    }

    /// The tokens for a code, whose `id_token` was made for this very sign-in and for the person of the access token.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn redeem(&self, answer: &SignInAnswer<'_>) -> Result<SignedInTokens, SignInError> {
        let form = CodeForm {
            grant_type: "authorization_code",
            client_id: self.0.own.as_str(),
            code: answer.code,
            redirect_uri: answer.redirect_uri,
            code_verifier: answer.verifier,
        };
        let (tokens, id_token) = self.tokens(&form).await?;
        let missing = SignInError::IdToken(TokenError::Malformed);
        let id_token = id_token.ok_or(missing)?;
        let expected = Expected {
            audience: &self.0.own,
            nonce: answer.nonce,
            access: tokens.access.expose_secret(),
        };
        self.0
            .id_tokens
            .check(id_token.expose_secret(), &expected)
            .await
            .map_err(|error| match error {
                TokenError::Unavailable(why) => SignInError::Unavailable(why),
                error => SignInError::IdToken(error),
            })?;
        Ok(tokens)
    }

    /// New tokens for a refresh token, which counts no more then.
    ///
    /// Not cancel safe: what was answered is lost where nobody waits for it.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn refresh(&self, token: &SecretString) -> Result<SignedInTokens, SignInError> {
        let form = RefreshForm {
            grant_type: "refresh_token",
            client_id: self.0.own.as_str(),
            refresh_token: token.expose_secret(),
        };
        Ok(self.tokens(&form).await?.0)
    }

    /// Ends all that came of one sign-in (RFC 7009). A token that is not known any more is no failure.
    ///
    /// # Errors
    /// [`SignInError::Unavailable`].
    pub async fn revoke(&self, refresh: &SecretString) -> Result<(), SignInError> {
        let form = RevokeForm {
            client_id: self.0.own.as_str(),
            token: refresh.expose_secret(),
            token_type_hint: "refresh_token",
        };
        let request = self.peer("/oauth2/revoke").form(&form);
        let response = request.send().await.map_err(away)?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(SignInError::Unavailable(format!(
                "revocation answered {status}"
            ))),
        }
    }

    /// What is known of the person of an access token.
    ///
    /// # Errors
    /// [`SignInError`], never for an `id_token`.
    pub async fn person(&self, access: &SecretString) -> Result<Person, SignInError> {
        let request = self.peer("/oauth2/userinfo");
        answer(request.bearer_auth(access.expose_secret())).await
    }

    async fn tokens(
        &self,
        form: &impl Serialize,
    ) -> Result<(SignedInTokens, Option<SecretString>), SignInError> {
        let asked_at = self.0.clock.now();
        let request = self.peer("/oauth2/token").form(form);
        let found: Answer = answer(request).await?;
        let tokens = SignedInTokens {
            access: found.access_token,
            refresh: found.refresh_token,
            expires_at: asked_at + Duration::seconds(found.expires_in.clamp(0, MAX_LIFE)),
        };
        Ok((tokens, found.id_token))
    }

    fn peer(&self, path: &str) -> reqwest::RequestBuilder {
        let url = self.0.config.peer_endpoint(path);
        self.0.client.get().post(url)
    }

    fn public(&self, path: &str) -> Url {
        let mut url = self.0.config.issuer.clone();
        url.set_path(path);
        url
    }
}

/// What is answered to `request`: what was asked for, or why not (RFC 6749 §5.2).
async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, SignInError> {
    let response = request.send().await.map_err(away)?;
    let status = response.status();
    let body = common::http::client::read_limited(response, MAX_ANSWER_BYTES)
        .await
        .map_err(|error| unusable(unavailable(&error)))?;
    if status == StatusCode::OK {
        return serde_json::from_slice(&body)
            .map_err(|_| SignInError::Unavailable("its answer is malformed".to_owned()));
    }
    let error = serde_json::from_slice::<Refusal>(&body)
        .map(|refusal| refusal.error)
        .unwrap_or_default();
    let said = format!("{status} {}", error.escape_debug());
    Err(match error.as_str() {
        // Of what is asked here, a code or a token is all that can be wrong with it.
        "invalid_grant" | "invalid_token" | "unauthorized_client" => SignInError::Refused(error),
        _ => SignInError::Unavailable(said),
    })
}

fn away(error: reqwest::Error) -> SignInError {
    unusable(unavailable(&error.without_url()))
}

fn unusable(error: TokenError) -> SignInError {
    match error {
        TokenError::Unavailable(why) => SignInError::Unavailable(why),
        other => SignInError::Unavailable(other.to_string()),
    }
}
