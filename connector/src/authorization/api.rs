//! The grant API on the wire path of CADDE 4.0: `/cadde/api/v4/authorization` and `/authorization_list`.

use std::sync::Arc;

use auth_client::{Binding, CallerError, Callers, MeantFor, TokenError};
use axum::{
    Json, Router,
    body::Body,
    extract::{RawQuery, State},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, delete, get, head, post},
};
use common::{
    clock::SharedClock,
    http::{
        Endpoint, Refused, Text,
        authorization::{AuthorizationError, bearer},
        body::read_limited,
        cadde::message,
    },
    ids::{ConnectorId, UserId},
    listener::Peer,
    telemetry::Chain,
};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{
    book::GrantBook,
    grant::Grant,
    refusals::{self, GrantError},
    request::{self, Removal},
    store::{Change, Which},
};

/// Largest body: a grant has a handful of texts of 255 characters.
const MAX_BODY: usize = 64 << 10;

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
        (peer("GET", ONE), get(list::<true>)),
        (peer("POST", ONE), post(register)),
        (peer("DELETE", ONE), delete(remove)),
        (peer("GET", ALL), get(list::<false>)),
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

fn method_not_allowed(allow: &'static str) -> Response {
    let mut refused = Refused::from(&refusals::METHOD);
    refused.allow = Some(allow);
    message(&refused)
}

/// Who asks.
struct GrantManager {
    user: UserId,
    orgs: Vec<String>,
    via: ConnectorId,
}

impl AuthorizationApi {
    /// The caller, by its token. Before anything else of the request is looked at.
    async fn caller(&self, headers: &HeaderMap, peer: &Peer) -> Result<GrantManager, GrantError> {
        let token = bearer(headers).map_err(|error| match error {
            AuthorizationError::Missing => no_token(),
            AuthorizationError::Scheme | AuthorizationError::Malformed => {
                CallerError::Token(TokenError::Malformed).into()
            }
        })?;
        let meant_for = MeantFor::Managing(&self.connector_id);
        let found = self
            .callers
            .identify(Binding::Certificate(peer), Some(token), meant_for)
            .await?;
        let claims = found.claims().ok_or_else(no_token)?;
        Ok(GrantManager {
            user: claims.user.clone(),
            orgs: claims.orgs().into_iter().map(str::to_owned).collect(),
            via: peer.id.clone(),
        })
    }

    /// Grants are handled by the provider's own user and the members of its organisation, and only its own.
    fn authorize(&self, caller: &GrantManager, assigner: &UserId) -> Result<(), GrantError> {
        let is_member = caller
            .orgs
            .iter()
            .any(|org| org == self.provider_id.as_str());
        if *assigner != self.provider_id {
            Err(refusals::OTHER_ASSIGNER
                .because(assigner.to_string())
                .into())
        } else if caller.user != self.provider_id && !is_member {
            Err(refusals::NOT_ENTITLED
                .because(caller.user.to_string())
                .into())
        } else {
            Ok(())
        }
    }

    async fn list(
        &self,
        caller: &GrantManager,
        query: Option<&str>,
        wants_target: bool,
    ) -> Result<Response, GrantError> {
        let (assigner, target) = request::query(query.unwrap_or_default(), wants_target)?;
        self.authorize(caller, &assigner)?;
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

async fn list<const OF_TARGET: bool>(
    State(api): State<AuthorizationApi>,
    peer: Peer,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, GrantError> {
    let caller = api.caller(&headers, &peer).await?;
    api.list(&caller, query.as_deref(), OF_TARGET).await
}

async fn register(
    State(api): State<AuthorizationApi>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, GrantError> {
    let caller = api.caller(&headers, &peer).await?;
    let registration = request::registration(&read_json(body).await?)?;
    api.authorize(&caller, &registration.assigner)?;
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
    Ok(done("認可を登録しました。", "The grant is registered."))
}

async fn remove(
    State(api): State<AuthorizationApi>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, GrantError> {
    let caller = api.caller(&headers, &peer).await?;
    let removal = request::removal(&read_json(body).await?)?;
    api.authorize(&caller, &removal.assigner)?;
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
        return Err((&refusals::NO_SUCH_GRANT).into());
    }
    api.took_effect().await;
    tracing::info!(user = %caller.user, peer.id = %caller.via, grant.target = removal.target, "grant removed");
    Ok(done("認可を削除しました。", "The grant is removed."))
}

fn no_token() -> GrantError {
    let at = ["header", "authorization"];
    GrantError::at(&at, "is required", "value_error.missing")
}

async fn read_json(body: Body) -> Result<Value, GrantError> {
    let bytes = read_limited(body, MAX_BODY).await?;
    serde_json::from_slice(&bytes)
        .map_err(|_| GrantError::at(&["body"], "must be JSON", "value_error.jsondecode"))
}

fn done(ja: &'static str, en: &'static str) -> Response {
    Json(json!({"message": Text::new(ja, en).current()})).into_response()
}

#[cfg(test)]
mod tests;
