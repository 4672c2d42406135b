//! The configuration of the provenance server.

use auth_client::{AuthConfig, enrol::EnrolmentConfig};
use common::{
    config::{AdminConfig, ByteSize, Period},
    disk::{self, Watermark},
    listener::{ListenerConfig, TlsMode},
    process::{Findings, Section},
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
const MIN_BYTES: ByteSize = ByteSize(4 << 20);

/// 1 MiB: the largest event, and the largest frame of a file.
const MIN_BURST: ByteSize = ByteSize(1 << 20);

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

impl Section for WriteLimits {
    fn check(&self, findings: &mut Findings) {
        findings.at_least("per_second", self.per_second, 1);
        findings.at_least("burst", self.burst, 1);
        findings.at_least("bytes_per_second", self.bytes_per_second, ByteSize(1));
        findings.at_least("burst_bytes", self.burst_bytes, MIN_BURST);
        findings.at_least("hashed_per_second", self.hashed_per_second, MIN_BURST);
        findings.at_least("at_a_time", self.at_a_time, 1);
        findings.at_least("at_a_time_of_all", self.at_a_time_of_all, 1);
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
    fn check(self, public: &ListenerConfig, findings: &mut Findings) {
        const KEY: &str = "ledger.unauthenticated";
        // Behind a proxy a loopback address is reached from everywhere.
        let is_inside = public.listen.ip().is_loopback() && public.tls == TlsMode::None;
        match self {
            Self::Refuse => {}
            Self::Loopback if is_inside => {}
            Self::Loopback => findings.error(
                KEY,
                &self,
                "needs a public listener on loopback with tls = \"none\"",
            ),
            Self::Anywhere => {
                findings.warning(KEY, &self, "lets everybody record events without a token");
            }
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
}

common::configuration!(Config: peer, public, tls, enrolment, auth, database, ledger);

impl Section for Config {
    fn check(&self, findings: &mut Findings) {
        self.peer.check_is_mutual("peer", findings);
        self.public.check_is_not_mutual("public", findings);
        self.ledger.unauthenticated.check(&self.public, findings);
    }
}

impl Section for LedgerConfig {
    fn check(&self, findings: &mut Findings) {
        disk::check_watermark(self.disk_watermark_percent, self.disk_headroom, findings);
        findings.section("writes", &self.writes);
        findings.at_least("queue", self.queue, MAX_ITEMS);
        findings.at_least("requests", self.requests, 1);
        findings.at_least("requests_per_connector", self.requests_per_connector, 1);
        findings.at_least("max_lineage", self.max_lineage, 1);
        findings.at_least("queue_bytes", self.queue_bytes, MIN_BYTES);
        findings.at_least("requests_bytes", self.requests_bytes, MIN_BYTES);
        findings.at_least("max_lineage_bytes", self.max_lineage_bytes, MIN_BYTES);
        if self.read == ReadPolicy::Open {
            findings.warning(
                "read",
                &self.read,
                "shows every exchange to everybody with a token",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use test_kit::wrong::{CRL_MISSING, MEMBER, PEER, PROCESS, Wrong, assert_all_is_said};

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
        let mut findings = Findings::default();
        mode.check(&public, &mut findings);
        let found = match (findings.errors(), findings.warnings()) {
            ([], []) => "",
            ([], _) => "warning",
            _ => "error",
        };
        assert_eq!(found, expected);
    }

    const OWN: Wrong = (
        r#"
[public]
listen = "192.0.2.1:2"
external_url = "http://a.example"
tls = "mutual"
[database]
url = "mysql://db.example/x"
[ledger]
unauthenticated = "loopback"
disk_watermark_percent = 0
disk_headroom = "0B"
queue = 1
queue_bytes = "1MiB"
requests = 0
requests_bytes = "1MiB"
requests_per_connector = 0
max_lineage = 0
max_lineage_bytes = "1MiB"
read = "open"
[ledger.writes]
per_second = 0
burst = 0
bytes_per_second = "0B"
burst_bytes = "1KiB"
hashed_per_second = "1KiB"
at_a_time = 0
at_a_time_of_all = 0
"#,
        &[
            "database.url = \"mysql://db.example/x\": must begin with sqlite: or postgres://",
            "ledger.disk_watermark_percent = 0: must be 1 to 100",
            "ledger.writes.per_second = 0: must be at least 1",
            "ledger.writes.burst = 0: must be at least 1",
            "ledger.writes.bytes_per_second = \"0B\": must be at least 1B",
            "ledger.writes.burst_bytes = \"1KiB\": must be at least 1MiB",
            "ledger.writes.hashed_per_second = \"1KiB\": must be at least 1MiB",
            "ledger.writes.at_a_time = 0: must be at least 1",
            "ledger.writes.at_a_time_of_all = 0: must be at least 1",
            "ledger.queue = 1: must be at least 1024",
            "ledger.requests = 0: must be at least 1",
            "ledger.requests_per_connector = 0: must be at least 1",
            "ledger.max_lineage = 0: must be at least 1",
            "ledger.queue_bytes = \"1MiB\": must be at least 4MiB",
            "ledger.requests_bytes = \"1MiB\": must be at least 4MiB",
            "ledger.max_lineage_bytes = \"1MiB\": must be at least 4MiB",
            "public.tls = \"mutual\": must be \"server\", \"terminated-upstream\" or \"none\": its callers have no certificates",
            "ledger.unauthenticated = \"loopback\": needs a public listener on loopback with tls = \"none\"",
        ],
    );

    #[test]
    fn every_wrong_key_is_named_at_once_with_its_value_and_what_is_allowed() {
        let parts = [OWN, PROCESS, MEMBER, PEER];
        assert_all_is_said::<Config>(
            &parts,
            &[
                CRL_MISSING,
                "ledger.disk_headroom = \"0B\": no disk counts as too full, and a database on a full disk may be damaged",
                "ledger.read = \"open\": shows every exchange to everybody with a token",
            ],
        );
    }
}
