//! Sessions of people who signed in here, and the codes that lead from them to tokens.

use std::{net::IpAddr, sync::Arc};

use auth_client::api::{GrantType, User};
use common::ids::uuid_v7;
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::request::{Destination, SignInRequest};
use crate::domain::{
    client::Client,
    registrar::Actor,
    secrets::{self, random_token},
    store::{Coded, LoginSession, NewAuthorizationCode, NewLoginSession, Redeemed, Redemption},
    throttle::Origin,
    tokens::{IdTokenHint, Issued, LoginError, Logins, span},
};

/// 60 s: from the answer to the browser until the client has its tokens.
const CODE_LIFETIME: Duration = Duration::seconds(60);

/// Under which name the login page stands among the applications through which people try passwords. No client has it.
const THIS_PAGE: &str = "/oauth2/authorize";

/// Level of a login with a password alone.
const PASSWORD_ALONE: &str = "1";

/// A session that was opened.
#[derive(Debug)]
pub struct OpenedSession {
    /// What the browser keeps. Nobody else has it: its hash alone is stored.
    pub secret: String,
    /// Since when.
    pub at: OffsetDateTime,
}

/// What became of the request for a code.
#[derive(Debug, PartialEq, Eq)]
pub enum Code {
    /// Here it is.
    Made(String),
    /// The session has ended meanwhile.
    SessionEnded,
    /// The session has many codes under way.
    TooMany,
}

/// What is shown for a code's tokens.
#[derive(Debug)]
pub struct Redeeming<'r> {
    /// The code.
    pub code: &'r str,
    /// Where the browser was sent back to.
    pub redirect_uri: &'r str,
    /// What the challenge was made from.
    pub verifier: &'r str,
    /// The request.
    pub request_id: Option<String>,
}

/// What a code is exchanged for.
#[derive(Debug)]
pub struct CodeTokens {
    /// The access token.
    pub access: Issued,
    /// The refresh token, where the client may have one.
    pub refresh: Option<String>,
    /// Who signed in, where that was asked for.
    pub id_token: Option<String>,
}

/// What ended when somebody signed out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ended(pub Vec<Uuid>);

