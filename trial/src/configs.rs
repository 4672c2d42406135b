//! The services' configurations, built as values and written as TOML.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use auth_client::{AuthConfig, enrol::EnrolmentConfig};
use auth_sessions::SessionsConfig;
use catalog_site::config::{CatalogConfig, CatalogLimits};
use common::{
    config::{AdminConfig, ByteSize, Period},
    ids::UserId,
    listener::{ListenerConfig, TlsMode},
    telemetry::TelemetryConfig,
    tls::{AnchorConfig, ListConfig, Revocation, Scope, TlsConfig},
};
use common_db::{DatabaseConfig, RetentionConfig};
use connector::{data_server, provider, receiver};
use location_client::LocationConfig;
use provenance_outbox::OutboxConfig;
use serde::Serialize;
use ui::Environment;
use url::Url;

use crate::{
    databases::DatabaseServer,
    layout::{Domain, Layout, Port, Service},
    offer::Offers,
    state::Published,
};

/// 5 s: a revocation shows while one is watching.
const RELOAD: Period = Period::seconds(5);
/// 2 s: what is published is found while one is watching.
const HARVESTED: Period = Period::seconds(2);
/// A day, as everywhere.
const CRL_GRACE: Period = Period::seconds(86_400);
/// 256 MiB: a trial writes little, and the disk that it runs on is somebody's own, often nearly full.
const DISK_HEADROOM: ByteSize = ByteSize(256 << 20);

/// The catalogue of a domain.
fn catalog(domain: Domain, index: PathBuf) -> CatalogConfig {
    let (name, title) = match domain {
        Domain::A => ("shelters", "避難所カタログ"),
        Domain::B => ("rivers", "河川カタログ"),
        Domain::C => ("roads", "道路カタログ"),
    };
    CatalogConfig {
        title: title.to_owned(),
        description: String::new(),
        organization: name.to_owned(),
        organization_title: None,
        index,
        environment: Environment::Trial,
        publishers: 2,
        limits: CatalogLimits::default(),
    }
}

/// Builds configurations for one trial.
pub struct Configs<'a> {
    /// Where everything lies.
    pub layout: &'a Layout,
    /// The server with the services' databases; a file for each of them where it is absent.
    pub databases: Option<DatabaseServer>,
}

