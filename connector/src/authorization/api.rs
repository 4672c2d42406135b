//! The grant API on the wire path of CADDE 4.0: `/cadde/api/v4/authorization` and `/authorization_list`.

use std::sync::Arc;

use auth_client::{Binding, CallerError, Callers, MeantFor, TokenError};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, head, post};
use axum::{Json, Router};
use common::clock::SharedClock;
use common::http::authorization::{AuthorizationError, bearer};
use common::http::body::{BodyError, read_limited};
use common::http::cadde::{MessageError, ValidationError};
use common::http::{Endpoint, Text, context};
use common::ids::{ConnectorId, UserId};
use common::listener::Peer;
use common::telemetry::Chain;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::book::GrantBook;
use super::grant::Grant;
use super::request::{self, Refusal, Removal};
use super::store::{Change, StoreError, Which};

/// Largest body: a grant has a handful of texts of 255 characters.
const MAX_BODY: usize = 64 << 10;
/// What to wait before asking again while a server is out of reach, in seconds.
const RETRY_AFTER: u64 = 5;

/// What the grant API needs.
#[derive(Clone)]
pub struct AuthorizationApi {
    /// The grants.
    pub book: Arc<GrantBook>,
    /// Decides who calls.
    pub callers: Callers,
    /// Whose grants these are: the only `assigner`.
    pub provider_id: UserId,
    /// This connector, which tokens for managing it name.
    pub connector_id: ConnectorId,
    /// The time.
    pub clock: SharedClock,
}

/// The grants of one resource.
const ONE: &str = "/cadde/api/v4/authorization";
/// The grants of the provider.
const ALL: &str = "/cadde/api/v4/authorization_list";

/// Every path with its rule and its handler: the router and the list of endpoints come from here.
fn table() -> Vec<(Endpoint, MethodRouter<AuthorizationApi>)> {
    let peer = |method, path| {
        const ACCESS: &str = "certificate; bearer for managing this connector: the provider's own user or a member of its organisation";
        Endpoint::new("peer", method, path, ACCESS)
    };
    vec![
        (peer("GET", ONE), get(list_target)),
        (peer("POST", ONE), post(register)),
        (peer("DELETE", ONE), delete(remove)),
        (peer("GET", ALL), get(list_all)),
    ]
}

/// What [`router`] serves, for the access matrix.
pub fn endpoints() -> Vec<Endpoint> {
    table().into_iter().map(|(endpoint, _)| endpoint).collect()
}

/// The grant API.
pub fn router(api: AuthorizationApi) -> Router {
    let changing = || async { method_not_allowed("GET, POST, DELETE") };
    let listing = || async { method_not_allowed("GET") };
    table()
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        })
        .route(ONE, head(changing).fallback(changing))
        .route(ALL, head(listing).fallback(listing))
        .with_state(api)
}

