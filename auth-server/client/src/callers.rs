//! Who calls: the one place where certificate, registration and token are judged, together.
//!
//! An endpoint says what it takes, [`MeantFor`] and [`Binding`], and gets a [`Caller`] or the reason why there is none. What the
//! caller may do is the endpoint's to decide; who it is, nobody else decides.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use common::{
    ids::{ConnectorId, UserId},
    listener::Peer,
};

use crate::{
    ConnectorRegistration, ConnectorRole, Profile, Registry, RegistryError, State, TokenClaims,
    TokenError, TokenKind, TokenVerifier, VerifiedToken,
    api::{ServiceRegistration, UserRegistration},
};

/// What has to be known to judge: the authentication server's clients tell, or a stand-in in tests.
#[async_trait]
pub trait Facts: Send + Sync {
    /// As [`TokenVerifier::verify`].
    async fn token(&self, token: &str) -> Result<Arc<VerifiedToken>, TokenError>;
    /// As [`Registry::connector`].
    async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError>;
    /// As [`Registry::service`].
    async fn service(&self, id: &ConnectorId)
    -> Result<Option<ServiceRegistration>, RegistryError>;
    /// As [`Registry::user`].
    async fn user(&self, id: &UserId) -> Result<Option<UserRegistration>, RegistryError>;
    /// As [`Registry::is_suspended`].
    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, RegistryError>;
}

/// What the authentication server says, through the caches of its clients.
#[derive(Debug, Clone)]
pub(crate) struct AuthFacts {
    /// Of tokens.
    pub tokens: TokenVerifier,
    /// Of registrations.
    pub registry: Registry,
}

#[async_trait]
impl Facts for AuthFacts {
    async fn token(&self, token: &str) -> Result<Arc<VerifiedToken>, TokenError> {
        self.tokens.verify(token).await
    }

    async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError> {
        self.registry.connector(id).await
    }

    async fn service(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ServiceRegistration>, RegistryError> {
        self.registry.service(id).await
    }

    async fn user(&self, id: &UserId) -> Result<Option<UserRegistration>, RegistryError> {
        self.registry.user(id).await
    }

    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, RegistryError> {
        self.registry.is_suspended(provider, connector).await
    }
}

/// For whom a token has to be meant.
#[derive(Debug, Clone, Copy)]
pub enum MeantFor<'a> {
    /// For nobody in particular.
    Anybody,
    /// For managing the connector or service of this ID.
    Managing(&'a ConnectorId),
    /// For fetching from a provider: bound for its connector, or addressed to its user ID by the receiver that calls. One for
    /// nobody in particular is taken from a receiver of profile `cadde/4` alone, which cannot exchange it.
    Provider {
        /// The provider's connector.
        connector: &'a ConnectorId,
        /// Its user ID.
        user: &'a UserId,
    },
    /// For nobody in particular, or for somebody of another make, who records with it what is between them and the user. What
    /// that is, the endpoint looks at: [`Caller::addressed_to`].
    Recording,
}

/// What the connection proves, to which a token may be bound.
#[derive(Debug, Clone, Copy)]
pub enum Binding<'a> {
    /// The listener asks for no certificate.
    Nothing,
    /// The certificate that the peer has shown. It has to be that of an active connector or service.
    Certificate(&'a Peer),
}

/// To whom a certificate belongs: active registrations alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// A connector.
    Connector(ConnectorRegistration),
    /// A server or an operator's tool.
    Service(ServiceRegistration),
}

/// Whoever calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Of the certificate, where one is asked for.
    pub party: Option<Party>,
    /// The token, where one was sent.
    pub token: Option<Arc<VerifiedToken>>,
}

impl Caller {
    /// The registration of the connector, if one of this role calls.
    pub fn connector(&self, role: ConnectorRole) -> Option<&ConnectorRegistration> {
        match &self.party {
            Some(Party::Connector(found)) if found.role == role => Some(found),
            _ => None,
        }
    }

    /// The claims of the token.
    pub fn claims(&self) -> Option<&TokenClaims> {
        self.token.as_deref().map(|token| &token.claims)
    }

    /// To whom the token is addressed, where it is one for somebody of another make; empty for every other token.
    pub fn addressed_to(&self) -> &[String] {
        match self.claims() {
            Some(claims) if claims.kind() == Some(TokenKind::Addressed) => claims.audiences(),
            _ => &[],
        }
    }
}

