//! Why TLS cannot be set up.

use std::path::PathBuf;

use time::OffsetDateTime;

use super::crl::CrlError;
use crate::pem::PemError;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file is not usable.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// The certificate is not one.
    #[error("the certificate cannot be read")]
    Certificate,
    /// Peers would not accept the certificate.
    #[error(transparent)]
    Own(#[from] OwnError),
    /// Key and certificate do not belong together, or the chain does not lead to the trust anchors.
    #[error("certificate, key and trust anchors do not fit together")]
    Rustls(#[from] rustls::Error),
    /// The chain cannot be verified against the trust anchors.
    #[error("no verifier can be built from the trust anchors and revocation lists")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
    /// A revocation list is not usable.
    #[error(transparent)]
    Crl(#[from] CrlError),
}

/// Why peers would not accept the own certificate.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// A certificate of the chain is out of its validity.
    #[error(
        "the certificate of {subject} is valid from {from} to {until}, and it is {now} here: is the clock right?"
    )]
    NotValidNow {
        /// Whose.
        subject: String,
        /// Start of its validity.
        from: OffsetDateTime,
        /// End of its validity.
        until: OffsetDateTime,
        /// The time here.
        now: OffsetDateTime,
    },
    /// The chain ends before it reaches a trust anchor.
    #[error("the certificate does not lead to a trust anchor in {}: {reason}", ca.display())]
    NoAnchor {
        /// The file of the trust anchors.
        ca: PathBuf,
        /// Where it ends.
        reason: String,
    },
    /// Its usages allow neither of both sides.
    #[error("the certificate may be used neither as a client's nor as a server's")]
    NoUse,
    /// Peers would refuse it for another reason.
    #[error("peers would refuse the certificate")]
    Refused(#[source] rustls::Error),
    /// It cannot be used as it has to be.
    #[error("the certificate may not be used as a {0}'s: its extended key usage does not say so")]
    Use(&'static str),
    /// A new one names somebody else than the one in use.
    #[error("the certificate names {is} instead of {was}")]
    Renamed {
        /// Whom the one in use names.
        was: String,
        /// Whom the new one names.
        is: String,
    },
    /// A new one may not be used as the one in use is.
    #[error("the certificate may no longer be used as a {0}'s")]
    UseLost(&'static str),
}
