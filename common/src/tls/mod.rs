//! TLS: who we are, whom we trust, and configurations that follow both without a restart.
//!
//! [`TlsStore`] reads certificate, key, trust anchors and CRLs, checks them, and publishes ready-made client and server
//! configurations. Connections only ever take the current configuration; a bad renewal never replaces a good one.
//! The identity of a peer is the one DNS SAN of its certificate besides `localhost` ([`PeerCertificate`]), never the CN.

mod clock;
mod config;
mod crl;
mod material;
mod peer;
mod store;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use self::{
    config::TlsConfig,
    crl::CrlError,
    material::TlsError,
    peer::PeerCertificate,
    store::{OwnCertificate, TlsStore, open},
};

/// The one crypto provider of all processes: aws-lc-rs.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::LazyLock<Arc<CryptoProvider>> =
        std::sync::LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}
