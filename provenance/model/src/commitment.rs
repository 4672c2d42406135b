//! Salted commitments: what the public part of the ledger shows of a record.
//!
//! The contents of events are easy to guess (known parties, known times), so a plain hash could be confirmed by trying. With
//! 32 random bytes per record it cannot, and erasing salt and core makes the commitment meaningless while every proof that
//! was made with it goes on working.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

/// Separates these hashes from every other use of SHA-256; the zero byte ends it.
const DOMAIN: &[u8] = b"cadde-prov/commit/v1\0";

/// First byte of a leaf whose content is sealed.
const SEALED: u8 = 0x01;

/// 32 random bytes of one record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl Salt {
    /// A new salt.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// The salt as Base64 with padding.
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads Base64 with padding; `None` unless it is 32 bytes.
    pub fn from_base64(text: &str) -> Option<Self> {
        decode32(text).map(Self)
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever has the salt can confirm guesses of the content.
        f.write_str("Salt(..)")
    }
}

/// The commitment to one record: SHA-256 over domain, salt and canonical core.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commitment(pub [u8; 32]);

impl Commitment {
    /// The commitment to `core`, which must be canonical JSON.
    pub fn new(salt: &Salt, core: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(salt.0);
        hash.update(core);
        Self(hash.finalize().into())
    }

    /// The hash of the leaf that holds this commitment (RFC 6962 §2.1): leaf prefix, type byte, commitment.
    pub fn leaf_hash(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update([0x00, SEALED])
            .chain_update(self.0)
            .finalize()
            .into()
    }

    /// The commitment as Base64 with padding.
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads Base64 with padding; `None` unless it is 32 bytes.
    pub fn from_base64(text: &str) -> Option<Self> {
        decode32(text).map(Self)
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commitment({})", hex::encode(self.0))
    }
}

fn decode32(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::vectors;

    #[test]
    fn the_published_vectors_come_out() {
        for vector in vectors::ALL {
            assert_eq!(vector.core.len(), vector.len);
            let commitment = Commitment::new(&Salt([vector.salt; 32]), vector.core);
            assert_eq!(hex::encode(commitment.0), vector.commitment);
            assert_eq!(hex::encode(commitment.leaf_hash()), vector.leaf_hash);
        }
    }

    #[test]
    fn the_text_forms_are_read_back() {
        let salt = Salt::random();
        assert_eq!(Salt::from_base64(&salt.to_base64()), Some(salt));
        let commitment = Commitment::new(&salt, "{}");
        assert_eq!(
            Commitment::from_base64(&commitment.to_base64()),
            Some(commitment)
        );
        assert_eq!(Commitment::from_base64("AAAA"), None);
    }

    #[test]
    fn salts_differ_and_do_not_show() {
        assert_ne!(Salt::random(), Salt::random());
        assert_eq!(format!("{:?}", Salt([1; 32])), "Salt(..)");
    }
}
