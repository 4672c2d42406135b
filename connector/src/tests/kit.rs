//! Both connectors in this process, over real sockets and TLS, with stand-ins for the servers that they ask.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_client::{
    AuthConfig, Cnf, ConnectorRegistration, ConnectorRole, RegistryError, State, TokenClaims,
    TokenError, VerifiedToken,
};
use axum::Router;
use bytes::Bytes;
use common::clock::{Clock as _, SystemClock};
use common::config::{AdminConfig, DatabaseConfig, Period};
use common::db::open_sqlite;
use common::http::client::PeerClient;
use common::ids::{ConnectorId, UserId};
use common::listener::{Listener, ListenerConfig, TlsMode};
use common::service::{Context, Readiness, Shutdown};
use common::telemetry::TelemetryConfig;
use common::tls::{TlsConfig, TlsStore};
use http::{HeaderMap, StatusCode};
use location_client::{Location, LocationConfig, LocationError, Profile, Source};
use provenance::outbox::{DeliveryError, Outbox, OutboxConfig, Transport};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use url::Url;

use crate::authorization::store::{MIGRATIONS, SqliteGrants};
use crate::authorization::{Assignee, Contract, Grant, GrantBook, store::Change};
use crate::exchange::{Deadlines, ExchangeLimits};
use crate::identity::{BoundTokens, Locations, Registrations, Tokens};
use crate::provider::{self, Delivery, SourceConfig};
use crate::receiver::{self, EgressConfig};

pub const PROVIDER: &str = "cadde.provider.aa";
pub const USER: &str = "cadde.user.bb";
pub const PARTICIPANT: &str = "cadde.receiver.bb";
pub const PROVIDER_CONNECTOR: &str = "provider.a.example";
pub const RECEIVER_CONNECTOR: &str = "receiver.b.example";
pub const LEDGER: &str = "http://127.0.0.1:1/v2";

/// A certificate authority and a folder for its certificates.
pub struct Pki {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Pki {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            issuer: CertifiedIssuer::self_signed(params, key).expect("an authority"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a writable folder");
        path
    }

    /// The files of a connector whose certificate carries `name`, `localhost` and 127.0.0.1.
    pub fn config(&self, name: &str) -> TlsConfig {
        let names = vec![
            name.to_owned(),
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
        ];
        let params = CertificateParams::new(names).expect("names");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let file = uuid::Uuid::new_v4();
        TlsConfig {
            certificate: self.write(&format!("{file}.crt"), &certificate.pem()),
            key: self.write(&format!("{file}.key"), &key.serialize_pem()),
            ca: self.write(&format!("{file}.ca"), &self.issuer.pem()),
            crl: None,
            crl_url: None,
            reload_interval: Period::seconds(3600),
            crl_grace: Period::seconds(0),
            allow_tls12: false,
            pinned: std::collections::BTreeMap::new(),
        }
    }

    pub fn store(&self, name: &str) -> Arc<TlsStore> {
        TlsStore::load(&self.config(name), Arc::new(SystemClock)).expect("usable TLS material")
    }
}

pub fn user_id(text: &str) -> UserId {
    UserId::parse(text).expect("a user ID")
}

pub fn connector_id(text: &str) -> ConnectorId {
    ConnectorId::parse(text).expect("a connector ID")
}

/// The claims of an ordinary token of [`USER`].
pub fn claims() -> TokenClaims {
    serde_json::from_value(json!({
        "iss": "https://auth.example", "sub": "s", "exp": 1, "iat": 1, "jti": "j", "azp": "app",
        "preferred_username": USER, "user": USER, "org": PARTICIPANT, "aal": "2"
    }))
    .expect("claims")
}

/// Stands for the authentication server.
#[derive(Default)]
pub struct FakeAuth {
    tokens: Mutex<HashMap<String, Result<TokenClaims, TokenError>>>,
    registrations: Mutex<HashMap<String, ConnectorRegistration>>,
    /// Whose certificate new bound tokens are bound to.
    thumbprint: Mutex<String>,
    pub is_away: std::sync::atomic::AtomicBool,
    pub exchanges: Mutex<Vec<String>>,
}

impl FakeAuth {
    pub fn token(&self, text: &str, claims: Result<TokenClaims, TokenError>) {
        self.tokens
            .lock()
            .expect("not poisoned")
            .insert(text.to_owned(), claims);
    }

