//! Configuration of the authentication server.

use std::path::{Path, PathBuf};

use common::{
    config::{AdminConfig, Period},
    ids::ConnectorId,
    listener::{ListenerConfig, TlsMode},
    process::Finding,
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
    /// How much work logins may cause.
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

/// How much work logins may cause.
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
}

impl Default for LoginConfig {
    fn default() -> Self {
        Self {
            hashes_at_once: 2,
            longest_wait: Period::seconds(5),
            failures: 5,
            forgiven_every: Period::seconds(30),
        }
    }
}

impl Config {
    /// The issuer of all tokens: the public origin.
    pub fn issuer(&self) -> &str {
        self.public.external()
    }

    /// What is wrong or risky beyond the form of the file.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = self.database.findings();
        found.extend(self.retention.findings());
        let mut error = |wrong: bool, message: &str| {
            if wrong {
                found.push(Finding::Error(message.to_owned()));
            }
        };
        for (name, listener) in [("peer", &self.peer), ("public", &self.public)] {
            if let Some(problem) = listener.problem() {
                error(true, &format!("[{name}] {problem}"));
            }
        }
        error(
            self.peer.tls != TlsMode::Mutual,
            "[peer] tls must be \"mutual\": its callers are known by their certificates",
        );
        error(
            self.public.tls == TlsMode::Mutual,
            "[public] tls must not be \"mutual\": its callers have no certificate",
        );
        error(
            !matches!(self.public.external_url.path(), "" | "/"),
            "[public] external_url is the issuer of tokens and must have no path: discovery documents lie at its origin",
        );
        let is_own = !self.ca.external;
        error(
            is_own && is_empty(&self.ca.directory),
            "[ca] directory is missing: it holds the authority's certificates and keys",
        );
        error(
            !is_own && !is_empty(&self.ca.directory),
            "[ca] directory has no meaning beside external",
        );
        error(
            is_own && self.tls.crl.is_none(),
            "[tls] crl is missing: it names the file to which this server writes its revocation lists",
        );
        error(
            is_own && !self.tls.crl_url.is_empty(),
            "[tls] crl_url must be left out: this server writes the revocation lists itself",
        );
        error(
            self.ca.crl_refresh >= self.ca.crl_lifetime,
            "[ca] crl_refresh must be shorter than crl_lifetime",
        );
        error(
            self.tokens.bound > Period::seconds(300),
            "[tokens] bound must not exceed 5m",
        );
        error(
            self.tokens.bound < Period::seconds(60),
            "[tokens] bound must be at least 1m: connectors stop using a bound token 30s before its end",
        );
        error(
            self.tokens.refresh_idle > self.tokens.refresh_max,
            "[tokens] refresh_idle must not exceed refresh_max",
        );
        error(
            self.login.hashes_at_once == 0,
            "[login] hashes_at_once must be at least 1",
        );
        error(
            self.login.failures == 0,
            "[login] failures must be at least 1",
        );
        if self.ca.loopback_names && !self.peer.listen.ip().is_loopback() {
            found.push(Finding::Warning(
                "[ca] loopback_names puts localhost into every certificate; it is meant for a trial on one machine".into(),
            ));
        }
        found.extend(self.tls.findings());
        found
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
