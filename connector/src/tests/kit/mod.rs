//! Both connectors in this process, over real sockets and TLS, with stand-ins for the servers that they ask.

mod config;
mod pki;
mod plan;
mod servers;

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use auth_client::{ConnectorRole, State, TokenClaims};
use axum::Router;
use bytes::Bytes;
use common::{
    clock::{Clock as _, SystemClock},
    listener::{Listener, ListenerConfig, TlsMode},
    process::{Context, Readiness, Shutdown},
    tls::{PeerClient, TlsStore},
};
use common_db::DatabaseConfig;
use config::{provider_config, receiver_config};
use http::{HeaderMap, StatusCode};
use location_client::Profile;
pub use pki::Pki;
pub use plan::{Plan, resource, source, url};
use provenance_outbox::{Outbox, OutboxConfig};
use serde_json::Value;
pub use servers::{FakeLedger, FakeLocations};
pub use test_kit::{FakeAuth, connector_id, user_id};
use time::OffsetDateTime;
use tokio::sync::Notify;

use super::origin;
use crate::{
    authorization::{
        Assignee, Contract, Grant, GrantBook,
        store::{Change, Grants, Which},
    },
    exchange::Running,
    provider, receiver,
};

pub const PROVIDER: &str = "cadde.provider.aa";
pub const USER: &str = "cadde.user.bb";
pub const PARTICIPANT: &str = "cadde.receiver.bb";
pub const PROVIDER_CONNECTOR: &str = "provider.a.example";
pub const RECEIVER_CONNECTOR: &str = "receiver.b.example";
/// A receiver of another make, of the same participant.
pub const REFERENCE_CONNECTOR: &str = "reference.b.example";
pub const LEDGER: &str = "http://127.0.0.1:1/v2";

/// The claims of an ordinary token of [`USER`].
pub fn claims() -> TokenClaims {
    test_kit::plain(USER, &[PARTICIPANT])
}

pub fn listener_config(tls: TlsMode) -> ListenerConfig {
    let external = "https://localhost".parse().expect("a URL");
    ListenerConfig::new("127.0.0.1:0".parse().expect("an address"), external, tls)
}

/// Serves `router` and returns its port.
pub async fn serve(router: Router, tls: Option<Arc<TlsStore>>, shutdown: &Shutdown) -> u16 {
    let mode = if tls.is_some() {
        TlsMode::Mutual
    } else {
        TlsMode::None
    };
    serve_as(&listener_config(mode), router, tls, shutdown).await
}

async fn serve_as(
    config: &ListenerConfig,
    router: Router,
    tls: Option<Arc<TlsStore>>,
    shutdown: &Shutdown,
) -> u16 {
    let listener = Listener::bind(config, tls).await.expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    tokio::spawn(listener.serve(router, shutdown.clone()));
    port
}

/// An answer, with its body as far as it came.
#[derive(Debug)]
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `None`: it broke.
    pub body: Option<Bytes>,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("(absent)", |value| value.to_str().expect("a text"))
    }

    /// Status and message id of an error.
    pub fn error(&self) -> (u16, String) {
        let body: Value =
            serde_json::from_slice(self.body.as_ref().expect("a whole body")).expect("JSON");
        (
            self.status.as_u16(),
            body["message_id"].as_str().unwrap_or_default().to_owned(),
        )
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(self.body.as_ref().expect("a whole body")).expect("a text")
    }
}

pub async fn fetch(request: reqwest::RequestBuilder) -> Got {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    Got {
        status,
        headers,
        body: response.bytes().await.ok(),
    }
}

/// Two connectors and what is around them.
pub struct ConnectorFixture {
    pub pki: Arc<Pki>,
    pub auth: Arc<FakeAuth>,
    pub locations: Arc<FakeLocations>,
    pub provider_ledger: FakeLedger,
    pub receiver_ledger: FakeLedger,
    pub provider_outbox: Outbox,
    pub receiver_outbox: Outbox,
    pub grants: Arc<GrantBook>,
    pub source_port: u16,
    pub provider_port: u16,
    pub receiver_port: u16,
    pub receiver_tls: Arc<TlsStore>,
    pub requests: origin::Requests,
    pub endless: Arc<AtomicUsize>,
    pub go_on: Arc<Notify>,
    /// The provider's transfers under way.
    pub sending: Running,
    /// The receiver's.
    pub receiving: Running,
    pub shutdown: Shutdown,
}

