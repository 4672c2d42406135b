//! Stand-ins for the servers that connectors ask.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use auth_client::api::Suspensions;
use auth_client::{
    Cnf, ConnectorRegistration, ConnectorRole, RegistryError, State, TokenClaims, TokenError,
    VerifiedToken,
};
use bytes::Bytes;
use common::ids::{ConnectorId, UserId};
use location_client::{Location, LocationError, Profile, Source};
use provenance::model::batch::InItem;
use provenance::outbox::{DeliveryError, Transport};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::{PROVIDER_CONNECTOR, RECEIVER_CONNECTOR, connector_id, user_id};
use crate::identity::{BoundTokens, Locations, Registrations, Tokens};

/// Stands for the authentication server.
#[derive(Default)]
pub struct FakeAuth {
    tokens: Mutex<HashMap<String, Result<TokenClaims, TokenError>>>,
    registrations: Mutex<HashMap<String, ConnectorRegistration>>,
    /// Whose certificate new bound tokens are bound to.
    thumbprint: Mutex<String>,
    pub is_away: AtomicBool,
    /// Takes questions and gives no answer.
    pub is_mute: AtomicBool,
    /// Whoever asks about registrations is told to be suspended.
    pub is_asker_barred: AtomicBool,
    /// Connectors' registrations are known from before all the same.
    pub has_cache: AtomicBool,
    pub suspended: Mutex<Suspensions>,
    pub exchanges: Mutex<Vec<String>>,
}

impl FakeAuth {
    pub fn token(&self, text: &str, claims: Result<TokenClaims, TokenError>) {
        self.tokens
            .lock()
            .expect("not poisoned")
            .insert(text.to_owned(), claims);
    }

    /// New bound tokens are bound to the certificate with this thumbprint.
    pub fn bind_to(&self, thumbprint: String) {
        *self.thumbprint.lock().expect("not poisoned") = thumbprint;
    }

    pub fn register(&self, id: &str, role: ConnectorRole, user: &str, state: State) {
        let registration = ConnectorRegistration {
            connector_id: connector_id(id),
            role,
            user_id: user_id(user),
            profile: Profile::Kakehashi1,
            state,
        };
        self.registrations
            .lock()
            .expect("not poisoned")
            .insert(id.to_owned(), registration);
    }

    /// What keeps the registry from answering, if anything does.
    async fn registry(&self) -> Result<(), RegistryError> {
        self.hear().await;
        if self.is_away() {
            return Err(RegistryError::Unavailable("away".into()));
        }
        if self.is_asker_barred.load(Ordering::SeqCst) {
            return Err(RegistryError::Barred);
        }
        Ok(())
    }

    fn is_away(&self) -> bool {
        self.is_away.load(Ordering::SeqCst)
    }

