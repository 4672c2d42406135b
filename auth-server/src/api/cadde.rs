//! The token endpoints of CADDE 4.0 (basic design of authentication, appendix 2: API of the authentication function).

use super::{
    caller::{Authenticated, Caller, ClientError, request_id},
    fields::Fields,
    state::AppState,
};
use crate::domain::{
    password::PasswordError,
    tokens::{LoginError, TokenPair},
};
use axum::{
    Json,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use common::{
    http::{
        Text,
        cadde::{MessageError, ValidationError},
        context,
    },
    ids::UserId,
    telemetry::Chain,
};
use common_db::is_unavailable;
use http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use serde::{Deserialize, Serialize};

const BASIC: &str = "Basic realm=\"kakehashi\", charset=\"UTF-8\"";

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

/// Signs a user in with a password.
#[utoipa::path(
    post, path = "/cadde/api/v4/token", tag = "cadde", security(("client" = [])), request_body = PasswordBody,
    responses(
        (status = 200, body = Tokens), (status = 401, description = "client, user ID or password is wrong"),
        (status = 422, description = "the body does not fit"), (status = 429, description = "too many failures lately")
    )
)]
pub async fn token(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<Response, Failure> {
    let Authenticated { client, .. } = caller.authenticate(&state)?;
    let fields = Fields::read(&caller.headers, body).await?;
    let [user_id, password] = fields.texts([&["user_id", "consumer_id"], &["password"]])?;
    let address = caller.connection.remote.ip();
    let pair = state
        .logins
        .password(&client, &user_id, password, address)
        .await?;
    Ok(answer(Tokens::from(pair)))
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
    caller: Caller,
    body: Body,
) -> Result<Response, Failure> {
    let Authenticated { client, .. } = caller.authenticate(&state)?;
    let fields = Fields::read(&caller.headers, body).await?;
    let [refresh_token] = fields.texts([&["refresh_token"]])?;
    let pair = state
        .logins
        .refresh(&client, &refresh_token, request_id())
        .await?;
    Ok(answer(Tokens::from(pair)))
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
    caller: Caller,
    body: Body,
) -> Result<Response, Failure> {
    let asker = caller.authenticate(&state)?.client;
    let fields = Fields::read(&caller.headers, body).await?;
    let [access_token] = fields.texts([&["access_token"]])?;
    let token = strip_scheme(&access_token);
    let claims = state.issuer.check(token);
    let claims = claims.filter(|claims| state.issuer.may_ask(&asker, claims));
    let claims = claims.ok_or(Failure::Inactive)?;
    Ok(answer(Introspected {
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
pub async fn intorospect(
    state: State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<Response, Failure> {
    introspect(state, caller, body).await
}

/// Existing ledgers forward the whole header value.
fn strip_scheme(value: &str) -> &str {
    let value = value.trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value,
    }
}

fn answer<T: Serialize>(body: T) -> Response {
    let mut response = Json(body).into_response();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
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
        let error = match self {
            Self::Body(response) => return response,
            Self::Client(ClientError::Throttled(wait)) => {
                let text = Text::new(
                    "クライアントの認証に何度も失敗しています。しばらくしてからもう一度お試しください。",
                    "Too many clients of this network were refused. Try again in a moment.",
                );
                MessageError {
                    retry_after: Some(seconds(wait)),
                    ..message(StatusCode::TOO_MANY_REQUESTS, "clients-refused", text)
                }
            }
            Self::Client(_) => {
                let text = Text::new(
                    "クライアントを確認できません。クライアントIDとシークレット、または証明書を確認してください。",
                    "The client cannot be authenticated. Check its ID and secret, or its certificate.",
                );
                MessageError {
                    challenge: Some(BASIC),
                    ..message(StatusCode::UNAUTHORIZED, "client-refused", text)
                }
            }
            Self::Inactive => message(
                StatusCode::FORBIDDEN,
                "token-inactive",
                Text::new(
                    "トークンは無効です。期限切れ、取り消し、または利用停止の可能性があります。",
                    "The token is not active: it expired, was revoked, or its user is suspended.",
                ),
            ),
            Self::Login(error) => login_failure(&error),
        };
        error.into_response()
    }
}

fn login_failure(error: &LoginError) -> MessageError {
    match error {
        LoginError::Credentials => message(
            StatusCode::UNAUTHORIZED,
            "login-refused",
            Text::new(
                "ユーザIDまたはパスワードが正しくありません。",
                "User ID or password is wrong.",
            ),
        ),
        LoginError::NotAllowed => message(
            StatusCode::UNAUTHORIZED,
            "grant-not-allowed",
            Text::new(
                "このクライアントには、この方法でのトークン取得が許可されていません。",
                "This client is not registered for this way to get tokens.",
            ),
        ),
        LoginError::RefreshToken => message(
            StatusCode::UNAUTHORIZED,
            "refresh-token-refused",
            Text::new(
                "リフレッシュトークンは無効です。もう一度ログインしてください。",
                "The refresh token does not count any more. Sign in again.",
            ),
        ),
        LoginError::Throttled(wait) => {
            let seconds = seconds(*wait);
            let text = Text::of(
                format!("ログインの失敗が続いています。{seconds}秒後にもう一度お試しください。"),
                format!("Too many failed logins. Try again in {seconds} seconds."),
            );
            MessageError {
                retry_after: Some(seconds),
                ..message(StatusCode::TOO_MANY_REQUESTS, "login-throttled", text)
            }
        }
        LoginError::Password(PasswordError::Busy) => MessageError {
            retry_after: Some(1),
            ..message(
                StatusCode::SERVICE_UNAVAILABLE,
                "login-busy",
                Text::new(
                    "ログインが集中しています。しばらくしてからもう一度お試しください。",
                    "Too many logins at once. Try again in a moment.",
                ),
            )
        },
        LoginError::Store(source) if is_unavailable(source) => {
            tracing::error!(request.id = %context::request_id(), error = %Chain(error), "the database is not available");
            MessageError {
                retry_after: Some(2),
                ..message(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "database-unavailable",
                    Text::new(
                        "サーバのデータベースを利用できません。しばらくしてからもう一度お試しください。",
                        "The database of the server is not available. Try again in a moment.",
                    ),
                )
            }
        }
        LoginError::Password(PasswordError::Hash(_)) | LoginError::Store(_) => {
            tracing::error!(request.id = %context::request_id(), error = %Chain(error), "request failed");
            message(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                Text::new(
                    "サーバ内部で処理に失敗しました。request_idを添えて運用者にお問い合わせください。",
                    "The request failed here; the operator finds the cause by request_id.",
                ),
            )
        }
    }
}

/// Whole seconds, rounded up, at least one.
pub(in crate::api) fn seconds(wait: std::time::Duration) -> u64 {
    wait.as_secs()
        .saturating_add(u64::from(wait.subsec_nanos() > 0))
        .max(1)
}

fn message(status: StatusCode, kind: &'static str, text: Text) -> MessageError {
    MessageError {
        message_id: Some(kind.into()),
        ..MessageError::new(status, text)
    }
}
