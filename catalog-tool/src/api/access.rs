//! Who calls, and for whom they may write.

use std::sync::Arc;

use auth_client::Role;
use auth_sessions::SignedIn;
use axum::extract::FromRequestParts;
use common::{
    concurrency::Permit,
    http::{Refused, problem::Problem, refusals as house},
    ids::{ConnectorId, UserId},
};
use http::request::Parts;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{refusals, state::AppState};
use crate::{
    domain::{By, Draft, Provider},
    publishing::Acting,
};

/// A steward who is signed in.
///
/// A handler that takes it is called for stewards alone, and for changes only from the server's own pages.
pub(super) struct Steward {
    /// Who it is.
    pub person: SignedIn,
    /// For whom they may write.
    pub providers: Vec<Arc<Provider>>,
    at: OffsetDateTime,
}

impl FromRequestParts<AppState> for Steward {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let person =
            <SignedIn as FromRequestParts<AppState>>::from_request_parts(parts, state).await?;
        if !person.has_role(Role::Steward) {
            let refused = house::ROLE_MISSING.because(person.user().to_string());
            return Err(problem(refused));
        }
        Ok(Self {
            providers: state.providers.for_person(person.claims()),
            person,
            at: state.clock.now(),
        })
    }
}

impl Steward {
    /// As the author of a change that is made now.
    pub(super) fn by(&self) -> By<'_> {
        By {
            user: self.person.user().as_str(),
            at: self.at,
        }
    }

    /// The provider with this ID, if they may write for it.
    pub(super) fn provider(&self, id: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|one| one.id.as_ref() == id)
    }

    /// The draft with this id, if they may see it; of others they don't learn that there is one.
    pub(super) async fn draft(&self, state: &AppState, id: Uuid) -> Result<Draft, Problem> {
        let found = state.drafts.get(id).await.map_err(refusals::store)?;
        let own = found.filter(|draft| self.writes_for(&draft.provider));
        own.ok_or_else(|| problem(&refusals::DRAFT_UNKNOWN))
    }

    /// As somebody who asks the provider, one of those for whom they may write.
    pub(super) fn acting(&self, provider: &ConnectorId) -> Result<Acting<'_>, Problem> {
        let provider = self.provider(provider.as_ref());
        let provider = provider.ok_or_else(|| problem(&refusals::PROVIDER_NOT_YOURS))?;
        Ok(Acting {
            provider,
            token: &self.person.token,
            by: self.by(),
        })
    }

    /// A place among those who ask providers, to be held meanwhile.
    pub(super) fn turn(&self, state: &AppState) -> Result<Permit<UserId>, Problem> {
        let turn = state.turns.enter_as(self.person.user().clone());
        turn.ok_or_else(|| problem(&house::BUSY))
    }

    pub(super) fn writes_for(&self, provider: &ConnectorId) -> bool {
        self.provider(provider.as_ref()).is_some()
    }
}

/// In the language of the request: people read it.
pub(super) fn problem(refused: impl Into<Refused>) -> Problem {
    let refused = refused.into();
    let text = refused.text();
    Problem::from(refused).detail(text)
}
