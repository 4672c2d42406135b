//! Configuration of the authentication server.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use common::{
    config::{AdminConfig, Period},
    ids::ConnectorId,
    listener::ListenerConfig,
    process::{Findings, Section},
    telemetry::TelemetryConfig,
    tls::TlsConfig,
};
use common_db::{DatabaseConfig, RetentionConfig};
use serde::{Deserialize, Serialize};

/// Everything the authentication server is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who this server is.
    pub identity: IdentityConfig,
    /// Listener for callers with a client certificate.
    pub peer: ListenerConfig,
    /// Listener for callers without one. Its external URL is the issuer of all tokens.
    pub public: ListenerConfig,
    /// Health, readiness and metrics.
    pub admin: AdminConfig,
    /// Logs.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// Own certificate, trust anchors and CRLs; `init` writes all of them, the server keeps them fresh.
    pub tls: TlsConfig,
    /// Where registrations are kept.
    pub database: DatabaseConfig,
    /// How long the audit trail is kept.
    #[serde(default)]
    pub retention: RetentionConfig,
    /// The certificate authority.
    pub ca: CaConfig,
    /// Signing keys and lifetimes of tokens.
    pub tokens: TokensConfig,
    /// How much work logins may cause, and how long people stay signed in at the login page.
    #[serde(default)]
    pub login: LoginConfig,
}

/// Who this server is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// DNS name in this server's own certificate.
    pub service_id: ConnectorId,
}

/// The certificate authority.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaConfig {
    /// Whether certificates come from another authority, for an organisation that has one. This server then records them and
    /// issues none, and nothing else of this section has a meaning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
    /// Folder for certificates and keys of the authority. Keys are readable by their owner only. `root.key` may be moved
    /// away once `init` is done. Required unless `external`.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub directory: PathBuf,
    /// Whether certificates also carry `localhost` and 127.0.0.1: for a trial on one machine, never for anything else.
    #[serde(default)]
    pub loopback_names: bool,
    /// Lifetime of the certificates of connectors and services.
    #[serde(default = "default_certificate_lifetime")]
    pub certificate_lifetime: Period,
    /// Lifetime of a one-time code.
    #[serde(default = "default_code_lifetime")]
    pub code_lifetime: Period,
    /// How long a CRL counts (`nextUpdate`).
    /// Allowed: longer than `crl_refresh`.
    #[serde(default = "default_crl_lifetime")]
    pub crl_lifetime: Period,
    /// How often the CRL is rewritten when nothing was revoked.
    /// Allowed: shorter than `crl_lifetime`.
    #[serde(default = "default_crl_refresh")]
    pub crl_refresh: Period,
}

impl CaConfig {
    /// The defaults, with the files in `directory`.
    pub fn new(directory: PathBuf) -> Self {
        Self {
            external: false,
            directory,
            loopback_names: false,
            certificate_lifetime: default_certificate_lifetime(),
            code_lifetime: default_code_lifetime(),
            crl_lifetime: default_crl_lifetime(),
            crl_refresh: default_crl_refresh(),
        }
    }
}

/// Signing keys and lifetimes of tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// Folder of the signing keys, one PEM file each, readable by their owner only. The one whose name sorts last signs; all
    /// are published.
    pub key_directory: PathBuf,
    /// Lifetime of access tokens.
    #[serde(default = "default_access")]
    pub access: Period,
    /// Lifetime of tokens bound to a certificate.
    /// Allowed: 1m to 5m.
    #[serde(default = "default_bound")]
    pub bound: Period,
    /// How long a refresh token may lie unused.
    /// Allowed: at most `refresh_max`.
    #[serde(default = "default_refresh_idle")]
    pub refresh_idle: Period,
    /// How long after the login refresh tokens end.
    /// Allowed: not shorter than `refresh_idle`.
    #[serde(default = "default_refresh_max")]
    pub refresh_max: Period,
    /// How long a used refresh token is answered with the same successor: existing clients send several requests of one session
    /// at once.
    #[serde(default = "default_refresh_grace")]
    pub refresh_grace: Period,
}

impl TokensConfig {
    /// The defaults, with the keys in `key_directory`.
    pub fn new(key_directory: PathBuf) -> Self {
        Self {
            key_directory,
            access: default_access(),
            bound: default_bound(),
            refresh_idle: default_refresh_idle(),
            refresh_max: default_refresh_max(),
            refresh_grace: default_refresh_grace(),
        }
    }
}

