//! The paths as callers meet them: the real routers over a real database, the authentication server played by a few fields.

mod batch;
mod before;
mod borrowed;
mod claims;
mod duplicates;
mod ids;
mod items;
mod lineage;
mod mismatch;
mod register;
mod rights;
mod upload;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use auth_client::{
    Callers, ConnectorRegistration, ConnectorRole, Facts, Profile, RegistryError, State,
    TokenClaims, TokenError, VerifiedToken,
    api::{ServiceRegistration, UserRegistration},
};
use axum::{Router, body::Body};
use bytes::Bytes;
use common::{
    clock::{Clock as _, ManualClock},
    config::ByteSize,
    ids::{ConnectorId, UserId},
    listener::{ConnectionControl, ConnectionInfo},
    process::Readiness,
    tls::PeerCertificate,
};
use common_db::DatabaseConfig;
use http::{HeaderMap, Request, StatusCode};
use provenance_model::event_id::{EventIds, OwnedId};
use serde_json::{Value, json};
use time::macros::datetime;
use tower::ServiceExt as _;
use uuid::{NoContext, Timestamp, Uuid};

use super::*;
use crate::{
    authority::AuthServer,
    config::LedgerConfig,
    domain::sequencer::{Sequencer, SequencerLimits},
    store::open_sqlite,
};

const PROVIDER: &str = "provider-a";
const CONSUMER: &str = "consumer-b";
const STRANGER: &str = "stranger-c";
/// A member of the provider's organisation; see [`Registered`].
const CLERK: &str = "clerk-of-provider-a";
/// Connectors by DNS name; tokens are `token-of-` and the user.
const PROVIDER_CONNECTOR: &str = "provider.a.example";
const RECEIVER_CONNECTOR: &str = "receiver.b.example";

/// SHA-256 of `aaa` and a line feed, an example of the documents.
const AAA: &str = "17e682f060b5f8e47ea04c5c4855908b0a5ad612022260fe50e11ecb0cc0ab76";

/// The defaults, whatever else fills the machine's disk meanwhile.
fn limits() -> LedgerConfig {
    LedgerConfig {
        disk_headroom: ByteSize(0),
        ..LedgerConfig::default()
    }
}

fn user(id: &str) -> UserId {
    UserId::parse(id).expect("a user ID")
}

/// What the authentication server knows, and whether it answers. Who calls, the function decides that decides everywhere.
struct Registered {
    connectors: BTreeMap<&'static str, (ConnectorRole, &'static str)>,
    is_available: AtomicBool,
}

#[async_trait]
impl Facts for Registered {
    /// `token-of-USER`, of somebody who belongs to ORG where they are `clerk-of-ORG`; addressed to PROVIDER with
    /// `-to-PROVIDER` behind.
    async fn token(&self, token: &str) -> Result<Arc<VerifiedToken>, TokenError> {
        self.available()
            .map_err(|_| TokenError::Unavailable("connection refused".to_owned()))?;
        let id = token.strip_prefix("token-of-").ok_or(TokenError::Expired)?;
        let (id, audience) = match id.split_once("-to-") {
            Some((id, audience)) => (id, Some(audience)),
            None => (id, None),
        };
        let orgs: Vec<&str> = id.strip_prefix("clerk-of-").into_iter().collect();
        let plain = TokenClaims {
            jti: format!("jti-of-{token}"),
            ..test_kit::plain(id, &orgs)
        };
        let claims = match audience {
            Some(audience) => test_kit::exchanged(plain, RECEIVER_CONNECTOR, audience, None),
            None => plain,
        };
        Ok(Arc::new(VerifiedToken::unchecked_for_tests(claims, token)))
    }

