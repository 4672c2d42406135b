//! Whom a certificate names.

use std::collections::BTreeMap;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use rustls::{client::verify_server_name, server::ParsedCertificate};
use rustls_pki_types::{CertificateDer, ServerName};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::ids::ConnectorId;

/// A certificate that a peer presented and TLS has verified.
#[derive(Debug, Clone)]
pub struct PeerCertificate {
    /// The connector or service it names: its one DNS SAN besides `localhost`, or the ID that the configuration pins
    /// it to. `None` where it names none or several.
    pub connector_id: Option<ConnectorId>,
    /// SHA-256 of the certificate.
    pub sha256: [u8; 32],
    /// DER of the issuer's name.
    pub issuer: Bytes,
    /// Serial number, big-endian, without leading zeros.
    pub serial: Bytes,
    /// End of its validity.
    pub not_after: OffsetDateTime,
    /// The certificate.
    pub der: Bytes,
    /// On whose word it counts.
    pub standing: Standing,
}

/// On whose word a certificate counts, for as long as its connection lasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The number of the anchor that vouched for it; 0 is that of `tls.ca`.
    pub(super) anchor: usize,
    /// Whether the registry told its connector, and is to be asked again.
    pub(super) is_recorded: bool,
    /// Whether it does not name the host that was called, and counts for its connector alone.
    pub(super) is_nameless: bool,
}

impl Standing {
    /// Whether the certificate of a server that was called does not name its host: the registry told whose it is, and it counts
    /// where that connector is expected and nowhere else.
    pub fn is_nameless(self) -> bool {
        self.is_nameless
    }
}

impl PeerCertificate {
    /// Reads a certificate; `None` where it is no X.509 certificate.
    pub fn from_der(der: &[u8], pinned: &BTreeMap<String, ConnectorId>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let sha256: [u8; 32] = Sha256::digest(der).into();
        let connector_id =
            sole_dns_name(&certificate).or_else(|| pinned.get(&hex::encode(sha256)).cloned());
        Some(Self {
            connector_id,
            sha256,
            issuer: Bytes::copy_from_slice(certificate.issuer().as_raw()),
            serial: serial(certificate.raw_serial()),
            not_after: certificate.validity().not_after.to_datetime(),
            der: Bytes::copy_from_slice(der),
            standing: Standing::default(),
        })
    }

    /// The thumbprint that binds a token to this certificate: `x5t#S256` of RFC 8705 §3.1.
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.sha256)
    }

    /// SHA-256 of the certificate in lower-case hexadecimal.
    pub fn sha256_hex(&self) -> String {
        hex::encode(self.sha256)
    }
}

/// The one DNS SAN of a certificate besides `localhost`.
pub(super) fn sole_name(der: &[u8]) -> Option<ConnectorId> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    sole_dns_name(&certificate)
}

/// Whether `id` is one of the DNS names of a certificate. Its holder has shown to a public authority that the name is theirs,
/// which such authorities also do for several names at once and for all names below one.
pub(super) fn has_name(der: &CertificateDer<'_>, id: &ConnectorId) -> bool {
    let Ok(name) = ServerName::try_from(id.as_str()) else {
        return false;
    };
    ParsedCertificate::try_from(der)
        .and_then(|certificate| verify_server_name(&certificate, &name))
        .is_ok()
}

/// A serial number without the zeros that DER puts in front of it.
pub(super) fn serial(raw: &[u8]) -> Bytes {
    let start = raw.iter().position(|b| *b != 0).unwrap_or(raw.len());
    Bytes::copy_from_slice(&raw[start..])
}

/// The one DNS SAN besides `localhost`; a certificate that names several connectors names none.
fn sole_dns_name(certificate: &X509Certificate<'_>) -> Option<ConnectorId> {
    let extension = certificate.subject_alternative_name().ok()??;
    let mut names = extension
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) if !name.eq_ignore_ascii_case("localhost") => Some(*name),
            _ => None,
        });
    let name = names.next()?;
    if names.next().is_some() {
        return None;
    }
    ConnectorId::parse(name).ok()
}

/// Tells for which connector a certificate is recorded.
#[async_trait]
pub trait RecordedCertificates: std::fmt::Debug + Send + Sync {
    /// The active connector or service for which the certificate with this SHA-256 is recorded and not withdrawn. The answer is
    /// reused as registrations are.
    ///
    /// # Errors
    /// A sentence for the log where nobody can be asked.
    async fn recorded(&self, sha256: &[u8; 32]) -> Result<Option<ConnectorId>, String>;
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use rstest::rstest;

    use super::*;

    fn certificate(names: &[&str]) -> Vec<u8> {
        let params =
            CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
                .expect("names");
        let key = KeyPair::generate().expect("a key");
        params
            .self_signed(&key)
            .expect("a certificate")
            .der()
            .to_vec()
    }

    #[rstest]
    #[case(&["provider.a.example"], Some("provider.a.example"))]
    #[case(&["localhost", "Provider.A.example", "127.0.0.1"], Some("provider.a.example"))]
    #[case(&["a.example", "b.example"], None)]
    #[case(&["localhost"], None)]
    fn a_certificate_names_at_most_one_connector(#[case] names: &[&str], #[case] id: Option<&str>) {
        let peer = PeerCertificate::from_der(&certificate(names), &BTreeMap::new()).unwrap();
        assert_eq!(peer.connector_id.as_ref().map(ConnectorId::as_str), id);
    }

    #[test]
    fn a_pinned_certificate_names_the_pinned_connector() {
        let der = certificate(&["localhost"]);
        let pin = hex::encode(Sha256::digest(&der));
        let pinned = BTreeMap::from([(pin, ConnectorId::parse("old.example").unwrap())]);
        let peer = PeerCertificate::from_der(&der, &pinned).unwrap();
        assert_eq!(peer.connector_id.unwrap().as_str(), "old.example");
    }
}