    async fn hear(&self) {
        if self.is_mute.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Tokens for FakeAuth {
    async fn verify(&self, token: &str) -> Result<Arc<VerifiedToken>, TokenError> {
        self.hear().await;
        if self.is_away() {
            return Err(TokenError::Unavailable("away".into()));
        }
        if self.is_asker_barred.load(Ordering::SeqCst) && self.has_cache.load(Ordering::SeqCst) {
            return Err(TokenError::Unavailable("it answered 401".into()));
        }
        let known = self
            .tokens
            .lock()
            .expect("not poisoned")
            .get(token)
            .cloned();
        let claims = known.unwrap_or(Err(TokenError::Malformed))?;
        Ok(Arc::new(VerifiedToken::unchecked_for_tests(claims, token)))
    }
}

#[async_trait]
impl BoundTokens for FakeAuth {
    async fn bound_token(
        &self,
        token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<SecretString, TokenError> {
        let text = format!("{}-bound-to-{provider}", token.raw.expose_secret());
        let claims = TokenClaims {
            aud: Some(auth_client::Audience::One(provider.to_string())),
            cnf: Some(Cnf {
                x5t_s256: self.thumbprint.lock().expect("not poisoned").clone(),
            }),
            ..token.claims.clone()
        };
        self.token(&text, Ok(claims));
        self.exchanges
            .lock()
            .expect("not poisoned")
            .push(text.clone());
        Ok(SecretString::from(text))
    }
}

#[async_trait]
impl Registrations for FakeAuth {
    async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError> {
        if !self.has_cache.load(Ordering::SeqCst) {
            self.registry().await?;
        }
        Ok(self
            .registrations
            .lock()
            .expect("not poisoned")
            .get(id.as_str())
            .cloned())
    }

    async fn suspensions(&self, asked: &Suspensions) -> Result<Suspensions, RegistryError> {
        self.registry().await?;
        let suspended = self.suspended.lock().expect("not poisoned");
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

    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, RegistryError> {
        self.registry().await?;
        let suspended = self.suspended.lock().expect("not poisoned");
        let of_connector = connector.is_some_and(|id| suspended.connectors.contains(id));
        Ok(of_connector || suspended.users.contains(provider))
    }
}

/// Stands for the location server.
#[derive(Default)]
pub struct FakeLocations {
    known: Mutex<HashMap<String, Arc<Location>>>,
    /// Takes questions and gives no answer.
    pub is_mute: AtomicBool,
}

impl FakeLocations {
    pub fn put(&self, provider: &str, url: &str, connector: Option<&str>, profile: Profile) {
        self.put_from(Source::Server, provider, url, connector, profile);
    }

    pub fn put_from(
        &self,
        source: Source,
        provider: &str,
        url: &str,
        connector: Option<&str>,
        profile: Profile,
    ) {
        let location = Location {
            provider_id: user_id(provider),
            url: url.parse().expect("a URL"),
            connector_id: connector.map(connector_id),
            profile,
            expires_at: None,
            source,
        };
        self.known
            .lock()
            .expect("not poisoned")
            .insert(provider.to_owned(), Arc::new(location));
    }

    /// The known location of `provider` says this of its connector.
    pub fn speaks(&self, provider: &str, connector: Option<&str>, profile: Profile) {
        let mut known = self.known.lock().expect("not poisoned");
        let location = Arc::make_mut(known.get_mut(provider).expect("a known provider"));
        location.connector_id = connector.map(connector_id);
        location.profile = profile;
    }
}

#[async_trait]
impl Locations for FakeLocations {
    async fn resolve(&self, provider: &UserId) -> Result<Option<Arc<Location>>, LocationError> {
        if self.is_mute.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Ok(self
            .known
            .lock()
            .expect("not poisoned")
            .get(provider.as_str())
            .cloned())
    }
}

/// Stands for the ledger: takes every record and keeps it.
#[derive(Debug, Clone, Default)]
pub struct FakeLedger {
    items: Arc<Mutex<Vec<Value>>>,
    pub is_away: Arc<AtomicBool>,
    /// Takes records and gives no answer.
    pub is_mute: Arc<AtomicBool>,
}

impl FakeLedger {
    /// What it has, oldest first.
    pub fn items(&self) -> Vec<Value> {
        self.items.lock().expect("not poisoned").clone()
    }
}

impl Transport for FakeLedger {
    async fn send(&self, body: Bytes) -> Result<Bytes, DeliveryError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(DeliveryError::Unavailable {
                retry_after_s: None,
            });
        }
        let request: Value = serde_json::from_slice(&body).expect("a batch");
        let items = request["items"].as_array().expect("items").clone();
        // Whatever a connector was asked for, and by whom: what it records, a ledger takes.
        let types = ["Sent".to_owned(), "Received".to_owned()];
        for item in &items {
            let is_read = [PROVIDER_CONNECTOR, RECEIVER_CONNECTOR]
                .iter()
                .any(|one| InItem::parse(&item.to_string(), &types, &connector_id(one)).is_ok());
            assert!(is_read, "{item}");
        }
        let results: Vec<_> = items.iter().map(accepted).collect();
        self.items.lock().expect("not poisoned").extend(items);
        if self.is_mute.load(Ordering::SeqCst) {
            return Err(DeliveryError::Timeout);
        }
        Ok(json!({"results": results}).to_string().into())
    }
}

fn accepted(item: &Value) -> Value {
    let mut core = json!({"v": 1, "xid": item["exchange_id"], "actor": {"user": item["user_id"]}});
    for member in ["event", "evidence", "dig", "nonce"] {
        if let Some(value) = item.get(member) {
            core[member] = value.clone();
        }
    }
    if let Some(end) = item.get("end") {
        core["more"] = json!({"end": end});
    }
    let id = item
        .pointer("/event/cdleventid")
        .or(item.pointer("/evidence/id"));
    let salt = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    json!({"id": id, "status": "created", "receipt": {"salt": salt, "core": core.to_string()}})
}
