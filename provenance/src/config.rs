//! The configuration of the provenance server.

use auth_client::{AuthConfig, enrol::EnrolmentConfig};
use common::{
    config::{AdminConfig, ByteSize, Period},
    disk::{self, Watermark},
    listener::{ListenerConfig, TlsMode},
    process::Finding,
    telemetry::TelemetryConfig,
    tls::TlsConfig,
};
use common_db::DatabaseConfig;
use provenance_model::batch::MAX_ITEMS;
use serde::{Deserialize, Serialize};

use crate::domain::{access::ReadPolicy, submission::DuplicateTypes};

/// Everything the provenance server is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Health, readiness and metrics, on loopback.
    pub admin: AdminConfig,
    /// Logs.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The listener for connectors: mutual TLS.
    pub peer: ListenerConfig,
    /// The listener for applications and existing providers: a token, no client certificate.
    pub public: ListenerConfig,
    /// The server's certificate and whom it trusts.
    pub tls: TlsConfig,
    /// How it gets its first certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentConfig>,
    /// The authentication server.
    pub auth: AuthConfig,
    /// The records.
    pub database: DatabaseConfig,
    /// Rules and limits of the ledger.
    #[serde(default)]
    pub ledger: LedgerConfig,
}

/// Rules and limits of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerConfig {
    /// `cdlorganization` of what is recorded: who runs this ledger. The host of `public.external_url` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Types of events that connectors deliver.
    pub batch_event_types: Vec<String>,
    /// Types that the rule against duplicates is about.
    pub duplicates: DuplicateTypes,
    /// Who may read the body of an event.
    pub read: ReadPolicy,
    /// Status of a refused or unverifiable token.
    pub auth_status: AuthStatus,
    /// Whether requests without a token are taken on `public`; any but `refuse` is for laboratories. What they record says
    /// that nobody vouched for it, and whoever reads without a token reads what was recorded without one. A token that is
    /// sent has to be good all the same.
    pub unauthenticated: Unauthenticated,
    /// Whether connectors of before, whose event ids are UUIDs of version 7 and say nothing of their owner, are still taken from.
    /// Two records under one such id are both kept. `ledger_v7_ids_total` says when it can be switched off.
    pub v7_ids: bool,
    /// Share of the disk in use, in percent, from which on nothing is recorded, until it is a point below, where less than
    /// `disk_headroom` is free too. Only where the database is a file.
    /// Allowed: 1 to 100.
    pub disk_watermark_percent: u8,
    /// Free bytes that are enough whatever the share. Once there were less, a tenth more is needed. `"0B"` is no watermark.
    pub disk_headroom: ByteSize,
    /// Most records that wait to be written at a time.
    /// Allowed: at least 1024.
    pub queue: usize,
    /// Most bytes that they have together.
    /// Allowed: at least 4MiB.
    pub queue_bytes: ByteSize,
    /// What each caller may register one by one.
    pub writes: WriteLimits,
    /// Batch requests at a time, of all connectors.
    /// Allowed: at least 1.
    pub requests: usize,
    /// Most bytes of the bodies of batches from when they are read until they are answered, a quarter of them of one connector.
    /// Others wait. Some three times as much is held while they are.
    /// Allowed: at least 4MiB.
    pub requests_bytes: ByteSize,
    /// Batch requests of one connector at a time.
    /// Allowed: at least 1.
    pub requests_per_connector: usize,
    /// How long the writer may be at one group before `/readyz` says that it is stuck.
    pub writer_patience: Period,
    /// How long idempotency keys of single registrations are remembered.
    pub keep_idempotency_keys: Period,
    /// Most bytes of a registration with files; files are hashed as they pass and not kept.
    pub max_upload: ByteSize,
    /// Most events in the answer to a lineage.
    /// Allowed: at least 1.
    pub max_lineage: usize,
    /// Most bytes that an answer to a lineage takes in memory. Twice as many are held for all answers that are being sent.
    /// Allowed: at least 4MiB.
    pub max_lineage_bytes: ByteSize,
}

/// 4 MiB: one batch, or one event of the largest size with its successors.
const MIN_BYTES: u64 = 4 << 20;