/// How much work logins may cause, and how long people stay signed in at the login page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoginConfig {
    /// Password hashes computed at the same time; each takes 19 MiB and a core.
    /// Allowed: at least 1.
    pub hashes_at_once: usize,
    /// Longest time a login waits for its turn.
    pub longest_wait: Period,
    /// Failed logins in a row that one network may cause for one user through one application before it has to wait. Four times as
    /// many where that user signed in from there before.
    /// Allowed: at least 1.
    pub failures: u32,
    /// Time after which one more failure is forgiven.
    pub forgiven_every: Period,
    /// How long a person who signed in at the login page stays so without being sent there again.
    /// Allowed: at most `session_max`.
    pub session_idle: Period,
    /// How long after they signed in people are asked for their password again.
    /// Allowed: not shorter than `session_idle`.
    pub session_max: Period,
}

impl Default for LoginConfig {
    fn default() -> Self {
        Self {
            hashes_at_once: 2,
            longest_wait: Period::seconds(5),
            failures: 5,
            forgiven_every: Period::seconds(30),
            session_idle: Period::seconds(2 * 3600),
            session_max: Period::seconds(10 * 3600),
        }
    }
}

impl Config {
    /// The issuer of all tokens: the public origin.
    pub fn issuer(&self) -> &str {
        self.public.external()
    }
}

common::configuration!(Config: peer, public, tls, database, retention, ca, tokens, login);

impl Section for Config {
    fn check(&self, findings: &mut Findings) {
        self.peer.check_is_mutual("peer", findings);
        self.public.check_is_not_mutual("public", findings);
        if !matches!(self.public.external_url.path(), "" | "/") {
            findings.error(
                "public.external_url",
                &self.public.external_url,
                "is the issuer of tokens and must have no path: discovery documents lie at its origin",
            );
        }
        if !self.ca.external && self.tls.crl.is_none() {
            findings.error_about(
                "tls.crl",
                "is missing: it names the file to which this server writes its revocation lists",
            );
        }
        if !self.ca.external && !self.tls.crl_url.is_empty() {
            findings.error(
                "tls.crl_url",
                &self.tls.crl_url,
                "must be left out: this server writes the revocation lists itself",
            );
        }
        if self.ca.loopback_names && !self.peer.listen.ip().is_loopback() {
            findings.warning(
                "ca.loopback_names",
                &self.ca.loopback_names,
                "puts localhost into every certificate; it is meant for a trial on one machine",
            );
        }
    }
}

impl Section for CaConfig {
    fn check(&self, findings: &mut Findings) {
        match (self.external, is_empty(&self.directory)) {
            (false, true) => findings.error_about(
                "directory",
                "is missing: it holds the authority's certificates and keys",
            ),
            (true, false) => {
                findings.error(
                    "directory",
                    &self.directory,
                    "has no meaning beside external",
                );
            }
            _ => {}
        }
        if self.crl_refresh >= self.crl_lifetime {
            let lifetime = self.crl_lifetime;
            findings.error(
                "crl_refresh",
                &self.crl_refresh,
                format_args!("must be shorter than crl_lifetime, {lifetime}"),
            );
        }
    }
}

/// Bounds of `bound`: connectors stop using a bound token 30 s before its end.
const BOUND: RangeInclusive<Period> = Period::seconds(60)..=Period::seconds(300);

impl Section for TokensConfig {
    fn check(&self, findings: &mut Findings) {
        findings.within("bound", self.bound, &BOUND);
        if self.refresh_idle > self.refresh_max {
            let max = self.refresh_max;
            findings.error(
                "refresh_idle",
                &self.refresh_idle,
                format_args!("must not exceed refresh_max, {max}"),
            );
        }
    }
}

impl Section for LoginConfig {
    fn check(&self, findings: &mut Findings) {
        findings.at_least("hashes_at_once", self.hashes_at_once, 1);
        findings.at_least("failures", self.failures, 1);
        if self.session_idle > self.session_max {
            let max = self.session_max;
            findings.error(
                "session_idle",
                &self.session_idle,
                format_args!("must not exceed session_max, {max}"),
            );
        }
    }
}

fn is_empty(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

fn default_certificate_lifetime() -> Period {
    Period::seconds(90 * 86_400)
}
fn default_code_lifetime() -> Period {
    Period::seconds(86_400)
}
fn default_crl_lifetime() -> Period {
    Period::seconds(7 * 86_400)
}
fn default_crl_refresh() -> Period {
    Period::seconds(86_400)
}
fn default_access() -> Period {
    Period::seconds(3600)
}
fn default_bound() -> Period {
    Period::seconds(300)
}
fn default_refresh_idle() -> Period {
    Period::seconds(2 * 3600)
}
fn default_refresh_max() -> Period {
    Period::seconds(10 * 3600)
}
fn default_refresh_grace() -> Period {
    Period::seconds(10)
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