impl Configs<'_> {
    /// Writes the configuration of `service`.
    pub fn write(&self, service: Service, config: &impl Serialize) -> anyhow::Result<()> {
        let path = self.layout.config(service);
        let text = toml::to_string_pretty(config)
            .with_context(|| format!("cannot express {}", path.display()))?;
        common::config::write_file(&path, text.as_bytes(), false)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// The root certificate of the trial's authority: whom every process trusts.
    pub fn ca(&self) -> PathBuf {
        self.layout.dir().join("ca.pem")
    }

    /// The authentication server.
    pub fn auth(&self) -> auth_server::config::Config {
        let service = Service::Auth;
        let folder = self.layout.folder(service);
        auth_server::config::Config {
            identity: auth_server::config::IdentityConfig {
                service_id: service.id().expect("the authentication server has an ID"),
            },
            peer: self.listener(service, Port::Peer),
            public: self.listener(service, Port::Public),
            admin: self.admin(service),
            telemetry: TelemetryConfig::default(),
            // This server writes the revocation lists itself.
            tls: TlsConfig {
                crl_url: Vec::new(),
                ..self.tls(&folder)
            },
            database: self.database(service),
            retention: RetentionConfig::default(),
            ca: auth_server::config::CaConfig {
                loopback_names: true,
                ..auth_server::config::CaConfig::new(folder.join("ca"))
            },
            tokens: auth_server::config::TokensConfig::new(folder.join("token-keys")),
            login: auth_server::config::LoginConfig::default(),
        }
    }

    /// The location server.
    pub fn location(&self) -> location_server::config::Config {
        let service = Service::Location;
        let folder = self.layout.folder(service);
        location_server::config::Config {
            admin: self.admin(service),
            telemetry: TelemetryConfig::default(),
            peer: self.listener(service, Port::Peer),
            tls: self.tls(&folder),
            enrolment: Some(self.enrolment(service)),
            auth: self.auth_client(),
            database: self.database(service),
            retention: RetentionConfig::default(),
            records: location_server::config::RecordsConfig {
                key_file: folder.join("record-key.pem"),
                validity: Period::seconds(86_400),
            },
        }
    }

    /// The provenance server.
    pub fn provenance(&self) -> provenance::config::Config {
        let service = Service::Provenance;
        provenance::config::Config {
            admin: self.admin(service),
            telemetry: TelemetryConfig::default(),
            peer: self.listener(service, Port::Peer),
            public: self.listener(service, Port::Public),
            tls: self.tls(&self.layout.folder(service)),
            enrolment: Some(self.enrolment(service)),
            auth: self.auth_client(),
            database: self.database(service),
            ledger: provenance::config::LedgerConfig {
                disk_headroom: DISK_HEADROOM,
                ..provenance::config::LedgerConfig::default()
            },
        }
    }

    /// The catalogue tool, for the stewards of all domains, whose organisations come along.
    pub fn catalog<'d>(
        &self,
        organisations: impl IntoIterator<Item = (Domain, &'d UserId)>,
    ) -> catalog_tool::config::Config {
        let service = Service::Catalog;
        let folder = self.layout.folder(service);
        let provider = |(domain, organisation): (Domain, &UserId)| {
            let provider = Service::Provider(domain);
            catalog_tool::config::ProviderConfig {
                connector_id: provider.id().expect("a connector has an ID"),
                provider_id: organisation.clone(),
                url: self.layout.url(provider, Port::Public),
                release: None,
                addresses: vec!["127.0.0.0/8".parse().expect("a network")],
                name: None,
            }
        };
        catalog_tool::config::Config {
            environment: Environment::Trial,
            admin: self.admin(service),
            telemetry: TelemetryConfig::default(),
            public: self.listener(service, Port::Public),
            tls: self.tls(&folder),
            enrolment: Some(self.enrolment(service)),
            auth: self.auth_client(),
            database: self.database(service),
            sessions: SessionsConfig::new(folder.join("session-key")),
            drafts: catalog_tool::config::DraftsConfig::default(),
            search: catalog_tool::config::SearchConfig {
                index: folder.join("index"),
            },
            harvest: catalog_tool::config::HarvestConfig {
                interval: HARVESTED,
                ..catalog_tool::config::HarvestConfig::default()
            },
            providers: organisations.into_iter().map(provider).collect(),
        }
    }

    /// A provider connector with the files of its domain, each continuing its Create event.
    pub fn provider(
        &self,
        domain: Domain,
        provider_id: &UserId,
        offers: &Offers,
        published: &BTreeMap<String, Published>,
    ) -> provider::Config {
        let service = Service::Provider(domain);
        let folder = self.layout.folder(service);
        provider::Config {
            provider_id: provider_id.clone(),
            connector_id: service.id().expect("a connector has an ID"),
            source_anchors: self.ca(),
            admin: self.admin(service),
            telemetry: TelemetryConfig::default(),
            peer: self.listener(service, Port::Peer),
            public: Some(self.listener(service, Port::Public)),
            catalog: Some(catalog(domain, folder.join("catalog-index"))),
            sessions: Some(SessionsConfig::new(folder.join("sessions-key"))),
            tls: self.tls(&folder),
            enrolment: Some(self.enrolment(service)),
            auth: self.auth_client(),
            database: self.database(service),
            retention: RetentionConfig::default(),
            outbox: Self::outbox(&folder),
            provenance: self.ledger(),
            deadlines: connector::exchange::Deadlines::default(),
            limits: connector::exchange::ExchangeLimits::default(),
            sources: self.sources(domain, offers, published),
        }
    }

    /// One source a folder: the domain's own, which want a grant, and within them the folders `open`, which don't.
    fn sources(
        &self,
        domain: Domain,
        offers: &Offers,
        published: &BTreeMap<String, Published>,
    ) -> Vec<provider::SourceConfig> {
        let mut closed = self.layout.url(Service::Data(domain), Port::Data);
        closed.set_path("/");
        let open = offers.open.get(&domain).cloned().unwrap_or_default();
        let mut sources: Vec<_> = std::iter::once((closed, true))
            .chain(open.into_iter().map(|url| (url, false)))
            .map(|(url, authorization)| provider::SourceConfig {
                authorization,
                ..provider::SourceConfig::new(url)
            })
            .collect();
        for offer in offers.of(domain) {
            let Some(event) = published.get(offer.url.as_str()) else {
                continue;
            };
            let nearest = sources
                .iter_mut()
                .filter(|source| offer.url.as_str().starts_with(source.url.as_str()))
                .max_by_key(|source| source.url.as_str().len());
            if let Some(source) = nearest {
                source
                    .provenance
                    .insert(offer.url.as_str().to_owned(), event.event_id.clone());
            }
        }
        sources
    }

    /// A receiver connector. Direct mode may fetch what lies in the folders `open` of all domains, and nothing else.
    pub fn receiver(&self, domain: Domain, offers: &Offers) -> receiver::Config {
        let service = Service::Receiver(domain);
        let folder = self.layout.folder(service);
        let egress = offers.open.values().flatten();
        let mut search = self.layout.url(Service::Catalog, Port::Public);
        search.set_path("/backend/api/package_search");
        receiver::Config {
            own_users_only: true,
            connector_id: service.id().expect("a connector has an ID"),
            egress_anchors: self.ca(),
            admin: self.admin(service),
            telemetry: TelemetryConfig::default(),
            api: self.listener(service, Port::Public),
            tls: self.tls(&folder),
            enrolment: Some(self.enrolment(service)),
            auth: self.auth_client(),
            location: LocationConfig {
                url: self.layout.url(Service::Location, Port::Peer),
                cache: Period::seconds(60),
                state_file: folder.join("locations.json"),
                static_entries: BTreeMap::new(),
            },
            outbox: Self::outbox(&folder),
            provenance: receiver::ProvenanceConfig {
                public_url: self.ledger_url(),
                peer_url: self.layout.url(Service::Provenance, Port::Peer),
                foreign: Vec::new(),
                contract_services: Vec::new(),
            },
            search: Some(receiver::SearchConfig { url: search }),
            deadlines: connector::exchange::Deadlines {
                // Longer than the provider's own, which then says why it gave up.
                first_byte: Period::seconds(55),
                ..connector::exchange::Deadlines::default()
            },
            limits: connector::exchange::ExchangeLimits::default(),
            egress: egress
                .map(|url| receiver::EgressConfig {
                    url: url.clone(),
                    addresses: Vec::new(),
                    ends_by_close: false,
                })
                .collect(),
        }
    }

    /// A data server.
    pub fn data(&self, domain: Domain, offers: &Offers) -> data_server::Config {
        let service = Service::Data(domain);
        data_server::Config {
            admin: self.admin(service),
            telemetry: TelemetryConfig::default(),
            data: self.listener(service, Port::Data),
            domain_internal: false,
            folders: offers.folders.get(&domain).cloned().unwrap_or_default(),
        }
    }

    /// The TLS files of a process whose own folder is `folder`.
    pub fn tls(&self, folder: &Path) -> TlsConfig {
        let mut crl_url = self.layout.url(Service::Auth, Port::Public);
        crl_url.set_path("/v1/crl.pem");
        TlsConfig {
            crl: Some(folder.join("crl.pem")),
            crl_url: vec![crl_url],
            anchors: self.anchors(),
            reload_interval: RELOAD,
            crl_grace: CRL_GRACE,
            ..TlsConfig::new(
                folder.join("certificate.pem"),
                folder.join("key.pem"),
                self.ca(),
            )
        }
    }

    /// Authorities that somebody put into the trial's folder: what is recorded of theirs counts.
    fn anchors(&self) -> Vec<AnchorConfig> {
        let Ok(entries) = std::fs::read_dir(self.layout.anchors()) else {
            return Vec::new();
        };
        let mut files: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "pem"))
            .collect();
        files.sort();
        let anchor = |ca: PathBuf| {
            let list = ca.with_extension("crl");
            AnchorConfig {
                revocation: if list.exists() {
                    Revocation::Lists(vec![ListConfig {
                        file: list,
                        url: Vec::new(),
                    }])
                } else {
                    Revocation::None
                },
                scope: Scope::Recorded,
                ca,
            }
        };
        files.into_iter().map(anchor).collect()
    }

    /// How the trial's own tool gets its certificate.
    pub fn tool_enrolment(&self) -> EnrolmentConfig {
        self.enrolment_with(self.layout.tool().join("enrolment-code"))
    }

    fn enrolment(&self, service: Service) -> EnrolmentConfig {
        self.enrolment_with(self.layout.code(service))
    }

    fn enrolment_with(&self, code_file: PathBuf) -> EnrolmentConfig {
        EnrolmentConfig {
            auth_public_url: self.layout.url(Service::Auth, Port::Public),
            code_file,
            trust_ca: false,
        }
    }

    fn auth_client(&self) -> AuthConfig {
        AuthConfig::new(
            self.layout.url(Service::Auth, Port::Public),
            self.layout.url(Service::Auth, Port::Peer),
        )
    }

    /// The ledger's address as receivers and applications use it.
    fn ledger_url(&self) -> Url {
        let mut url = self.layout.url(Service::Provenance, Port::Public);
        url.set_path("/v2");
        url
    }

    fn ledger(&self) -> provider::ProvenanceConfig {
        provider::ProvenanceConfig {
            public_url: self.ledger_url(),
            peer_url: self.layout.url(Service::Provenance, Port::Peer),
            delivery: provider::Delivery::default(),
            ledger_wait: Period::seconds(10),
        }
    }

    fn listener(&self, service: Service, port: Port) -> ListenerConfig {
        let tls = if port == Port::Peer {
            TlsMode::Mutual
        } else {
            TlsMode::None
        };
        ListenerConfig::new(
            self.layout.address(service, port),
            self.layout.url(service, port),
            tls,
        )
    }

    fn outbox(folder: &Path) -> OutboxConfig {
        OutboxConfig {
            disk_headroom: DISK_HEADROOM,
            ..OutboxConfig::new(folder.join("outbox.db"))
        }
    }

    fn admin(&self, service: Service) -> AdminConfig {
        AdminConfig {
            listen: self.layout.address(service, Port::Admin),
            health: None,
        }
    }

    fn database(&self, service: Service) -> DatabaseConfig {
        if let Some(server) = &self.databases {
            return server.of(service);
        }
        let path = self.layout.folder(service).join("database.db");
        DatabaseConfig::new(format!("sqlite:{}", path.display()))
    }
}
