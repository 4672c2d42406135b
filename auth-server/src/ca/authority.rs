//! Issuing certificates and revocation lists.

use std::path::PathBuf;

use auth_client::api::Certificate;
use common::ids::ConnectorId;
use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};
use x509_parser::{
    pem::parse_x509_pem,
    prelude::{FromDer as _, X509Certificate},
};

use super::{CaError, CaFiles, csr::RequestedKey, leaf, record::CertificateRecord};
use crate::config::CaConfig;

/// One line of a revocation list.
#[derive(Debug, Clone)]
pub struct RevokedEntry {
    /// Serial number in hexadecimal.
    pub serial: String,
    /// When it was revoked.
    pub at: OffsetDateTime,
}

/// The intermediate at work.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root_pem: String,
    intermediate_pem: String,
    root_crl_pem: String,
    ends: OffsetDateTime,
    config: CaConfig,
}

impl Authority {
    /// Reads the authority's files, except the root's key.
    ///
    /// # Errors
    /// [`CaError`].
    pub fn load(config: &CaConfig) -> Result<Self, CaError> {
        let files = CaFiles::new(&config.directory);
        let intermediate_pem = CaFiles::read(&files.intermediate())?;
        let key = KeyPair::from_pem(&CaFiles::read(&files.intermediate_key())?)?;
        let ends = end_of(&intermediate_pem).ok_or(CaError::Content {
            path: files.intermediate(),
            reason: "it holds no certificate",
        })?;
        Ok(Self {
            issuer: Issuer::from_ca_cert_pem(&intermediate_pem, key)?,
            root_pem: CaFiles::read(&files.root())?,
            root_crl_pem: CaFiles::read(&files.root_crl())?,
            intermediate_pem,
            ends,
            config: config.clone(),
        })
    }

    /// Root and intermediate, as PEM.
    pub fn chain_pem(&self) -> String {
        format!("{}{}", self.root_pem, self.intermediate_pem)
    }

    /// The trust anchor, as PEM.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// Where other parts of the server look up how certificates are made.
    pub fn config(&self) -> &CaConfig {
        &self.config
    }

    /// A certificate for `id` with a key whose possession was proven.
    ///
    /// # Errors
    /// [`CaError::Ended`] if the intermediate would end before the certificate.
    pub fn issue(
        &self,
        id: &ConnectorId,
        key: &RequestedKey,
        now: OffsetDateTime,
    ) -> Result<CertificateRecord, CaError> {
        let lifetime = self.config.certificate_lifetime.get();
        let lifetime = Duration::try_from(lifetime).unwrap_or(Duration::MAX);
        if now.saturating_add(lifetime) > self.ends {
            return Err(CaError::Ended(self.ends));
        }
        let params = leaf::params(id, self.config.loopback_names, now, lifetime)?;
        let certificate = params.signed_by(&key.spki, &self.issuer)?;
        let serial = params
            .serial_number
            .as_ref()
            .map(SerialNumber::to_bytes)
            .unwrap_or_default();
        Ok(CertificateRecord {
            certificate: Certificate {
                serial: hex::encode(serial),
                subject: id.clone(),
                sha256: hex::encode(Sha256::digest(certificate.der())),
                // X.509 knows whole seconds.
                not_before: truncate(params.not_before),
                not_after: truncate(params.not_after),
                revoked_at: None,
            },
            spki_sha256: key.spki_sha256,
            chain_pem: format!("{}{}", certificate.pem(), self.intermediate_pem),
            issued_here: true,
            parent: None,
        })
    }

    /// The revocation lists of root and intermediate, as PEM.
    ///
    /// # Errors
    /// [`CaError::Sign`].
    pub fn crl_pem(
        &self,
        revoked: &[RevokedEntry],
        number: i64,
        now: OffsetDateTime,
    ) -> Result<String, CaError> {
        let revoked_certs = revoked
            .iter()
            .filter_map(|entry| {
                Some(RevokedCertParams {
                    serial_number: SerialNumber::from_slice(&hex::decode(&entry.serial).ok()?),
                    revocation_time: entry.at,
                    reason_code: None,
                    invalidity_date: None,
                })
            })
            .collect();
        let list = CertificateRevocationListParams {
            this_update: now,
            next_update: now + self.config.crl_lifetime.get(),
            crl_number: SerialNumber::from_slice(&minimal(number)),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(format!(
            "{}{}",
            self.root_crl_pem,
            list.signed_by(&self.issuer)?.pem()?
        ))
    }

    /// Files of this authority, for messages.
    pub fn directory(&self) -> PathBuf {
        self.config.directory.clone()
    }
}

fn truncate(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

fn minimal(number: i64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
    bytes[zeros..].to_vec()
}

fn end_of(pem: &str) -> Option<OffsetDateTime> {
    let (_, block) = parse_x509_pem(pem.as_bytes()).ok()?;
    let (_, certificate) = X509Certificate::from_der(&block.contents).ok()?;
    Some(certificate.validity().not_after.to_datetime())
}

#[cfg(test)]
#[path = "authority_tests.rs"]
mod tests;
