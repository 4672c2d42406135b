//! What the operator of a peer is handed.

use std::{fmt, path::PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    cli::Role,
    layout::Domain,
    ready::{PeerListener, ReadyFile, TwoListeners},
};

/// All that was registered, without a secret: those lie in the files that it names.
#[derive(Debug, Serialize)]
pub struct Sheet {
    /// `receiver` or `provider`.
    pub role: &'static str,
    /// The domain whose application its user signs in through.
    pub domain: Domain,
    /// `cadde/4`.
    pub profile: String,
    /// The folder of all its files.
    pub folder: PathBuf,
    /// Connector ID, also its client id.
    pub connector_id: String,
    /// File with its client secret.
    pub connector_secret_file: PathBuf,
    /// The CADDE user ID that it works for.
    pub user_id: String,
    /// File with the password of that user.
    pub password_file: PathBuf,
    /// The application through which that user gets tokens; its secret stands in the ready file.
    pub app_client_id: String,
    /// Where a provider is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How it shows who it is.
    pub certificate: CertificateSheet,
    /// The trial's certificate authority (PEM), which everybody else's certificate leads to.
    pub ca: PathBuf,
    /// The authentication server.
    pub auth: TwoListeners,
    /// The location server.
    pub location: PeerListener,
    /// The ledger.
    pub provenance: TwoListeners,
    /// The files of the reference implementation that were written, complete.
    pub config_files: Vec<PathBuf>,
}

/// How a peer shows who it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateSheet {
    /// Issued by the trial.
    Issued {
        /// Certificate and intermediate (PEM).
        certificate: PathBuf,
        /// Private key (PEM).
        key: PathBuf,
    },
    /// Of another authority.
    Recorded {
        /// As it is recorded.
        sha256: String,
        /// The authority, where the trial finds it.
        anchor: PathBuf,
        /// Whether the services know it already; if not, from the next `up` on.
        known: bool,
    },
}

/// The files of the reference implementation whose content follows from the registration, by name.
pub(super) fn reference_files(
    role: Role,
    (connector_id, secret, user_id): (&str, &str, &str),
    location: &str,
    ready: &ReadyFile,
) -> Vec<(&'static str, Value)> {
    let ledger =
        json!({ "provenance_management_api_url": format!("{}/v2", ready.provenance.public) });
    let connector = match role {
        Role::Receiver => json!({
            "consumer_connector_id": connector_id,
            "consumer_connector_secret": secret,
            "location_service_url": location,
            "trace_log_enable": true,
        }),
        Role::Provider => json!({
            "provider_id": user_id,
            "provider_connector_id": connector_id,
            "provider_connector_secret": secret,
            "trace_log_enable": true,
        }),
    };
    vec![("connector.json", connector), ("provenance.json", ledger)]
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &dyn fmt::Display| writeln!(f, "  {name:<20} {value}");
        line("connector ID", &self.connector_id)?;
        line("  its secret", &self.connector_secret_file.display())?;
        line("user ID", &self.user_id)?;
        line("  its password", &self.password_file.display())?;
        line(
            "  signs in through",
            &format_args!(
                "{} of domain {}, whose secret stands in ready.json",
                self.app_client_id, self.domain
            ),
        )?;
        if let Some(url) = &self.url {
            line("is called at", url)?;
        }
        match &self.certificate {
            CertificateSheet::Issued { certificate, key } => {
                line("certificate", &certificate.display())?;
                line("  its key", &key.display())?;
            }
            CertificateSheet::Recorded { sha256, anchor, .. } => {
                line("certificate", &format_args!("recorded, SHA-256 {sha256}"))?;
                line("  its authority", &anchor.display())?;
            }
        }
        line("authority of others", &self.ca.display())?;
        line(
            "authentication",
            &format_args!(
                "{} (without a certificate: {})",
                self.auth.peer, self.auth.public
            ),
        )?;
        line("location", &self.location.peer)?;
        line(
            "ledger",
            &format_args!(
                "{} (without a certificate: {})",
                self.provenance.peer, self.provenance.public
            ),
        )?;
        for file in &self.config_files {
            line("configuration", &file.display())?;
        }
        writeln!(f, "\nFor a connector of the reference implementation:")?;
        writeln!(
            f,
            "  Put the files under \"configuration\" in place of its own; they hold the secret."
        )?;
        let (client, server) = match &self.certificate {
            CertificateSheet::Issued { certificate, key } => (
                format!("cert={} key={}", certificate.display(), key.display()),
                format!(
                    "ssl_certificate {}; ssl_certificate_key {};",
                    certificate.display(),
                    key.display()
                ),
            ),
            CertificateSheet::Recorded { .. } => (
                "cert= and key= as they are".to_owned(),
                "ssl_certificate and ssl_certificate_key as they are".to_owned(),
            ),
        };
        let ca = self.ca.display();
        match self.role {
            "receiver" => writeln!(
                f,
                "  squid.conf: tls_outgoing_options {client} cafile={ca}; the ports of the trial have to be among its SSL_ports.\n  \
                 It introspects tokens where their issuer is, {}. Its user has no grant yet; users of the other domains have theirs through it, too.",
                self.auth.public
            )?,
            _ => writeln!(
                f,
                "  nginx: {server} ssl_client_certificate {ca}; ssl_verify_depth 2.\n  \
                 authorization.json stays: its authorization server is its own, and takes tokens of {} whose aud is {}.",
                self.auth.public, self.user_id
            )?,
        }
        if let CertificateSheet::Recorded { known: false, .. } = &self.certificate {
            writeln!(
                f,
                "\nThe services do not know its authority yet: stop the trial and start it again with `trial up`."
            )?;
        }
        Ok(())
    }
}