    async fn connector(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<ConnectorRegistration>, RegistryError> {
        self.available()?;
        let found = self.connectors.get(id.as_str());
        Ok(found.map(|(role, of)| ConnectorRegistration {
            connector_id: id.clone(),
            role: *role,
            user_id: user(of),
            profile: Profile::Kakehashi1,
            state: State::Active,
        }))
    }

    async fn service(&self, _: &ConnectorId) -> Result<Option<ServiceRegistration>, RegistryError> {
        self.available()?;
        Ok(None)
    }

    /// Everybody but `unknown…`. A provider has connectors of the reference kind, `ours…` has some of ours, `none…` has none.
    async fn user(&self, id: &UserId) -> Result<Option<UserRegistration>, RegistryError> {
        self.available()?;
        let text = id.as_str();
        let provider_profiles = match text {
            _ if text.starts_with("none") => Vec::new(),
            _ if text.starts_with("ours") => vec![Profile::Kakehashi1],
            _ => vec![Profile::Cadde4],
        };
        Ok((!text.starts_with("unknown")).then(|| UserRegistration {
            user_id: id.clone(),
            provider_profiles,
        }))
    }

    async fn is_suspended(
        &self,
        _: &UserId,
        _: Option<&ConnectorId>,
    ) -> Result<bool, RegistryError> {
        self.available()?;
        Ok(false)
    }
}

impl Registered {
    fn available(&self) -> Result<(), RegistryError> {
        if self.is_available.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(RegistryError::Unavailable("connection refused".to_owned()))
        }
    }
}

struct LedgerFixture {
    public: Router,
    peer: Router,
    clock: Arc<ManualClock>,
    authority: Arc<Registered>,
    folder: tempfile::TempDir,
}

impl LedgerFixture {
    async fn new() -> Self {
        Self::with(limits()).await
    }

    async fn with(config: LedgerConfig) -> Self {
        Self::within(config, tempfile::tempdir().expect("a temporary folder")).await
    }

    async fn within(config: LedgerConfig, folder: tempfile::TempDir) -> Self {
        let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
        let (store, reader, disk) = open_sqlite(&DatabaseConfig::new(url))
            .await
            .expect("a database");
        let clock = Arc::new(ManualClock::new(datetime!(2025-01-01 00:00 UTC)));
        let limits = SequencerLimits {
            queue: config.queue,
            queue_bytes: config.queue_bytes.as_usize(),
            disk: Some(disk),
            watermark: config.watermark(),
            keep_keys: Duration::from_hours(1),
            patience: Duration::from_secs(10),
        };
        let check = Readiness::default().register("ledger");
        let sequencer = Sequencer::start(store, clock.clone(), limits, check).expect("a thread");
        let (provider, receiver) = (ConnectorRole::Provider, ConnectorRole::Receiver);
        let authority = Arc::new(Registered {
            connectors: BTreeMap::from([
                (PROVIDER_CONNECTOR, (provider, PROVIDER)),
                (RECEIVER_CONNECTOR, (receiver, CONSUMER)),
                ("second.b.example", (receiver, CONSUMER)),
                ("provider.c.example", (provider, STRANGER)),
                ("receiver.c.example", (receiver, STRANGER)),
            ]),
            is_available: AtomicBool::new(true),
        });
        let ledger = Arc::new(Ledger {
            sequencer,
            reader: Arc::new(reader),
            authority: Arc::new(AuthServer(Callers::new(authority.clone()))),
            clock: clock.clone(),
            organization: "ledger.example".to_owned(),
            batches: Batches::new(&config),
            writes: Writes::new(&config.writes),
            lineages: Lineages::new(&config),
            config,
        });
        let (public, peer) = (public_router(ledger.clone()), peer_router(ledger));
        Self {
            public,
            peer,
            clock,
            authority,
            folder,
        }
    }

    /// The same database behind a new process.
    async fn restarted(self) -> Self {
        let Self { folder, .. } = self;
        Self::within(limits(), folder).await
    }

    fn set_available(&self, is_available: bool) {
        self.authority
            .is_available
            .store(is_available, Ordering::Relaxed);
    }