/// What each user with a token, and each connector, may register by single requests. Batches have turns instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WriteLimits {
    /// Registrations a second.
    /// Allowed: at least 1.
    pub per_second: u32,
    /// Registrations at once after a pause.
    /// Allowed: at least 1.
    pub burst: u32,
    /// Bytes of events a second: they are kept for good.
    /// Allowed: at least 1B.
    pub bytes_per_second: ByteSize,
    /// Bytes of events at once after a pause.
    /// Allowed: at least 1MiB.
    pub burst_bytes: ByteSize,
    /// Bytes of files a second; they are hashed and not kept, so that an upload is slowed down and not refused.
    /// Allowed: at least 1MiB.
    pub hashed_per_second: ByteSize,
    /// Registrations that are read at a time; a few more of the same caller wait.
    /// Allowed: at least 1.
    pub at_a_time: usize,
    /// The same of all callers.
    /// Allowed: at least 1.
    pub at_a_time_of_all: usize,
}

impl Default for WriteLimits {
    fn default() -> Self {
        Self {
            per_second: 100,
            burst: 1_000,
            bytes_per_second: ByteSize(1 << 20),
            burst_bytes: ByteSize(16 << 20),
            hashed_per_second: ByteSize(64 << 20),
            at_a_time: 8,
            // One takes 2 MiB at worst.
            at_a_time_of_all: 32,
        }
    }
}

impl WriteLimits {
    fn problem(&self) -> Option<&'static str> {
        let counts = [self.at_a_time, self.at_a_time_of_all];
        if self.per_second == 0 || self.burst == 0 || counts.contains(&0) {
            return Some("writes: per_second, burst and places must be at least 1");
        }
        // The largest event, and the largest frame of a file.
        let least = 1 << 20;
        let bytes = [self.burst_bytes, self.hashed_per_second];
        if bytes.iter().any(|bytes| bytes.bytes() < least) || self.bytes_per_second.bytes() == 0 {
            return Some("writes: burst_bytes and hashed_per_second must be at least 1MiB");
        }
        None
    }
}

/// How failures of authentication are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthStatus {
    /// 401 for a token that is missing or refused, 503 where the authentication server cannot be reached.
    #[default]
    Strict,
    /// 400 for all of them, as existing ledgers answer.
    Reference,
}

/// What happens to requests without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unauthenticated {
    /// They are refused.
    #[default]
    Refuse,
    /// They are taken, on a `public` listener that nobody reaches from outside.
    Loopback,
    /// They are taken from anybody.
    Anywhere,
}

impl Unauthenticated {
    /// What is wrong or risky about it on the listener `public`.
    fn finding(self, public: &ListenerConfig) -> Option<Finding> {
        // Behind a proxy a loopback address is reached from everywhere.
        let is_inside = public.listen.ip().is_loopback() && public.tls == TlsMode::None;
        match self {
            Self::Refuse => None,
            Self::Loopback if is_inside => None,
            Self::Loopback => Some(Finding::Error(
                "[ledger]: unauthenticated = \"loopback\" needs a public listener on loopback with tls = \"none\""
                    .to_owned(),
            )),
            Self::Anywhere => Some(Finding::Warning(
                "[ledger]: unauthenticated = \"anywhere\" lets everybody record events without a token".to_owned(),
            )),
        }
    }
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            organization: None,
            batch_event_types: vec!["Sent".to_owned(), "Received".to_owned()],
            duplicates: DuplicateTypes::default(),
            read: ReadPolicy::default(),
            auth_status: AuthStatus::default(),
            unauthenticated: Unauthenticated::default(),
            v7_ids: true,
            disk_watermark_percent: disk::WATERMARK_PERCENT,
            disk_headroom: disk::HEADROOM,
            queue: 16 * MAX_ITEMS,
            queue_bytes: ByteSize(32 << 20),
            writes: WriteLimits::default(),
            requests: 32,
            // One connector has one body of the largest size, or four of 1 MiB, at a time.
            requests_bytes: ByteSize(16 << 20),
            requests_per_connector: 4,
            writer_patience: Period::seconds(10),
            keep_idempotency_keys: Period::seconds(7 * 86_400),
            max_upload: ByteSize(64 << 30),
            max_lineage: 100_000,
            max_lineage_bytes: ByteSize(128 << 20),
        }
    }
}

