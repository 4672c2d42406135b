//! Stand-ins that the tests of several crates share.

pub mod browser;
pub mod calls;
pub mod issuer;
pub mod wrong;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use auth_client::{
    Act, Audience, Callers, Cnf, ConnectorRegistration, ConnectorRole, ExchangedToken,
    ExchangedTokens, Facts, Profile, Registrations, RegistryError, Role, State, TokenClaims,
    TokenError, VerifiedToken,
    api::{ServiceKind, ServiceRegistration, Suspensions, UserRegistration},
};
use common::ids::{ConnectorId, UserId};
use secrecy::{ExposeSecret as _, SecretString};

/// Stands for the authentication server: what it knows was told it before. Who calls is decided from that by the function that
/// decides everywhere.
#[derive(Debug, Default)]
pub struct FakeAuth {
    tokens: Mutex<HashMap<String, Result<TokenClaims, TokenError>>>,
    connectors: Mutex<HashMap<String, ConnectorRegistration>>,
    services: Mutex<HashMap<String, ServiceRegistration>>,
    exchanged: Mutex<Exchanged>,
    /// Gives no answer but that it can't be reached.
    pub is_away: AtomicBool,
    /// Takes questions and gives no answer.
    pub is_mute: AtomicBool,
    /// Whoever asks about registrations is told to be suspended.
    pub is_asker_barred: AtomicBool,
    /// Connectors' registrations are known from before all the same.
    pub has_cache: AtomicBool,
    /// Who is suspended, besides the states of connectors and services.
    pub suspended: Mutex<Suspensions>,
    users: Mutex<HashMap<String, Vec<Profile>>>,
    rules: Option<Rules>,
}

/// How it knows what it was not told one by one.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The claims of the token with this text, or why it does not count.
    pub token: fn(&str) -> Result<TokenClaims, TokenError>,
    /// What the provider connectors speak that work for the user with this ID, if there is one.
    pub user: fn(&str) -> Option<Vec<Profile>>,
}

#[derive(Debug, Default)]
struct Exchanged {
    by: String,
    thumbprint: String,
    tokens: Vec<String>,
}

impl FakeAuth {
    /// One that knows tokens and users by these rules.
    pub fn by(rules: Rules) -> Self {
        Self {
            rules: Some(rules),
            ..Self::default()
        }
    }

    /// The function that decides who calls, by what is known here.
    pub fn callers(self: &Arc<Self>) -> Callers {
        Callers::new(Arc::clone(self) as _)
    }

    /// Makes a token known, or why it does not count.
    pub fn token(&self, text: &str, claims: Result<TokenClaims, TokenError>) {
        held(&self.tokens).insert(text.to_owned(), claims);
    }

    /// Registers a connector of profile `kakehashi/1`.
    pub fn register(&self, id: &str, role: ConnectorRole, user: &str, state: State) {
        self.register_as(id, role, user, state, Profile::Kakehashi1);
    }

    /// Registers a connector.
    pub fn register_as(
        &self,
        id: &str,
        role: ConnectorRole,
        user: &str,
        state: State,
        profile: Profile,
    ) {
        let registration = ConnectorRegistration {
            connector_id: connector_id(id),
            role,
            user_id: user_id(user),
            profile,
            state,
        };
        held(&self.connectors).insert(id.to_owned(), registration);
    }

    /// Registers a service.
    pub fn service(&self, id: &str, kind: ServiceKind, state: State) {
        let registration = ServiceRegistration {
            service_id: connector_id(id),
            kind,
            state,
        };
        held(&self.services).insert(id.to_owned(), registration);
    }

    /// Tokens are exchanged by the receiver `by`, whose certificate has this thumbprint, from now on.
    pub fn exchange_for(&self, by: &str, thumbprint: String) {
        let mut exchanged = held(&self.exchanged);
        by.clone_into(&mut exchanged.by);
        exchanged.thumbprint = thumbprint;
    }

    /// A token for one connector, bound to the receiver's certificate.
    pub fn bound_token(&self, token: &VerifiedToken, connector: &ConnectorId) -> SecretString {
        let thumbprint = held(&self.exchanged).thumbprint.clone();
        let cnf = Cnf {
            x5t_s256: thumbprint,
        };
        self.exchange(token, "bound-to", connector.as_str(), Some(cnf))
    }

    /// A token for somebody who checks no binding.
    pub fn addressed_token(&self, token: &VerifiedToken, audience: &str) -> SecretString {
        self.exchange(token, "addressed-to", audience, None)
    }

    /// What was exchanged, oldest first: the token, how, and for whom.
    pub fn exchanges(&self) -> Vec<String> {
        held(&self.exchanged).tokens.clone()
    }

    fn exchange(
        &self,
        token: &VerifiedToken,
        how: &str,
        audience: &str,
        cnf: Option<Cnf>,
    ) -> SecretString {
        let text = format!("{}-{how}-{audience}", token.raw.expose_secret());
        let mut exchanged = held(&self.exchanged);
        let claims = TokenClaims {
            aud: Some(Audience::One(audience.to_owned())),
            cnf,
            act: Some(Act {
                sub: exchanged.by.clone(),
                act: None,
            }),
            ..token.claims.clone()
        };
        exchanged.tokens.push(text.clone());
        self.token(&text, Ok(claims));
        SecretString::from(text)
    }

    /// Registers a user, and what the provider connectors that work for them speak.
    pub fn user(&self, id: &str, provider_profiles: &[Profile]) {
        held(&self.users).insert(id.to_owned(), provider_profiles.to_vec());
    }

