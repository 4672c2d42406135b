//! Certificates that another authority issued: they are only recorded.

use std::collections::BTreeMap;

use auth_client::api::Certificate;
use common::{ids::ConnectorId, pem, tls::PeerCertificate};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::record::CertificateRecord;

/// Why a certificate is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExternalError {
    /// It cannot be read.
    #[error("it is not a certificate in PEM")]
    Malformed,
    /// Its DNS SAN is not the connector's ID.
    #[error("its one DNS name besides localhost must be {0}")]
    Name(ConnectorId),
}

/// A certificate that was read.
#[derive(Debug, Clone)]
pub struct Read {
    id: ConnectorId,
    peer: PeerCertificate,
    pem: String,
    spki_sha256: [u8; 32],
    not_before: OffsetDateTime,
}

/// Reads the first certificate of `text`, which must name `id`.
///
/// # Errors
/// [`ExternalError`].
pub fn read(text: &str, id: &ConnectorId) -> Result<Read, ExternalError> {
    read_if(text, id, |named| named == Some(id))
}

/// Reads the first certificate of `text`, which is known by its SHA-256 where it does not name `id`. One that names somebody else
/// is most likely the wrong one.
///
/// # Errors
/// [`ExternalError`].
pub fn read_recorded(text: &str, id: &ConnectorId) -> Result<Read, ExternalError> {
    read_if(text, id, |named| named.is_none_or(|named| named == id))
}

/// Reads the first certificate of `text`, whomever it names.
///
/// # Errors
/// [`ExternalError::Malformed`].
pub fn read_any(text: &str, id: &ConnectorId) -> Result<Read, ExternalError> {
    read_if(text, id, |_| true)
}

fn read_if(
    text: &str,
    id: &ConnectorId,
    is_right: impl Fn(Option<&ConnectorId>) -> bool,
) -> Result<Read, ExternalError> {
    let chain = pem::parse_certificates(text.as_bytes()).map_err(|_| ExternalError::Malformed)?;
    let der = chain.first().ok_or(ExternalError::Malformed)?;
    let (_, parsed) = X509Certificate::from_der(der).map_err(|_| ExternalError::Malformed)?;
    let peer = PeerCertificate::from_der(der, &BTreeMap::new()).ok_or(ExternalError::Malformed)?;
    if !is_right(peer.connector_id.as_ref()) {
        return Err(ExternalError::Name(id.clone()));
    }
    Ok(Read {
        id: id.clone(),
        spki_sha256: Sha256::digest(parsed.public_key().raw).into(),
        not_before: parsed.validity().not_before.to_datetime(),
        peer,
        pem: text.to_owned(),
    })
}

impl Read {
    /// SHA-256 of the certificate.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.peer.sha256
    }

    /// As it is recorded.
    pub fn into_record(self) -> CertificateRecord {
        CertificateRecord {
            certificate: Certificate {
                serial: hex::encode(&self.peer.serial),
                subject: self.id,
                sha256: self.peer.sha256_hex(),
                not_before: self.not_before,
                not_after: self.peer.not_after,
                revoked_at: None,
            },
            spki_sha256: self.spki_sha256,
            chain_pem: self.pem,
            issued_here: false,
            parent: None,
        }
    }
}
