//! Making and checking access tokens. No query is made here: everything comes from the directory and the keys.

use std::{sync::Arc, time::Duration};

use auth_client::{
    Act, Audience, Cnf, ConnectorRole, Role, State, TokenClaims, TokenKind,
    api::{GrantType, Purpose, User},
};
use common::{
    clock::SharedClock,
    ids::{ConnectorId, UserId, uuid_v7},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::keys::KeyRing;
use crate::{
    config::TokensConfig,
    domain::{
        client::{Client, ClientKind},
        directory::Directory,
    },
};

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
    /// Only receiver connectors exchange users' tokens, and servers those of their screens.
    #[error("only a receiver connector, or a server with screens, exchanges tokens")]
    NotAReceiver,
    /// The subject token doesn't count.
    #[error("the subject token is not active")]
    Subject,
    /// The subject token is for somebody already.
    #[error("the subject token is not a user's own: it was made for somebody already")]
    NotPlain,
    /// The subject token is not one of the server's own screens.
    #[error("the subject token is not one of this server's own screens")]
    NotOwnScreens,
    /// The user is no steward.
    #[error("the user is no steward")]
    NotASteward,
    /// The audience is nobody for whom tokens are made.
    #[error("the audience is no active provider connector, ledger or user")]
    Audience,
}

/// For whom a token is exchanged.
enum Target {
    /// A provider connector that checks the binding.
    Provider(ConnectorId),
    /// By the name under which it finds itself in the token.
    Elsewhere(String),
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

