//! Where everything of a trial lies: services, ports, folders.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use common::ids::ConnectorId;
use serde::{Deserialize, Serialize};
use url::Url;

/// One of the three domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// Disaster prevention.
    A,
    /// Rivers.
    B,
    /// Roads.
    C,
}

impl Domain {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// The letter in paths, IDs and options.
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
        }
    }

    fn index(self) -> u16 {
        match self {
            Self::A => 0,
            Self::B => 1,
            Self::C => 2,
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.letter().to_uppercase())
    }
}

/// The text is no letter of a domain.
#[derive(Debug, thiserror::Error)]
#[error("a domain is a, b or c")]
pub struct NoDomain;

impl std::str::FromStr for Domain {
    type Err = NoDomain;

    fn from_str(text: &str) -> Result<Self, NoDomain> {
        Self::ALL
            .into_iter()
            .find(|domain| domain.letter().eq_ignore_ascii_case(text))
            .ok_or(NoDomain)
    }
}

/// One process of the trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// IDs, certificates, tokens.
    Auth,
    /// Where providers' connectors are.
    Location,
    /// The ledger.
    Provenance,
    /// Where stewards write catalogues, and everybody searches them.
    Catalog,
    /// Fetches data for a domain's users.
    Receiver(Domain),
    /// Offers a domain's data.
    Provider(Domain),
    /// Holds a domain's files.
    Data(Domain),
}

/// A socket of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Mutual TLS.
    Peer,
    /// No client certificate; a receiver's `api`.
    Public,
    /// Health, readiness, metrics.
    Admin,
    /// A data server's files.
    Data,
}

impl Port {
    fn offset(self) -> u16 {
        match self {
            Self::Peer => 0,
            Self::Public => 1,
            Self::Admin => 2,
            Self::Data => 3,
        }
    }

    /// The name of the listener.
    pub fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Public => "public",
            Self::Admin => "admin",
            Self::Data => "data",
        }
    }
}

impl Service {
    /// All of them, in the order in which they are shown.
    pub fn all() -> Vec<Self> {
        let servers = [Self::Auth, Self::Location, Self::Provenance, Self::Catalog];
        let domains = Domain::ALL
            .into_iter()
            .flat_map(|d| [Self::Receiver(d), Self::Provider(d), Self::Data(d)]);
        servers.into_iter().chain(domains).collect()
    }

    /// The name after `trial serve`.
    pub fn program(self) -> &'static str {
        match self {
            Self::Auth => "auth-server",
            Self::Location => "location-server",
            Self::Provenance => "provenance-server",
            Self::Catalog => "catalog-server",
            Self::Receiver(_) => "receiver-connector",
            Self::Provider(_) => "provider-connector",
            Self::Data(_) => "data-server",
        }
    }

    /// Its sockets.
    pub fn ports(self) -> &'static [Port] {
        match self {
            Self::Auth | Self::Provenance | Self::Provider(_) => {
                &[Port::Peer, Port::Public, Port::Admin]
            }
            Self::Location => &[Port::Peer, Port::Admin],
            Self::Catalog | Self::Receiver(_) => &[Port::Public, Port::Admin],
            Self::Data(_) => &[Port::Admin, Port::Data],
        }
    }

    /// The DNS name in its certificate; a data server has none.
    pub fn id(self) -> Option<ConnectorId> {
        let name = match self {
            Self::Auth => "auth.kakehashi.example".to_owned(),
            Self::Location => "location.kakehashi.example".to_owned(),
            Self::Provenance => "provenance.kakehashi.example".to_owned(),
            Self::Catalog => "catalog.kakehashi.example".to_owned(),
            Self::Receiver(domain) => format!("receiver.{}.example", domain.letter()),
            Self::Provider(domain) => format!("provider.{}.example", domain.letter()),
            Self::Data(_) => return None,
        };
        Some(ConnectorId::parse(&name).expect("a DNS name of three labels"))
    }

    fn offset(self) -> u16 {
        match self {
            Self::Auth => 0,
            Self::Location => 10,
            Self::Provenance => 20,
            Self::Catalog => 30,
            Self::Receiver(domain) => 100 + 100 * domain.index(),
            Self::Provider(domain) => 110 + 100 * domain.index(),
            Self::Data(domain) => 120 + 100 * domain.index(),
        }
    }

    /// The name of its folder, which is its own.
    pub fn name(self) -> String {
        match self {
            Self::Auth | Self::Location | Self::Provenance | Self::Catalog => {
                self.program().to_owned()
            }
            Self::Receiver(domain) => format!("receiver-{}", domain.letter()),
            Self::Provider(domain) => format!("provider-{}", domain.letter()),
            Self::Data(domain) => format!("data-{}", domain.letter()),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auth | Self::Location | Self::Provenance | Self::Catalog => {
                f.write_str(self.program())
            }
            Self::Receiver(domain) | Self::Provider(domain) | Self::Data(domain) => {
                write!(f, "{} of {domain}", self.program())
            }
        }
    }
}

/// The name in the certificate of the trial's own operator's tool.
pub fn tool_id() -> ConnectorId {
    ConnectorId::parse("tool.kakehashi.example").expect("a DNS name of three labels")
}