    pub fn register(&self, id: &str, role: ConnectorRole, user: &str, state: State) {
        let registration = ConnectorRegistration {
            connector_id: connector_id(id),
            role,
            user_id: user_id(user),
            state,
        };
        self.registrations
            .lock()
            .expect("not poisoned")
            .insert(id.to_owned(), registration);
    }

    fn is_away(&self) -> bool {
        self.is_away.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[async_trait]
impl Tokens for FakeAuth {
    async fn verify(&self, token: &str) -> Result<Arc<VerifiedToken>, TokenError> {
        if self.is_away() {
            return Err(TokenError::Unavailable("away".into()));
        }
        let known = self
            .tokens
            .lock()
            .expect("not poisoned")
            .get(token)
            .cloned();
        let claims = known.unwrap_or(Err(TokenError::Malformed))?;
        Ok(Arc::new(VerifiedToken::unchecked_for_tests(claims, token)))
    }
}

#[async_trait]
impl BoundTokens for FakeAuth {
    async fn bound_token(
        &self,
        token: &VerifiedToken,
        provider: &ConnectorId,
    ) -> Result<SecretString, TokenError> {
        let text = format!("{}-bound-to-{provider}", token.raw.expose_secret());
        let claims = TokenClaims {
            aud: Some(auth_client::Audience::One(provider.to_string())),
            cnf: Some(Cnf {
                x5t_s256: self.thumbprint.lock().expect("not poisoned").clone(),
            }),
            ..token.claims.clone()
        };
        self.token(&text, Ok(claims));
        self.exchanges
            .lock()
            .expect("not poisoned")
            .push(text.clone());
        Ok(SecretString::from(text))
    }
}

#[async_trait]
impl Registrations for FakeAuth {
    async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError> {
        if self.is_away() {
            return Err(RegistryError::Unavailable("away".into()));
        }
        Ok(self
            .registrations
            .lock()
            .expect("not poisoned")
            .get(id.as_str())
            .cloned())
    }
}

/// Stands for the location server.
#[derive(Default)]
pub struct FakeLocations(Mutex<HashMap<String, Arc<Location>>>);

impl FakeLocations {
    pub fn put(&self, provider: &str, url: &str, connector: Option<&str>, profile: Profile) {
        let location = Location {
            provider_id: user_id(provider),
            url: url.parse().expect("a URL"),
            connector_id: connector.map(connector_id),
            profile,
            expires_at: None,
            source: Source::Server,
        };
        self.0
            .lock()
            .expect("not poisoned")
            .insert(provider.to_owned(), Arc::new(location));
    }
}

#[async_trait]
impl Locations for FakeLocations {
    async fn resolve(&self, provider: &UserId) -> Result<Option<Arc<Location>>, LocationError> {
        Ok(self
            .0
            .lock()
            .expect("not poisoned")
            .get(provider.as_str())
            .cloned())
    }
}

/// Stands for the ledger: takes every record and keeps it.
#[derive(Debug, Clone, Default)]
pub struct FakeLedger {
    items: Arc<Mutex<Vec<Value>>>,
    pub is_away: Arc<std::sync::atomic::AtomicBool>,
}

impl FakeLedger {
    /// What it has, oldest first.
    pub fn items(&self) -> Vec<Value> {
        self.items.lock().expect("not poisoned").clone()
    }

    /// Waits until it has `count` records.
    pub async fn wait_for(&self, count: usize) -> Vec<Value> {
        eventually(|| self.items().len() >= count).await;
        self.items()
    }
}

impl Transport for FakeLedger {
    async fn send(&self, body: Bytes) -> Result<Bytes, DeliveryError> {
        if self.is_away.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(DeliveryError::Unavailable {
                retry_after_s: None,
            });
        }
        let request: Value = serde_json::from_slice(&body).expect("a batch");
        let items = request["items"].as_array().expect("items").clone();
        let results: Vec<_> = items.iter().map(accepted).collect();
        self.items.lock().expect("not poisoned").extend(items);
        Ok(json!({"results": results}).to_string().into())
    }
}

fn accepted(item: &Value) -> Value {
    let mut core = json!({"v": 1, "xid": item["exchange_id"], "actor": {"user": item["user_id"]}});
    for member in ["event", "evidence", "dig"] {
        if let Some(value) = item.get(member) {
            core[member] = value.clone();
        }
    }
    let id = item
        .pointer("/event/cdleventid")
        .or(item.pointer("/evidence/id"));
    let salt = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    json!({"id": id, "status": "created", "receipt": {"salt": salt, "core": core.to_string()}})
}

/// Polls `condition` until it holds, for ten seconds at most.
pub async fn eventually(condition: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the condition never held"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
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
    let listener = Listener::bind(&listener_config(mode), tls)
        .await
        .expect("a free port");
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

/// How the connectors of a [`World`] are set up.
pub struct Plan {
    pub sources: Box<dyn Fn(u16) -> Vec<SourceConfig>>,
    pub egress: Box<dyn Fn(u16) -> Vec<EgressConfig>>,
    pub delivery: Delivery,
    pub deadlines: Deadlines,
    pub limits: ExchangeLimits,
    pub outbox_records: u64,
    pub profile: Profile,
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
                }]
            }),
            delivery: Delivery::Async,
            deadlines: Deadlines::default(),
            limits: ExchangeLimits::default(),
            outbox_records: 100_000,
            profile: Profile::Kakehashi1,
        }
    }
}

