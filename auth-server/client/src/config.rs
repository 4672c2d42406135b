//! The `[auth]` section that every service shares.

use common::{
    config::Period,
    process::{Findings, Section},
};
use serde::{Deserialize, Serialize};
use url::Url;

/// Where the authentication server is and how closely its word is followed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// `iss` of the tokens that are accepted: the `public` external URL of the authentication server. No other issuer is
    /// ever asked about a token.
    pub issuer: Url,
    /// Origin of the `peer` listener of the authentication server, reached with this process's certificate.
    pub peer_url: Url,
    /// Whether an answer of introspection may be reused.
    #[serde(default)]
    pub introspection: IntrospectionMode,
    /// How long an answer of introspection, and a registration, is reused. Revocation takes this long to arrive.
    #[serde(default = "default_cache")]
    pub cache: Period,
    /// Tolerated difference between the clocks.
    #[serde(default = "default_leeway")]
    pub leeway: Period,
}

/// Whether introspection is asked for every use of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntrospectionMode {
    /// Ask once per token and `cache` period.
    #[default]
    Cached,
    /// Ask every time.
    Always,
}

impl Section for AuthConfig {
    fn check(&self, findings: &mut Findings) {
        if !matches!(self.issuer.scheme(), "http" | "https") {
            findings.error("issuer", &self.issuer, "must be an http or https address");
        }
        if self.peer_url.scheme() != "https" {
            findings.error(
                "peer_url",
                &self.peer_url,
                "must be an https address: the authentication server knows this process by its certificate",
            );
        }
    }
}

impl AuthConfig {
    /// A configuration with the defaults for everything but the two addresses.
    pub fn new(issuer: Url, peer_url: Url) -> Self {
        Self {
            issuer,
            peer_url,
            introspection: IntrospectionMode::default(),
            cache: default_cache(),
            leeway: default_leeway(),
        }
    }

    /// The issuer as it stands in tokens: an origin without a trailing slash.
    pub fn issuer_text(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }

    /// An address below the `peer` origin; `path` starts with a slash.
    pub(crate) fn peer_endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.peer_url.as_str().trim_end_matches('/'))
    }
}

fn default_cache() -> Period {
    Period::seconds(30)
}

fn default_leeway() -> Period {
    Period::seconds(30)
}
