//! Signing in with a password, and staying signed in.

use std::{net::IpAddr, sync::Arc};

use auth_client::api::{GrantType, User};
use common::{
    clock::SharedClock,
    ids::{UserId, uuid_v7},
};
use common_db::Corrupt;
use time::Duration;

use super::issuer::TokenIssuer;
use crate::{
    config::{LoginConfig, TokensConfig},
    domain::{
        client::Client,
        directory::Directory,
        password::{PasswordError, Passwords},
        registrar::Actor,
        secrets::{self, random_token},
        store::{AccountsError, Family, Rotated, Rotation, Store},
        throttle::{Attempt, Origin, Throttle, Wait},
    },
};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The client's registration doesn't allow this way.
    #[error("the client may not use this way to get tokens")]
    NotAllowed,
    /// User or password is wrong, or the user is barred; which of them is nobody's business.
    #[error("user ID or password is wrong")]
    Credentials,
    /// Too many failures lately.
    #[error("too many failed logins; the next may be tried in {0:?}")]
    Throttled(std::time::Duration),
    /// The refresh token doesn't count.
    #[error("the refresh token does not count")]
    RefreshToken,
    /// The authorization code doesn't count, or not with what was shown beside it.
    #[error(
        "the code is unknown, used, too old, of another client, or does not fit redirect_uri and code_verifier"
    )]
    Code,
    /// Too many logins at once, or an unusable hash.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] AccountsError),
}

/// What a login answers.
#[derive(Debug)]
pub struct TokenPair {
    /// The access token.
    pub access: super::Issued,
    /// The refresh token.
    pub refresh: String,
}

/// Signs users in. Shared by all requests.
#[derive(Debug)]
pub struct Logins {
    /// Where families are kept.
    pub store: Arc<dyn Store>,
    /// Registrations.
    pub directory: Arc<Directory>,
    /// Password hashes.
    pub passwords: Arc<Passwords>,
    /// Failures.
    pub throttle: Throttle,
    /// Access tokens.
    pub issuer: TokenIssuer,
    /// The time.
    pub clock: SharedClock,
    /// Lifetimes of tokens.
    pub config: TokensConfig,
    /// Lifetimes of sessions at the login page.
    pub login: LoginConfig,
}

impl Logins {
    /// Signs a user in at `client` with a password.
    pub async fn password(
        &self,
        client: &Client,
        user_id: &str,
        password: String,
        address: IpAddr,
    ) -> Result<TokenPair, LoginError> {
        if !client.may(GrantType::Password) {
            return Err(LoginError::NotAllowed);
        }
        let origin = Origin {
            client: &client.id,
            address,
        };
        let attempt = self.attempt(user_id, origin).await?;
        let begun = match self.right(user_id, password, &attempt).await {
            Ok(Some((user, kept))) => self.begin(client, &user, &kept, "1", None).await,
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        Self::conclude(attempt, begun)
    }

    /// Begins an attempt to sign in, when it is its turn.
    pub(in crate::domain) async fn attempt(
        &self,
        user_id: &str,
        origin: Origin<'_>,
    ) -> Result<Attempt<'_>, LoginError> {
        let attempt = self.throttle.begin(user_id, origin).map_err(|wait| {
            metrics::counter!("auth_logins_total", "outcome" => "throttled").increment(1);
            match wait {
                Wait::Failures(wait) => LoginError::Throttled(wait),
                Wait::Crowd => PasswordError::Busy.into(),
            }
        })?;
        tokio::time::sleep(attempt.pause()).await;
        Ok(attempt)
    }

    /// What came of an attempt: of one that led to nothing the password, or the user, was wrong.
    pub(in crate::domain) fn conclude<T>(
        attempt: Attempt<'_>,
        outcome: Result<Option<T>, LoginError>,
    ) -> Result<T, LoginError> {
        match outcome {
            Ok(Some(begun)) => {
                attempt.succeeded();
                metrics::counter!("auth_logins_total", "outcome" => "accepted").increment(1);
                Ok(begun)
            }
            Ok(None) => {
                metrics::counter!("auth_logins_total", "outcome" => "refused").increment(1);
                Err(LoginError::Credentials)
            }
            // A database that is away is nobody's failure.
            Err(error) => {
                attempt.is_no_failure();
                Err(error)
            }
        }
    }

