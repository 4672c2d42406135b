//! How the connectors of a fixture are set up.

use common::{config::Period, listener::ListenerLimits};
use location_client::Profile;
use url::Url;

use crate::{
    exchange::{Deadlines, ExchangeLimits},
    provider::{Delivery, SourceConfig},
    receiver::{EgressConfig, ForeignConfig},
};

/// How the connectors of a [`ConnectorFixture`](super::ConnectorFixture) are set up.
pub struct Plan {
    pub sources: Box<dyn Fn(u16) -> Vec<SourceConfig>>,
    pub egress: Box<dyn Fn(u16) -> Vec<EgressConfig>>,
    pub delivery: Delivery,
    pub deadlines: Deadlines,
    pub limits: ExchangeLimits,
    pub outbox_records: u64,
    pub is_record_required: bool,
    pub write_stall: Period,
    pub profile: Profile,
    /// Ledgers that a provider may name.
    pub foreign: Vec<ForeignConfig>,
    /// The receiver's listed contract management services.
    pub contract_services: Vec<Url>,
    pub own_users_only: bool,
}

impl Default for Plan {
    /// A closed source and, below `/open`, an open one; direct mode may fetch `/open`.
    fn default() -> Self {
        Self {
            sources: Box::new(|port| {
                let mut closed = source(port, "/");
                let mut open = source(port, "/open");
                open.authorization = false;
                for config in [&mut closed, &mut open] {
                    config.provenance = CREATED
                        .iter()
                        .map(|path| (resource(port, path), "create-1".to_owned()))
                        .collect();
                }
                vec![closed, open]
            }),
            egress: Box::new(|port| {
                vec![EgressConfig {
                    url: url(port, "/open"),
                    addresses: Vec::new(),
                    ends_by_close: false,
                }]
            }),
            delivery: Delivery::Async,
            deadlines: Deadlines::default(),
            limits: ExchangeLimits::default(),
            outbox_records: 100_000,
            is_record_required: true,
            write_stall: ListenerLimits::default().write_stall,
            profile: Profile::Kakehashi1,
            foreign: Vec::new(),
            contract_services: Vec::new(),
            own_users_only: false,
        }
    }
}

/// Resources whose creation is known.
const CREATED: [&str; 23] = [
    "/closed/pausing",
    "/closed/short-small",
    "/closed/silent",
    "/closed/coded-in-part",
    "/closed/coded-not",
    "/closed/coded-oddly",
    "/closed/a.csv",
    "/closed/large",
    "/closed/chunked",
    "/closed/short",
    "/closed/broken-chunks",
    "/closed/stall",
    "/closed/endless",
    "/closed/empty",
    "/closed/coded",
    "/closed/status/404",
    "/closed/status/401",
    "/closed/status/503",
    "/closed/moved-inside",
    "/closed/moved-raw",
    "/closed/moved-outside",
    "/open/a.csv",
    "/open/large",
];

pub fn url(port: u16, path: &str) -> Url {
    resource(port, path).parse().expect("a URL")
}

pub fn resource(port: u16, path: &str) -> String {
    format!("http://127.0.0.1:{port}{path}")
}

pub fn source(port: u16, path: &str) -> SourceConfig {
    SourceConfig::new(url(port, path))
}
