//! [`Authority`] as the authentication server has it.

use async_trait::async_trait;
use auth_client::{ConnectorRole, Registry, RegistryError, State, TokenError, TokenVerifier};
use common::ids::{ConnectorId, UserId};

use crate::{
    domain::access::{Authority, AuthorityError, Member, Registration},
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
        Ok(Member {
            user: verified.claims.user.clone(),
            orgs,
        })
    }

    async fn connector(&self, id: &ConnectorId) -> Result<Option<Registration>, AuthorityError> {
        let unavailable = |RegistryError::Unavailable(why)| AuthorityError::Unavailable(why);
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
