//! What is recorded of a certificate.

use auth_client::api::Certificate;

/// A certificate to be recorded.
#[derive(Debug, Clone)]
pub struct CertificateRecord {
    /// As the API shows it.
    pub certificate: Certificate,
    /// SHA-256 of its `SubjectPublicKeyInfo`.
    pub spki_sha256: [u8; 32],
    /// The chain as it was answered.
    pub chain_pem: String,
    /// Whether our authority issued it.
    pub issued_here: bool,
    /// The serial number of the certificate that it renews; without one it begins a family. Written, and not read back.
    pub parent: Option<String>,
}
