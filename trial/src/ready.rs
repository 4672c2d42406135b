//! The ready file: all that a test, a benchmark or a person needs to use a running trial.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::layout::{Domain, Layout, Service};

/// Written whole, readable by its owner alone, when everything is ready. URLs have no slash at their end; members of
/// services that don't exist are absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyFile {
    /// The trial's certificate authority (PEM).
    pub ca: PathBuf,
    /// The first operator.
    pub operator: OperatorReady,
    /// The authentication server.
    pub auth: TwoListeners,
    /// The location server.
    pub location: PeerListener,
    /// The provenance server.
    pub provenance: TwoListeners,
    /// The catalogue tool.
    pub catalog_tool: PublicListener,
    /// The domains by their letter.
    pub domains: BTreeMap<Domain, DomainReady>,
    /// The services by the names of their folders.
    pub services: BTreeMap<String, ServiceReady>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceReady {
    /// The name after `trial serve`.
    pub program: String,
    /// Its process; absent while it is down. The file is written anew when that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Where its configuration, log and data lie.
    pub folder: PathBuf,
}

/// All services, with those `processes` that run.
pub fn services(
    layout: &Layout,
    processes: &BTreeMap<Service, u32>,
) -> BTreeMap<String, ServiceReady> {
    let ready = |service: Service| ServiceReady {
        program: service.program().to_owned(),
        pid: processes.get(&service).copied(),
        folder: layout.folder(service),
    };
    Service::all()
        .into_iter()
        .map(|service| (service.name(), ready(service)))
        .collect()
}

/// A user ID and its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// CADDE user ID.
    pub user_id: String,
    /// Password.
    pub password: String,
}

/// The operator, and the application with which one manages: the servers and, with a domain's user, its provider connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorReady {
    /// CADDE user ID and password.
    #[serde(flatten)]
    pub person: Person,
    /// The management client.
    #[serde(flatten)]
    pub client: AppClient,
}

/// A server for callers with and without a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoListeners {
    /// Mutual TLS.
    pub peer: String,
    /// No client certificate.
    pub public: String,
}

/// A server for callers with a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerListener {
    /// Mutual TLS.
    pub peer: String,
}

/// A server for callers without a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicListener {
    /// No client certificate.
    pub public: String,
}

/// One domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainReady {
    /// Its user.
    pub user: Person,
    /// The application that its user works with.
    pub app_client: AppClient,
    /// Its receiver connector.
    pub receiver: ReceiverReady,
    /// Its provider connector.
    pub provider: ProviderReady,
    /// Its catalogue.
    pub catalog_site: CatalogSiteReady,
    /// What it offers.
    pub resources: Vec<Resource>,
}

/// The sites of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogSiteReady {
    /// For everybody.
    pub release: String,
    /// For the provider's own people, and through its connector for whoever has a grant on this address.
    pub detail: String,
}

/// An application's client ID and secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppClient {
    /// Client ID.
    pub client_id: String,
    /// Client secret.
    pub client_secret: String,
}

/// A receiver connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiverReady {
    /// For the domain's users.
    pub api: String,
    /// The DNS name in its certificate.
    pub connector_id: String,
    /// Its client secret.
    pub connector_secret: String,
    /// Its certificate (PEM).
    pub cert: PathBuf,
    /// Its private key (PEM).
    pub key: PathBuf,
    /// Health, readiness, metrics.
    pub admin: String,
}

/// A provider connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderReady {
    /// The user ID under which it offers data.
    pub provider_id: String,
    /// Mutual TLS.
    pub peer: String,
    /// No client certificate: its catalogue.
    pub public: String,
    /// The DNS name in its certificate.
    pub connector_id: String,
    /// Its client secret.
    pub connector_secret: String,
    /// Its certificate (PEM).
    pub cert: PathBuf,
    /// Its private key (PEM).
    pub key: PathBuf,
    /// Health, readiness, metrics.
    pub admin: String,
}

