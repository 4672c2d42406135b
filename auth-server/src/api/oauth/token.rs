//! The token endpoint.

use auth_client::{Profile, api::GrantType};
use axum::{extract::State, response::Response};
use common::telemetry::Chain;
use http::{HeaderValue, header::PRAGMA};
use serde::{Deserialize, Serialize};

use super::{OAuthError, asked::Asked, form::Form};
use crate::{
    api::{
        state::AppState,
        unstored::unstored,
        unverified::{Authenticated, request_id},
    },
    domain::{client::ClientKind, registrar::Actor, sign_in::Redeeming, tokens::Issued},
};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What the endpoint reads; which parameters are needed depends on `grant_type`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form; reading it refuses repeated parameters"
)]
pub struct TokenForm {
    /// `authorization_code`, `client_credentials`, `refresh_token` or `urn:ietf:params:oauth:grant-type:token-exchange`.
    grant_type: String,
    /// Client id; optional, must fit the credentials.
    client_id: Option<String>,
    /// Read, but there are no scopes to be had here: the answer names those that were granted.
    scope: Option<String>,
    /// For `authorization_code`: the code.
    code: Option<String>,
    /// For `authorization_code`: where the browser was sent back to.
    redirect_uri: Option<String>,
    /// For `authorization_code`: what the challenge was made from (RFC 7636).
    code_verifier: Option<String>,
    /// For `refresh_token`.
    refresh_token: Option<String>,
    /// For the exchange: the user's access token.
    subject_token: Option<String>,
    /// For the exchange: `urn:ietf:params:oauth:token-type:access_token`.
    subject_token_type: Option<String>,
    /// For the exchange: the provider's connector ID, for a token bound to the certificate; the user ID of a provider of
    /// profile `cadde/4`, or the client id of a ledger of another make, for one that is not.
    audience: Option<String>,
}

/// An access token (RFC 6749 §5.1, RFC 8693 §2.2.1).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
}

impl TokenAnswer {
    fn new(issued: Issued) -> Self {
        Self {
            access_token: issued.token,
            token_type: "Bearer",
            expires_in: issued.expires_in,
            refresh_token: None,
            id_token: None,
            scope: issued.scope,
            issued_token_type: None,
        }
    }
}

/// Issues access tokens.
#[utoipa::path(
    post, path = "/oauth2/token", tag = "oauth", security(("client" = [])),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = TokenAnswer), (status = 400, description = "RFC 6749 §5.2"),
        (status = 401, description = "invalid_client")
    )
)]
pub async fn token(
    State(state): State<AppState>,
    Asked { client, form }: Asked,
) -> Result<Response, OAuthError> {
    let mut answer = match form.required("grant_type")? {
        "authorization_code" => authorization_code(&state, &client, &form).await?,
        "client_credentials" => client_credentials(&state, &client)?,
        "refresh_token" => refresh_token(&state, &client, &form).await?,
        TOKEN_EXCHANGE => exchange(&state, &client, &form).await?,
        _ => {
            return Err(OAuthError::new(
                "unsupported_grant_type",
                "authorization_code, client_credentials, refresh_token and token-exchange are offered",
            ));
        }
    };
    if form.get("scope").is_some() {
        // RFC 6749 §3.3: who asks for a scope is told which it got. There are none to be had yet.
        answer.scope.get_or_insert_default();
    }
    let mut response = unstored(answer);
    // RFC 6749 §5.1 asks for this one, too.
    let headers = response.headers_mut();
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

fn client_credentials(state: &AppState, caller: &Authenticated) -> Result<TokenAnswer, OAuthError> {
    let client = &caller.client;
    let user = client
        .user
        .as_ref()
        .filter(|_| client.may(GrantType::ClientCredentials));
    let user = user.and_then(|user| state.directory.active_user(user));
    let user = user.ok_or_else(|| {
        OAuthError::new(
            "unauthorized_client",
            "the client is not registered for client credentials",
        )
    })?;
    Ok(TokenAnswer::new(
        state.issuer.for_client(&user, &client.id, None),
    ))
}

/// What people get who signed in at a server with screens, that server gets with its certificate alone.
fn check_has_certificate(caller: &Authenticated) -> Result<(), OAuthError> {
    if caller.client.has_certificate() && caller.certificate.is_none() {
        return Err(OAuthError::new(
            "unauthorized_client",
            "a connector or service gets these tokens at the address for certificates only",
        ));
    }
    Ok(())
}

/// The code that a browser came back with becomes tokens.
async fn authorization_code(
    state: &AppState,
    caller: &Authenticated,
    form: &Form,
) -> Result<TokenAnswer, OAuthError> {
    check_has_certificate(caller)?;
    let shown = Redeeming {
        code: form.required("code")?,
        redirect_uri: form.required("redirect_uri")?,
        verifier: form.required("code_verifier")?,
        request_id: request_id(),
    };
    let tokens = state.logins.redeem(&caller.client, shown).await?;
    Ok(TokenAnswer {
        refresh_token: tokens.refresh,
        id_token: tokens.id_token,
        ..TokenAnswer::new(tokens.access)
    })
}

async fn refresh_token(
    state: &AppState,
    caller: &Authenticated,
    form: &Form,
) -> Result<TokenAnswer, OAuthError> {
    check_has_certificate(caller)?;
    let token = form.required("refresh_token")?;
    let pair = state
        .logins
        .refresh(&caller.client, token, request_id())
        .await?;
    Ok(TokenAnswer {
        refresh_token: Some(pair.refresh),
        ..TokenAnswer::new(pair.access)
    })
}

/// Token exchange: the user's token becomes one for one other, which works only with the receiver's certificate where that
/// other is one of ours.
async fn exchange(
    state: &AppState,
    caller: &Authenticated,
    form: &Form,
) -> Result<TokenAnswer, OAuthError> {
    let Some(certificate) = &caller.certificate else {
        return Err(OAuthError::new(
            "unauthorized_client",
            "tokens are exchanged at the address for certificates only",
        ));
    };
    if form.get("actor_token").is_some() {
        return Err(OAuthError::invalid_request(
            "actor_token is not supported: the certificate names the actor",
        ));
    }
    if form.get("resource").is_some() {
        return Err(OAuthError::new(
            "invalid_target",
            "resource is not supported; name the audience",
        ));
    }
    if !matches!(form.required("subject_token_type")?, ACCESS_TOKEN | JWT) {
        return Err(OAuthError::invalid_request(
            "subject_token_type must be that of an access token",
        ));
    }
    if !matches!(
        form.get("requested_token_type"),
        None | Some(ACCESS_TOKEN | JWT)
    ) {
        return Err(OAuthError::invalid_request(
            "requested_token_type must be that of an access token",
        ));
    }
    let subject = form.required("subject_token")?;
    let audience = form.required("audience")?;
    let issued =
        state
            .issuer
            .exchange(&caller.client, certificate.thumbprint(), subject, audience)?;
    if let ClientKind::Connector { profile: None, .. } = caller.client.kind {
        // Whoever exchanges tokens is one of ours: its registration, older than profiles, says so from now on.
        let id = caller.client.id.clone();
        let actor = Actor {
            name: id.clone(),
            request_id: request_id(),
        };
        let learnt = state
            .registrar
            .learn_profile(actor, id, Profile::Kakehashi1);
        if let Err(error) = learnt.await {
            tracing::warn!(client.id = caller.client.id, error = %Chain(&error), "what this connector speaks could not be noted; its next exchange tries again");
        }
    }
    Ok(TokenAnswer {
        issued_token_type: Some(ACCESS_TOKEN),
        ..TokenAnswer::new(issued)
    })
}
