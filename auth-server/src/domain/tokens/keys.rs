//! Signing keys (ES256, RFC 7518 §3.4) and the key set that is published (RFC 7517).

use std::path::{Path, PathBuf};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::config::write_file;
use rcgen::KeyPair;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

/// Characters of a key's name.
///
/// The header around it has 36 bytes, so 24 make 60. Existing connectors pad a token's payload by the length of the whole
/// token, and can decode every payload only if the header has 0 or 2 bytes modulo 3, never 1: the full thumbprint of 43
/// characters would not do.
const KID_LENGTH: usize = 24;

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file could not be read or written.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file is no P-256 key.
    #[error("{} is no P-256 key: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no key at all.
    #[error("there is no signing key in {}", .0.display())]
    None(PathBuf),
}

/// One signing key.
struct SigningKey {
    kid: String,
    /// The encoded header with the point behind it.
    prefix: String,
    pair: EcdsaKeyPair,
    public: Vec<u8>,
}

/// All signing keys; the last one signs.
pub struct KeyRing {
    keys: Vec<SigningKey>,
    random: SystemRandom,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|key| &key.kid))
            .finish()
    }
}

/// The published key set.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    r#use: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
    y: String,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

/// Makes a key in `directory`, unless there is one.
pub fn create(directory: &Path, now: OffsetDateTime) -> Result<(), KeyError> {
    if files(directory).is_ok_and(|found| !found.is_empty()) {
        return Ok(());
    }
    let content = |reason: rcgen::Error| KeyError::Content {
        path: directory.into(),
        reason: reason.to_string(),
    };
    let key = KeyPair::generate().map_err(content)?;
    let path = directory.join(format!("{:012}.pem", now.unix_timestamp()));
    write_file(&path, key.serialize_pem().as_bytes(), true)
        .map_err(|source| KeyError::File { path, source })
}

/// The key files in `directory`, in the order of their names.
fn files(directory: &Path) -> Result<Vec<PathBuf>, KeyError> {
    let error = |source| KeyError::File {
        path: directory.into(),
        source,
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.extension().is_some_and(|extension| extension == "pem") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

impl KeyRing {
    /// Reads the keys in `directory`.
    pub fn load(directory: &Path) -> Result<Self, KeyError> {
        let keys = files(directory)?
            .iter()
            .map(|path| SigningKey::read(path))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(KeyError::None(directory.into()));
        }
        Ok(Self {
            keys,
            random: SystemRandom::new(),
        })
    }

    /// Signs `claims` as a compact JWS (RFC 7515 §7.1).
    ///
    /// # Panics
    /// Never in practice: claims are plain data, and signing fails only without randomness.
    pub fn sign(&self, claims: &impl Serialize) -> String {
        let key = self
            .keys
            .last()
            .expect("a key ring has a key: checked when it was loaded");
        let payload =
            serde_json::to_vec(claims).expect("claims have only members that JSON can express");
        let mut token = String::with_capacity(key.prefix.len() + payload.len() * 4 / 3 + 92);
        token.push_str(&key.prefix);
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = key
            .pair
            .sign(&self.random, token.as_bytes())
            .expect("the operating system provides randomness");
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }

    /// The claims of a token that one of these keys signed; `None` for any other text.
    pub fn verify<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        // Our headers are always spelled alike, so the header itself names the key.
        let key = self
            .keys
            .iter()
            .find(|key| key.prefix.strip_suffix('.') == Some(header))?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.public)
            .verify(signed.as_bytes(), &signature)
            .ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    /// The public keys.
    pub fn jwks(&self) -> JwkSet {
        JwkSet {
            keys: self.keys.iter().map(SigningKey::jwk).collect(),
        }
    }
}

impl SigningKey {
    fn read(path: &Path) -> Result<Self, KeyError> {
        let content = |reason: String| KeyError::Content {
            path: path.into(),
            reason,
        };
        let text = std::fs::read_to_string(path).map_err(|source| KeyError::File {
            path: path.into(),
            source,
        })?;
        let pem = KeyPair::from_pem(&text).map_err(|error| content(error.to_string()))?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pem.serialized_der())
            .map_err(|error| content(error.to_string()))?;
        let public = pair.public_key().as_ref().to_vec();
        let kid = kid(&public);
        let header = serde_json::to_vec(&Header {
            alg: "ES256",
            typ: "JWT",
            kid: &kid,
        })
        .expect("a header has only members that JSON can express");
        debug_assert_ne!(
            header.len() % 3,
            1,
            "existing connectors could not decode our tokens"
        );
        Ok(Self {
            prefix: format!("{}.", URL_SAFE_NO_PAD.encode(header)),
            kid,
            pair,
            public,
        })
    }

    fn jwk(&self) -> Jwk {
        let (x, y) = coordinates(&self.public);
        Jwk {
            kty: "EC",
            crv: "P-256",
            r#use: "sig",
            alg: "ES256",
            kid: self.kid.clone(),
            x,
            y,
        }
    }
}

/// The coordinates of an uncompressed point (SEC 1 §2.3.3: 04, then x and y of 32 bytes each).
fn coordinates(public: &[u8]) -> (String, String) {
    (
        URL_SAFE_NO_PAD.encode(&public[1..33]),
        URL_SAFE_NO_PAD.encode(&public[33..65]),
    )
}

/// The beginning of the key's thumbprint (RFC 7638): a name that nobody has to hand out.
fn kid(public: &[u8]) -> String {
    let (x, y) = coordinates(public);
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let mut kid = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical));
    kid.truncate(KID_LENGTH);
    kid
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
