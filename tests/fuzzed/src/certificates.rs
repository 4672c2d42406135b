//! Certificates, requests for them, and lists of those that were revoked.

use std::collections::BTreeMap;

use auth_server::ca::{RequestedKey, external};
use common::{
    ids::ConnectorId,
    pem::{parse_certificates, parse_crls},
    tls::{PeerCertificate, Revocations, validity},
};
use rustls_pki_types::CertificateDer;

use crate::bytes::text;

/// A file of certificates or of revocation lists.
pub fn pem(bytes: &[u8]) {
    let _ = parse_certificates(bytes);
    let _ = parse_crls(bytes);
}

/// A certificate as TLS hands it over.
pub fn certificate(bytes: &[u8]) {
    let pinned = BTreeMap::new();
    let der = CertificateDer::from(bytes);
    let period = validity(&der);
    if let Some(peer) = PeerCertificate::from_der(bytes, &pinned) {
        assert_eq!(&*peer.der, bytes);
        assert!(period.is_some(), "one reader takes what another refuses");
    }
}

/// What asks the authority for a certificate, or registers one of another authority.
pub fn certificate_request(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let _ = RequestedKey::parse(text);
    let id = ConnectorId::parse("provider.a.example").expect("a DNS name");
    let any = external::read_any(text, &id);
    if external::read(text, &id).is_ok() {
        external::read_recorded(text, &id).expect("what names the connector is recorded for it");
    }
    if external::read_recorded(text, &id).is_ok() {
        any.expect("whomever it names");
    }
}

/// Revocation lists, beside the certificates of their authorities.
pub fn revocation_lists(bytes: &[u8]) {
    let authorities = parse_certificates(bytes).unwrap_or_default();
    let lists = parse_crls(bytes).unwrap_or_default();
    let _ = Revocations::read(&lists, &authorities);
}
