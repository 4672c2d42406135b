//! What connectors ask besides who calls, as traits, for stand-ins in tests.
//!
//! They are implemented here, and boxed, so that the clients' code is compiled in this crate, once.

use std::sync::Arc;

use async_trait::async_trait;
use common::ids::{ConnectorId, UserId};

use crate::{
    ConnectorRegistration, ExchangedToken, Registry, RegistryError, TokenError, TokenExchange,
    VerifiedToken, api::Suspensions,
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
