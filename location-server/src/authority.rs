//! [`Authority`] as the authentication server has it.

use async_trait::async_trait;
use auth_client::api::ServiceKind;
use auth_client::{ConnectorRole, Registry, Role, State, TokenError, TokenVerifier};
use common::ids::{ConnectorId, UserId};

use crate::domain::{Authority, AuthorityError, Holder, Person};

/// Asks the authentication server, through the caches of its client.
pub(crate) struct AuthServer {
    pub(crate) registry: Registry,
    pub(crate) tokens: TokenVerifier,
}

#[async_trait]
impl Authority for AuthServer {
    async fn holder(&self, id: &ConnectorId) -> Result<Option<Holder>, AuthorityError> {
        let unavailable =
            |error: auth_client::RegistryError| AuthorityError::Unavailable(error.into());
        if let Some(found) = self.registry.connector(id).await.map_err(unavailable)? {
            let holder = match found.role {
                ConnectorRole::Provider => Holder::Provider(found.user_id),
                ConnectorRole::Receiver => Holder::Receiver(found.user_id),
            };
            return Ok((found.state == State::Active).then_some(holder));
        }
        let Some(found) = self.registry.service(id).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let holder = match found.kind {
            ServiceKind::Server => Holder::Service,
            ServiceKind::OperatorTool => Holder::OperatorTool,
        };
        Ok((found.state == State::Active).then_some(holder))
    }

    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, AuthorityError> {
        let found = self.registry.is_suspended(provider, connector).await;
        found.map_err(|error| AuthorityError::Unavailable(error.into()))
    }

    async fn person(&self, token: &str, thumbprint: &str) -> Result<Person, AuthorityError> {
        let verified = self.tokens.verify(token).await.map_err(judge)?;
        verified
            .claims
            .check_binding(Some(thumbprint))
            .map_err(judge)?;
        Ok(Person {
            user: verified.claims.user.clone(),
            is_operator: verified.claims.has_role(Role::Operator),
        })
    }
}

fn judge(error: TokenError) -> AuthorityError {
    match error {
        TokenError::Unavailable(_) => AuthorityError::Unavailable(error.into()),
        refused => AuthorityError::Refused(refused.to_string()),
    }
}
