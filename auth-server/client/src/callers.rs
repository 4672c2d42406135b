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
    /// For the screens of the server of this ID, where the person signed in.
    Screens(&'a ConnectorId),
    /// For what the provider of this connector has in its catalogue: a steward's, or one for managing it. Whether the user has
    /// the role, and is the provider's own, the endpoint looks at.
    Catalogue(&'a ConnectorId),
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
        (MeantFor::Managing(id), TokenKind::Management)
        | (MeantFor::Screens(id), TokenKind::Screens)
        | (MeantFor::Catalogue(id), TokenKind::Management | TokenKind::Stewards) => {
            claims.names(id.as_str())
        }
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
        (TokenKind::Addressed | TokenKind::Stewards, Binding::Certificate(peer)) => {
            let is_own = |act: &crate::Act| act.sub == peer.id.as_str();
            claims.act.as_ref().is_some_and(is_own)
        }
        (TokenKind::Plain | TokenKind::Management | TokenKind::Screens, _)
        | (TokenKind::Addressed | TokenKind::Stewards, Binding::Nothing) => true,
    };
    if is_holder {
        Ok(())
    } else {
        Err(TokenError::WrongBinding)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OWN: &str = "own.example";

    /// A token of each kind that names `audience`, where its kind names somebody.
    fn tokens(audience: &str) -> [(TokenKind, TokenClaims); 6] {
        let token = |more: Value| -> TokenClaims {
            let mut claims = json!({
                "iss": "https://auth.example", "sub": "0190", "exp": 2, "iat": 1, "jti": "j", "azp": "app", "aal": "1",
                "preferred_username": "cadde.a.aa", "user": "cadde.a.aa",
            });
            claims
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            serde_json::from_value(claims).unwrap()
        };
        let act = json!({ "sub": "tool.example" });
        let all = [
            (TokenKind::Plain, json!({})),
            (
                TokenKind::Management,
                json!({ "aud": [audience], "roles": ["steward"] }),
            ),
            (
                TokenKind::Bound,
                json!({ "aud": audience, "act": act, "cnf": { "x5t#S256": "t" } }),
            ),
            (TokenKind::Addressed, json!({ "aud": audience, "act": act })),
            (
                TokenKind::Screens,
                json!({ "aud": audience, "azp": audience }),
            ),
            (
                TokenKind::Stewards,
                json!({ "aud": audience, "act": act, "roles": ["steward"] }),
            ),
        ];
        all.map(|(kind, more)| {
            let claims = token(more);
            assert_eq!(claims.kind(), Some(kind));
            (kind, claims)
        })
    }

    /// Where no certificate is asked for, which kinds count, if they name whoever is asked.
    #[test]
    fn each_endpoint_takes_the_kinds_that_it_says_and_those_that_name_it() {
        let own: ConnectorId = OWN.parse().unwrap();
        for (audience, taken) in [
            (MeantFor::Anybody, &[TokenKind::Plain][..]),
            (MeantFor::Managing(&own), &[TokenKind::Management]),
            (MeantFor::Screens(&own), &[TokenKind::Screens]),
            (
                MeantFor::Catalogue(&own),
                &[TokenKind::Management, TokenKind::Stewards],
            ),
            (
                MeantFor::Recording,
                &[TokenKind::Plain, TokenKind::Addressed],
            ),
        ] {
            for (kind, claims) in tokens(OWN) {
                let judged = judge(&claims, Binding::Nothing, None, audience);
                assert_eq!(
                    judged.is_ok(),
                    taken.contains(&kind),
                    "{audience:?} {kind:?}"
                );
            }
            for (kind, claims) in tokens("other.example") {
                let judged = judge(&claims, Binding::Nothing, None, audience);
                let names_nobody_here = matches!(kind, TokenKind::Plain | TokenKind::Addressed);
                let is_taken = taken.contains(&kind) && names_nobody_here;
                assert_eq!(judged.is_ok(), is_taken, "{audience:?} {kind:?}");
            }
        }
    }
}
