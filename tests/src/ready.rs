//! The ready file of `trial up`.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;
use url::Url;

/// Everything `trial up` writes when the trial is ready. Members of services that don't exist yet are absent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// The certificates of the trial's authority.
    pub ca: PathBuf,
    /// The first operator.
    pub operator: Operator,
    /// The auth-server.
    pub auth: PeerAndPublic,
    /// The location-server.
    pub location: PeerOnly,
    /// The provenance-server.
    pub provenance: Ledger,
    /// The catalogue tool.
    pub catalog_tool: PublicOnly,
    /// Domains by their letter.
    pub domains: BTreeMap<String, DomainReady>,
    /// Services by the names of their folders (`auth-server`, `receiver-a`, …).
    pub services: BTreeMap<String, Service>,
}

impl Ready {
    /// Reads the text of a ready file.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("the ready file has another shape ({error}): {text}"))
    }
}

/// A service as a process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The name after `trial serve`.
    pub program: String,
    /// Its process, unless it is down.
    #[serde(default)]
    pub pid: Option<u32>,
    /// Where its configuration, log and data lie.
    pub folder: PathBuf,
}

impl Service {
    /// Where its configuration is.
    pub fn configuration_file(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    /// Its configuration.
    pub fn configuration(&self) -> toml::Table {
        let text = std::fs::read_to_string(self.configuration_file());
        let text = text.expect("the configuration can be read");
        text.parse().expect("the configuration is TOML")
    }

    /// Its `admin` listener.
    pub fn admin(&self) -> Url {
        let configuration = self.configuration();
        let address = configuration["admin"]["listen"].as_str();
        let url = format!("http://{}", address.expect("the listener has an address"));
        Url::parse(&url).expect("an address makes a URL")
    }
}

/// A person's way in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// CADDE user ID.
    pub user_id: String,
    /// Password in clear.
    pub password: String,
}

/// The operator's way in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// CADDE user ID.
    pub user_id: String,
    /// Password in clear.
    pub password: String,
    /// The application that is for managing: servers, and the domains' providers.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl Operator {
    /// As a person.
    pub fn person(&self) -> Credentials {
        Credentials {
            user_id: self.user_id.clone(),
            password: self.password.clone(),
        }
    }

    /// The application.
    pub fn client(&self) -> ClientCredentials {
        ClientCredentials {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
        }
    }
}

/// A service with both listeners.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerAndPublic {
    /// Mutual TLS.
    pub peer: Url,
    /// No client certificate.
    pub public: Url,
}

/// A service for peers alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerOnly {
    /// Mutual TLS.
    pub peer: Url,
}

/// A service for callers without a certificate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicOnly {
    /// No client certificate.
    pub public: Url,
}

/// The provenance-server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// Mutual TLS.
    pub peer: Url,
    /// No client certificate.
    pub public: Url,
    /// The verifiable log, once there is one.
    #[serde(default)]
    pub log: Option<Url>,
}

/// One domain.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainReady {
    /// Its user.
    pub user: Credentials,
    /// The application that its user works with.
    pub app_client: ClientCredentials,
    /// Its receiver connector.
    pub receiver: Receiver,
    /// Its provider connector.
    pub provider: Provider,
    /// Its catalogue.
    pub catalog_site: CatalogSite,
    /// What it offers.
    pub resources: Vec<Resource>,
}

/// The sites of a catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogSite {
    /// For everybody.
    pub release: Url,
    /// For the provider's own people, and through its connector for whoever has a grant on this address.
    pub detail: Url,
}

/// An application's way in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// OAuth client identifier.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

/// A receiver connector.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// For the domain's users.
    pub api: Url,
    /// The DNS name in its certificate.
    pub connector_id: String,
    /// Secret for introspection without a certificate.
    pub connector_secret: String,
    /// PEM file.
    pub cert: PathBuf,
    /// PEM file.
    pub key: PathBuf,
    /// Health and metrics.
    pub admin: Url,
}

/// A provider connector.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// CADDE user ID of the participant that offers the data.
    pub provider_id: String,
    /// Mutual TLS.
    pub peer: Url,
    /// No client certificate.
    pub public: Url,
    /// The DNS name in its certificate.
    pub connector_id: String,
    /// Secret for introspection without a certificate.
    pub connector_secret: String,
    /// PEM file.
    pub cert: PathBuf,
    /// PEM file.
    pub key: PathBuf,
    /// Health and metrics.
    pub admin: Url,
}

/// One offered resource.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// As it is asked for.
    pub url: String,
    /// `file/http`.
    pub api_type: String,
    /// Whether it may be fetched without a grant.
    pub open: bool,
    /// User IDs with a grant.
    pub granted_to: Vec<String>,
}
