//! What connectors and servers with screens ask besides who calls, as traits, for stand-ins in tests.
//!
//! They are implemented here, and boxed, so that the clients' code is compiled in this crate, once.

use std::sync::Arc;

use async_trait::async_trait;
use common::ids::{ConnectorId, UserId};
use secrecy::SecretString;
use url::Url;

use crate::{
    CodeFlow, ConnectorRegistration, ExchangedToken, Person, Registry, RegistryError, SignInAnswer,
    SignInError, SignInRequest, SignedInTokens, TokenError, TokenExchange, VerifiedToken,
    api::Suspensions,
};

/// Turns user tokens into tokens for somebody else.
#[async_trait]
pub trait ExchangedTokens: Send + Sync {
    /// As [`TokenExchange::bound_token`].
    async fn bound_token(
        &self,
        token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<Arc<ExchangedToken>, TokenError>;

    /// As [`TokenExchange::addressed_token`].
    async fn addressed_token(
        &self,
        token: &VerifiedToken,
        audience: &str,
    ) -> Result<Arc<ExchangedToken>, TokenError>;

    /// As [`TokenExchange::stewards_token`].
    async fn stewards_token(
        &self,
        token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<Arc<ExchangedToken>, TokenError>;
}

#[async_trait]
impl ExchangedTokens for TokenExchange {
    async fn bound_token(
        &self,
        token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        Self::bound_token(self, token, provider).await
    }

    async fn addressed_token(
        &self,
        token: &VerifiedToken,
        audience: &str,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        Self::addressed_token(self, token, audience).await
    }

    async fn stewards_token(
        &self,
        token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        Self::stewards_token(self, token, provider).await
    }
}

/// Knows for whom a connector is registered.
#[async_trait]
pub trait Registrations: Send + Sync {
    /// As [`Registry::connector`].
    async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError>;

    /// As [`Registry::suspensions`].
    async fn suspensions(&self, asked: &Suspensions) -> Result<Suspensions, RegistryError>;

    /// As [`Registry::is_suspended`].
    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, RegistryError>;
}

#[async_trait]
impl Registrations for Registry {
    async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError> {
        Self::connector(self, id).await
    }

    async fn suspensions(&self, asked: &Suspensions) -> Result<Suspensions, RegistryError> {
        Self::suspensions(self, asked).await
    }

    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, RegistryError> {
        Self::is_suspended(self, provider, connector).await
    }
}

/// Signs people in, for a server with screens.
#[async_trait]
pub trait SignsPeopleIn: Send + Sync {
    /// As [`CodeFlow::issuer`].
    fn issuer(&self) -> &str;

    /// As [`CodeFlow::sign_in_address`].
    fn sign_in_address(&self, request: &SignInRequest<'_>) -> Url;

    /// As [`CodeFlow::sign_out_address`].
    fn sign_out_address(&self, post_logout_redirect_uri: &str) -> Url;

    /// As [`CodeFlow::redeem`].
    async fn redeem(&self, answer: &SignInAnswer<'_>) -> Result<SignedInTokens, SignInError>;

    /// As [`CodeFlow::refresh`].
    async fn refresh(&self, token: &SecretString) -> Result<SignedInTokens, SignInError>;

    /// As [`CodeFlow::revoke`].
    async fn revoke(&self, refresh: &SecretString) -> Result<(), SignInError>;

    /// As [`CodeFlow::person`].
    async fn person(&self, access: &SecretString) -> Result<Person, SignInError>;
}

#[async_trait]
impl SignsPeopleIn for CodeFlow {
    fn issuer(&self) -> &str {
        Self::issuer(self)
    }

    fn sign_in_address(&self, request: &SignInRequest<'_>) -> Url {
        Self::sign_in_address(self, request)
    }

    fn sign_out_address(&self, post_logout_redirect_uri: &str) -> Url {
        Self::sign_out_address(self, post_logout_redirect_uri)
    }

    async fn redeem(&self, answer: &SignInAnswer<'_>) -> Result<SignedInTokens, SignInError> {
        Self::redeem(self, answer).await
    }

    async fn refresh(&self, token: &SecretString) -> Result<SignedInTokens, SignInError> {
        Self::refresh(self, token).await
    }

    async fn revoke(&self, refresh: &SecretString) -> Result<(), SignInError> {
        Self::revoke(self, refresh).await
    }

    async fn person(&self, access: &SecretString) -> Result<Person, SignInError> {
        Self::person(self, access).await
    }
}