    /// The user whose password it is, and the hash by which it was found right.
    pub(in crate::domain) async fn right(
        &self,
        user_id: &str,
        password: String,
        attempt: &Attempt<'_>,
    ) -> Result<Option<(Arc<User>, String)>, LoginError> {
        let user = UserId::parse(user_id)
            .ok()
            .and_then(|id| self.directory.user(&id));
        let kept = match &user {
            Some(user) => self.store.password_hash(&user.user_id).await?,
            None => None,
        };
        let right = if attempt.is_strangers() {
            self.passwords
                .verify_strangers(password, kept.clone())
                .await?
        } else {
            self.passwords.verify(password, kept.clone()).await?
        };
        let user = user.filter(|user| right && self.directory.active_user(&user.user_id).is_some());
        Ok(user.zip(kept))
    }

    /// Begins a session of a user whose password was found right by `kept`; `None` if that has changed since.
    async fn begin(
        &self,
        client: &Client,
        user: &User,
        kept: &str,
        aal: &str,
        scope: Option<String>,
    ) -> Result<Option<TokenPair>, LoginError> {
        let now = self.clock.now();
        let family = Family {
            id: uuid_v7(now),
            client_id: client.id.clone(),
            user_id: user.user_id.clone(),
            aal: aal.to_owned(),
            scope,
            created_at: now,
            expires_at: now + self.config.refresh_max.get(),
        };
        let refresh = random_token();
        let idle = span(self.config.refresh_idle.get());
        let begun = self
            .store
            .begin_family(&family, &secrets::hash(&refresh), idle, kept)
            .await?;
        Ok(begun.then(|| self.pair(user, &family, refresh)))
    }

    /// Exchanges a refresh token. A token that was used before ends the session for everybody who has one of its tokens,
    /// except within the grace, in which existing clients repeat themselves: they get the same successor again.
    pub async fn refresh(
        &self,
        client: &Client,
        token: &str,
        request_id: Option<String>,
    ) -> Result<TokenPair, LoginError> {
        if !client.may(GrantType::RefreshToken) {
            return Err(LoginError::NotAllowed);
        }
        let now = self.clock.now();
        let refresh = random_token();
        let rotation = Rotation {
            presented: secrets::hash(token),
            client_id: &client.id,
            replacement: secrets::hash(&refresh),
            sealed: secrets::seal(&refresh, token),
            now,
            idle: span(self.config.refresh_idle.get()),
            grace: span(self.config.refresh_grace.get()),
        };
        let actor = Actor {
            name: client.id.clone(),
            request_id,
        };
        let reused = actor.event(now, "session.refresh-token-reused", "", None);
        let (family, refresh) = match self.store.rotate(&rotation, &reused).await? {
            Rotated::Replaced(family) => (family, refresh),
            Rotated::Repeated(family, sealed) => {
                let same = secrets::open(&sealed, token).ok_or_else(|| {
                    AccountsError::Corrupt(Corrupt {
                        table: "refresh_tokens",
                        key: format!("of family {}", family.id),
                        reason: "its successor does not open with the token".into(),
                    })
                })?;
                (family, same)
            }
            Rotated::Refused => return Err(LoginError::RefreshToken),
            Rotated::Reused(family) => {
                tracing::warn!(user = %family.user_id, client.id = family.client_id, "a refresh token was used twice, its session is revoked");
                self.directory.revoke_families([family.id], now);
                return Err(LoginError::RefreshToken);
            }
        };
        let user = self
            .directory
            .active_user(&family.user_id)
            .ok_or(LoginError::RefreshToken)?;
        Ok(self.pair(&user, &family, refresh))
    }

    fn pair(&self, user: &User, family: &Family, refresh: String) -> TokenPair {
        let access = self.issuer.for_login(
            user,
            &family.client_id,
            family.id,
            &family.aal,
            family.scope.clone(),
        );
        TokenPair { access, refresh }
    }
}

/// As the database counts it.
pub(in crate::domain) fn span(duration: std::time::Duration) -> Duration {
    Duration::try_from(duration).unwrap_or(Duration::MAX)
}