impl ConnectorFixture {
    /// The usual one, with a grant on this path for its user.
    pub async fn granting(path: &str) -> Self {
        let world = Self::start(Plan::default()).await;
        world.grant(path).await;
        world
    }

    /// What the user gets for this path through both connectors.
    pub async fn fetch(&self, path: &str) -> Got {
        fetch(self.ask(path, Some("good"))).await
    }

    pub async fn start(plan: Plan) -> Self {
        let pki = Arc::new(Pki::new());
        let (router, steering) = origin::router();
        let shutdown = Shutdown::default();
        let source_port = serve(router, None, &shutdown).await;
        let auth = Arc::new(FakeAuth::default());
        auth.register(
            PROVIDER_CONNECTOR,
            ConnectorRole::Provider,
            PROVIDER,
            State::Active,
        );
        auth.register(
            RECEIVER_CONNECTOR,
            ConnectorRole::Receiver,
            PARTICIPANT,
            State::Active,
        );
        auth.register_as(
            REFERENCE_CONNECTOR,
            ConnectorRole::Receiver,
            PARTICIPANT,
            State::Active,
            Profile::Cadde4,
        );
        auth.token("good", Ok(claims()));
        let locations = Arc::new(FakeLocations::default());

        let database = DatabaseConfig::new(format!("sqlite:{}", pki.path("grants.db").display()));
        let opened = Grants::open(&database).await.expect("a database");
        let grants = GrantBook::open(Arc::new(opened)).await.expect("grants");
        let config = provider_config(&pki, &plan, source_port, database);
        let (provider_outbox, provider_ledger) = outbox(&config.outbox, PROVIDER_CONNECTOR);
        let (provider_port, sending) =
            start_provider(&config, &grants, &provider_outbox, &auth, &shutdown).await;
        let at = format!("https://localhost:{provider_port}");
        locations.put(PROVIDER, &at, Some(PROVIDER_CONNECTOR), plan.profile);

        let config = receiver_config(&pki, &plan, source_port);
        let receiver_tls = TlsStore::load(&config.tls, Arc::new(SystemClock)).expect("TLS");
        auth.exchange_for(RECEIVER_CONNECTOR, receiver_tls.own().thumbprint);
        let (receiver_outbox, receiver_ledger) = outbox(&config.outbox, RECEIVER_CONNECTOR);
        let identity = receiver::Identity {
            callers: auth.callers(),
            exchanged_tokens: Arc::clone(&auth) as _,
            registrations: Arc::clone(&auth) as _,
            locations: Arc::clone(&locations) as _,
        };
        let receiver = receiver::Receiver::new(
            &config,
            &context(&shutdown),
            &receiver_tls,
            receiver_outbox.clone(),
            identity,
        )
        .expect("a receiver");
        let receiving = receiver.recorder.running().clone();
        let router = receiver::router(Arc::new(receiver));
        let receiver_port = serve_as(&config.api, router, None, &shutdown).await;
        Self {
            pki,
            auth,
            locations,
            provider_ledger,
            receiver_ledger,
            provider_outbox,
            receiver_outbox,
            grants,
            source_port,
            provider_port,
            receiver_port,
            receiver_tls,
            requests: steering.requests,
            endless: steering.endless,
            go_on: steering.go_on,
            sending,
            receiving,
            shutdown,
        }
    }

    /// The URL of a file of the source.
    pub fn resource(&self, path: &str) -> String {
        resource(self.source_port, path)
    }

    /// Lets [`USER`] have a file.
    pub async fn grant(&self, path: &str) {
        let assignee = Assignee {
            user: Some(user_id(USER)),
            ..Assignee::default()
        };
        self.grant_to(path, assignee, None).await;
    }

    pub async fn grant_to(&self, path: &str, assignee: Assignee, contract: Option<Contract>) {
        let grant = Grant {
            target: self.resource(path),
            assignee,
            contract,
        };
        let change = Change {
            actor: &user_id(PROVIDER),
            via: &connector_id("tool.example"),
            at: SystemClock.now(),
        };
        self.grants
            .store()
            .register(&grant, &change)
            .await
            .expect("a working store");
        self.grants.refresh().await.expect("a working store");
    }

