//! The token endpoints of CADDE 4.0 (basic design of authentication, appendix 2: API of the authentication function).

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use common::{
    http::{
        Refused,
        cadde::{ValidationError, message},
        refusals::{DATABASE_AWAY, INTERNAL},
    },
    ids::UserId,
    listener::ListenerKind,
};
use common_db::is_unavailable;
use serde::{Deserialize, Serialize};

use super::{
    fields::Fields,
    refusals,
    state::AppState,
    unstored::unstored,
    unverified::{ClientError, UnverifiedRequest, request_id},
};
use crate::domain::{
    client::Client,
    password::PasswordError,
    tokens::{LoginError, TokenPair},
};

/// Body of `POST /cadde/api/v4/token`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body; reading it accepts the variants that existing clients send"
)]
pub struct PasswordBody {
    /// User ID; `consumer_id` is read as well.
    user_id: String,
    /// Password.
    password: String,
    /// One-time password.
    totp: Option<String>,
}

/// Body of `POST /cadde/api/v4/token/refresh`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body")]
pub struct RefreshBody {
    /// The refresh token.
    refresh_token: String,
}

/// Body of `POST /cadde/api/v4/token/introspect`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body")]
pub struct IntrospectBody {
    /// The access token; a leading `Bearer ` is ignored.
    access_token: String,
}

/// Both tokens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Tokens {
    access_token: String,
    refresh_token: String,
}

impl From<TokenPair> for Tokens {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access.token,
            refresh_token: pair.refresh,
        }
    }
}

/// Whose token it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Introspected {
    #[schema(value_type = String)]
    user_id: UserId,
}

/// What a client asks that has proved who it is. Nothing is read of the body before that is known.
pub struct Asked {
    client: Arc<Client>,
    fields: Fields,
    address: IpAddr,
}

impl Asked {
    async fn read(
        caller: &UnverifiedRequest,
        body: Body,
        state: &AppState,
    ) -> Result<Self, Failure> {
        Ok(Self {
            client: caller.authenticate(state)?.client,
            fields: Fields::read(&caller.headers, body).await?,
            address: caller.connection.remote.ip(),
        })
    }
}

impl FromRequest<AppState> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let (caller, body) = UnverifiedRequest::split(request).await?;
        let asked = Self::read(&caller, body, state).await;
        asked.map_err(IntoResponse::into_response)
    }
}

/// Signs a user in with a password.
#[utoipa::path(
    post, path = "/cadde/api/v4/token", tag = "cadde", security(("client" = [])), request_body = PasswordBody,
    responses(
        (status = 200, body = Tokens), (status = 401, description = "client, user ID or password is wrong"),
        (status = 422, description = "the body does not fit"), (status = 429, description = "too many failures lately")
    )
)]
pub async fn token(State(state): State<AppState>, asked: Asked) -> Result<Response, Failure> {
    let Asked {
        client,
        fields,
        address,
    } = asked;
    let [user_id, password] = fields.texts([&["user_id", "consumer_id"], &["password"]])?;
    let pair = state
        .logins
        .password(&client, &user_id, password, address)
        .await?;
    Ok(unstored(Tokens::from(pair)))
}

/// Exchanges a refresh token.
#[utoipa::path(
    post, path = "/cadde/api/v4/token/refresh", tag = "cadde", security(("client" = [])), request_body = RefreshBody,
    responses(
        (status = 200, body = Tokens), (status = 401, description = "client or refresh token does not count"),
        (status = 422, description = "the body does not fit")
    )
)]
pub async fn refresh(
    State(state): State<AppState>,
    Asked { client, fields, .. }: Asked,
) -> Result<Response, Failure> {
    let [refresh_token] = fields.texts([&["refresh_token"]])?;
    if client.has_certificate() && state.listener == ListenerKind::Public {
        // What a server with screens keeps is of use with its certificate alone.
        return Err(LoginError::NotAllowed.into());
    }
    let pair = state
        .logins
        .refresh(&client, &refresh_token, request_id())
        .await?;
    Ok(unstored(Tokens::from(pair)))
}

