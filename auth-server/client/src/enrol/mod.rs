//! A process's own certificate: the first one by a one-time code, later ones with the one before.

mod chain;
mod files;
mod first;
mod renewal;

pub use chain::check_chain;
pub use files::{finish_installation, install};
pub use first::ensure_certificate;
pub use renewal::{renew_now, spawn_renewal};

use common::{config::ConfigError, pem::PemError};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use url::Url;

/// The `[enrolment]` section: how a process without a certificate gets one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentConfig {
    /// Origin of the `public` listener of the authentication server.
    pub auth_public_url: Url,
    /// File with the one-time code. It is deleted once the certificate is there.
    pub code_file: PathBuf,
    /// Whether the certificate of `auth_public_url` comes from the authority in `tls.ca`, and not from one that the operating
    /// system trusts.
    #[serde(default)]
    pub trust_ca: bool,
}

/// Why a process has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// There is neither a certificate nor a way to get one.
    #[error("there is no certificate at {0}, and no [enrolment] section to get one")]
    NotConfigured(PathBuf),
    /// The one-time code cannot be read.
    #[error("the one-time code cannot be read")]
    Code(#[source] ConfigError),
    /// A file could not be read or written.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The trust anchors or the certificate cannot be read.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// Making the key or the request failed.
    #[error("key and certificate request cannot be made")]
    Request(#[from] rcgen::Error),
    /// The authentication server cannot be reached.
    #[error("the authentication server cannot be asked for a certificate")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The authentication server refused.
    #[error("the authentication server refused to issue a certificate: {status} {detail}")]
    Refused {
        /// Status of the answer.
        status: http::StatusCode,
        /// The server's reason.
        detail: String,
    },
    /// The answer was not the certificate asked for.
    #[error("the authentication server answered an unusable certificate: {0}")]
    Unusable(&'static str),
}
