//! TLS: who we are, whom we trust, and configurations that follow both without a restart.
//!
//! [`TlsStore`] reads certificate, key, trust anchors and CRLs, checks them, and publishes ready-made client and server
//! configurations. Connections only ever take the current configuration; a bad renewal never replaces a good one.
//! The identity of a peer ([`PeerCertificate`]) is decided by the [`Scope`] of the anchor that vouches for its certificate: the one
//! DNS SAN besides `localhost`, what the registry has recorded for exactly this certificate, or the host; never the CN.

mod anchors;
mod check;
mod client;
mod clock;
mod config;
mod crl;
mod error;
mod handshake;
mod identity;
mod material;
mod own;
mod peer;
mod signature;
mod sources;
mod store;
mod verifiers;
mod watch;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

// For what is fuzzed.
#[doc(hidden)]
pub use self::crl::Revocations;
pub use self::{
    client::PeerClient,
    config::{AnchorConfig, ListConfig, Revocation, Scope, TlsConfig},
    crl::CrlError,
    error::{OwnError, TlsError},
    identity::{Ended, IdentityError},
    own::validity,
    peer::{PeerCertificate, RecordedCertificates, Standing},
    signature::is_signed_by,
    store::{OwnCertificate, TlsStore, open},
};

/// The one crypto provider of all processes: aws-lc-rs.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::LazyLock<Arc<CryptoProvider>> =
        std::sync::LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}