/// Something that a domain offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its address.
    pub url: String,
    /// `file/http`.
    pub api_type: String,
    /// Whether it needs no grant.
    pub open: bool,
    /// The users who have a grant.
    pub granted_to: Vec<String>,
}

impl ReadyFile {
    /// Writes it whole, readable by its owner alone.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let json = serde_json::to_vec_pretty(self)?;
        common::config::write_file(path, &json, true)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads the file of the trial in `path`.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path)
            .with_context(|| format!("no trial is ready here: {} can't be read", path.display()))?;
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is no ready file", path.display()))
    }

    /// One domain.
    pub fn domain(&self, domain: Domain) -> anyhow::Result<&DomainReady> {
        self.domains
            .get(&domain)
            .with_context(|| format!("the ready file has no domain {domain}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_is_that_of_the_design() {
        let person = || Person {
            user_id: "u".into(),
            password: "p".into(),
        };
        let ready = ReadyFile {
            ca: "/t/ca.pem".into(),
            operator: OperatorReady {
                person: person(),
                client: AppClient {
                    client_id: "operator".into(),
                    client_secret: "s".into(),
                },
            },
            auth: TwoListeners {
                peer: "https://127.0.0.1:1".into(),
                public: "http://127.0.0.1:2".into(),
            },
            location: PeerListener {
                peer: "https://127.0.0.1:3".into(),
            },
            provenance: TwoListeners {
                peer: "https://127.0.0.1:4".into(),
                public: "http://127.0.0.1:5".into(),
            },
            catalog_tool: PublicListener {
                public: "http://127.0.0.1:11".into(),
            },
            domains: BTreeMap::from([(
                Domain::A,
                DomainReady {
                    user: person(),
                    app_client: AppClient {
                        client_id: "i".into(),
                        client_secret: "s".into(),
                    },
                    receiver: ReceiverReady {
                        api: "http://127.0.0.1:6".into(),
                        connector_id: "receiver.a.example".into(),
                        connector_secret: "s".into(),
                        cert: "/t/c".into(),
                        key: "/t/k".into(),
                        admin: "http://127.0.0.1:7".into(),
                    },
                    provider: ProviderReady {
                        provider_id: "cadde.1.aa".into(),
                        peer: "https://127.0.0.1:8".into(),
                        public: "http://127.0.0.1:11".into(),
                        connector_id: "provider.a.example".into(),
                        connector_secret: "s".into(),
                        cert: "/t/c".into(),
                        key: "/t/k".into(),
                        admin: "http://127.0.0.1:9".into(),
                    },
                    catalog_site: CatalogSiteReady {
                        release: "http://127.0.0.1:11/release".into(),
                        detail: "http://127.0.0.1:11/detail".into(),
                    },
                    resources: vec![Resource {
                        url: "http://127.0.0.1:10/x".into(),
                        api_type: "file/http".into(),
                        open: false,
                        granted_to: vec!["cadde.2.aa".into()],
                    }],
                },
            )]),
            services: services(
                &Layout::new("/t".into(), 9_001),
                &BTreeMap::from([(Service::Auth, 7)]),
            ),
        };
        let json = serde_json::to_value(&ready).unwrap();
        assert_eq!(
            json["domains"]["a"]["resources"][0]["granted_to"][0],
            "cadde.2.aa"
        );
        assert_eq!(json["operator"]["user_id"], "u");
        assert_eq!(json["operator"]["client_id"], "operator");
        assert_eq!(json["catalog_tool"]["public"], "http://127.0.0.1:11");
        assert_eq!(json["services"]["auth-server"]["pid"], 7);
        let receiver = &json["services"]["receiver-a"];
        assert_eq!(receiver["program"], "receiver-connector");
        assert_eq!(receiver["folder"], "/t/receiver-a");
        assert!(receiver.get("pid").is_none());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ready.json");
        ready.write(&path).unwrap();
        assert_eq!(ReadyFile::read(&path).unwrap(), ready);
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&path).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }
}
