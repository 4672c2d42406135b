//! Certificate requests (PKCS #10, RFC 2986). Only the key counts; names, uses and everything else in them is ignored.

use rcgen::SubjectPublicKeyInfo;
use sha2::{Digest as _, Sha256};
use x509_parser::{
    certification_request::X509CertificationRequest, pem::parse_x509_pem, prelude::FromDer as _,
    public_key::PublicKey,
};

/// 16 KiB: the longest request read; one with an RSA key of 4096 bits has 1.7 KB.
const MAX_BYTES: usize = 16 << 10;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// It is not PEM with the label `CERTIFICATE REQUEST`.
    #[error("the request is not PEM of a certificate request")]
    Pem,
    /// It is not PKCS #10.
    #[error("the request is malformed")]
    Malformed,
    /// Its signature doesn't verify: who sent it doesn't have the key.
    #[error("the signature of the request does not verify")]
    Signature,
    /// The key is of a kind that peers don't accept.
    #[error("the key must be P-256, P-384, Ed25519 or RSA with 2048 to 4096 bits")]
    Key,
}

/// A key whose possession was proven.
#[derive(Debug, Clone)]
pub struct RequestedKey {
    /// The key.
    pub(super) spki: SubjectPublicKeyInfo,
    /// SHA-256 of its `SubjectPublicKeyInfo`.
    pub spki_sha256: [u8; 32],
}

impl RequestedKey {
    /// Reads a request and verifies its signature.
    ///
    /// # Errors
    /// [`CsrError`].
    pub fn parse(pem: &str) -> Result<Self, CsrError> {
        if pem.len() > MAX_BYTES {
            return Err(CsrError::Malformed);
        }
        let (_, block) = parse_x509_pem(pem.as_bytes()).map_err(|_| CsrError::Pem)?;
        if !matches!(
            block.label.as_str(),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"
        ) {
            return Err(CsrError::Pem);
        }
        let (rest, request) =
            X509CertificationRequest::from_der(&block.contents).map_err(|_| CsrError::Malformed)?;
        if !rest.is_empty() {
            return Err(CsrError::Malformed);
        }
        let spki = &request.certification_request_info.subject_pki;
        check_strength(&spki.parsed().map_err(|_| CsrError::Key)?)?;
        request
            .verify_signature()
            .map_err(|_| CsrError::Signature)?;
        Ok(Self {
            spki: SubjectPublicKeyInfo::from_der(spki.raw).map_err(|_| CsrError::Key)?,
            spki_sha256: Sha256::digest(spki.raw).into(),
        })
    }
}

fn check_strength(key: &PublicKey<'_>) -> Result<(), CsrError> {
    let fits = match key {
        PublicKey::RSA(rsa) => (2048..=4096).contains(&rsa.key_size()),
        PublicKey::EC(point) => matches!(point.key_size(), 256 | 384),
        // Ed25519, by its length.
        PublicKey::Unknown(raw) => raw.len() == 32,
        _ => false,
    };
    if fits { Ok(()) } else { Err(CsrError::Key) }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    use super::*;

    fn request(key: &KeyPair, names: &[&str]) -> String {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        CertificateParams::new(names)
            .expect("names")
            .serialize_request(key)
            .expect("a request")
            .pem()
            .expect("PEM")
    }

    #[test]
    fn the_key_of_a_request_is_read() {
        for key in [
            KeyPair::generate().unwrap(),
            KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
            KeyPair::generate_for(&PKCS_ED25519).unwrap(),
        ] {
            let read = RequestedKey::parse(&request(&key, &["a.example"])).unwrap();
            let other = RequestedKey::parse(&request(&key, &[])).unwrap();
            assert_eq!(read.spki_sha256, other.spki_sha256);
        }
    }

    #[test]
    fn a_request_signed_with_another_key_is_refused() {
        let pem = request(&KeyPair::generate().unwrap(), &["a.example"]);
        let (_, block) = parse_x509_pem(pem.as_bytes()).unwrap();
        let mut der = block.contents;
        // The last byte belongs to the signature.
        *der.last_mut().unwrap() ^= 1;
        let forged = rcgen_pem(&der);
        assert_eq!(
            RequestedKey::parse(&forged).unwrap_err(),
            CsrError::Signature
        );
    }

    fn rcgen_pem(der: &[u8]) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
            STANDARD
                .encode(der)
                .as_bytes()
                .chunks(64)
                .map(|line| std::str::from_utf8(line).expect("ASCII"))
                .collect::<Vec<_>>()
                .join("\n")
        )
    }

    #[test]
    fn other_texts_are_refused() {
        assert_eq!(RequestedKey::parse("").unwrap_err(), CsrError::Pem);
        assert_eq!(
            RequestedKey::parse(&rcgen_pem(b"\x30\x00")).unwrap_err(),
            CsrError::Malformed
        );
        let certificate = rcgen::generate_simple_self_signed(vec!["a.example".into()]).unwrap();
        assert_eq!(
            RequestedKey::parse(&certificate.cert.pem()).unwrap_err(),
            CsrError::Pem
        );
    }
}