/// A trial's folder and ports.
#[derive(Clone, Debug)]
pub struct Layout {
    dir: PathBuf,
    base: u16,
}

impl Layout {
    /// Ports that a trial takes from its base on. Those from 330 on are the end-to-end tests' own (`tests/postgres/src/ports.rs`).
    pub const SPAN: u16 = 324;
    /// Beside the services' ports: held by `trial up` itself while it runs.
    pub const OWN_PORT: u16 = 9;

    /// `dir` has to be absolute: services are started with paths below it.
    pub fn new(dir: PathBuf, base: u16) -> Self {
        Self { dir, base }
    }

    /// The trial's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its lowest port.
    pub fn base(&self) -> u16 {
        self.base
    }

    /// Where a service listens.
    pub fn address(&self, service: Service, port: Port) -> SocketAddr {
        (
            Ipv4Addr::LOCALHOST,
            self.base + service.offset() + port.offset(),
        )
            .into()
    }

    /// The URL of a listener.
    pub fn url(&self, service: Service, port: Port) -> Url {
        let scheme = if port == Port::Peer { "https" } else { "http" };
        let text = format!("{scheme}://{}", self.address(service, port));
        Url::parse(&text).expect("a scheme and a socket address make a URL")
    }

    /// Where a service is found by its name: proxies that make certificates of their own put no addresses into them.
    pub fn named_url(&self, service: Service) -> String {
        let port = self.address(service, Port::Peer).port();
        format!("https://localhost:{port}")
    }

    /// The address of the detail site of a domain's provider, which grants are on.
    pub fn detail_site(&self, domain: Domain) -> String {
        let external = self.url(Service::Provider(domain), Port::Public);
        format!("{}/detail", text(&external))
    }

    /// A service's own folder.
    pub fn folder(&self, service: Service) -> PathBuf {
        self.dir.join(service.name())
    }

    /// A service's configuration.
    pub fn config(&self, service: Service) -> PathBuf {
        self.folder(service).join("config.toml")
    }

    /// What a service logged.
    pub fn log(&self, service: Service) -> PathBuf {
        self.folder(service)
            .join(format!("{}.log", service.program()))
    }

    /// A service's certificate.
    pub fn certificate(&self, service: Service) -> PathBuf {
        self.folder(service).join("certificate.pem")
    }

    /// A service's private key.
    pub fn key(&self, service: Service) -> PathBuf {
        self.folder(service).join("key.pem")
    }

    /// The one-time code for a service's first certificate.
    pub fn code(&self, service: Service) -> PathBuf {
        self.folder(service).join("enrolment-code")
    }

    /// The folder of other authorities whose recorded certificates count.
    pub fn anchors(&self) -> PathBuf {
        self.dir.join("anchors")
    }

    /// What was written for a connector of another make.
    pub fn peer(&self, connector_id: &ConnectorId) -> PathBuf {
        self.dir.join("peers").join(connector_id.as_str())
    }

    /// The folder of the trial's own operator's tool.
    pub fn tool(&self) -> PathBuf {
        self.dir.join("operator-tool")
    }

    /// What the trial itself remembers.
    pub fn state(&self) -> PathBuf {
        self.dir.join("state.json")
    }

    /// What every service holds a lock on while it runs.
    pub fn running(&self) -> PathBuf {
        self.dir.join("running")
    }

    /// The ready file that is always written, beside the one that was asked for.
    pub fn ready(&self) -> PathBuf {
        self.dir.join("ready.json")
    }
}

/// A URL as the ready file has it: without a slash at its end.
pub fn text(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn layout() -> Layout {
        Layout::new("/t".into(), 20_000)
    }

    #[test]
    fn ports_are_those_of_the_design() {
        let port = |service, port| layout().address(service, port).port();
        assert_eq!(port(Service::Auth, Port::Peer), 20_000);
        assert_eq!(port(Service::Provenance, Port::Public), 20_021);
        assert_eq!(port(Service::Catalog, Port::Public), 20_031);
        assert_eq!(port(Service::Receiver(Domain::A), Port::Public), 20_101);
        assert_eq!(port(Service::Provider(Domain::B), Port::Peer), 20_210);
        assert_eq!(port(Service::Data(Domain::C), Port::Data), 20_323);
    }

    #[test]
    fn nothing_shares_a_port_or_a_folder() {
        let mut ports = BTreeSet::from([20_000 + Layout::OWN_PORT]);
        let mut folders = BTreeSet::new();
        for service in Service::all() {
            assert!(folders.insert(layout().folder(service)), "{service}");
            for port in service.ports() {
                let number = layout().address(service, *port).port();
                assert!(ports.insert(number), "{service} {}", port.name());
                assert!(number < 20_000 + Layout::SPAN);
            }
        }
    }

    #[test]
    fn urls_have_no_slash_at_their_end() {
        assert_eq!(
            text(&layout().url(Service::Auth, Port::Public)),
            "http://127.0.0.1:20001"
        );
        assert_eq!(
            text(&layout().url(Service::Location, Port::Peer)),
            "https://127.0.0.1:20010"
        );
    }
}
