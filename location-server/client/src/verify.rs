//! The location server's public keys, and the check of a record against them.

use std::collections::HashMap;

use common::ids::UserId;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{Jwk, JwkSet},
};
use time::OffsetDateTime;

use crate::record::{Location, LocationRecord, SignedMembers, Source, connector_url};

/// Why a record is not to be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The signature is no compact JWS, or not one of ES256 with a key id.
    #[error("its signature is malformed: {0}")]
    Malformed(&'static str),
    /// The key is not among those of the server; a fresh key set may have it.
    #[error("it is signed with the unknown key {0:?}")]
    UnknownKey(String),
    /// The signature does not belong to the key.
    #[error("its signature is wrong")]
    Signature(#[source] jsonwebtoken::errors::Error),
    /// The signed members are not those beside the signature.
    #[error("its members differ from those that are signed")]
    Altered,
    /// The record is about somebody else.
    #[error("it belongs to {0}")]
    OtherProvider(UserId),
    /// The time of the record is over.
    #[error("it expired at {0}")]
    Expired(OffsetDateTime),
    /// The address can't be called.
    #[error("its address is refused: {0}")]
    Url(#[from] crate::record::ConnectorUrlError),
}

/// Public keys of the location server by key id.
#[derive(Clone)]
pub struct RecordKeys {
    set: JwkSet,
    keys: HashMap<String, DecodingKey>,
}

impl std::fmt::Debug for RecordKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RecordKeys")
            .field(&self.keys.keys())
            .finish()
    }
}

impl Default for RecordKeys {
    fn default() -> Self {
        Self::new(JwkSet { keys: Vec::new() })
    }
}

impl RecordKeys {
    /// Takes what a JWKS document (RFC 7517 §5) offers; keys without an id, of another curve or of
    /// another use are passed over.
    pub fn new(set: JwkSet) -> Self {
        let keys = set.keys.iter().filter_map(signing_key).collect();
        Self { set, keys }
    }

    /// The key set as it was published.
    pub fn jwks(&self) -> &JwkSet {
        &self.set
    }

    /// Checks `record` as the answer about `provider`.
    ///
    /// # Errors
    /// [`RecordError`]; of these [`RecordError::UnknownKey`] alone is worth a second try with a
    /// fresh key set.
    pub fn verify(
        &self,
        provider: &UserId,
        record: &LocationRecord,
        now: OffsetDateTime,
        source: Source,
    ) -> Result<Location, RecordError> {
        let header = jsonwebtoken::decode_header(&record.jws)
            .map_err(|_| RecordError::Malformed("its header can't be read"))?;
        if header.alg != Algorithm::ES256 {
            return Err(RecordError::Malformed("the algorithm is not ES256"));
        }
        let kid = header
            .kid
            .ok_or(RecordError::Malformed("it names no key"))?;
        let key = self.keys.get(&kid).ok_or(RecordError::UnknownKey(kid))?;
        // The payload is a record and no set of claims: expiry is judged below, by our clock.
        let mut validation = Validation::new(Algorithm::ES256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let signed = jsonwebtoken::decode::<SignedMembers>(&record.jws, key, &validation)
            .map_err(RecordError::Signature)?
            .claims;
        if signed != record.members {
            return Err(RecordError::Altered);
        }
        if signed.provider_id != *provider {
            return Err(RecordError::OtherProvider(signed.provider_id));
        }
        if signed.expires_at <= now {
            return Err(RecordError::Expired(signed.expires_at));
        }
        Ok(Location {
            url: connector_url(&signed.provider_connector_url)?,
            provider_id: signed.provider_id,
            connector_id: signed.connector_id,
            profile: signed.profile,
            expires_at: Some(signed.expires_at),
            source,
        })
    }
}

fn signing_key(jwk: &Jwk) -> Option<(String, DecodingKey)> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, PublicKeyUse};
    let kid = jwk.common.key_id.clone()?;
    let for_signing = matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    let p256 = matches!(&jwk.algorithm, AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256);
    let key = DecodingKey::from_jwk(jwk).ok()?;
    (for_signing && p256).then_some((kid, key))
}

/// A location server's key, for tests.
#[cfg(test)]
pub(crate) mod testing {
    use jsonwebtoken::{
        Algorithm, EncodingKey, Header,
        jwk::{Jwk, JwkSet, ThumbprintHash},
    };
    use time::OffsetDateTime;

    use crate::record::{LocationRecord, Profile, SignedMembers};

    pub(crate) struct Signer {
        pub(crate) key: EncodingKey,
        pub(crate) jwk: Jwk,
    }

