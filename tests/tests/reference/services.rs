//! Each service with the least that it has to be told, and with one of everything that it can be told.

use common::service::{Service, findings};
use toml::{Table, Value};

/// A service.
pub struct Example {
    pub name: &'static str,
    /// The file of its configuration's structure, in the repository.
    pub file: &'static str,
    /// What is in effect where only what is required is said.
    pub least: Value,
    /// The same with one element of each list and table, and with all sections.
    pub full: Value,
    check: fn(Value) -> Vec<String>,
}

impl Example {
    fn new<S: Service>(file: &'static str, required: &[&str], more: &[&str]) -> Self {
        let least = required.join("\n");
        let mut full = table(&least);
        merge(&mut full, table(&more.join("\n")));
        Self {
            name: S::NAME,
            file,
            least: effective::<S>(Value::Table(table(&least))),
            full: effective::<S>(Value::Table(full)),
            check: errors::<S>,
        }
    }

    /// What the service finds wrong with `config`, its form included.
    pub fn errors(&self, config: Value) -> Vec<String> {
        (self.check)(config)
    }
}

fn table(text: &str) -> Table {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn merge(into: &mut Table, more: Table) {
    for (key, value) in more {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(there)), Value::Table(more)) => merge(there, more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn effective<S: Service>(value: Value) -> Value {
    let config: S::Config = value
        .try_into()
        .unwrap_or_else(|error| panic!("{}: {error}", S::NAME));
    Value::try_from(config).expect("configurations are TOML")
}

fn errors<S: Service>(value: Value) -> Vec<String> {
    let config: S::Config = match value.try_into() {
        Ok(config) => config,
        Err(error) => return vec![error.to_string()],
    };
    findings(&config).errors().to_vec()
}

const ADMIN: &str = "admin.listen = '127.0.0.1:1'";
const TLS: &str = "tls = { certificate = 'x', key = 'x', ca = 'x' }";
const AUTH: &str = "auth = { issuer = 'https://x', peer_url = 'https://x' }";
const DATABASE: &str = "database.url = 'postgres://x@localhost/x'";
const LEDGER: &str = "provenance = { public_url = 'https://x', peer_url = 'https://x' }";
const OUTBOX: &str = "outbox.path = 'x'";
const PEER: &str = "peer = { listen = '127.0.0.1:1', external_url = 'https://x', tls = 'mutual' }";
const PUBLIC: &str =
    "public = { listen = '127.0.0.1:1', external_url = 'https://x', tls = 'none' }";

const ANCHORS: &str =
    "tls.anchors = [{ ca = 'x', scope = 'servers', revocation = { lists = [{ file = 'x' }] } }]";
const ENROLMENT: &str = "enrolment = { auth_public_url = 'https://x', code_file = 'x' }";

/// All of them.
pub fn all() -> [Example; 7] {
    let api = PUBLIC.replace("public", "api");
    let data = PUBLIC.replace("public", "data");
    [
        Example::new::<auth_server::AuthServer>(
            "auth-server/src/config.rs",
            &[
                ADMIN,
                PEER,
                PUBLIC,
                TLS,
                DATABASE,
                "identity.service_id = 'x.example'",
                "ca = {}",
                "tokens.key_directory = 'x'",
            ],
            &[ANCHORS],
        ),
        Example::new::<location_server::LocationServer>(
            "location-server/src/config.rs",
            &[ADMIN, PEER, TLS, AUTH, DATABASE, "records.key_file = 'x'"],
            &[ANCHORS, ENROLMENT],
        ),
        Example::new::<catalog_tool::CatalogServer>(
            "catalog-tool/src/config.rs",
            &[
                ADMIN,
                PUBLIC,
                TLS,
                AUTH,
                DATABASE,
                "sessions.key_file = 'x'",
                "search.index = 'x'",
            ],
            &[
                ANCHORS,
                ENROLMENT,
                "provider = [{ connector_id = 'p.example', provider_id = 'x', url = 'https://x', release = 'https://x', addresses = ['127.0.0.1'], name = { ja = 'x', en = 'x' } }]",
            ],
        ),
        Example::new::<provenance::ProvenanceServer>(
            "provenance/src/config.rs",
            &[ADMIN, PEER, PUBLIC, TLS, AUTH, DATABASE],
            &[ANCHORS, ENROLMENT],
        ),
        Example::new::<connector::provider::ProviderConnector>(
            "connector/src/provider/config.rs",
            &[
                "provider_id = 'x'",
                "connector_id = 'x.example'",
                ADMIN,
                PEER,
                TLS,
                AUTH,
                DATABASE,
                OUTBOX,
                LEDGER,
            ],
            &[
                ANCHORS,
                ENROLMENT,
                PUBLIC,
                "catalog = { title = 'x', organization = 'xx', index = 'x' }",
                "sessions.key_file = 'x'",
                "source = [{ url = 'https://x', credentials = { id = 'x', password_file = 'x' } }]",
            ],
        ),
        Example::new::<connector::receiver::ReceiverConnector>(
            "connector/src/receiver/config.rs",
            &[
                "connector_id = 'x.example'",
                ADMIN,
                &api,
                TLS,
                AUTH,
                "location = { url = 'https://x', state_file = 'x' }",
                OUTBOX,
                LEDGER,
            ],
            &[
                ANCHORS,
                ENROLMENT,
                "location.static.x.url = 'https://x'",
                "provenance.foreign = [{ url = 'https://x', client_id = 'x' }]",
                "egress = [{ url = 'https://x' }]",
                "search.url = 'https://x'",
            ],
        ),
        Example::new::<connector::data_server::DataServer>(
            "connector/src/data_server/config.rs",
            &[ADMIN, &data, "folders.x = 'x'"],
            &[],
        ),
    ]
}
