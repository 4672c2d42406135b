//! What is kept of a person who is signed in, sealed.

use auth_client::{Person, SignedInTokens};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::store::IdHash;
use crate::key::Sealer;

/// 5 min: a token is replaced so long before its end at most, so that requests need not wait for the next one.
const EARLY: Duration = Duration::minutes(5);

/// Tokens and what is shown of their person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// For this server.
    #[serde(serialize_with = "exposed")]
    pub(crate) access: SecretString,
    /// For the next ones.
    #[serde(serialize_with = "exposed")]
    pub(crate) refresh: SecretString,
    /// When the access token ends.
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires_at: OffsetDateTime,
    /// From when on it is replaced.
    #[serde(with = "time::serde::timestamp")]
    pub(crate) refresh_from: OffsetDateTime,
    /// Whose they are.
    pub(crate) person: Person,
}

/// On its way into what is sealed.
fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

impl Kept {
    /// Tokens that were got `now`.
    pub(crate) fn new(tokens: SignedInTokens, person: Person, now: OffsetDateTime) -> Self {
        let life = (tokens.expires_at - now).max(Duration::ZERO);
        Self {
            refresh_from: tokens.expires_at - EARLY.min(life / 3),
            access: tokens.access,
            refresh: tokens.refresh,
            expires_at: tokens.expires_at,
            person,
        }
    }

    /// Sealed, to be kept with the session `id` and with no other.
    ///
    /// # Panics
    /// Never: it is plain data.
    pub(crate) fn seal(&self, by: &Sealer, id: &IdHash) -> Vec<u8> {
        let json = serde_json::to_vec(self).expect("texts and times are JSON");
        by.seal(&Zeroizing::new(json), &id.0)
    }

    /// What was sealed with the session `id`; `None` where the key is another, or what is kept is damaged or another session's.
    pub(crate) fn open(sealed: &[u8], by: &Sealer, id: &IdHash) -> Option<Self> {
        let json = by.open(sealed, &id.0)?;
        serde_json::from_slice(&json).ok()
    }
}