    /// Withdraws all grants of [`USER`] on a file.
    pub async fn withdraw(&self, path: &str) {
        let assignee = Assignee {
            user: Some(user_id(USER)),
            ..Assignee::default()
        };
        let change = Change {
            actor: &user_id(PROVIDER),
            via: &connector_id("tool.example"),
            at: SystemClock.now(),
        };
        let removed = self
            .grants
            .store()
            .remove(&self.resource(path), Which::Assignee(&assignee), &change)
            .await
            .expect("a working store");
        assert_eq!(removed, 1);
        self.grants.refresh().await.expect("a working store");
    }

    /// A request of an application to the receiver.
    pub fn ask(&self, path: &str, token: Option<&str>) -> reqwest::RequestBuilder {
        self.ask_url(&self.resource(path), token)
            .header("x-cadde-provider", PROVIDER)
    }

    /// The same without a provider: direct mode.
    pub fn ask_url(&self, resource: &str, token: Option<&str>) -> reqwest::RequestBuilder {
        let client = common::http::client::plain().expect("a client");
        let url = format!("http://127.0.0.1:{}/cadde/api/v4/file", self.receiver_port);
        let request = client
            .get(url)
            .header("x-cadde-resource-url", resource)
            .header("x-cadde-resource-api-type", "file/http");
        match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// A request of a connector of the reference kind to the provider.
    pub fn reference(&self, path: &str, token: Option<&str>) -> reqwest::RequestBuilder {
        self.peer(self.pki.store(REFERENCE_CONNECTOR), path, token)
    }

    /// A request to the provider with the certificate of our receiver, without the receiver.
    pub fn by_hand(&self, path: &str, token: Option<&str>) -> reqwest::RequestBuilder {
        self.peer(Arc::clone(&self.receiver_tls), path, token)
    }

    fn peer(&self, tls: Arc<TlsStore>, path: &str, token: Option<&str>) -> reqwest::RequestBuilder {
        let request = PeerClient::new(tls)
            .get()
            .get(format!(
                "https://localhost:{}/cadde/api/v4/file",
                self.provider_port
            ))
            .header("x-cadde-resource-url", self.resource(path))
            .header("x-cadde-resource-api-type", "file/http")
            .header("x-cadde-options", "");
        match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// Waits until both outboxes are empty and returns what each ledger has.
    pub async fn records(&self) -> (Vec<Value>, Vec<Value>) {
        let drained = async {
            tokio::join!(
                self.provider_outbox.drained(),
                self.receiver_outbox.drained()
            )
        };
        tokio::time::timeout(Duration::from_secs(10), drained)
            .await
            .expect("the outboxes drain");
        (self.provider_ledger.items(), self.receiver_ledger.items())
    }
}

/// Whether `at` is within a minute of now.
pub fn is_recent(at: &str) -> bool {
    let parsed = OffsetDateTime::parse(at, &time::format_description::well_known::Rfc3339)
        .expect("RFC 3339");
    (SystemClock.now() - parsed).abs() < time::Duration::MINUTE
}

fn context(shutdown: &Shutdown) -> Context {
    Context {
        clock: Arc::new(SystemClock),
        shutdown: shutdown.clone(),
        ready: Readiness::default(),
    }
}

fn outbox(config: &OutboxConfig, connector: &str) -> (Outbox, FakeLedger) {
    let connector = connector_id(connector);
    let outbox =
        Outbox::open(config.clone(), &connector, Arc::new(SystemClock)).expect("an outbox");
    let ledger = FakeLedger::default();
    outbox.start_delivery(ledger.clone());
    (outbox, ledger)
}

async fn start_provider(
    config: &provider::Config,
    grants: &Arc<GrantBook>,
    outbox: &Outbox,
    auth: &Arc<FakeAuth>,
    shutdown: &Shutdown,
) -> (u16, Running) {
    let identity = provider::Identity {
        callers: auth.callers(),
        registrations: Arc::clone(auth) as _,
    };
    let context = context(shutdown);
    let tls = TlsStore::load(&config.tls, Arc::new(SystemClock)).expect("TLS");
    let provider = provider::Provider::new(
        config,
        &context,
        &tls,
        Arc::clone(grants),
        outbox.clone(),
        identity,
    )
    .expect("a provider");
    let sending = provider.recorder.running().clone();
    let router = provider::router(Arc::new(provider), None);
    (serve(router, Some(tls), shutdown).await, sending)
}
