//! Signatures of revocation lists, by the algorithms that TLS checks them with at each handshake. Where two verifiers take
//! different ones, a list keeps a process from starting that TLS would have taken, or the other way round keeps everybody out.

use x509_parser::{
    asn1_rs::{Any, BitString, FromDer},
    prelude::SubjectPublicKeyInfo,
};

use super::provider;

/// What a signature shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    /// The key made it.
    Good,
    /// The key did not make it.
    Bad,
    /// No algorithm that is known here fits both signature and key.
    Unknown,
}

impl Signature {
    /// Checks the signature of `signed`, a certificate or a list in DER, with `key`.
    pub(super) fn check(signed: &[u8], key: &SubjectPublicKeyInfo<'_>) -> Self {
        let (Some(signed), Some(kind)) = (Signed::read(signed), key_algorithm(key.raw)) else {
            return Self::Bad;
        };
        let key = &key.subject_public_key.data;
        let known = provider().signature_verification_algorithms.all;
        let mut fitting = known
            .iter()
            .filter(|known| {
                known.signature_alg_id().as_ref() == signed.algorithm
                    && known.public_key_alg_id().as_ref() == kind
            })
            .peekable();
        if fitting.peek().is_none() {
            return Self::Unknown;
        }
        let is_good = fitting.any(|known| {
            known
                .verify_signature(key, signed.content, &signed.signature.data)
                .is_ok()
        });
        if is_good { Self::Good } else { Self::Bad }
    }
}

/// Whether `key` signed `signed`, a certificate or a list in DER, in a way that TLS takes.
pub fn is_signed_by(signed: &[u8], key: &SubjectPublicKeyInfo<'_>) -> bool {
    Signature::check(signed, key) == Signature::Good
}

/// `SEQUENCE { content, AlgorithmIdentifier, BIT STRING }`.
struct Signed<'d> {
    content: &'d [u8],
    algorithm: &'d [u8],
    signature: BitString<'d>,
}

impl<'d> Signed<'d> {
    fn read(der: &'d [u8]) -> Option<Self> {
        let (_, whole) = Any::from_der(der).ok()?;
        let (rest, _) = Any::from_der(whole.data).ok()?;
        let content = &whole.data[..whole.data.len() - rest.len()];
        let (rest, algorithm) = Any::from_der(rest).ok()?;
        let (_, signature) = BitString::from_der(rest).ok()?;
        Some(Self {
            content,
            algorithm: algorithm.data,
            signature,
        })
    }
}

/// What is in the `AlgorithmIdentifier` of `SEQUENCE { AlgorithmIdentifier, BIT STRING }`.
fn key_algorithm(key: &[u8]) -> Option<&[u8]> {
    let (_, whole) = Any::from_der(key).ok()?;
    let (_, algorithm) = Any::from_der(whole.data).ok()?;
    Some(algorithm.data)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use x509_parser::prelude::X509Certificate;

    use super::*;
    use crate::pem;

    /// Of each name an authority and a list that it signed, made by OpenSSL: `openssl req -x509 …`, `openssl ca -gencrl …`.
    const SIGNED: &str = include_str!("signed.pem");

    fn signed(name: &str) -> (Vec<u8>, Vec<u8>) {
        let (_, rest) = SIGNED
            .split_once(&format!("{name}\n-----BEGIN"))
            .expect("it is in the file");
        let text = format!("-----BEGIN{rest}");
        let end = text.find("-----END X509 CRL-----\n").expect("an end") + 23;
        let text = &text.as_bytes()[..end];
        let list = pem::parse_crls(text).expect("a list").remove(0);
        // Lists do not belong among certificates: each is read from its own part.
        let begin = text
            .windows(14)
            .position(|w| w == b"-----BEGIN X50")
            .expect("a list");
        let authority = pem::parse_certificates(&text[..begin]).expect("an authority");
        (authority[0].to_vec(), list.to_vec())
    }

    fn check(authority: &[u8], list: &[u8]) -> Signature {
        let (_, authority) = X509Certificate::from_der(authority).expect("a certificate");
        Signature::check(list, authority.public_key())
    }

    #[rstest]
    fn what_tls_takes_is_good_and_what_another_signed_is_not(
        #[values(
            "p256-sha256",
            "p256-sha384",
            "p256-sha512",
            "p384-sha256",
            "p384-sha384",
            "p384-sha512",
            "p521-sha256",
            "p521-sha384",
            "p521-sha512",
            "rsa-sha256",
            "rsa-sha384",
            "rsa-sha512",
            "pss-sha256",
            "pss-sha384",
            "pss-sha512",
            "ed25519"
        )]
        name: &str,
    ) {
        let (authority, mut list) = signed(name);
        assert_eq!(check(&authority, &list), Signature::Good);
        *list.last_mut().expect("a signature") ^= 1;
        assert_eq!(check(&authority, &list), Signature::Bad);
    }

    #[rstest]
    #[case("rsa-sha224", "rsa-sha224")]
    #[case("rsa-sha1", "rsa-sha1")]
    #[case("p256-sha224", "p256-sha224")]
    // A key of another kind can have signed none of these, but whether it did is not known here either.
    #[case("rsa-sha256", "p256-sha256")]
    fn what_cannot_be_checked_is_no_bad_signature(#[case] authority: &str, #[case] list: &str) {
        let (authority, list) = (signed(authority).0, signed(list).1);
        assert_eq!(check(&authority, &list), Signature::Unknown);
    }

    #[test]
    fn other_bytes_are_signed_by_nobody() {
        let (authority, list) = signed("p256-sha512");
        for length in 0..list.len().min(200) {
            assert_eq!(check(&authority, &list[..length]), Signature::Bad);
        }
    }
}
