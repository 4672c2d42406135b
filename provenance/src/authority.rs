//! [`Authority`] as the authentication server has it.

use async_trait::async_trait;
use auth_client::{
    Binding, CallerError, Callers, ConnectorRole, MeantFor, Party, RegistryError, TokenError,
};
use common::{
    ids::{ConnectorId, UserId},
    profile::Profile,
};
use provenance_model::batch::{ExchangeRole, Registration};

use crate::domain::access::{Authority, AuthorityError, KnownUser, Member};

/// Asks the function that decides who calls.
pub(crate) struct AuthServer(pub(crate) Callers);

#[async_trait]
impl Authority for AuthServer {
    async fn user(&self, token: &str) -> Result<UserId, AuthorityError> {
        self.member(token).await.map(|member| member.user)
    }

    async fn member(&self, token: &str) -> Result<Member, AuthorityError> {
        let found = self
            .0
            .identify(Binding::Nothing, Some(token), MeantFor::Recording)
            .await
            .map_err(judge)?;
        let audience = found.addressed_to().to_vec();
        let claims = found
            .claims()
            .ok_or_else(|| judge(CallerError::Token(TokenError::Malformed)))?;
        Ok(Member {
            user: claims.user.clone(),
            orgs: claims.orgs().into_iter().map(str::to_owned).collect(),
            audience,
            jti: Some(claims.jti.clone()),
        })
    }

    async fn known(&self, user: &UserId) -> Result<Option<KnownUser>, AuthorityError> {
        let unavailable = |error: RegistryError| AuthorityError::Unavailable(error.to_string());
        let found = self.0.facts().user(user).await.map_err(unavailable)?;
        Ok(found.map(|user| {
            let profiles = user.provider_profiles;
            let delivers = profiles.iter().all(|one| *one == Profile::Kakehashi1);
            KnownUser {
                delivers: (!profiles.is_empty()).then_some(delivers),
            }
        }))
    }

    async fn connector(&self, id: &ConnectorId) -> Result<Option<Registration>, AuthorityError> {
        match self.0.party(id).await {
            Ok(Party::Connector(found)) => Ok(Some(Registration {
                side: match found.role {
                    ConnectorRole::Provider => ExchangeRole::Provider,
                    ConnectorRole::Receiver => ExchangeRole::Receiver,
                },
                user: found.user_id,
            })),
            Ok(Party::Service(_))
            | Err(CallerError::NotRegistered(_) | CallerError::Suspended(_)) => Ok(None),
            Err(error) => Err(judge(error)),
        }
    }
}

/// The ledger being barred itself is nothing that is wrong with the caller.
fn judge(error: CallerError) -> AuthorityError {
    match error {
        CallerError::Registry(error) => AuthorityError::Unavailable(error.to_string()),
        CallerError::Token(TokenError::Unavailable(why)) => AuthorityError::Unavailable(why),
        CallerError::Token(refused) => AuthorityError::Refused(refused.to_string()),
        refused => AuthorityError::Refused(refused.to_string()),
    }
}
