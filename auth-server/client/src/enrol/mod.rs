//! A process's own certificate: the first one by a one-time code, later ones with the one before.

mod chain;
mod files;
mod first;
mod renewal;

use std::path::PathBuf;

pub use chain::check_chain;
use common::{
    base_url,
    config::ConfigError,
    pem::PemError,
    process::{Findings, Section},
};
pub use files::{finish_installation, install};
pub use first::ensure_certificate;
pub use renewal::renew_now;
pub(crate) use renewal::spawn_renewal;
use serde::{Deserialize, Serialize};
use url::Url;

/// How a process without a certificate gets one.
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

/// Whoever reads the one-time code on its way gets the certificate in its place.
impl Section for EnrolmentConfig {
    fn check(&self, findings: &mut Findings) {
        let url = &self.auth_public_url;
        if url.scheme() != "https" && !(url.scheme() == "http" && base_url::is_loopback(url)) {
            findings.error(
                "auth_public_url",
                url,
                "the one-time code would go over the network in the clear; use https",
            );
        }
    }
}

/// Why a process has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// There is neither a certificate nor a way to get one.
    #[error("there is no certificate at {0}, and no [enrolment] section to get one")]
    NotConfigured(PathBuf),
    /// The code would be shown to others.
    #[error("[enrolment] {0}")]
    Clear(String),
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://auth.example", true)]
    #[case("https://10.0.0.1", true)]
    #[case("http://127.0.0.1:20001", true)]
    #[case("http://localhost:20001", true)]
    #[case("http://[::1]:20001", true)]
    #[case("http://auth.example", false)]
    #[case("http://localhost.auth.example", false)]
    #[case("http://10.0.0.1", false)]
    #[case("http://0.0.0.0", false)]
    #[case("http://[::ffff:10.0.0.1]", false)]
    #[case("ftp://127.0.0.1", false)]
    fn the_code_does_not_go_over_the_network_in_the_clear(#[case] url: &str, #[case] good: bool) {
        let config = EnrolmentConfig {
            auth_public_url: url.parse().unwrap(),
            code_file: "code".into(),
            trust_ca: false,
        };
        assert_eq!(Findings::of(&config).into_result().is_ok(), good);
    }

    #[tokio::test]
    async fn a_code_that_would_be_shown_is_not_even_read() {
        let folder = tempfile::tempdir().unwrap();
        let config = EnrolmentConfig {
            auth_public_url: "http://auth.example".parse().unwrap(),
            code_file: folder.path().join("code"),
            trust_ca: false,
        };
        let tls: common::tls::TlsConfig = config_in(folder.path());
        let refused = ensure_certificate(&tls, Some(&config)).await.unwrap_err();
        assert!(matches!(refused, EnrolError::Clear(_)), "{refused}");
        assert!(!tls.key.exists());
    }

    fn config_in(folder: &std::path::Path) -> common::tls::TlsConfig {
        let file = |name: &str| folder.join(name);
        serde_json::from_value(serde_json::json!({
            "certificate": file("certificate.pem"), "key": file("key.pem"), "ca": file("ca.pem"),
        }))
        .unwrap()
    }
}
