//! The configuration of the location server.

use std::{ops::RangeInclusive, path::PathBuf};

use auth_client::{AuthConfig, enrol::EnrolmentConfig};
use common::{
    config::{AdminConfig, Period},
    listener::ListenerConfig,
    process::{Findings, Section},
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

common::configuration!(Config: peer, tls, enrolment, auth, database, retention, records);

impl Section for Config {
    fn check(&self, findings: &mut Findings) {
        self.peer.check_is_mutual("peer", findings);
    }
}

/// Bounds of `validity`.
const VALIDITY: RangeInclusive<Period> = Period::seconds(60)..=Period::seconds(31 * 86_400);

impl Section for RecordsConfig {
    fn check(&self, findings: &mut Findings) {
        findings.within("validity", self.validity, &VALIDITY);
        if self.validity < Period::seconds(3600) {
            findings.warning(
                "validity",
                &self.validity,
                "is short: receivers stop finding providers soon after this server stops",
            );
        }
    }
}

fn default_validity() -> Period {
    Period::seconds(86_400)
}

#[cfg(test)]
mod tests {
    use test_kit::wrong::{
        CRL_MISSING, DATABASE, MEMBER, PEER, PROCESS, Wrong, assert_all_is_said,
    };

    use super::*;

    const OWN: Wrong = (
        r#"
[records]
key_file = "none"
validity = "1s"
"#,
        &["records.validity = \"1s\": must be 1m to 31d"],
    );

    #[test]
    fn every_wrong_key_is_named_at_once_with_its_value_and_what_is_allowed() {
        let parts = [OWN, PROCESS, MEMBER, PEER, DATABASE];
        assert_all_is_said::<Config>(
            &parts,
            &[
                CRL_MISSING,
                "records.validity = \"1s\": is short: receivers stop finding providers soon after this server stops",
            ],
        );
    }
}