/// Says whose token it is. Existing callers take every 200 for a good token, so any other token is answered with 403, and so
/// is one that was made for somebody else than the client that asks.
#[utoipa::path(
    post, path = "/cadde/api/v4/token/introspect", tag = "cadde", security(("client" = [])),
    request_body = IntrospectBody,
    responses(
        (status = 200, body = Introspected), (status = 401, description = "the client is not authenticated"),
        (status = 403, description = "the token is not active"), (status = 422, description = "the body does not fit")
    )
)]
pub async fn introspect(
    State(state): State<AppState>,
    Asked { client, fields, .. }: Asked,
) -> Result<Response, Failure> {
    let [access_token] = fields.texts([&["access_token"]])?;
    let token = strip_scheme(&access_token);
    let claims = state.issuer.check(token);
    let claims = claims.filter(|claims| state.issuer.may_ask(&client, claims));
    let claims = claims.ok_or(Failure::Inactive)?;
    Ok(unstored(Introspected {
        user_id: claims.user,
    }))
}

/// The spelling of a manual that clients were written after.
#[utoipa::path(
    post, path = "/cadde/api/v4/token/intorospect", tag = "cadde", security(("client" = [])),
    request_body = IntrospectBody,
    responses(
        (status = 200, body = Introspected), (status = 401, description = "the client is not authenticated"),
        (status = 403, description = "the token is not active"), (status = 422, description = "the body does not fit")
    )
)]
pub async fn intorospect(state: State<AppState>, asked: Asked) -> Result<Response, Failure> {
    introspect(state, asked).await
}

/// Existing ledgers forward the whole header value.
fn strip_scheme(value: &str) -> &str {
    let value = value.trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value,
    }
}

/// Why a CADDE endpoint refuses.
#[derive(Debug)]
pub enum Failure {
    /// The client is not authenticated; why was logged.
    Client(ClientError),
    /// The body does not fit; the answer is complete.
    Body(Response),
    /// Nobody was signed in.
    Login(LoginError),
    /// The token does not count.
    Inactive,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<Response> for Failure {
    fn from(response: Response) -> Self {
        Self::Body(response)
    }
}

impl From<ValidationError> for Failure {
    fn from(error: ValidationError) -> Self {
        Self::Body(error.into_response())
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        Self::Login(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let refused = match self {
            Self::Body(response) => return response,
            Self::Client(ClientError::Throttled(wait)) => {
                let mut refused = Refused::from(&refusals::CLIENTS_REFUSED);
                refused.retry_after = Some(seconds(wait));
                refused
            }
            Self::Client(_) => (&refusals::CLIENT_REFUSED).into(),
            Self::Inactive => (&refusals::TOKEN_INACTIVE).into(),
            Self::Login(error) => login_failure(error),
        };
        message(&refused)
    }
}

fn login_failure(error: LoginError) -> Refused {
    match error {
        LoginError::Credentials => (&refusals::LOGIN_REFUSED).into(),
        LoginError::NotAllowed => (&refusals::GRANT_NOT_ALLOWED).into(),
        LoginError::RefreshToken | LoginError::Code => (&refusals::REFRESH_TOKEN_REFUSED).into(),
        LoginError::Throttled(wait) => {
            let seconds = seconds(wait);
            let mut refused = refusals::LOGIN_THROTTLED.naming(seconds);
            refused.retry_after = Some(seconds);
            refused
        }
        LoginError::Password(PasswordError::Busy) => (&refusals::LOGIN_BUSY).into(),
        LoginError::Store(ref source) if is_unavailable(source) => DATABASE_AWAY.because(error),
        LoginError::Password(PasswordError::Hash(_)) | LoginError::Store(_) => {
            INTERNAL.because(error)
        }
    }
}

/// Whole seconds, rounded up, at least one.
pub(in crate::api) fn seconds(wait: std::time::Duration) -> u64 {
    wait.as_secs()
        .saturating_add(u64::from(wait.subsec_nanos() > 0))
        .max(1)
}