impl LedgerConfig {
    /// How full the disk may be.
    pub(crate) fn watermark(&self) -> Watermark {
        Watermark::new(self.disk_watermark_percent, self.disk_headroom)
    }
}

impl Config {
    /// The organisation that stands in events.
    pub fn organization(&self) -> String {
        let host = || {
            self.public
                .external_url
                .host_str()
                .unwrap_or("localhost")
                .to_owned()
        };
        self.ledger.organization.clone().unwrap_or_else(host)
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.database.findings();
        let mut error = |text: String| findings.push(Finding::Error(text));
        for (name, listener) in [("peer", &self.peer), ("public", &self.public)] {
            if let Some(problem) = listener.problem() {
                error(format!("[{name}]: {problem}"));
            }
        }
        if self.peer.tls != TlsMode::Mutual {
            error("[peer]: tls must be \"mutual\": who submits a batch is known by the certificate alone".to_owned());
        }
        if self.public.tls == TlsMode::Mutual {
            error(
                "[public]: tls must not be \"mutual\": applications have no client certificate"
                    .to_owned(),
            );
        }
        let ledger = &self.ledger;
        if !(1..=100).contains(&ledger.disk_watermark_percent) {
            error("[ledger]: disk_watermark_percent must be 1 to 100".to_owned());
        }
        if let Some(problem) = ledger.writes.problem() {
            error(format!("[ledger]: {problem}"));
        }
        if ledger.queue < MAX_ITEMS {
            error(format!(
                "[ledger]: queue must hold at least one batch, {MAX_ITEMS} records"
            ));
        }
        if ledger.requests == 0 || ledger.requests_per_connector == 0 || ledger.max_lineage == 0 {
            error(
                "[ledger]: requests, requests_per_connector and max_lineage must be at least 1"
                    .to_owned(),
            );
        }
        let in_bytes = [
            ledger.queue_bytes,
            ledger.requests_bytes,
            ledger.max_lineage_bytes,
        ];
        if in_bytes.iter().any(|size| size.bytes() < MIN_BYTES) {
            error(
                "[ledger]: queue_bytes, requests_bytes and max_lineage_bytes must be at least 4MiB"
                    .to_owned(),
            );
        }
        if ledger.disk_headroom.bytes() == 0 {
            findings.push(Finding::Warning(format!(
                "[ledger]: {}",
                disk::NO_WATERMARK
            )));
        }
        if ledger.read == ReadPolicy::Open {
            let text = "[ledger]: read = \"open\" shows every exchange to everybody with a token";
            findings.push(Finding::Warning(text.to_owned()));
        }
        findings.extend(ledger.unauthenticated.finding(&self.public));
        findings.extend(self.tls.findings());
        findings.extend(self.enrolment.as_ref().and_then(EnrolmentConfig::finding));
        findings
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Unauthenticated::Refuse, "0.0.0.0:443", TlsMode::Server, "")]
    #[case(Unauthenticated::Loopback, "127.0.0.1:8080", TlsMode::None, "")]
    #[case(Unauthenticated::Loopback, "[::1]:8080", TlsMode::None, "")]
    #[case(
        Unauthenticated::Loopback,
        "127.0.0.1:8080",
        TlsMode::TerminatedUpstream,
        "error"
    )]
    #[case(Unauthenticated::Loopback, "10.0.0.5:443", TlsMode::Server, "error")]
    #[case(Unauthenticated::Anywhere, "10.0.0.5:443", TlsMode::Server, "warning")]
    fn a_laboratory_is_closed_or_says_that_it_is_open(
        #[case] mode: Unauthenticated,
        #[case] listen: &str,
        #[case] tls: TlsMode,
        #[case] expected: &str,
    ) {
        let url = "https://ledger.example".parse().unwrap();
        let public = ListenerConfig::new(listen.parse().unwrap(), url, tls);
        let found = match mode.finding(&public) {
            None => "",
            Some(Finding::Warning(_)) => "warning",
            Some(Finding::Error(_)) => "error",
        };
        assert_eq!(found, expected);
    }
}
