//! Sessions at the login page, and the codes that lead from them to tokens.

use async_trait::async_trait;
use auth_client::api::Event;
use common::ids::UserId;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{error::AccountsError, families::Family};
use crate::domain::secrets::SecretHash;

/// A session of a person who signed in at the login page, to be opened.
#[derive(Debug, Clone)]
pub struct NewLoginSession {
    /// What is kept of what the browser has.
    pub hash: SecretHash,
    /// Who signed in.
    pub user_id: UserId,
    /// When.
    pub created_at: OffsetDateTime,
    /// Until when it counts unless it is used.
    pub idle_until: OffsetDateTime,
    /// Until when it counts at most.
    pub ends_at: OffsetDateTime,
    /// The one that the browser had before, which ends.
    pub replaces: Option<SecretHash>,
}

/// One that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginSession {
    /// Who signed in.
    pub user_id: UserId,
    /// When.
    pub created_at: OffsetDateTime,
}

/// An authorization code to be kept.
#[derive(Debug, Clone)]
pub struct NewAuthorizationCode<'a> {
    /// What is kept of it.
    pub hash: SecretHash,
    /// The session that it was made by.
    pub session: SecretHash,
    /// For whom.
    pub client_id: &'a str,
    /// Where the browser was sent back to.
    pub redirect_uri: &'a str,
    /// SHA-256 of what proves that it is the client's.
    pub challenge: SecretHash,
    /// What the ID token repeats.
    pub nonce: Option<&'a str>,
    /// Scope of the tokens.
    pub scope: Option<&'a str>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Until when it counts.
    pub expires_at: OffsetDateTime,
    /// Until when the session counts, now that it was used.
    pub session_idle_until: OffsetDateTime,
}

/// What became of a code to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coded {
    /// It counts.
    Kept,
    /// Its session doesn't.
    SessionEnded,
    /// Its session has as many as it may.
    TooMany,
}

/// A code shown for tokens.
#[derive(Debug, Clone)]
pub struct Redemption<'a> {
    /// What is kept of the code.
    pub code: SecretHash,
    /// Who shows it.
    pub client_id: &'a str,
    /// Where the browser was sent back to, as the client says.
    pub redirect_uri: &'a str,
    /// SHA-256 of what the client has shown.
    pub challenge: SecretHash,
    /// The family that begins.
    pub family: Uuid,
    /// Assurance level of the login.
    pub aal: &'a str,
    /// Its first refresh token, if it gets one.
    pub token: Option<SecretHash>,
    /// Now.
    pub now: OffsetDateTime,
    /// How long the refresh token may lie unused.
    pub idle: Duration,
    /// How long the family lives.
    pub max: Duration,
}

/// A family that began with a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The family.
    pub family: Family,
    /// When the person signed in.
    pub signed_in_at: OffsetDateTime,
    /// What the ID token repeats.
    pub nonce: Option<String>,
}

/// What became of a [`Redemption`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// A family began; those ended of which the session had too many.
    Begun(Begun, Vec<Uuid>),
    /// The code is unknown, too old, of another client, or doesn't fit what was shown with it; or its session has ended.
    Refused,
    /// The code was used before: these are revoked now that began with it.
    Reused(Vec<Uuid>),
}

/// Sessions at the login page, and the codes that lead from them to families.
#[async_trait]
pub trait SignIns: Send + Sync {
    /// Opens a session of a user whose password was found right by `password_hash`, and ends those of the user of which there are too
    /// many. `false` as for [`Families::begin_family`](super::Families::begin_family).
    async fn open_login_session(
        &self,
        session: &NewLoginSession,
        password_hash: &str,
    ) -> Result<bool, AccountsError>;
    /// The session that counts `now` under this hash.
    async fn login_session(
        &self,
        hash: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<Option<LoginSession>, AccountsError>;
    /// Keeps a code.
    async fn insert_code_of(&self, code: &NewAuthorizationCode<'_>)
    -> Result<Coded, AccountsError>;
    /// Exchanges a code, which is gone then, whatever comes of it. The events tell of a code that was used before, and of families
    /// of which there were too many; their subject is filled in.
    async fn redeem(
        &self,
        redemption: &Redemption<'_>,
        reused: &Event,
        superseded: &Event,
    ) -> Result<Redeemed, AccountsError>;
    /// Ends a family of `client`'s, with the session by which it began, and the session `also` of the same user. Returns the families
    /// that ended; the event is written where anything ended.
    async fn end_family(
        &self,
        family: Uuid,
        client: &str,
        also: Option<&SecretHash>,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError>;
    /// Ends a session, and the families that began by it. Returns them.
    async fn end_login_session(
        &self,
        hash: &SecretHash,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError>;
    /// Ends a family of `client`'s. Returns it if it was alive; the event's subject is filled in.
    async fn revoke_family(
        &self,
        family: Uuid,
        client: &str,
        event: &Event,
    ) -> Result<Option<Uuid>, AccountsError>;
    /// The family of a refresh token.
    async fn family_of(&self, token: &SecretHash) -> Result<Option<Uuid>, AccountsError>;
    /// Forgets sessions and codes that ended before `before`.
    async fn purge_sign_ins(&self, before: OffsetDateTime) -> Result<u64, AccountsError>;
}
