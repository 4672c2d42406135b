//! What is kept of sessions, and by whom.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::ids::UserId;
use common_db::StoreError;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::random::random;

/// What is kept of a session's id, which the browser alone has: its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct IdHash(pub(crate) [u8; 32]);

/// Bytes of a session's id.
const ID: usize = 32;

impl IdHash {
    /// A new id as the browser gets it, and what is kept of it.
    pub(crate) fn make() -> (String, Self) {
        let id = random::<ID>();
        (URL_SAFE_NO_PAD.encode(id), Self(Sha256::digest(id).into()))
    }

    /// What is kept of the id that a cookie has; `None` if it has none.
    pub(crate) fn of(cookie: &str) -> Option<Self> {
        let id = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        (id.len() == ID).then(|| Self(Sha256::digest(id).into()))
    }
}

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its key.
    pub(crate) id: IdHash,
    /// Whose it is.
    pub(crate) user: UserId,
    /// When it was last used, more or less.
    pub(crate) used_at: OffsetDateTime,
    /// When it ends, however it is used.
    pub(crate) ends_at: OffsetDateTime,
    /// Its tokens, sealed.
    pub(crate) tokens: Vec<u8>,
    /// Goes up with each refresh of the tokens.
    pub(crate) version: i64,
}

/// Where sessions are kept: several processes may do so in one place.
#[async_trait]
pub(crate) trait SessionStore: Send + Sync {
    /// Keeps a new session. Those of its user that were not used for the longest time end, so that there are `per_user` at most.
    async fn begin(
        &self,
        session: &Stored,
        now: OffsetDateTime,
        per_user: u32,
    ) -> Result<(), StoreError>;

    /// The session, unless it has ended.
    async fn find(&self, id: &IdHash) -> Result<Option<Stored>, StoreError>;

    /// Notes that the session was used.
    async fn touch(&self, id: &IdHash, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Whether the caller is the one who refreshes the tokens of this version, which it is until `until`.
    async fn claim(
        &self,
        id: &IdHash,
        version: i64,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Gives up what was claimed.
    async fn unclaim(&self, id: &IdHash, version: i64) -> Result<(), StoreError>;

    /// Keeps new tokens in place of those of this version, and gives up what was claimed. `false` if somebody else was quicker.
    async fn refresh(&self, id: &IdHash, version: i64, tokens: &[u8]) -> Result<bool, StoreError>;

    /// Ends the session; the authentication server is still to be told.
    async fn end(&self, id: &IdHash, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Those that have ended without the authentication server knowing, the longest ended first.
    async fn ended(&self, limit: u32) -> Result<Vec<Stored>, StoreError>;

    /// Removes the session.
    async fn forget(&self, id: &IdHash) -> Result<(), StoreError>;

    /// Removes those that ended by `now` or were not used after `idle`; tells how many.
    async fn prune(&self, now: OffsetDateTime, idle: OffsetDateTime) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_by_its_hash_alone() {
        let ((id, hash), (other, _)) = (IdHash::make(), IdHash::make());
        assert_eq!(id.len(), 43);
        assert_ne!(id, other);
        assert_eq!(IdHash::of(&id), Some(hash));
        // What the database holds opens nothing.
        assert_ne!(IdHash::of(&URL_SAFE_NO_PAD.encode(hash.0)), Some(hash));
        for garbage in ["", "x", &id[1..], &format!("{id}A"), &format!("{id}="), "é"] {
            assert_eq!(IdHash::of(garbage), None, "{garbage}");
        }
    }
}