/// Why nobody was recognised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallerError {
    /// The certificate names nobody who is registered.
    #[error("{0} is not registered")]
    NotRegistered(ConnectorId),
    /// The certificate names somebody who is suspended.
    #[error("{0} is suspended")]
    Suspended(ConnectorId),
    /// The token does not count here, or could not be checked.
    #[error("the token is refused")]
    Token(#[source] TokenError),
    /// The registration could not be looked up.
    #[error("the registration cannot be looked up")]
    Registry(#[source] RegistryError),
}

impl CallerError {
    /// Whether nothing is wrong with the caller: it could not be judged.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Registry(RegistryError::Unavailable(_)) | Self::Token(TokenError::Unavailable(_))
        )
    }
}

impl From<RegistryError> for CallerError {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

/// Decides who calls. Clones share what they know.
#[derive(Clone)]
pub struct Callers(Arc<dyn Facts>);

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callers").finish_non_exhaustive()
    }
}

impl Callers {
    /// Decides by `facts`.
    pub fn new(facts: Arc<dyn Facts>) -> Self {
        Self(facts)
    }

    /// Who calls: whoever the certificate belongs to, and whom the token names. The certificate's registration is looked up
    /// first, so that a stranger's token is not even looked at. A token that was sent has to count here.
    ///
    /// # Errors
    /// [`CallerError`].
    ///
    /// Cancel safe.
    pub async fn identify(
        &self,
        binding: Binding<'_>,
        token: Option<&str>,
        audience: MeantFor<'_>,
    ) -> Result<Caller, CallerError> {
        let party = match binding {
            Binding::Nothing => None,
            Binding::Certificate(peer) => Some(self.party(&peer.id).await?),
        };
        let Some(text) = token else {
            return Ok(Caller { party, token: None });
        };
        let token = self.0.token(text).await.map_err(CallerError::Token)?;
        judge(&token.claims, binding, party.as_ref(), audience).map_err(CallerError::Token)?;
        Ok(Caller {
            party,
            token: Some(token),
        })
    }

    /// What is known of others than the caller.
    pub fn facts(&self) -> &dyn Facts {
        self.0.as_ref()
    }

    /// Who is registered under `id` and may act.
    ///
    /// # Errors
    /// [`CallerError`], never for a token.
    ///
    /// Cancel safe.
    pub async fn party(&self, id: &ConnectorId) -> Result<Party, CallerError> {
        let (state, party) = if let Some(found) = self.0.connector(id).await? {
            (found.state, Party::Connector(found))
        } else if let Some(found) = self.0.service(id).await? {
            (found.state, Party::Service(found))
        } else {
            return Err(CallerError::NotRegistered(id.clone()));
        };
        match state {
            State::Active => Ok(party),
            State::Suspended => Err(CallerError::Suspended(id.clone())),
        }
    }
}

/// Whether a good token counts where it was sent.
fn judge(
    claims: &TokenClaims,
    binding: Binding<'_>,
    party: Option<&Party>,
    audience: MeantFor<'_>,
) -> Result<(), TokenError> {
    let kind = claims.kind().ok_or(TokenError::Malformed)?;
    let fits = match (audience, kind) {
        (MeantFor::Anybody, TokenKind::Plain)
        | (MeantFor::Recording, TokenKind::Plain | TokenKind::Addressed) => true,
        (MeantFor::Managing(id), TokenKind::Management) => claims.names(id.as_str()),
        (MeantFor::Provider { .. }, TokenKind::Plain) => matches!(
            party,
            Some(Party::Connector(found)) if found.profile == Profile::Cadde4
        ),
        (MeantFor::Provider { connector, .. }, TokenKind::Bound) => {
            claims.names(connector.as_str())
        }
        (MeantFor::Provider { user, .. }, TokenKind::Addressed) => claims.names(user.as_str()),
        _ => false,
    };
    if !fits {
        return Err(TokenError::WrongAudience);
    }
    let is_holder = match (kind, binding) {
        (TokenKind::Bound, Binding::Certificate(peer)) => {
            let thumbprint = peer.certificate.thumbprint();
            claims
                .cnf
                .as_ref()
                .is_some_and(|cnf| cnf.x5t_s256 == thumbprint)
        }
        (TokenKind::Bound, Binding::Nothing) => false,
        // Nothing binds it to the receiver that got it, but nobody else has a reason to bring it to a connector.
        (TokenKind::Addressed, Binding::Certificate(peer)) => {
            let is_own = |act: &crate::Act| act.sub == peer.id.as_str();
            claims.act.as_ref().is_some_and(is_own)
        }
        (TokenKind::Plain | TokenKind::Management, _)
        | (TokenKind::Addressed, Binding::Nothing) => true,
    };
    if is_holder {
        Ok(())
    } else {
        Err(TokenError::WrongBinding)
    }
}
