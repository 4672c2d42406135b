//! The configuration of the location server.

use std::{path::PathBuf, time::Duration};

use auth_client::{AuthConfig, enrol::EnrolmentConfig};
use common::{
    config::{AdminConfig, Period},
    listener::{ListenerConfig, TlsMode},
    process::Finding,
    telemetry::TelemetryConfig,
    tls::TlsConfig,
};
use common_db::{DatabaseConfig, RetentionConfig};
use serde::{Deserialize, Serialize};

/// Everything the location server is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Health, readiness and metrics, on loopback.
    pub admin: AdminConfig,
    /// Logs.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The one listener: mutual TLS.
    pub peer: ListenerConfig,
    /// The server's certificate and whom it trusts.
    pub tls: TlsConfig,
    /// How it gets its first certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentConfig>,
    /// The authentication server.
    pub auth: AuthConfig,
    /// Records and history.
    pub database: DatabaseConfig,
    /// How long it is kept who changed which record.
    #[serde(default)]
    pub retention: RetentionConfig,
    /// How records are signed.
    pub records: RecordsConfig,
}

/// How records are signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsConfig {
    /// PEM file of the P-256 key that signs records; made at the first start. To change it, rename the file so that its
    /// name goes on after a dot (`record-key.pem.2026`) and start anew: the key set shows both then. Remove the renamed one once
    /// `validity` has passed.
    pub key_file: PathBuf,
    /// How long a signature is good: so long a receiver gets along without this server. A record that leaves is good for at
    /// least half of it.
    /// Allowed: 1m to 31d.
    #[serde(default = "default_validity")]
    pub validity: Period,
}

impl Config {
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.database.findings();
        findings.extend(self.retention.findings());
        if let Some(problem) = self.peer.problem() {
            findings.push(Finding::Error(format!("[peer]: {problem}")));
        }
        if self.peer.tls != TlsMode::Mutual {
            findings.push(Finding::Error(
                "[peer]: tls must be \"mutual\": a caller's right follows from its certificate"
                    .to_owned(),
            ));
        }
        let validity = self.records.validity.get();
        if !(Duration::from_mins(1)..=Duration::from_hours(31 * 24)).contains(&validity) {
            findings.push(Finding::Error(
                "[records]: validity must be 1 minute to 31 days".to_owned(),
            ));
        } else if validity < Duration::from_hours(1) {
            findings.push(Finding::Warning(
                "[records]: validity is short: receivers stop finding providers soon after this server stops".to_owned(),
            ));
        }
        findings.extend(self.tls.findings());
        findings.extend(self.enrolment.as_ref().and_then(EnrolmentConfig::finding));
        findings
    }
}

fn default_validity() -> Period {
    Period(Duration::from_hours(24))
}