/// Resources whose creation is known.
const CREATED: [&str; 19] = [
    "/closed/pausing",
    "/closed/short-small",
    "/closed/silent",
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

/// Two connectors and what is around them.
pub struct World {
    pub pki: Pki,
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
    pub requests: super::origin::Requests,
    pub endless: Arc<std::sync::atomic::AtomicUsize>,
    pub go_on: Arc<tokio::sync::Notify>,
    pub shutdown: Shutdown,
}

impl World {
    pub async fn start(plan: Plan) -> Self {
        let (pki, shutdown, auth) = (
            Pki::new(),
            Shutdown::default(),
            Arc::new(FakeAuth::default()),
        );
        let locations = Arc::new(FakeLocations::default());
        let (router, origin) = super::origin::router();
        let source_port = serve(router, None, &shutdown).await;
        let context = || Context {
            clock: Arc::new(SystemClock),
            shutdown: shutdown.clone(),
            ready: Readiness::default(),
        };
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
        auth.token("good", Ok(claims()));

        let database = DatabaseConfig::new(format!("sqlite:{}", pki.path("grants.db").display()));
        let opened = open_sqlite(&database, &MIGRATIONS)
            .await
            .expect("a database");
        let grants = GrantBook::open(Arc::new(SqliteGrants::new(opened)))
            .await
            .expect("grants");
        let provider_config = provider_config(&pki, &plan, source_port, database);
        let provider_outbox =
            Outbox::open(provider_config.outbox.clone(), Arc::new(SystemClock)).expect("an outbox");
        let provider_ledger = FakeLedger::default();
        provider_outbox.start_delivery(provider_ledger.clone());
        let identity = provider::Identity {
            tokens: Arc::clone(&auth) as _,
            registrations: Arc::clone(&auth) as _,
        };
        let provider = provider::Provider::new(
            &provider_config,
            &context(),
            Arc::clone(&grants),
            provider_outbox.clone(),
            identity,
        )
        .expect("a provider");
        let provider_tls =
            TlsStore::load(&provider_config.tls, Arc::new(SystemClock)).expect("TLS");
        let provider_port = serve(
            provider::router(Arc::new(provider)),
            Some(provider_tls),
            &shutdown,
        )
        .await;
        locations.put(
            PROVIDER,
            &format!("https://localhost:{provider_port}"),
            Some(PROVIDER_CONNECTOR),
            plan.profile,
        );

        let receiver_config = receiver_config(&pki, &plan, source_port);
        let receiver_tls =
            TlsStore::load(&receiver_config.tls, Arc::new(SystemClock)).expect("TLS");
        *auth.thumbprint.lock().expect("not poisoned") = receiver_tls.own().thumbprint;
        let receiver_outbox =
            Outbox::open(receiver_config.outbox.clone(), Arc::new(SystemClock)).expect("an outbox");
        let receiver_ledger = FakeLedger::default();
        receiver_outbox.start_delivery(receiver_ledger.clone());
        let identity = receiver::Identity {
            tokens: Arc::clone(&auth) as _,
            bound_tokens: Arc::clone(&auth) as _,
            registrations: Arc::clone(&auth) as _,
            locations: Arc::clone(&locations) as _,
        };
        let receiver = receiver::Receiver::new(
            &receiver_config,
            &context(),
            &receiver_tls,
            receiver_outbox.clone(),
            identity,
        )
        .expect("a receiver");
        let receiver_port = serve(receiver::router(Arc::new(receiver)), None, &shutdown).await;
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
            requests: origin.requests,
            endless: origin.endless,
            go_on: origin.go_on,
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
        let request = PeerClient::new(Arc::clone(&self.receiver_tls))
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

fn base(pki: &Pki) -> (AdminConfig, TelemetryConfig, AuthConfig) {
    let _ = pki;
    let admin = AdminConfig {
        listen: "127.0.0.1:0".parse().expect("an address"),
        health: None,
    };
    let url = |text: &str| text.parse().expect("a URL");
    (
        admin,
        TelemetryConfig::default(),
        AuthConfig::new(
            url("https://auth.example"),
            url("https://auth.example:8443"),
        ),
    )
}

fn outbox(pki: &Pki, name: &str, max_records: u64) -> OutboxConfig {
    // However full the disk of the machine that runs the tests is.
    OutboxConfig {
        max_records,
        disk_watermark_percent: 100,
        ..OutboxConfig::new(pki.path(name))
    }
}

pub fn provider_config(
    pki: &Pki,
    plan: &Plan,
    source_port: u16,
    database: DatabaseConfig,
) -> provider::Config {
    let (admin, telemetry, auth) = base(pki);
    provider::Config {
        provider_id: user_id(PROVIDER),
        connector_id: connector_id(PROVIDER_CONNECTOR),
        source_anchors: PathBuf::new(),
        admin,
        telemetry,
        peer: listener_config(TlsMode::Mutual),
        tls: pki.config(PROVIDER_CONNECTOR),
        enrolment: None,
        auth,
        database,
        outbox: outbox(pki, "provider-outbox.db", plan.outbox_records),
        provenance: provider::ProvenanceConfig {
            public_url: LEDGER.parse().expect("a URL"),
            peer_url: "https://ledger.example".parse().expect("a URL"),
            delivery: plan.delivery,
            ledger_wait: Period::millis(400),
        },
        deadlines: plan.deadlines,
        limits: plan.limits,
        sources: (plan.sources)(source_port),
    }
}

pub fn receiver_config(pki: &Pki, plan: &Plan, source_port: u16) -> receiver::Config {
    let (admin, telemetry, auth) = base(pki);
    receiver::Config {
        connector_id: connector_id(RECEIVER_CONNECTOR),
        egress_anchors: PathBuf::new(),
        admin,
        telemetry,
        api: listener_config(TlsMode::None),
        tls: pki.config(RECEIVER_CONNECTOR),
        enrolment: None,
        auth,
        location: LocationConfig {
            url: "https://location.example".parse().expect("a URL"),
            cache: Period::seconds(60),
            state_file: pki.path("locations.json"),
            static_entries: std::collections::BTreeMap::new(),
        },
        outbox: outbox(pki, "receiver-outbox.db", plan.outbox_records),
        provenance: receiver::ProvenanceConfig {
            public_url: LEDGER.parse().expect("a URL"),
            peer_url: "https://ledger.example".parse().expect("a URL"),
            foreign: Vec::new(),
        },
        deadlines: plan.deadlines,
        limits: plan.limits,
        egress: (plan.egress)(source_port),
    }
}

/// Whether `at` is within a minute of now.
pub fn is_recent(at: &str) -> bool {
    let parsed = OffsetDateTime::parse(at, &time::format_description::well_known::Rfc3339)
        .expect("RFC 3339");
    (SystemClock.now() - parsed).abs() < time::Duration::MINUTE
}