    fn events(&self) -> i64 {
        let conn =
            rusqlite::Connection::open(self.folder.path().join("ledger.db")).expect("a database");
        conn.query_row("SELECT count(*) FROM record", [], |row| row.get(0))
            .expect("a count")
    }

    /// All records of one type, in ledger order.
    fn cores(&self, etype: &str) -> Vec<Value> {
        let conn =
            rusqlite::Connection::open(self.folder.path().join("ledger.db")).expect("a database");
        let mut query = conn
            .prepare("SELECT core FROM record WHERE etype = ?1 ORDER BY idx")
            .expect("SQL");
        let cores = query
            .query_map([etype], |row| row.get::<_, String>(0))
            .expect("rows");
        cores
            .map(|core| serde_json::from_str(&core.expect("a row")).expect("JSON"))
            .collect()
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

/// Sends `request` as it would come over a connection with the certificate of `connector`.
async fn send(router: &Router, mut request: Request<Body>, connector: Option<&str>) -> Answer {
    request.extensions_mut().insert(ConnectionInfo {
        remote: SocketAddr::from(([127, 0, 0, 1], 50_000)),
        peer: connector.map(|id| Arc::new(certificate(id, 7))),
        control: ConnectionControl::default(),
    });
    let response = router
        .clone()
        .oneshot(request)
        .await
        .expect("the router never fails");
    let (parts, body) = response.into_parts();
    let body = common::http::body::read_limited(body, 64 << 20)
        .await
        .expect("a whole body");
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into());
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

fn certificate(id: &str, sha256: u8) -> PeerCertificate {
    PeerCertificate {
        connector_id: Some(ConnectorId::parse(id).expect("a connector ID")),
        sha256: [sha256; 32],
        issuer: Bytes::new(),
        serial: Bytes::new(),
        not_after: datetime!(2026-01-01 00:00 UTC),
        der: Bytes::new(),
        standing: common::tls::Standing::default(),
    }
}

/// A multipart body as `curl -F` makes it.
struct Form(Vec<u8>);

const BOUNDARY: &str = "----b0undary";

impl Form {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn event(event: &Value) -> Self {
        Self::new().part(
            "form-data; name=\"request\"",
            Some("application/json"),
            event.to_string().as_bytes(),
        )
    }

    fn part(mut self, disposition: &str, media_type: Option<&str>, content: &[u8]) -> Self {
        let media_type = media_type
            .map(|t| format!("Content-Type: {t}\r\n"))
            .unwrap_or_default();
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n{media_type}\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    fn file(self, content: &[u8]) -> Self {
        self.part(
            "form-data; name=\"upfile\"; filename=\"data/a.txt\"",
            Some("text/plain"),
            content,
        )
    }

    fn request(mut self, headers: &[(&str, &str)]) -> Request<Body> {
        self.0
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let mut request = Request::post("/v2/eventwithhash").header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        );
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(self.0)).expect("a request")
    }
}

impl LedgerFixture {
    /// Registers an event over the public listener as `who`.
    async fn register_as(&self, who: &str, event: &Value, headers: &[(&str, &str)]) -> Answer {
        let token = format!("Bearer token-of-{who}");
        let mut all = vec![("authorization", token.as_str())];
        all.extend_from_slice(headers);
        send(&self.public, Form::event(event).request(&all), None).await
    }

