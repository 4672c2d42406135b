//! What a connector asks others about, besides who calls: tokens for others, its own registration, locations.
//!
//! The traits exist for tests; a running connector uses the clients that lie beside the servers' API.

use std::sync::Arc;

use async_trait::async_trait;
use auth_client::{
    ConnectorRegistration, ExchangedToken, Registry, RegistryError, TokenError, TokenExchange,
    VerifiedToken, api::Suspensions,
};
use common::ids::{ConnectorId, UserId};
use location_client::{Location, LocationError, LocationResolver};

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

/// Whether this connector may not act itself. Asked where the authentication server gave no usable answer: to a suspended client it
/// gives none, and waiting for another would not help.
pub(crate) async fn is_barred(registrations: &dyn Registrations) -> bool {
    let asked = registrations.suspensions(&Suspensions::default()).await;
    matches!(asked, Err(RegistryError::Barred))
}

/// Finds providers.
#[async_trait]
pub trait Locations: Send + Sync {
    /// As [`LocationResolver::resolve`].
    async fn resolve(&self, provider: &UserId) -> Result<Option<Arc<Location>>, LocationError>;
}

#[async_trait]
impl Locations for LocationResolver {
    async fn resolve(&self, provider: &UserId) -> Result<Option<Arc<Location>>, LocationError> {
        Self::resolve(self, provider).await
    }
}