/// Why a request on grants is refused.
#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("the Authorization header is missing")]
    NoToken,
    #[error("who calls is not known")]
    Caller(#[source] CallerError),
    #[error("the body is not read")]
    Body(#[source] BodyError),
    #[error("the body is no JSON")]
    NotJson,
    #[error("the request does not fit")]
    Request(Refusal),
    #[error("{0} has no grants here")]
    OtherAssigner(UserId),
    #[error("{0} may not see or change these grants")]
    NotEntitled(UserId),
    #[error("there is no such grant")]
    NoSuchGrant,
    #[error("the grants cannot be read or written")]
    Store(#[from] StoreError),
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::Request(refusal)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let refuse = |status, id: &'static str, ja: &'static str, en: &'static str| MessageError {
            message_id: Some(id.into()),
            detail: Some(Text::new(ja, en).current().to_owned()),
            ..MessageError::new(status, Text::new(ja, en))
        };
        let unavailable = |id| MessageError {
            retry_after: Some(RETRY_AFTER),
            ..refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                id,
                "ただいま確認できません。しばらくしてからやり直してください。",
                "This cannot be checked at the moment. Please try again later.",
            )
        };
        match self {
            Self::NoToken => {
                let at = ["header", "authorization"];
                ValidationError::new(&at, "is required", "value_error.missing").into_response()
            }
            Self::NotJson => {
                ValidationError::new(&["body"], "must be JSON", "value_error.jsondecode")
                    .into_response()
            }
            Self::Request(Refusal::Schema(error)) => error.into_response(),
            Self::Body(error) => {
                ValidationError::new(&["body"], error.to_string(), "value_error.body")
                    .into_response()
            }
            Self::Caller(error) if error.is_unavailable() => {
                tracing::warn!(request.id = %context::request_id(), reason = %Chain(&error), "a caller could not be judged");
                unavailable("010490007E").into_response()
            }
            Self::Store(error) => {
                tracing::error!(request.id = %context::request_id(), error = %Chain(&error), "grants not read or written");
                unavailable("010490008E").into_response()
            }
            Self::Caller(CallerError::NotRegistered(id) | CallerError::Suspended(id)) => {
                tracing::info!(request.id = %context::request_id(), peer.id = %id, "the caller is not registered, or suspended");
                refuse(
                    StatusCode::FORBIDDEN,
                    "010490010E",
                    "この証明書の持ち主は登録されていないか、停止されています。",
                    "The holder of this certificate is not registered, or suspended.",
                )
                .into_response()
            }
            Self::Caller(CallerError::Token(TokenError::WrongAudience)) => refuse(
                StatusCode::FORBIDDEN,
                "010490001E",
                "このコネクタの管理用の認証トークンが必要です。",
                "This takes a token for managing this connector.",
            )
            .into_response(),
            Self::Caller(reason) => {
                tracing::info!(request.id = %context::request_id(), reason = %Chain(&reason), "token refused");
                refuse(
                    StatusCode::FORBIDDEN,
                    "010490001E",
                    "トークンが無効です。",
                    "The token is not valid.",
                )
                .into_response()
            }
            Self::NotEntitled(_) => refuse(
                StatusCode::FORBIDDEN,
                "010490002E",
                "この提供者の認可を扱う権限がありません。",
                "The user may not handle the grants of this provider.",
            )
            .into_response(),
            Self::OtherAssigner(_) => refuse(
                StatusCode::NOT_FOUND,
                "010490003E",
                "assigner の提供者の認可はここにはありません。",
                "The assigner's grants are not kept here.",
            )
            .into_response(),
            Self::Request(Refusal::Nobody) => refuse(
                StatusCode::BAD_REQUEST,
                "010490004E",
                "user、org、aal のいずれかを指定してください。",
                "At least one of user, org and aal is required.",
            )
            .into_response(),
            Self::Request(Refusal::Level) => refuse(
                StatusCode::BAD_REQUEST,
                "010490005E",
                "aal は 1 から 3 で指定してください。",
                "The assurance level is 1 to 3.",
            )
            .into_response(),
            Self::NoSuchGrant => refuse(
                StatusCode::NOT_FOUND,
                "010490006E",
                "該当する認可がありません。",
                "There is no such grant.",
            )
            .into_response(),
        }
    }
}

