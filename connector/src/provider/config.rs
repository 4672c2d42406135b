//! Configuration of the provider connector.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use auth_client::{AuthConfig, enrol::EnrolmentConfig};
use auth_sessions::SessionsConfig;
use catalog_site::config::CatalogConfig;
use common::{
    config::{AdminConfig, Period, SecretFile},
    ids::{ConnectorId, UserId},
    listener::ListenerConfig,
    telemetry::TelemetryConfig,
    tls::TlsConfig,
};
use common_db::{DatabaseConfig, RetentionConfig};
use provenance_outbox::OutboxConfig;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::exchange::{Deadlines, ExchangeLimits};

/// The whole configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whose data this connector offers: the provider's CADDE user ID.
    pub provider_id: UserId,
    /// This connector: the DNS name in its certificate.
    pub connector_id: ConnectorId,
    /// Trust anchors (PEM) for data sources that are reached by `https`.
    #[serde(default = "default_anchors")]
    pub source_anchors: PathBuf,
    /// Health, readiness, metrics.
    pub admin: AdminConfig,
    /// Logs.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The listener for receiver connectors and other holders of a certificate: mutual TLS.
    pub peer: ListenerConfig,
    /// The listener for everybody else: the sites of the catalogue and the API of its stewards. It goes with `catalog`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<ListenerConfig>,
    /// The provider's catalogue. Without it the connector has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<CatalogConfig>,
    /// Signing people in at the pages of the catalogue. Without it they are for everybody, and nobody signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<SessionsConfig>,
    /// This connector's certificate and whom it trusts.
    pub tls: TlsConfig,
    /// How the first certificate is got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentConfig>,
    /// The authentication server.
    pub auth: AuthConfig,
    /// The database of grants and of the catalogue.
    pub database: DatabaseConfig,
    /// How long it is kept who changed which grant or dataset, and what datasets were before.
    #[serde(default)]
    pub retention: RetentionConfig,
    /// The connector's own record of its exchanges.
    pub outbox: OutboxConfig,
    /// The ledger.
    pub provenance: ProvenanceConfig,
    /// Time limits of an exchange.
    #[serde(default)]
    pub deadlines: Deadlines,
    /// How many exchanges go on at a time.
    #[serde(default)]
    pub limits: ExchangeLimits,
    /// The data that is offered. Nothing else is ever fetched.
    #[serde(default, rename = "source")]
    pub sources: Vec<SourceConfig>,
}

/// The ledger that this connector records in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceConfig {
    /// Address that receivers are told, as they use it: the ledger's public address with its version, for example
    /// `https://ledger.example/v2`.
    pub public_url: Url,
    /// Origin of the ledger's listener for connectors, for example `https://ledger.example:8443`.
    pub peer_url: Url,
    /// When a record has to be in the ledger.
    #[serde(default)]
    pub delivery: Delivery,
    /// How long an exchange waits for the ledger where it has to.
    #[serde(default = "default_ledger_wait")]
    pub ledger_wait: Period,
}

/// When a `Sent` has to be in the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Soon after; before the last byte only for connectors that register their `Received` as soon as they have the
    /// body.
    #[default]
    Async,
    /// Before the last byte, always. A ledger that is away then stops all exchanges.
    Sync,
}

/// One data source: a part of a server whose files are offered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Beginning of the resource URLs that belong to it: scheme, host and port equal, path by whole segments. Of several
    /// sources the most specific one counts.
    pub url: Url,
    /// Where the data is really fetched from, if not from `url` itself: what follows `url` in a resource's URL is
    /// appended to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Url>,
    /// How it is offered.
    #[serde(default)]
    pub api_type: ApiType,
    /// Whether a grant is required.
    #[serde(default = "yes")]
    pub authorization: bool,
    /// Whether the grant has to belong to a contract.
    #[serde(default)]
    pub contract: bool,
    /// Which exchanges are recorded.
    #[serde(default)]
    pub record: Record,
    /// Event ids of the resources' creation (`Create`), by resource URL: what an exchange is recorded as the
    /// continuation of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provenance: BTreeMap<String, String>,
    /// A JSON file with further ones: an object of resource URLs and event ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance_file: Option<PathBuf>,
    /// Names of header fields that receivers may send to the source by `x-cadde-options`, lower case.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub options: BTreeSet<String>,
    /// Credentials for the source (HTTP Basic).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<SourceCredentials>,
    /// Whether a body counts as whole whose only end is that of its connection, as old servers and scripts send them.
    /// Nobody can tell one from a body that was cut off, so the record says so (`end`). Where not, such an answer is
    /// refused with 502.
    #[serde(default)]
    pub ends_by_close: bool,
}

impl SourceConfig {
    /// A source that wants a grant and records everything.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            upstream: None,
            api_type: ApiType::default(),
            authorization: true,
            contract: false,
            record: Record::default(),
            provenance: BTreeMap::new(),
            provenance_file: None,
            options: BTreeSet::new(),
            credentials: None,
            ends_by_close: false,
        }
    }
}

/// HTTP Basic credentials.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceCredentials {
    /// User name.
    pub id: String,
    /// File with the password.
    pub password_file: SecretFile,
}

/// How a resource is offered (リソース提供手段識別子).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApiType {
    /// A file on an HTTP server.
    #[default]
    #[serde(rename = "file/http")]
    FileHttp,
}

impl ApiType {
    /// The type as it stands in `x-cadde-resource-api-type`.
    pub fn parse(text: &str) -> Option<Self> {
        (text == "file/http").then_some(Self::FileHttp)
    }
}

/// Which exchanges of a source are recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// All; without a token under the participant of the receiver connector.
    #[default]
    Always,
    /// All, and there is no data without a token.
    WithUser,
    /// None.
    Off,
}

fn yes() -> bool {
    true
}

fn default_anchors() -> PathBuf {
    Path::new("/etc/ssl/certs/ca-certificates.crt").to_owned()
}

fn default_ledger_wait() -> Period {
    Period::seconds(10)
}
