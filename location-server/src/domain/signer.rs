//! The key that signs records, and the records it signed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use common::ids::UserId;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use location_client::{LocationRecord, record::SignedMembers};
use moka::future::Cache;
use time::OffsetDateTime;

use super::store::Stored;

/// Signed records that are kept; far more than providers in use.
const MAX_KEPT: u64 = 10_000;

/// Why there is no key or no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The key's file can't be read or made.
    #[error("the key {} can't be read or made", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no P-256 key.
    #[error("{} holds no P-256 key in PKCS #8 (PEM)", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: jsonwebtoken::errors::Error,
    },
    /// No new key could be made.
    #[error("a new key could not be made")]
    Generate(#[source] rcgen::Error),
    /// The signature failed.
    #[error("the record could not be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
    /// A stored member no longer parses.
    #[error("the stored record of {provider} can't be signed: {reason}")]
    Record {
        /// Whose record it is.
        provider: UserId,
        /// What is wrong.
        reason: String,
    },
}

/// Signs records with ES256.
///
/// A signature serves for half its validity, so most lookups sign nothing and every record that
/// leaves is good for at least the other half.
pub struct RecordSigner {
    key: EncodingKey,
    header: Header,
    jwks: JwkSet,
    validity: Duration,
    kept: Cache<UserId, Kept>,
}

#[derive(Clone)]
struct Kept {
    version: i64,
    renew_at: OffsetDateTime,
    record: Result<Arc<LocationRecord>, Arc<SignerError>>,
}

impl RecordSigner {
    /// Reads the key at `path`, or makes one there, readable by its owner alone.
    ///
    /// Files whose names continue that of `path` after a dot (`record-key.pem.2026` beside `record-key.pem`) hold keys that
    /// signed before: nothing is signed with them, but receivers still find them in the key set. Without them a new key would
    /// void every record that a receiver keeps for the time when this server is down.
    pub fn open(path: &Path, validity: Duration) -> Result<Self, SignerError> {
        let file_error = |source| file_error(path, source);
        let pem = match std::fs::read(path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let pem = rcgen::KeyPair::generate()
                    .map_err(SignerError::Generate)?
                    .serialize_pem();
                common::config::write_file(path, pem.as_bytes(), true).map_err(file_error)?;
                pem.into_bytes()
            }
            Err(error) => return Err(file_error(error)),
        };
        let (key, jwk) = read_key(path, &pem)?;
        let kid = jwk.common.key_id.clone();
        let mut keys = vec![jwk];
        for retired in retired(path).map_err(file_error)? {
            let pem =
                std::fs::read(&retired).map_err(|source| self::file_error(&retired, source))?;
            let (_, jwk) = read_key(&retired, &pem)?;
            if !keys.contains(&jwk) {
                keys.push(jwk);
            }
        }
        Ok(Self {
            key,
            header: Header {
                kid,
                typ: None,
                ..Header::new(Algorithm::ES256)
            },
            jwks: JwkSet { keys },
            validity,
            kept: Cache::new(MAX_KEPT),
        })
    }

    /// The public keys, the one that signs first, as `/.well-known/jwks.json` shows them.
    pub fn jwks(&self) -> &JwkSet {
        &self.jwks
    }

    /// The record of `stored`, good for at least half the configured validity from `now` on.
    pub async fn record(
        &self,
        stored: &Stored,
        now: OffsetDateTime,
    ) -> Result<Arc<LocationRecord>, Arc<SignerError>> {
        let sign = async {
            let expires_at = truncate(now + self.validity);
            Kept {
                version: stored.version,
                renew_at: now + self.validity / 2,
                record: self
                    .sign(stored, expires_at)
                    .map(Arc::new)
                    .map_err(Arc::new),
            }
        };
        let stale = |kept: &Kept| {
            kept.version != stored.version || kept.renew_at <= now || kept.record.is_err()
        };
        self.kept
            .entry_by_ref(&stored.provider)
            .or_insert_with_if(sign, stale)
            .await
            .into_value()
            .record
    }

    fn sign(
        &self,
        stored: &Stored,
        expires_at: OffsetDateTime,
    ) -> Result<LocationRecord, SignerError> {
        let connector_id = stored
            .entry
            .connector_id
            .as_deref()
            .map(str::parse)
            .transpose();
        let members = SignedMembers {
            provider_id: stored.provider.clone(),
            provider_connector_url: stored.entry.provider_connector_url.clone(),
            connector_id: connector_id.map_err(|error: common::ids::IdError| {
                SignerError::Record {
                    provider: stored.provider.clone(),
                    reason: error.to_string(),
                }
            })?,
            profile: stored.entry.profile,
            expires_at,
        };
        let jws = jsonwebtoken::encode(&self.header, &members, &self.key)?;
        Ok(LocationRecord { members, jws })
    }
}