    impl Signer {
        pub(crate) fn new() -> Self {
            let pair = rcgen::KeyPair::generate().expect("a P-256 key");
            let key =
                EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).expect("a PKCS #8 key");
            let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("an EC key");
            jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).expect("an EC key"));
            Self { key, jwk }
        }

        pub(crate) fn jwks(&self) -> JwkSet {
            JwkSet {
                keys: vec![self.jwk.clone()],
            }
        }

        pub(crate) fn record(
            &self,
            provider: &str,
            url: &str,
            expires_at: OffsetDateTime,
        ) -> LocationRecord {
            let members = SignedMembers {
                provider_id: provider.parse().expect("a user ID"),
                provider_connector_url: url.to_owned(),
                connector_id: Some("p.example".parse().expect("a connector ID")),
                profile: Profile::Kakehashi1,
                expires_at,
            };
            let header = Header {
                kid: self.jwk.common.key_id.clone(),
                ..Header::new(Algorithm::ES256)
            };
            let jws = jsonwebtoken::encode(&header, &members, &self.key).expect("a signature");
            LocationRecord { members, jws }
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use time::macros::datetime;

    use super::{testing::Signer, *};

    const NOW: OffsetDateTime = datetime!(2026-11-22 00:00 UTC);
    const LATER: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);

    fn check(signer: &Signer, record: &LocationRecord) -> Result<Location, RecordError> {
        let provider: UserId = "cadde.1.aa".parse().expect("a user ID");
        RecordKeys::new(signer.jwks()).verify(&provider, record, NOW, Source::Server)
    }

    #[test]
    fn good_record_becomes_a_location() {
        let signer = Signer::new();
        let location = check(
            &signer,
            &signer.record("cadde.1.aa", "https://p.example", LATER),
        )
        .unwrap();
        assert_eq!(location.url.as_str(), "https://p.example/");
        assert_eq!(location.connector_id.unwrap().to_string(), "p.example");
        assert_eq!(location.expires_at, Some(LATER));
    }

    #[test]
    fn each_altered_member_is_noticed() {
        let signer = Signer::new();
        let good = signer.record("cadde.1.aa", "https://p.example", LATER);
        let alterations: [fn(&mut SignedMembers); 5] = [
            |m| m.provider_id = "cadde.2.aa".parse().expect("a user ID"),
            |m| m.provider_connector_url = "https://bad.example".to_owned(),
            |m| m.connector_id = None,
            |m| m.profile = crate::record::Profile::Cadde4,
            |m| m.expires_at += time::Duration::SECOND,
        ];
        for alter in alterations {
            let mut record = good.clone();
            alter(&mut record.members);
            assert!(
                matches!(check(&signer, &record), Err(RecordError::Altered)),
                "{record:?}"
            );
        }
    }

    #[test]
    fn record_of_another_provider_is_refused() {
        let signer = Signer::new();
        let other = signer.record("cadde.2.aa", "https://p.example", LATER);
        assert!(matches!(
            check(&signer, &other),
            Err(RecordError::OtherProvider(_))
        ));
    }

    #[test]
    fn record_ends_at_its_expiry() {
        let signer = Signer::new();
        assert!(matches!(
            check(
                &signer,
                &signer.record("cadde.1.aa", "https://p.example", NOW)
            ),
            Err(RecordError::Expired(_))
        ));
    }

    #[test]
    fn foreign_key_and_swapped_signature_are_refused() {
        let (signer, stranger) = (Signer::new(), Signer::new());
        let foreign = stranger.record("cadde.1.aa", "https://p.example", LATER);
        assert!(matches!(
            check(&signer, &foreign),
            Err(RecordError::UnknownKey(_))
        ));

        let mut borrowed_kid = signer.record("cadde.1.aa", "https://p.example", LATER);
        let header = Header {
            kid: signer.jwk.common.key_id.clone(),
            ..Header::new(Algorithm::ES256)
        };
        borrowed_kid.jws =
            jsonwebtoken::encode(&header, &borrowed_kid.members, &stranger.key).unwrap();
        assert!(matches!(
            check(&signer, &borrowed_kid),
            Err(RecordError::Signature(_))
        ));
    }

    #[test]
    fn other_algorithms_and_garbage_are_refused() {
        let signer = Signer::new();
        let mut record = signer.record("cadde.1.aa", "https://p.example", LATER);
        let header = Header {
            kid: signer.jwk.common.key_id.clone(),
            ..Header::new(Algorithm::HS256)
        };
        // The public key as a shared secret: the classic confusion.
        let secret = EncodingKey::from_secret(&serde_json::to_vec(&signer.jwk).unwrap());
        record.jws = jsonwebtoken::encode(&header, &record.members, &secret).unwrap();
        assert!(matches!(
            check(&signer, &record),
            Err(RecordError::Malformed(_))
        ));
        for garbage in ["", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."] {
            garbage.clone_into(&mut record.jws);
            assert!(
                matches!(check(&signer, &record), Err(RecordError::Malformed(_))),
                "{garbage}"
            );
        }
        let header = Header::new(Algorithm::ES256);
        record.jws = jsonwebtoken::encode(&header, &record.members, &signer.key).unwrap();
        assert!(
            matches!(check(&signer, &record), Err(RecordError::Malformed(_))),
            "no kid"
        );
    }
}
