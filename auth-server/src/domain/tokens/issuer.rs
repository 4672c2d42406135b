//! Making and checking access tokens. No query is made here: everything comes from the directory and the keys.

use super::keys::KeyRing;
use crate::{
    config::TokensConfig,
    domain::{
        client::{Client, ClientKind},
        directory::Directory,
    },
};
use auth_client::{Act, Audience, Cnf, ConnectorRole, State, TokenClaims, api::User};
use common::{
    clock::SharedClock,
    ids::{ConnectorId, uuid_v7},
};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

/// 30 s: how far our clock may have been set back since a token was issued.
const STEP_BACK: i64 = 30;

/// Issues and checks access tokens. Shared by all requests.
#[derive(Debug, Clone)]
pub struct TokenIssuer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuer: String,
    keys: KeyRing,
    directory: Arc<Directory>,
    clock: SharedClock,
    access: Duration,
    bound: Duration,
}

/// A fresh access token.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// Its lifetime in seconds.
    pub expires_in: i64,
    /// Its scope.
    pub scope: Option<String>,
}

/// Why a token is not exchanged (RFC 8693 §2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// Only receiver connectors exchange tokens.
    #[error("only a receiver connector exchanges tokens")]
    NotAReceiver,
    /// The subject token doesn't count.
    #[error("the subject token is not active")]
    Subject,
    /// The subject token is bound already.
    #[error("the subject token is bound to a certificate already")]
    AlreadyBound,
    /// The audience is no active provider connector.
    #[error("the audience is not an active provider connector")]
    Audience,
}

impl TokenIssuer {
    /// An issuer named `issuer`.
    pub fn new(
        issuer: &str,
        keys: KeyRing,
        directory: Arc<Directory>,
        clock: SharedClock,
        config: &TokensConfig,
    ) -> Self {
        Self(Arc::new(Inner {
            issuer: issuer.to_owned(),
            keys,
            directory,
            clock,
            access: config.access.get(),
            bound: config.bound.get(),
        }))
    }

    /// The issuer's name.
    pub fn name(&self) -> &str {
        &self.0.issuer
    }

    /// The keys.
    pub fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    /// Lifetime of access tokens.
    pub fn access_lifetime(&self) -> Duration {
        self.0.access
    }

    /// A token for `user`, who signed in at `client` in the session `family` with the assurance `aal`.
    pub fn for_login(
        &self,
        user: &User,
        client: &str,
        family: Uuid,
        aal: &str,
        scope: Option<String>,
    ) -> Issued {
        let mut claims = self.claims(user, client, aal, scope);
        claims.roles.clone_from(&user.roles);
        claims.sid = Some(family.to_string());
        self.sign(&claims)
    }

    /// A token for `client` itself, in the name of the user it is bound to. Without roles, which are for people.
    pub fn for_client(&self, user: &User, client: &str, scope: Option<String>) -> Issued {
        // One factor, possession of the secret or the key: level 1.
        self.sign(&self.claims(user, client, "1", scope))
    }

    /// A token for `provider` in the name of the user of `subject`, which works only with the certificate of `receiver`
    /// whose thumbprint is given. It ends with the subject token at the latest.
    pub fn bind(
        &self,
        receiver: &Client,
        thumbprint: String,
        subject: &str,
        provider: &ConnectorId,
    ) -> Result<Issued, ExchangeError> {
        if !matches!(
            receiver.kind,
            ClientKind::Connector {
                role: ConnectorRole::Receiver,
                ..
            }
        ) {
            return Err(ExchangeError::NotAReceiver);
        }
        let subject = self.check(subject).ok_or(ExchangeError::Subject)?;
        if subject.is_bound() {
            return Err(ExchangeError::AlreadyBound);
        }
        let registered = self
            .0
            .directory
            .connector(provider)
            .ok_or(ExchangeError::Audience)?;
        if registered.role != ConnectorRole::Provider || registered.state != State::Active {
            return Err(ExchangeError::Audience);
        }
        let now = self.0.clock.now();
        let claims = TokenClaims {
            exp: (now + self.0.bound).unix_timestamp().min(subject.exp),
            iat: now.unix_timestamp(),
            jti: uuid_v7(now).to_string(),
            azp: receiver.id.clone(),
            aud: Some(Audience::One(provider.to_string())),
            cnf: Some(Cnf {
                x5t_s256: thumbprint,
            }),
            act: Some(Act {
                sub: receiver.id.clone(),
                // Whoever suspends this client ends what was made of its tokens, too.
                act: Some(Box::new(Act {
                    sub: subject.azp,
                    act: None,
                })),
            }),
            // A provider needs none, and a token does no more than it is for.
            roles: Vec::new(),
            ..subject
        };
        Ok(self.sign(&claims))
    }

    /// The claims of a token that counts now: ours, in its time, and neither user, participant, client, acting connector nor
    /// session barred since.
    pub fn check(&self, token: &str) -> Option<TokenClaims> {
        let claims = self.0.keys.verify(token)?;
        let now = self.0.clock.now().unix_timestamp();
        let in_time =
            claims.iss == self.0.issuer && claims.iat <= now + STEP_BACK && now < claims.exp;
        (in_time && self.stands(&claims)).then_some(claims)
    }

    fn stands(&self, claims: &TokenClaims) -> bool {
        let directory = &self.0.directory;
        let user = directory
            .active_user(&claims.user)
            .is_some_and(|user| user.id.to_string() == claims.sub);
        let session = match claims.sid.as_deref().map(Uuid::parse_str) {
            None => true,
            Some(Ok(family)) => !directory.is_revoked(family),
            Some(Err(_)) => false,
        };
        let is_active = |client: &str| directory.active_client(client).is_some();
        let mut actors = std::iter::successors(claims.act.as_ref(), |act| act.act.as_deref());
        user && session && actors.all(|act| is_active(&act.sub)) && is_active(&claims.azp)
    }

    fn claims(&self, user: &User, client: &str, aal: &str, scope: Option<String>) -> TokenClaims {
        let now = self.0.clock.now();
        TokenClaims {
            iss: self.0.issuer.clone(),
            sub: user.id.to_string(),
            exp: (now + self.0.access).unix_timestamp(),
            iat: now.unix_timestamp(),
            nbf: None,
            jti: uuid_v7(now).to_string(),
            typ: Some("Bearer".into()),
            azp: client.to_owned(),
            preferred_username: user.user_id.clone(),
            user: user.user_id.clone(),
            org: orgs(user),
            aal: aal.to_owned(),
            extras: user.extras.clone(),
            scope,
            roles: Vec::new(),
            sid: None,
            aud: None,
            cnf: None,
            act: None,
        }
    }

    fn sign(&self, claims: &TokenClaims) -> Issued {
        metrics::counter!("auth_tokens_issued_total").increment(1);
        let expires_in = claims.exp - claims.iat;
        Issued {
            token: self.0.keys.sign(claims),
            expires_in,
            scope: claims.scope.clone(),
        }
    }
}

/// `ID, ID, ID`: the form that existing authorization functions split.
fn orgs(user: &User) -> String {
    let mut text = String::new();
    for org in &user.orgs {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(org.as_str());
    }
    text
}

/// The time since which revoked sessions matter: tokens of older ones have all expired.
pub fn families_since(now: OffsetDateTime, access: Duration) -> OffsetDateTime {
    now - access - time::Duration::minutes(1)
}