fn file_error(path: &Path, source: std::io::Error) -> SignerError {
    SignerError::File {
        path: path.to_owned(),
        source,
    }
}

/// The key in `pem`, which was read from `path`, with its public half.
fn read_key(path: &Path, pem: &[u8]) -> Result<(EncodingKey, Jwk), SignerError> {
    let error = |source| SignerError::Key {
        path: path.to_owned(),
        source,
    };
    let key = EncodingKey::from_ec_pem(pem).map_err(error)?;
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).map_err(error)?;
    // RFC 7638: a name that follows from the key needs no file of its own.
    jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).map_err(error)?);
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok((key, jwk))
}

/// The files of keys that signed before the one at `path`, in the order of their names.
fn retired(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name
            .as_encoded_bytes()
            .starts_with(prefix.as_encoded_bytes())
        {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Whole seconds: the reader's text form of the time then equals ours.
fn truncate(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use location_client::{
        api::Entry,
        record::{Profile, Source},
        verify::RecordKeys,
    };
    use time::macros::datetime;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);
    const NOW: OffsetDateTime = datetime!(2026-11-22 00:00:00.123 UTC);

    fn stored(version: i64) -> Stored {
        Stored {
            provider: UserId::parse("cadde.1.aa").expect("a user ID"),
            entry: Entry {
                provider_connector_url: "https://p.example".to_owned(),
                connector_id: Some("p.example".to_owned()),
                profile: Profile::Kakehashi1,
            },
            version,
        }
    }

    #[tokio::test]
    async fn what_is_signed_here_is_accepted_by_the_client() {
        let dir = tempfile::tempdir().unwrap();
        let signer = RecordSigner::open(&dir.path().join("key.pem"), DAY).unwrap();
        let record = signer.record(&stored(1), NOW).await.unwrap();
        let keys = RecordKeys::new(signer.jwks().clone());
        let location = keys
            .verify(&stored(1).provider, &record, NOW, Source::Server)
            .unwrap();
        assert_eq!(location.url.as_str(), "https://p.example/");
        assert_eq!(location.expires_at, Some(datetime!(2026-11-23 00:00 UTC)));
    }

    #[tokio::test]
    async fn signature_is_reused_for_half_its_validity_and_never_for_another_version() {
        let dir = tempfile::tempdir().unwrap();
        let signer = RecordSigner::open(&dir.path().join("key.pem"), DAY).unwrap();
        let first = signer.record(&stored(1), NOW).await.unwrap();
        assert_eq!(
            signer.record(&stored(1), NOW + DAY / 3).await.unwrap(),
            first
        );
        assert_ne!(
            signer.record(&stored(1), NOW + DAY / 2).await.unwrap(),
            first
        );
        let second = signer.record(&stored(2), NOW).await.unwrap();
        assert_ne!(second.jws, first.jws);
    }

    #[tokio::test]
    async fn what_a_retired_key_signed_is_accepted_until_its_file_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        let before = RecordSigner::open(&path, DAY).unwrap();
        let record = before.record(&stored(1), NOW).await.unwrap();

        let retired = dir.path().join("key.pem.2026");
        std::fs::rename(&path, &retired).unwrap();
        let now = RecordSigner::open(&path, DAY).unwrap();
        assert_eq!(now.jwks().keys.len(), 2);
        let accepts = |signer: &RecordSigner| {
            RecordKeys::new(signer.jwks().clone())
                .verify(&stored(1).provider, &record, NOW, Source::LastKnown)
                .is_ok()
        };
        assert!(accepts(&now));
        assert_ne!(now.record(&stored(1), NOW).await.unwrap().jws, record.jws);

        std::fs::remove_file(retired).unwrap();
        assert!(!accepts(&RecordSigner::open(&path, DAY).unwrap()));
    }

    #[test]
    fn key_is_made_once_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/record.pem");
        let first = RecordSigner::open(&path, DAY).unwrap();
        let again = RecordSigner::open(&path, DAY).unwrap();
        assert_eq!(first.jwks(), again.jwks());
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        std::fs::write(&path, "no key").unwrap();
        assert!(matches!(
            RecordSigner::open(&path, DAY),
            Err(SignerError::Key { .. })
        ));
    }
}