    /// Now.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.0.clock.now()
    }

    /// The keys.
    pub fn keys(&self) -> &KeyRing {
        &self.0.keys
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
        // Roles stand only where it is said for whom they are.
        if let Some(managed) = self.0.directory.managed(client) {
            claims.aud = Some(Audience::Many(managed));
            claims.roles.clone_from(&user.roles);
        } else if let Some(known) = self.0.directory.roles_of_screens(client) {
            claims.aud = Some(Audience::One(client.to_owned()));
            claims.roles.clone_from(&user.roles);
            claims.roles.retain(|role| known.contains(role));
        }
        claims.sid = Some(family.to_string());
        self.sign(&claims)
    }

    /// A token for `client` itself, in the name of the user it is bound to. Without roles, which are for people.
    pub fn for_client(&self, user: &User, client: &str, scope: Option<String>) -> Issued {
        // One factor, possession of the secret or the key: level 1.
        self.sign(&self.claims(user, client, "1", scope))
    }

    /// A token for `audience` in the name of the user of `subject`, got by `receiver`: bound to the certificate whose
    /// thumbprint is given, where the audience is a provider connector; unbound where it is a ledger of another make or the
    /// user ID of a provider, whose connector knows no bindings. It ends with the subject token at the latest.
    pub fn exchange(
        &self,
        receiver: &Client,
        thumbprint: String,
        subject: &str,
        audience: &str,
    ) -> Result<Issued, ExchangeError> {
        match receiver.kind {
            ClientKind::Connector {
                role: ConnectorRole::Receiver,
                ..
            } => {}
            ClientKind::Service(_) if receiver.may(GrantType::AuthorizationCode) => {
                return self.exchange_for_steward(receiver, subject, audience);
            }
            _ => return Err(ExchangeError::NotAReceiver),
        }
        let subject = self.check(subject).ok_or(ExchangeError::Subject)?;
        if subject.kind() != Some(TokenKind::Plain) {
            return Err(ExchangeError::NotPlain);
        }
        let target = self.target(audience).ok_or(ExchangeError::Audience)?;
        let (aud, cnf) = match target {
            Target::Provider(id) => (
                id.to_string(),
                Some(Cnf {
                    x5t_s256: thumbprint,
                }),
            ),
            Target::Elsewhere(name) => (name, None),
        };
        let now = self.0.clock.now();
        let claims = TokenClaims {
            exp: (now + self.0.bound).unix_timestamp().min(subject.exp),
            iat: now.unix_timestamp(),
            jti: uuid_v7(now).to_string(),
            azp: receiver.id.clone(),
            aud: Some(Audience::One(aud)),
            cnf,
            act: Some(Act {
                sub: receiver.id.clone(),
                // Whoever suspends this client ends what was made of its tokens, too.
                act: Some(Box::new(Act {
                    sub: subject.azp,
                    act: None,
                })),
            }),
            // Nobody needs one there, and a token does no more than it is for.
            roles: Vec::new(),
            ..subject
        };
        Ok(self.sign(&claims))
    }

    /// A steward's token for the catalogue of the provider connector `audience`, got by a service for a person who signed in at
    /// its screens.
    fn exchange_for_steward(
        &self,
        service: &Client,
        subject: &str,
        audience: &str,
    ) -> Result<Issued, ExchangeError> {
        let subject = self.check(subject).ok_or(ExchangeError::Subject)?;
        if subject.kind() != Some(TokenKind::Screens) || subject.azp != service.id {
            return Err(ExchangeError::NotOwnScreens);
        }
        if !subject.has_role(Role::Steward) {
            return Err(ExchangeError::NotASteward);
        }
        let Some(Target::Provider(provider)) = self.target(audience) else {
            return Err(ExchangeError::Audience);
        };
        let now = self.0.clock.now();
        let claims = TokenClaims {
            exp: (now + self.0.bound).unix_timestamp().min(subject.exp),
            iat: now.unix_timestamp(),
            jti: uuid_v7(now).to_string(),
            aud: Some(Audience::One(provider.to_string())),
            act: Some(Act {
                sub: service.id.clone(),
                act: None,
            }),
            roles: vec![Role::Steward],
            ..subject
        };
        Ok(self.sign(&claims))
    }

    /// Whom `audience` names: an active provider connector, else a ledger of another make, else a user.
    fn target(&self, audience: &str) -> Option<Target> {
        let directory = &self.0.directory;
        let connector = ConnectorId::parse(audience).ok();
        if let Some(found) = connector.and_then(|id| directory.connector(&id)) {
            let is_provider = found.role == ConnectorRole::Provider && found.state == State::Active;
            return is_provider.then_some(Target::Provider(found.connector_id));
        }
        if let Some(client) = directory.active_client(audience) {
            let is_ledger = client.kind == ClientKind::App(Purpose::Ledger);
            return is_ledger.then(|| Target::Elsewhere(client.id.clone()));
        }
        let user = directory.active_user(&UserId::parse(audience).ok()?)?;
        Some(Target::Elsewhere(user.user_id.to_string()))
    }

    /// Whether `asker` may learn anything of a token with these claims. One that names those whom it is for is theirs, its
    /// actor's, and of those who only ever ask for others: services and, unless it is for managing, ledgers of other make.
    /// Everybody else who has it got it from somebody who should not have passed it on.
    pub fn may_ask(&self, asker: &Client, claims: &TokenClaims) -> bool {
        let is_for = |asker: &Client| {
            claims.names(&asker.id) || claims.act.as_ref().is_some_and(|act| act.sub == asker.id)
        };
        let is_service = matches!(asker.kind, ClientKind::Service(_));
        let is_ledger = asker.kind == ClientKind::App(Purpose::Ledger);
        claims.kind().is_some_and(|kind| match kind {
            TokenKind::Plain => true,
            TokenKind::Management => is_service || claims.names(&asker.id),
            TokenKind::Screens | TokenKind::Stewards => is_for(asker),
            TokenKind::Bound => is_service || is_ledger || is_for(asker),
            TokenKind::Addressed => {
                is_service || is_ledger || is_for(asker) || self.is_theirs(asker, claims)
            }
        })
    }

    /// Whether the token is addressed to a user of the participant that `asker` belongs to.
    fn is_theirs(&self, asker: &Client, claims: &TokenClaims) -> bool {
        let directory = &self.0.directory;
        let participant = |id: &UserId| directory.user(id).map(|user| user.participant);
        let Some(own) = asker.user.as_ref().and_then(participant) else {
            return false;
        };
        let users = claims
            .audiences()
            .iter()
            .filter_map(|one| UserId::parse(one).ok());
        users
            .filter_map(|id| participant(&id))
            .any(|one| one == own)
    }

    /// The claims of a token that counts now: ours, in its time, and neither user, participant, client, acting connector nor
    /// session barred since.
    pub fn check(&self, token: &str) -> Option<TokenClaims> {
        let claims: TokenClaims = self.0.keys.verify(token)?;
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
        let purpose = claims.kind().is_some_and(|kind| match kind {
            // What its client manages no more, it isn't for any more.
            TokenKind::Management => claims
                .audiences()
                .iter()
                .all(|id| directory.manages(&claims.azp, id)),
            TokenKind::Screens => directory.roles_of_screens(&claims.azp).is_some(),
            TokenKind::Stewards => directory
                .active_user(&claims.user)
                .is_some_and(|user| user.roles.contains(&Role::Steward)),
            TokenKind::Plain | TokenKind::Bound | TokenKind::Addressed => true,
        });
        user && session
            && purpose
            && actors.all(|act| is_active(&act.sub))
            && is_active(&claims.azp)
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
pub(in crate::domain) fn orgs(user: &User) -> String {
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
