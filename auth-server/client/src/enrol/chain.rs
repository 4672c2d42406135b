//! Checking what the authority answered.

use common::{pem, tls::is_signed_by};
use rcgen::PublicKeyData as _;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::EnrolError;

/// Checks that `chain_pem` begins with a certificate for `key` and leads, signature by signature, to one of `anchors`.
///
/// Times and names are TLS's to check, at each handshake.
///
/// # Errors
/// [`EnrolError::Unusable`].
pub fn check_chain(
    chain_pem: &str,
    key: &rcgen::KeyPair,
    anchors: &[CertificateDer<'_>],
) -> Result<(), EnrolError> {
    let unusable = EnrolError::Unusable;
    let chain =
        pem::parse_certificates(chain_pem.as_bytes()).map_err(|_| unusable("it is not PEM"))?;
    let chain = parse_all(&chain).ok_or(unusable("it is not X.509"))?;
    let anchors = parse_all(anchors).ok_or(unusable("the trust anchors are not X.509"))?;
    let (first, issuers) = chain.split_first().ok_or(unusable("it is empty"))?;
    if first.public_key().raw != key.subject_public_key_info() {
        return Err(unusable("it is for another key"));
    }
    let mut current = first;
    for issuer in issuers {
        if !issued(issuer, current) {
            return Err(unusable("its chain is broken"));
        }
        current = issuer;
    }
    if anchors
        .iter()
        .any(|anchor| anchor.as_raw() == current.as_raw() || issued(anchor, current))
    {
        Ok(())
    } else {
        Err(unusable("it does not lead to the authority in tls.ca"))
    }
}

fn issued(issuer: &X509Certificate<'_>, subject: &X509Certificate<'_>) -> bool {
    issuer.is_ca()
        && issuer.subject().as_raw() == subject.issuer().as_raw()
        && is_signed_by(subject.as_raw(), issuer.public_key())
}

fn parse_all<'c>(certificates: &'c [CertificateDer<'_>]) -> Option<Vec<X509Certificate<'c>>> {
    certificates
        .iter()
        .map(|der| {
            X509Certificate::from_der(der)
                .ok()
                .map(|(_, parsed)| parsed)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        CertifiedIssuer::self_signed(authority_params(name), KeyPair::generate().expect("a key"))
            .expect("a root")
    }

    fn authority_params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    fn leaf() -> CertificateParams {
        CertificateParams::new(vec!["a.example".to_owned()]).expect("a name")
    }

    #[test]
    fn a_chain_to_the_anchor_is_accepted() {
        let root = authority("root");
        let intermediate_key = KeyPair::generate().unwrap();
        let intermediate =
            CertifiedIssuer::signed_by(authority_params("intermediate"), intermediate_key, &root)
                .unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = leaf().signed_by(&key, &intermediate).unwrap();
        let chain = format!("{}{}", leaf.pem(), intermediate.pem());
        check_chain(&chain, &key, &[root.der().clone()]).unwrap();
        // The intermediate left out: nothing leads to the root.
        check_chain(&leaf.pem(), &key, &[root.der().clone()]).unwrap_err();
        // Another key.
        check_chain(&chain, &KeyPair::generate().unwrap(), &[root.der().clone()]).unwrap_err();
        // Another root of the same name.
        check_chain(&chain, &key, &[authority("root").der().clone()]).unwrap_err();
    }

    #[test]
    fn a_certificate_that_is_no_authority_issues_nothing() {
        let root = authority("root");
        let impostor_key = KeyPair::generate().unwrap();
        let mut params = leaf();
        params.is_ca = IsCa::ExplicitNoCa;
        let impostor = CertifiedIssuer::signed_by(params, impostor_key, &root).unwrap();
        let key = KeyPair::generate().unwrap();
        let forged = leaf().signed_by(&key, &impostor).unwrap();
        let chain = format!("{}{}", forged.pem(), impostor.pem());
        check_chain(&chain, &key, &[root.der().clone()]).unwrap_err();
    }

    #[test]
    fn other_texts_are_unusable() {
        let key = KeyPair::generate().unwrap();
        for text in [
            "",
            "no PEM",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            check_chain(text, &key, &[]).unwrap_err();
        }
    }
}