    /// Those of `asked` who are suspended.
    ///
    /// # Errors
    /// What keeps the registry from answering.
    pub async fn suspensions(&self, asked: &Suspensions) -> Result<Suspensions, RegistryError> {
        self.registry().await?;
        let suspended = held(&self.suspended);
        let mut answer = asked.clone();
        answer
            .connectors
            .retain(|id| suspended.connectors.contains(id));
        answer.users.retain(|id| suspended.users.contains(id));
        answer
            .providers
            .retain(|id| suspended.providers.contains(id));
        Ok(answer)
    }

    /// What keeps the registry from answering, if anything does.
    async fn registry(&self) -> Result<(), RegistryError> {
        self.hear().await.map_err(RegistryError::Unavailable)?;
        if self.is_asker_barred.load(Ordering::SeqCst) {
            return Err(RegistryError::Barred);
        }
        Ok(())
    }

    async fn hear(&self) -> Result<(), String> {
        if self.is_mute.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.is_away.load(Ordering::SeqCst) {
            return Err("away".to_owned());
        }
        Ok(())
    }
}

#[async_trait]
impl ExchangedTokens for FakeAuth {
    async fn bound_token(
        &self,
        token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        let token = Self::bound_token(self, token, provider);
        Ok(Arc::new(ExchangedToken::new(token)))
    }

    async fn addressed_token(
        &self,
        token: &VerifiedToken,
        audience: &str,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        let token = Self::addressed_token(self, token, audience);
        Ok(Arc::new(ExchangedToken::new(token)))
    }

    async fn stewards_token(
        &self,
        token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<Arc<ExchangedToken>, TokenError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(TokenError::Unavailable("away".to_owned()));
        }
        let token = self.exchange(token, "steward-at", provider.as_str(), None);
        Ok(Arc::new(ExchangedToken::new(token)))
    }
}

#[async_trait]
impl Registrations for FakeAuth {
    async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError> {
        Facts::connector(self, id).await
    }

    async fn suspensions(&self, asked: &Suspensions) -> Result<Suspensions, RegistryError> {
        Self::suspensions(self, asked).await
    }

    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, RegistryError> {
        Facts::is_suspended(self, provider, connector).await
    }
}

#[async_trait]
impl Facts for FakeAuth {
    async fn token(&self, token: &str) -> Result<Arc<VerifiedToken>, TokenError> {
        self.hear().await.map_err(TokenError::Unavailable)?;
        if self.is_asker_barred.load(Ordering::SeqCst) && self.has_cache.load(Ordering::SeqCst) {
            return Err(TokenError::Unavailable("it answered 401".into()));
        }
        let known = held(&self.tokens).get(token).cloned();
        let known = known.or_else(|| self.rules.map(|rules| (rules.token)(token)));
        let claims = known.unwrap_or(Err(TokenError::Malformed))?;
        Ok(Arc::new(VerifiedToken::unchecked_for_tests(claims, token)))
    }

    async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError> {
        if !self.has_cache.load(Ordering::SeqCst) {
            self.registry().await?;
        }
        Ok(held(&self.connectors).get(id.as_str()).cloned())
    }

    async fn service(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ServiceRegistration>, RegistryError> {
        self.registry().await?;
        Ok(held(&self.services).get(id.as_str()).cloned())
    }

    async fn user(&self, id: &UserId) -> Result<Option<UserRegistration>, RegistryError> {
        self.registry().await?;
        let known = held(&self.users).get(id.as_str()).cloned();
        let profiles = known.or_else(|| (self.rules?.user)(id.as_str()));
        Ok(profiles.map(|provider_profiles| UserRegistration {
            user_id: id.clone(),
            provider_profiles,
        }))
    }

    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, RegistryError> {
        self.registry().await?;
        let suspended = held(&self.suspended);
        let of_connector = connector.is_some_and(|id| suspended.connectors.contains(id));
        Ok(of_connector || suspended.users.contains(provider))
    }
}

/// The claims of a token of `user`, a member of `orgs`, for nobody in particular.
pub fn plain(user: &str, orgs: &[&str]) -> TokenClaims {
    TokenClaims {
        iss: "https://auth.example".into(),
        sub: "s".into(),
        exp: 1,
        iat: 1,
        nbf: None,
        jti: "j".into(),
        typ: None,
        azp: "app".into(),
        preferred_username: user_id(user),
        user: user_id(user),
        org: orgs.join(", "),
        aal: "2".into(),
        extras: None,
        scope: None,
        roles: Vec::new(),
        sid: None,
        aud: None,
        cnf: None,
        act: None,
    }
}

/// The same token for managing `ids`.
pub fn managing(claims: TokenClaims, ids: &[&str], roles: &[Role]) -> TokenClaims {
    TokenClaims {
        aud: Some(Audience::Many(
            ids.iter().map(|id| (*id).to_owned()).collect(),
        )),
        roles: roles.to_vec(),
        ..claims
    }
}

/// The same token as the receiver `by` gets it for `audience`: bound to a certificate where a thumbprint is given.
pub fn exchanged(
    claims: TokenClaims,
    by: &str,
    audience: &str,
    thumbprint: Option<String>,
) -> TokenClaims {
    TokenClaims {
        aud: Some(Audience::One(audience.to_owned())),
        cnf: thumbprint.map(|x5t_s256| Cnf { x5t_s256 }),
        act: Some(Act {
            sub: by.to_owned(),
            act: None,
        }),
        ..claims
    }
}

/// A user ID.
pub fn user_id(text: &str) -> UserId {
    UserId::parse(text).expect("a user ID")
}

/// A connector ID.
pub fn connector_id(text: &str) -> ConnectorId {
    ConnectorId::parse(text).expect("a connector ID")
}

/// What is held under a lock; a test that panicked with it held is failing anyway.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
