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
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use auth_client::{ConnectorRole, Profile, State, TokenClaims, TokenError};
use axum::{Router, body::Body};
use bytes::Bytes;
use common::{
    clock::{Clock as _, ManualClock},
    config::ByteSize,
    ids::ConnectorId,
    process::Readiness,
};
use common_db::DatabaseConfig;
use http::{Request, StatusCode};
use provenance_model::event_id::{EventIds, OwnedId};
use serde_json::{Value, json};
use test_kit::{
    FakeAuth, Rules,
    calls::{Answer, ask, certificate, connection},
};
use time::macros::datetime;
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
/// A member of the provider's organisation; see [`token_claims`].
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

/// `token-of-USER`, of somebody who belongs to ORG where they are `clerk-of-ORG`; addressed to PROVIDER with `-to-PROVIDER` behind.
fn token_claims(token: &str) -> Result<TokenClaims, TokenError> {
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
    Ok(match audience {
        Some(audience) => test_kit::exchanged(plain, RECEIVER_CONNECTOR, audience, None),
        None => plain,
    })
}

/// Everybody but `unknown…`. A provider has connectors of the reference kind, `ours…` has some of ours, `none…` has none.
fn profiles(user: &str) -> Option<Vec<Profile>> {
    match user {
        _ if user.starts_with("unknown") => None,
        _ if user.starts_with("none") => Some(Vec::new()),
        _ if user.starts_with("ours") => Some(vec![Profile::Kakehashi1]),
        _ => Some(vec![Profile::Cadde4]),
    }
}

struct LedgerFixture {
    public: Router,
    peer: Router,
    clock: Arc<ManualClock>,
    authority: Arc<FakeAuth>,
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
        let authority = Arc::new(FakeAuth::by(Rules {
            token: token_claims,
            user: profiles,
        }));
        for (id, role, user) in [
            (PROVIDER_CONNECTOR, ConnectorRole::Provider, PROVIDER),
            (RECEIVER_CONNECTOR, ConnectorRole::Receiver, CONSUMER),
            ("second.b.example", ConnectorRole::Receiver, CONSUMER),
            ("provider.c.example", ConnectorRole::Provider, STRANGER),
            ("receiver.c.example", ConnectorRole::Receiver, STRANGER),
        ] {
            authority.register(id, role, user, State::Active);
        }
        let ledger = Arc::new(Ledger {
            sequencer,
            reader: Arc::new(reader),
            authority: Arc::new(AuthServer(authority.callers())),
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
            .is_away
            .store(!is_available, Ordering::SeqCst);
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

/// Sends `request` as it would come over a connection with the certificate of `connector`.
async fn send(router: &Router, request: Request<Body>, connector: Option<&str>) -> Answer {
    let certificate = connector.map(|id| certificate(id, 7));
    ask(router, request, connection(certificate)).await
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
