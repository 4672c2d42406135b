//! Tokens that must be refused, and what is needed to make them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};

/// The claims of a token, unverified.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a token.
pub fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, at: usize) -> Value {
    let encoded = token.split('.').nth(at).expect("a JWT has three parts");
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .expect("a part of a JWT is base64url");
    serde_json::from_slice(&bytes).expect("a part of a JWT is JSON")
}

/// A signer of tokens: an issuer of the harness, or the trial's own where its key was read from disk.
#[derive(Debug)]
pub struct Signer {
    key_pem: String,
    kid: String,
}

impl Signer {
    /// With a key that nobody knows, under the key id `kid`.
    pub fn foreign(kid: &str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a P-256 key can be made");
        Self {
            key_pem: key.serialize_pem(),
            kid: kid.to_owned(),
        }
    }

    /// With the key in `pem` (PKCS #8) under the key id `kid`.
    pub fn with_key(pem: String, kid: &str) -> Self {
        Self {
            key_pem: pem,
            kid: kid.to_owned(),
        }
    }

    /// Signs `claims`.
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header {
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::ES256)
        };
        let key =
            EncodingKey::from_ec_pem(self.key_pem.as_bytes()).expect("the key is a P-256 key");
        jsonwebtoken::encode(&header, claims, &key).expect("claims can be signed")
    }
}

/// `claims` with some members replaced.
pub fn with(claims: &Value, replaced: Value) -> Value {
    let mut claims = claims.clone();
    let Value::Object(replaced) = replaced else {
        panic!("members to replace are an object")
    };
    claims
        .as_object_mut()
        .expect("claims are an object")
        .extend(replaced);
    claims
}

/// The same token an hour after its end.
pub fn expired(claims: &Value) -> Value {
    let now = crate::certs::now().unix_timestamp();
    with(claims, json!({"iat": now - 7200, "exp": now - 3600}))
}
