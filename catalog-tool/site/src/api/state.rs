//! What the handlers work with, and who calls them.

use std::sync::Arc;

use auth_client::{Binding, Callers, MeantFor, Role, TokenClaims};
use auth_sessions::Sessions;
use axum::extract::FromRequestParts;
use common::{
    clock::SharedClock,
    concurrency::ConcurrencyLimit,
    http::{
        Refused,
        authorization::{AuthorizationError, bearer},
        context,
        problem::Problem,
        refusals,
    },
    ids::{ConnectorId, UserId},
};
use http::{HeaderMap, Method, StatusCode, header::AUTHORIZATION, request::Parts};
use tokio::sync::Notify;

use super::refusals as own;
use crate::{
    config::CatalogLimits,
    domain::{Author, Side, SiteFacts, Surroundings},
    index::Index,
    store::Catalog,
};

/// What the handlers work with.
#[derive(Clone)]
pub struct CatalogState {
    /// Datasets, and what the sites show.
    pub store: Arc<Catalog>,
    /// How they are found.
    pub index: Arc<Index>,
    /// Decides who calls.
    pub callers: Callers,
    /// Whose catalogue it is.
    pub provider_id: UserId,
    /// The connector that runs it, which tokens for it name.
    pub connector_id: ConnectorId,
    /// The release site and the detail site.
    pub sites: Arc<[SiteFacts; 2]>,
    /// How much of everything.
    pub limits: CatalogLimits,
    /// The time.
    pub clock: SharedClock,
    /// Tells the publisher that there is something to do.
    pub wake: Arc<Notify>,
    /// Who is signed in at the site's own screens, where it has any.
    pub sessions: Option<Sessions>,
    /// What can be told about getting something.
    pub surroundings: Arc<dyn Surroundings>,
    /// How many look at that at a time.
    pub looks: Arc<ConcurrencyLimit<String>>,
}

impl CatalogState {
    pub(super) fn site(&self, side: Side) -> &SiteFacts {
        match side {
            Side::Public => &self.sites[0],
            Side::Limited => &self.sites[1],
        }
    }

    /// The steward who asks, by a token or by a session at the site's own screens.
    async fn steward(&self, method: &Method, headers: &HeaderMap) -> Result<Author, Refused> {
        let claims = if let Some(sessions) = self.sessions_for(headers) {
            sessions.caller(method, headers).await?.claims().clone()
        } else {
            let token = bearer(headers).map_err(|error| match error {
                AuthorizationError::Missing => Refused::from(&refusals::TOKEN_MISSING),
                AuthorizationError::Scheme | AuthorizationError::Malformed => {
                    (&refusals::TOKEN_REFUSED).into()
                }
            })?;
            self.claims(token).await.map_err(own::caller)?
        };
        if !self.is_member(&claims) {
            return Err(own::NOT_MEMBER.because(claims.user.to_string()));
        }
        if !claims.has_role(Role::Steward) {
            return Err(refusals::ROLE_MISSING.because(claims.user.to_string()));
        }
        let tool = claims.act.as_ref().map(|act| act.sub.clone());
        Ok(Author {
            user: claims.user.to_string(),
            via: tool.unwrap_or(claims.azp),
            request_id: context::request_id().to_string(),
        })
    }

    /// Whether whoever asks may read what `side` shows.
    pub(super) async fn reader(
        &self,
        side: Side,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<(), Refused> {
        if side == Side::Public {
            return Ok(());
        }
        let claims = if let Some(sessions) = self.sessions_for(headers) {
            let signed_in = sessions.caller(method, headers).await;
            let signed_in = signed_in.map_err(|refused| match refused.status {
                StatusCode::UNAUTHORIZED => (&own::NO_CREDENTIALS).into(),
                StatusCode::FORBIDDEN => own::NOT_ADMITTED.because("not from the site's own pages"),
                _ => own::AWAY.because("sessions cannot be looked up"),
            });
            signed_in.map(|signed_in| signed_in.claims().clone())?
        } else {
            // Clients of CKAN send the token as it is.
            let raw = headers
                .get(AUTHORIZATION)
                .and_then(|value| value.to_str().ok());
            let token = match bearer(headers) {
                Ok(token) => token,
                Err(AuthorizationError::Scheme) => raw.unwrap_or_default().trim(),
                Err(_) => return Err((&own::NO_CREDENTIALS).into()),
            };
            self.claims(token).await.map_err(|error| {
                let refusal = if error.is_unavailable() {
                    &own::AWAY
                } else {
                    &own::NOT_ADMITTED
                };
                refusal.because(error)
            })?
        };
        if self.is_member(&claims) {
            Ok(())
        } else {
            Err(own::NOT_ADMITTED.because(claims.user.to_string()))
        }
    }

    /// Who has a token says so; everybody else may have signed in at the screens.
    fn sessions_for(&self, headers: &HeaderMap) -> Option<&Sessions> {
        let has_token = headers.contains_key(AUTHORIZATION);
        self.sessions.as_ref().filter(|_| !has_token)
    }

    async fn claims(&self, token: &str) -> Result<TokenClaims, auth_client::CallerError> {
        let meant_for = MeantFor::Catalogue(&self.connector_id);
        let caller = self
            .callers
            .identify(Binding::Nothing, Some(token), meant_for)
            .await?;
        // A token that counts has claims.
        let malformed = auth_client::CallerError::Token(auth_client::TokenError::Malformed);
        caller.claims().cloned().ok_or(malformed)
    }

    /// The provider's own user, or a member of its organisation.
    fn is_member(&self, claims: &TokenClaims) -> bool {
        let provider = self.provider_id.as_str();
        claims.user == self.provider_id || claims.orgs().contains(&provider)
    }
}

/// The steward who asks: looked at before anything else of a request is.
pub(super) struct Steward(pub(super) Author);

impl FromRequestParts<CatalogState> for Steward {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &CatalogState) -> Result<Self, Problem> {
        let steward = state.steward(&parts.method, &parts.headers).await;
        steward.map(Self).map_err(own::problem)
    }
}
