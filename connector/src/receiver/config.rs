//! Configuration of the receiver connector.

use std::path::PathBuf;

use auth_client::{AuthConfig, enrol::EnrolmentConfig};
use common::{
    address_block::AddressBlock,
    config::{AdminConfig, Period},
    ids::ConnectorId,
    listener::ListenerConfig,
    telemetry::TelemetryConfig,
    tls::TlsConfig,
};
use location_client::LocationConfig;
use provenance_outbox::OutboxConfig;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::exchange::{Deadlines, ExchangeLimits};

/// The whole configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// This connector: the DNS name in its certificate.
    pub connector_id: ConnectorId,
    /// Trust anchors (PEM) for servers of direct mode that are reached by `https`, and for ledgers of others.
    #[serde(default = "default_anchors")]
    pub egress_anchors: PathBuf,
    /// Health, readiness, metrics.
    pub admin: AdminConfig,
    /// Logs.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// Whether it serves the users of its own participant alone: the user ID that it is registered for, and members of that
    /// organisation.
    #[serde(default)]
    pub own_users_only: bool,
    /// The listener for applications of the domain. They have no client certificate.
    pub api: ListenerConfig,
    /// This connector's certificate and whom it trusts.
    pub tls: TlsConfig,
    /// How the first certificate is got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentConfig>,
    /// The authentication server.
    pub auth: AuthConfig,
    /// How providers are found.
    pub location: LocationConfig,
    /// The connector's own record of its exchanges.
    pub outbox: OutboxConfig,
    /// The ledger.
    pub provenance: ProvenanceConfig,
    /// The cross-domain search that applications ask through this connector. Without it there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchConfig>,
    /// Time limits of an exchange.
    #[serde(default = "default_deadlines")]
    pub deadlines: Deadlines,
    /// How many exchanges go on at a time.
    #[serde(default)]
    pub limits: ExchangeLimits,
    /// What direct mode may fetch; nothing unless it is listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<EgressConfig>,
}

/// The ledger that this connector records in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceConfig {
    /// Address that applications are told, as they use it: the ledger's public address with its version, for example
    /// `https://ledger.example/v2`.
    pub public_url: Url,
    /// Origin of the ledger's listener for connectors, for example `https://ledger.example:8443`.
    pub peer_url: Url,
    /// Ledgers of other make that a provider may name: the `Received` then goes to the one it names, with a token that is
    /// addressed to it, before the data is answered. Any other name is passed over and this connector's own ledger used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ForeignConfig>,
    /// Contract management services that a provider may name although it gives no event of the exchange. Any other is kept from
    /// the application, whose program may call it with the user's token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contract_services: Vec<Url>,
}

/// A ledger of other make.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignConfig {
    /// Its address with its version, as providers name it.
    pub url: Url,
    /// Under which client id it is registered as a ledger with the authentication server: whom the tokens that it gets name.
    pub client_id: String,
}

/// The cross-domain search (横断検索).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchConfig {
    /// The whole address that queries are appended to, for example `https://search.example/backend/api/package_search`. Where it is
    /// `https`, its certificate is checked with `egress_anchors`.
    pub url: Url,
}

/// A part of a server that direct mode may fetch from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EgressConfig {
    /// Beginning of the URLs: scheme, host and port equal, path by whole segments.
    pub url: Url,
    /// Addresses besides public ones that the host may have: `10.1.2.3` or `10.1.0.0/16`. Not needed for a `url` whose host
    /// is an address itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<AddressBlock>,
    /// Whether a body counts as whole whose only end is that of its connection. Nobody can tell one from a body that was
    /// cut off, so the record says so (`end`). Where not, such an answer is refused with 502.
    #[serde(default)]
    pub ends_by_close: bool,
}

fn default_anchors() -> PathBuf {
    PathBuf::from("/etc/ssl/certs/ca-certificates.crt")
}

/// 55 s to the first byte: the provider gives up after 50 s and can say why, applications wait 60 s.
fn default_deadlines() -> Deadlines {
    Deadlines {
        first_byte: Period::seconds(55),
        ..Deadlines::default()
    }
}