impl Logins {
    /// Signs a person in at the login page, in place of whoever was signed in by `before`.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn sign_in(
        &self,
        user_id: &str,
        password: String,
        address: IpAddr,
        before: Option<&str>,
    ) -> Result<OpenedSession, LoginError> {
        let client = THIS_PAGE;
        let attempt = self.attempt(user_id, Origin { client, address }).await?;
        let opened = match self.right(user_id, password, &attempt).await {
            Ok(Some((user, kept))) => self.open_session(&user, &kept, before).await,
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        Self::conclude(attempt, opened)
    }

    async fn open_session(
        &self,
        user: &User,
        kept: &str,
        before: Option<&str>,
    ) -> Result<Option<OpenedSession>, LoginError> {
        let now = self.clock.now();
        let secret = random_token();
        let max = span(self.login.session_max.get());
        let session = NewLoginSession {
            hash: secrets::hash(&secret),
            user_id: user.user_id.clone(),
            created_at: now,
            idle_until: now.saturating_add(self.session_idle().min(max)),
            ends_at: now.saturating_add(max),
            replaces: before.map(secrets::hash),
        };
        let opened = self.store.open_login_session(&session, kept).await?;
        Ok(opened.then_some(OpenedSession { secret, at: now }))
    }

    fn session_idle(&self) -> Duration {
        span(self.login.session_idle.get())
    }

    /// Who is signed in by `secret`, and since when.
    ///
    /// # Errors
    /// [`LoginError::Store`].
    pub async fn session(
        &self,
        secret: &str,
    ) -> Result<Option<(Arc<User>, LoginSession)>, LoginError> {
        let now = self.clock.now();
        let found = self
            .store
            .login_session(&secrets::hash(secret), now)
            .await?;
        Ok(found.and_then(|session| {
            let user = self.directory.active_user(&session.user_id)?;
            Some((user, session))
        }))
    }

    /// A code for `to`, by the session of `secret`, which is used by that.
    ///
    /// # Errors
    /// [`LoginError::Store`].
    pub async fn code(
        &self,
        secret: &str,
        to: &Destination,
        request: &SignInRequest,
    ) -> Result<Code, LoginError> {
        let now = self.clock.now();
        let code = random_token();
        let new = NewAuthorizationCode {
            hash: secrets::hash(&code),
            session: secrets::hash(secret),
            client_id: &to.client.id,
            redirect_uri: &to.redirect_uri,
            challenge: request.challenge,
            nonce: request.nonce.as_deref(),
            scope: request.scope.as_deref(),
            created_at: now,
            expires_at: now + CODE_LIFETIME,
            session_idle_until: now.saturating_add(self.session_idle()),
        };
        Ok(match self.store.insert_code_of(&new).await? {
            Coded::Kept => Code::Made(code),
            Coded::SessionEnded => Code::SessionEnded,
            Coded::TooMany => Code::TooMany,
        })
    }

    /// Tokens for a code. One that is shown twice was seen by somebody: what was got for it ends.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn redeem(
        &self,
        client: &Client,
        shown: Redeeming<'_>,
    ) -> Result<CodeTokens, LoginError> {
        if !client.may(GrantType::AuthorizationCode) {
            return Err(LoginError::NotAllowed);
        }
        if !is_verifier(shown.verifier) {
            return Err(LoginError::Code);
        }
        let now = self.clock.now();
        let refresh = client.may(GrantType::RefreshToken).then(random_token);
        let redemption = Redemption {
            code: secrets::hash(shown.code),
            client_id: &client.id,
            redirect_uri: shown.redirect_uri,
            challenge: Sha256::digest(shown.verifier).into(),
            family: uuid_v7(now),
            aal: PASSWORD_ALONE,
            token: refresh.as_deref().map(secrets::hash),
            now,
            idle: span(self.config.refresh_idle.get()),
            max: span(self.config.refresh_max.get()),
        };
        let actor = Actor {
            name: client.id.clone(),
            request_id: shown.request_id,
        };
        let event = |kind: &str| actor.event(now, kind, "", None);
        let reused = event("session.code-reused");
        let superseded = event("session.superseded");
        let redeemed = self.store.redeem(&redemption, &reused, &superseded).await?;
        let (begun, ended) = match redeemed {
            Redeemed::Begun(begun, ended) => (begun, ended),
            Redeemed::Refused => return Err(LoginError::Code),
            Redeemed::Reused(ended) => {
                tracing::warn!(
                    client.id = client.id,
                    "an authorization code was shown twice, what was got for it is revoked"
                );
                self.directory.revoke_families(ended, now);
                return Err(LoginError::Code);
            }
        };
        self.directory.revoke_families(ended, now);
        let family = &begun.family;
        let user = self
            .directory
            .active_user(&family.user_id)
            .ok_or(LoginError::Code)?;
        metrics::counter!("auth_codes_redeemed_total").increment(1);
        let asks_who = family
            .scope
            .as_deref()
            .is_some_and(|scope| scope.split(' ').any(|one| one == "openid"));
        let id_token = asks_who.then(|| {
            let signed_in = begun.signed_in_at;
            let nonce = begun.nonce.clone();
            self.issuer
                .id_token(&user, &client.id, family, signed_in, nonce)
        });
        let scope = family.scope.clone();
        Ok(CodeTokens {
            access: self
                .issuer
                .for_login(&user, &client.id, family.id, &family.aal, scope),
            refresh,
            id_token,
        })
    }

    /// Signs out whoever `hint` is about, at the client that has it, and here: in this browser, which shows `secret`, and in the
    /// one in which they signed in.
    ///
    /// # Errors
    /// [`LoginError::Store`].
    pub async fn sign_out(
        &self,
        hint: &IdTokenHint,
        secret: Option<&str>,
        request_id: Option<String>,
    ) -> Result<Ended, LoginError> {
        let now = self.clock.now();
        let actor = Actor {
            name: hint.user.to_string(),
            request_id,
        };
        let event = actor.event(now, "session.ended", &hint.user, None);
        let secret = secret.map(secrets::hash);
        let ended = self
            .store
            .end_family(hint.sid, &hint.client, secret.as_ref(), &event)
            .await?;
        self.directory.revoke_families(ended.iter().copied(), now);
        Ok(Ended(ended))
    }

    /// Signs out whoever is signed in by `secret`, here and wherever that led to.
    ///
    /// # Errors
    /// [`LoginError::Store`].
    pub async fn sign_out_here(
        &self,
        secret: &str,
        request_id: Option<String>,
    ) -> Result<Ended, LoginError> {
        let now = self.clock.now();
        let Some((user, _)) = self.session(secret).await? else {
            return Ok(Ended::default());
        };
        let actor = Actor {
            name: user.user_id.to_string(),
            request_id,
        };
        let event = actor.event(now, "session.ended", &user.user_id, None);
        let hash = secrets::hash(secret);
        let ended = self.store.end_login_session(&hash, &event).await?;
        self.directory.revoke_families(ended.iter().copied(), now);
        Ok(Ended(ended))
    }

    /// Ends the session of a refresh token, or of an access token, for the client that got it (RFC 7009).
    ///
    /// # Errors
    /// [`LoginError::Store`].
    pub async fn revoke(
        &self,
        client: &Client,
        token: &str,
        request_id: Option<String>,
    ) -> Result<Ended, LoginError> {
        let now = self.clock.now();
        let of_refresh = self.store.family_of(&secrets::hash(token)).await?;
        let of_access = || {
            let claims = self.issuer.check(token)?;
            (claims.azp == client.id).then_some(())?;
            claims.sid?.parse().ok()
        };
        let Some(family) = of_refresh.or_else(of_access) else {
            return Ok(Ended::default());
        };
        let actor = Actor {
            name: client.id.clone(),
            request_id,
        };
        let event = actor.event(now, "session.ended", "", None);
        let ended = self.store.revoke_family(family, &client.id, &event).await?;
        self.directory.revoke_families(ended, now);
        Ok(Ended(ended.into_iter().collect()))
    }
}

/// Whether it is what RFC 7636 §4.1 says: 43 to 128 characters, which are written as they are everywhere.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}
