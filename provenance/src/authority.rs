//! [`Authority`] as the authentication server has it.

use async_trait::async_trait;
use auth_client::{
    Audience, ConnectorRole, Registry, RegistryError, State, TokenError, TokenVerifier,
};
use common::{
    ids::{ConnectorId, UserId},
    profile::Profile,
};

use crate::{
    domain::access::{Authority, AuthorityError, KnownUser, Member, Registration},
    model::batch::Side,
};

/// Asks the authentication server, through the caches of its client.
pub(crate) struct AuthServer {
    pub(crate) registry: Registry,
    pub(crate) tokens: TokenVerifier,
}

#[async_trait]
impl Authority for AuthServer {
    async fn user(&self, token: &str) -> Result<UserId, AuthorityError> {
        self.member(token).await.map(|member| member.user)
    }

    async fn member(&self, token: &str) -> Result<Member, AuthorityError> {
        let verified = self.tokens.verify(token).await.map_err(judge)?;
        // A token that is bound to a certificate is of no use to whoever has only the token.
        verified.claims.check_binding(None).map_err(judge)?;
        let orgs = verified
            .claims
            .orgs()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let audience = match &verified.claims.aud {
            None => Vec::new(),
            Some(Audience::One(only)) => vec![only.clone()],
            // One that names nobody is nobody's.
            Some(Audience::Many(all)) if all.is_empty() => {
                return Err(judge(TokenError::WrongAudience));
            }
            Some(Audience::Many(all)) => all.clone(),
        };
        Ok(Member {
            user: verified.claims.user.clone(),
            orgs,
            audience,
            jti: Some(verified.claims.jti.clone()),
        })
    }

    async fn known(&self, user: &UserId) -> Result<Option<KnownUser>, AuthorityError> {
        let unavailable = |error: RegistryError| AuthorityError::Unavailable(error.to_string());
        let found = self.registry.user(user).await.map_err(unavailable)?;
        Ok(found.map(|user| {
            let profiles = user.provider_profiles;
            let delivers = profiles.iter().all(|one| *one == Profile::Kakehashi1);
            KnownUser {
                delivers: (!profiles.is_empty()).then_some(delivers),
            }
        }))
    }

    async fn connector(&self, id: &ConnectorId) -> Result<Option<Registration>, AuthorityError> {
        let unavailable = |error: RegistryError| AuthorityError::Unavailable(error.to_string());
        let found = self.registry.connector(id).await.map_err(unavailable)?;
        Ok(found
            .filter(|c| c.state == State::Active)
            .map(|c| Registration {
                side: match c.role {
                    ConnectorRole::Provider => Side::Provider,
                    ConnectorRole::Receiver => Side::Receiver,
                },
                user: c.user_id,
            }))
    }
}

fn judge(error: TokenError) -> AuthorityError {
    match error {
        TokenError::Unavailable(why) => AuthorityError::Unavailable(why),
        refused => AuthorityError::Refused(refused.to_string()),
    }
}