    /// Registers an event that has to be accepted; returns its id.
    async fn registered(&self, who: &str, event: &Value) -> String {
        let answer = self.register_as(who, event, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body["cdleventid"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    async fn lineage_as(&self, who: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(format!("/v2/lineage/{path}"))
            .header("authorization", format!("token-of-{who}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(
            &self.public,
            request.body(Body::empty()).expect("a request"),
            None,
        )
        .await
    }

    async fn deliver_as(&self, connector: &str, items: &[Value]) -> Answer {
        self.deliver_text(connector, &json!({ "items": items }).to_string())
            .await
    }

    async fn deliver_text(&self, connector: &str, body: &str) -> Answer {
        let request = Request::post("/v2/events:batch").header("content-type", "application/json");
        send(
            &self.peer,
            request
                .body(Body::from(body.to_owned()))
                .expect("a request"),
            Some(connector),
        )
        .await
    }

    /// A new id of the time that the clock shows.
    fn id(&self) -> String {
        // Not of the sequence that this process has: other tests have other times.
        let now = self.clock.now();
        let seconds = now.unix_timestamp().unsigned_abs();
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.nanosecond())).to_string()
    }

    /// `item` under a new id that belongs to `connector`, and that id.
    fn owned(&self, connector: &str, mut item: Value) -> (String, Value) {
        let owner = ConnectorId::parse(connector).expect("a connector ID");
        let OwnedId { id, nonce } = EventIds::new(owner).next(self.clock.now());
        let member = match item["kind"].as_str() {
            Some("event") => &mut item["event"]["cdleventid"],
            _ => &mut item["evidence"]["id"],
        };
        *member = id.to_string().into();
        item["nonce"] = nonce.to_string().into();
        (id.to_string(), item)
    }

    fn sent(&self, id: &str, previous: &str) -> Value {
        self.item("Sent", PROVIDER, id, previous)
    }

    fn received(&self, id: &str, previous: &str) -> Value {
        self.item("Received", CONSUMER, id, previous)
    }

    fn item(&self, event_type: &str, user_id: &str, id: &str, previous: &str) -> Value {
        json!({
            "kind": "event", "exchange_id": self.id(), "user_id": user_id,
            "event": {
                "cdldatamodelversion": "2.0", "cdleventid": id, "cdleventtype": event_type,
                "cdltimestamp": "2025-01-01T00:00:02.000Z", "dataprovider": PROVIDER, "datauser": CONSUMER,
                "cdlpreviousevents": [previous],
            },
            "dig": { "sha256": "ab".repeat(32), "len": 1024 },
        })
    }

    fn aborted(&self, event_type: &str, user_id: &str, id: &str, previous: &str) -> Value {
        json!({
            "kind": "evidence", "exchange_id": self.id(), "user_id": user_id,
            "evidence": {
                "type": "transfer-aborted", "id": id, "cdleventtype": event_type, "dataprovider": PROVIDER,
                "datauser": CONSUMER, "cdlpreviousevents": [previous], "time": "2025-01-01T00:00:05.000Z",
                "reason": "peer-closed", "len": 524_288,
            },
        })
    }
}

fn create() -> Value {
    json!({ "cdldatamodelversion": "2.0", "cdleventtype": "Create", "cdleventid": "", "dataprovider": PROVIDER })
}

fn ids(answer: &Answer) -> Vec<&str> {
    let events = answer.body.as_array().expect("an array of events");
    events
        .iter()
        .map(|event| event["cdleventid"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn every_path_is_listed_and_answers_without_credentials_with_a_refusal() {
    let world = LedgerFixture::new().await;
    for endpoint in endpoints() {
        let router = if endpoint.listener == "peer" {
            &world.peer
        } else {
            &world.public
        };
        let request = Request::builder()
            .method(endpoint.method)
            .uri(endpoint.path.replace("{cdleventid}", "x"));
        let answer = send(router, request.body(Body::empty()).unwrap(), None).await;
        let expected = match (endpoint.path, endpoint.listener) {
            ("/openapi.json", _) => StatusCode::OK,
            (_, "peer") => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        };
        assert_eq!(answer.status, expected, "{endpoint:?}");
    }
    assert_eq!(world.events(), 0);
}

#[tokio::test]
async fn the_batch_is_not_on_the_public_listener() {
    let world = LedgerFixture::new().await;
    let request = Request::post("/v2/events:batch").header("authorization", "token-of-provider-a");
    let answer = send(&world.public, request.body(Body::from("{}")).unwrap(), None).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
