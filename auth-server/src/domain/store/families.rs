//! Logins and refresh tokens.

use async_trait::async_trait;
use auth_client::api::Event;
use common::ids::UserId;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::error::AccountsError;
use crate::domain::secrets::SecretHash;

/// One login and everything that descends from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Identifier, `sid` of the tokens.
    pub id: Uuid,
    /// The client that logged in.
    pub client_id: String,
    /// The user who logged in.
    pub user_id: UserId,
    /// Assurance level of the login.
    pub aal: String,
    /// Scope of the tokens.
    pub scope: Option<String>,
    /// Time of the login.
    pub created_at: OffsetDateTime,
    /// When even refreshing ends.
    pub expires_at: OffsetDateTime,
}

/// A refresh token presented for a new one.
#[derive(Debug, Clone)]
pub struct Rotation<'a> {
    /// The token presented.
    pub presented: SecretHash,
    /// Who presented it.
    pub client_id: &'a str,
    /// The token to replace it.
    pub replacement: SecretHash,
    /// The same token, sealed so that the one presented opens it. It is kept as long as the grace.
    pub sealed: Vec<u8>,
    /// Now.
    pub now: OffsetDateTime,
    /// How long the replacement may lie unused.
    pub idle: Duration,
    /// How long a used token is still answered with what replaced it.
    pub grace: Duration,
}

/// What became of a [`Rotation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// The replacement is in force.
    Replaced(Family),
    /// The token had been replaced before, within the grace: by what is sealed here, which is still in force.
    Repeated(Family, Vec<u8>),
    /// The token is unknown, of another client, expired, or its family was revoked.
    Refused,
    /// The token had been used before: somebody has a copy. Its family is revoked now.
    Reused(Family),
}

/// Logins and refresh tokens.
#[async_trait]
pub trait Families: Send + Sync {
    /// Begins a family with its first refresh token, for a user whose password was found right by `password_hash`. `false`
    /// if the password was changed meanwhile, or user, participant or client suspended: nothing is begun that the change,
    /// which ends sessions, has not seen.
    async fn begin_family(
        &self,
        family: &Family,
        token: &SecretHash,
        idle: Duration,
        password_hash: &str,
    ) -> Result<bool, AccountsError>;
    /// Exchanges a refresh token.
    async fn rotate(
        &self,
        rotation: &Rotation<'_>,
        reused: &Event,
    ) -> Result<Rotated, AccountsError>;
    /// Forgets what is sealed for tokens that were used before `before`, whose grace is over. Returns for how many.
    async fn forget_successors(&self, before: OffsetDateTime) -> Result<u64, AccountsError>;
    /// Forgets families that ended, or were revoked, before `before`.
    async fn purge_families(&self, before: OffsetDateTime) -> Result<u64, AccountsError>;
}