fn method_not_allowed(allow: &'static str) -> Response {
    let text = Text::new(
        "このメソッドは使えません。",
        "This method is not allowed here.",
    );
    let error = MessageError {
        message_id: Some("010490009E".into()),
        ..MessageError::new(StatusCode::METHOD_NOT_ALLOWED, text)
    };
    let mut response = error.into_response();
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// Who asks.
struct Caller {
    user: UserId,
    orgs: Vec<String>,
    via: ConnectorId,
}

impl AuthorizationApi {
    /// The caller, by its token. Before anything else of the request is looked at.
    async fn caller(&self, headers: &HeaderMap, peer: &Peer) -> Result<Caller, ApiError> {
        let token = bearer(headers).map_err(|error| match error {
            AuthorizationError::Missing => ApiError::NoToken,
            AuthorizationError::Scheme | AuthorizationError::Malformed => {
                ApiError::Caller(CallerError::Token(TokenError::Malformed))
            }
        })?;
        let meant_for = MeantFor::Managing(&self.connector_id);
        let found = self
            .callers
            .identify(Binding::Certificate(peer), Some(token), meant_for)
            .await
            .map_err(ApiError::Caller)?;
        let claims = found.claims().ok_or(ApiError::NoToken)?;
        Ok(Caller {
            user: claims.user.clone(),
            orgs: claims.orgs().into_iter().map(str::to_owned).collect(),
            via: peer.id.clone(),
        })
    }

    /// Grants are handled by the provider's own user and the members of its organisation, and only its own.
    fn authorize(&self, caller: &Caller, assigner: UserId) -> Result<(), ApiError> {
        let is_member = caller
            .orgs
            .iter()
            .any(|org| org == self.provider_id.as_str());
        if assigner != self.provider_id {
            Err(ApiError::OtherAssigner(assigner))
        } else if caller.user != self.provider_id && !is_member {
            Err(ApiError::NotEntitled(caller.user.clone()))
        } else {
            Ok(())
        }
    }

    async fn list(
        &self,
        caller: &Caller,
        query: Option<&str>,
        wants_target: bool,
    ) -> Result<Response, ApiError> {
        let (assigner, target) = request::query(query.unwrap_or_default(), wants_target)?;
        self.authorize(caller, assigner)?;
        let target = if wants_target { target } else { None };
        let grants = self.book.store().list(target.as_deref()).await?;
        Ok(Json(
            grants
                .iter()
                .map(|grant| self.wire(grant))
                .collect::<Vec<_>>(),
        )
        .into_response())
    }

    fn wire(&self, grant: &Grant) -> Value {
        let permission = json!({
            "target": grant.target,
            "assigner": self.provider_id,
            "assignee": grant.assignee,
        });
        match &grant.contract {
            Some(contract) => json!({"permission": permission, "contract": contract}),
            None => json!({"permission": permission}),
        }
    }

    /// Takes a change over into memory at once. It is in the database already: a failure here is made good by the next
    /// look at it.
    async fn took_effect(&self) {
        if let Err(error) = self.book.refresh().await {
            tracing::warn!(error = %Chain(&error), "grants changed, but not read again yet");
        }
    }
}

async fn list_target(
    State(api): State<AuthorizationApi>,
    peer: Peer,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let caller = api.caller(&headers, &peer).await?;
    api.list(&caller, query.as_deref(), true).await
}

async fn list_all(
    State(api): State<AuthorizationApi>,
    peer: Peer,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let caller = api.caller(&headers, &peer).await?;
    api.list(&caller, query.as_deref(), false).await
}

async fn register(
    State(api): State<AuthorizationApi>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = api.caller(&headers, &peer).await?;
    let registration = request::registration(&read_json(body).await?)?;
    api.authorize(&caller, registration.assigner)?;
    let change = Change {
        actor: &caller.user,
        via: &caller.via,
        at: api.clock.now(),
    };
    let is_new = api
        .book
        .store()
        .register(&registration.content, &change)
        .await?;
    if is_new {
        api.took_effect().await;
        tracing::info!(user = %caller.user, peer.id = %caller.via, grant.target = registration.target, "grant registered");
    }
    Ok(message("認可を登録しました。", "The grant is registered."))
}

async fn remove(
    State(api): State<AuthorizationApi>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = api.caller(&headers, &peer).await?;
    let removal = request::removal(&read_json(body).await?)?;
    api.authorize(&caller, removal.assigner)?;
    let which = match &removal.content {
        Removal::Trade(trade_id) => Which::Trade(trade_id),
        Removal::Assignee(assignee) => Which::Assignee(assignee),
    };
    let change = Change {
        actor: &caller.user,
        via: &caller.via,
        at: api.clock.now(),
    };
    if api
        .book
        .store()
        .remove(&removal.target, which, &change)
        .await?
        == 0
    {
        return Err(ApiError::NoSuchGrant);
    }
    api.took_effect().await;
    tracing::info!(user = %caller.user, peer.id = %caller.via, grant.target = removal.target, "grant removed");
    Ok(message("認可を削除しました。", "The grant is removed."))
}

async fn read_json(body: Body) -> Result<Value, ApiError> {
    let bytes = read_limited(body, MAX_BODY).await.map_err(ApiError::Body)?;
    serde_json::from_slice(&bytes).map_err(|_| ApiError::NotJson)
}

fn message(ja: &'static str, en: &'static str) -> Response {
    Json(json!({"message": Text::new(ja, en).current()})).into_response()
}

#[cfg(test)]
mod tests;
