//! An outbox in a folder of its own, and a ledger in memory.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use common::{
    clock::{Clock as _, ManualClock, SharedClock},
    config::{ByteSize, Period},
    ids::{ConnectorId, EventId, ExchangeId, UserId},
};
use provenance_model::{
    batch::{BatchReply, InItem, ItemProblem, ItemResult, ItemStatus},
    commitment::Salt,
    event_id::{EventIds, OwnedId},
    json::canonical,
};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

use super::super::*;

pub(super) const NOW: OffsetDateTime = datetime!(2025-01-01 00:00:02 UTC);

pub(super) fn user(id: &str) -> UserId {
    UserId::parse(id).expect("a user ID")
}

pub(super) fn open(config: OutboxConfig, clock: SharedClock) -> Result<Outbox, OpenError> {
    Outbox::open(config, &owner(), clock)
}

/// An outbox and what it stands on.
pub(super) struct Kit {
    pub(super) outbox: Outbox,
    pub(super) clock: Arc<ManualClock>,
    pub(super) folder: tempfile::TempDir,
}

pub(super) fn config(folder: &Path) -> OutboxConfig {
    OutboxConfig {
        // Whatever else fills the machine's disk meanwhile.
        disk_headroom: ByteSize(0),
        pace: Period::millis(0),
        min_backoff: Period::millis(2),
        ..OutboxConfig::new(folder.join("outbox.db"))
    }
}

impl Kit {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut OutboxConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Arc::new(ManualClock::new(NOW));
        let mut config = config(folder.path());
        change(&mut config);
        let outbox = open(config, clock.clone()).expect("an outbox");
        Self {
            outbox,
            clock,
            folder,
        }
    }

    /// What is left for a process that starts after this one was killed now.
    pub(super) fn after_a_kill(&self) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["outbox.db", "outbox.db-wal"] {
            let from = self.folder.path().join(name);
            if from.exists() {
                std::fs::copy(from, folder.path().join(name)).expect("a copy");
            }
        }
        let clock = Arc::new(ManualClock::new(self.clock.now() + Duration::from_mins(1)));
        let outbox = open(config(folder.path()), clock.clone()).expect("an outbox");
        Self {
            outbox,
            clock,
            folder,
        }
    }

    pub(super) fn sent(&self) -> Reservation {
        reservation(&(self.clock.clone() as SharedClock), Side::Sent)
    }

    pub(super) fn received(&self) -> Reservation {
        reservation(&(self.clock.clone() as SharedClock), Side::Received)
    }

    pub(super) async fn close(&self) {
        self.outbox.close(Duration::from_secs(5)).await;
    }
}

#[derive(Clone, Copy)]
pub(super) enum Side {
    Sent,
    Received,
    Direct,
    Unsent,
}

pub(super) fn reservation(clock: &SharedClock, side: Side) -> Reservation {
    let now = clock.now();
    let (provider, predecessor) = (
        user("provider-a"),
        "11111111-1111-4111-8111-111111111111".to_owned(),
    );
    let kind = match side {
        Side::Sent => Kind::Sent {
            provider,
            predecessor,
        },
        Side::Received => Kind::Received {
            provider,
            predecessor,
        },
        Side::Direct => Kind::Direct {
            source_url: "https://open.example/a.csv".to_owned(),
        },
        Side::Unsent => Kind::Unsent {
            provider,
            source_url: "https://open.example/a.csv".to_owned(),
        },
    };
    let OwnedId { id, nonce } = EventIds::new(owner()).next(now);
    Reservation {
        exchange_id: ExchangeId::new_v7(now),
        event_id: id,
        nonce: Some(nonce),
        jti: None,
        user_id: if matches!(side, Side::Sent) {
            user("provider-a")
        } else {
            user("consumer-b")
        },
        kind,
        consumer: user("consumer-b"),
        end: None,
        resource: Some("https://data.example/a.csv".to_owned()),
    }
}

/// The connector whose outbox it is.
pub(super) fn owner() -> ConnectorId {
    ConnectorId::parse("connector.example").unwrap()
}

pub(super) fn digest() -> Digest {
    Digest {
        sha256: [0xab; 32],
        sha512: None,
        len: 1024,
    }
}

/// How the ledger behaves at one request.
pub(super) enum Behaviour {
    /// Nothing arrives there.
    Fail(DeliveryError),
    /// It records everything, but the answer does not come back.
    LoseReply,
    /// It answers something else.
    Answer(&'static str),
    /// It rejects everything with this status and this word on retrying.
    Reject(u16, bool),
    /// It says that it recorded something else.
    Forge,
    /// It never answers.
    Hang,
}

/// An exchange id that versions before took from a peer.
pub(super) const OF_BEFORE: &str = "5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b";

/// A ledger in memory.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Books>>);

pub(super) struct Books {
    /// Whose certificate comes with the requests.
    pub(super) connector: ConnectorId,
    /// What it recorded, by id.
    pub(super) records: HashMap<String, Value>,
    /// Ids in the order in which they were recorded.
    pub(super) order: Vec<String>,
    /// Ids that were sent, whether they were recorded or not.
    pub(super) tried: HashSet<String>,
    /// Sizes of the requests.
    pub(super) requests: Vec<usize>,
    /// How it behaves next; properly afterwards.
    pub(super) script: VecDeque<Behaviour>,
    /// How it behaves after the script, where not properly.
    pub(super) always: Option<fn() -> Behaviour>,
    /// Ids that make a request too much for it.
    pub(super) poison: Vec<String>,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            connector: owner(),
            records: HashMap::new(),
            order: Vec::new(),
            tried: HashSet::new(),
            requests: Vec::new(),
            script: VecDeque::new(),
            always: None,
            poison: Vec::new(),
        }
    }
}

impl Ledger {
    pub(super) fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.0.lock().expect("not poisoned")
    }

    pub(super) fn scripted(script: impl IntoIterator<Item = Behaviour>) -> Self {
        let ledger = Self::default();
        ledger.books().script.extend(script);
        ledger
    }

    pub(super) fn has(&self, id: &EventId) -> bool {
        self.books().records.contains_key(&id.to_string())
    }

    /// The item that it recorded for `id`.
    pub(super) fn item(&self, id: &EventId) -> Value {
        self.books()
            .records
            .get(&id.to_string())
            .cloned()
            .expect("the ledger has the record")
    }
}

pub(super) fn id_of(item: &Value) -> &str {
    let id = if item["kind"] == "event" {
        &item["event"]["cdleventid"]
    } else {
        &item["evidence"]["id"]
    };
    id.as_str().expect("an id")
}

impl Books {
    fn record(&mut self, item: &Value, forge: bool) -> ItemResult {
        let id = id_of(item).to_owned();
        let status = match self.records.get(&id) {
            Some(known) if known == item => ItemStatus::Exists,
            Some(known) => {
                // Everything here is of one connector.
                let receipt = self.receipt(known, false);
                return ItemResult {
                    receipt: Some(receipt),
                    ..reject(Some(id), 409, false)
                };
            }
            None => ItemStatus::Created,
        };
        if status == ItemStatus::Created {
            self.order.push(id.clone());
        }
        self.records.insert(id.clone(), item.clone());
        ItemResult {
            id: Some(id),
            status,
            pending: Vec::new(),
            receipt: Some(self.receipt(item, forge)),
            retry: None,
            problem: None,
        }
    }

    fn receipt(&self, item: &Value, forge: bool) -> Receipt {
        let mut core = json!({
            "v": 1, "xid": item["exchange_id"], "rx": "2025-01-01T00:00:03.000Z", "prev": [],
            "actor": { "auth": "mtls", "user": item["user_id"], "client": self.connector },
        });
        for name in ["event", "evidence", "dig", "nonce"] {
            if let Some(value) = item.get(name) {
                core[name] = value.clone();
            }
        }
        if forge {
            core["dig"]["len"] = 7.into();
        }
        Receipt {
            salt: Some(Salt([1; 32]).to_base64()),
            core: Some(canonical(&core)),
            ..Receipt::default()
        }
    }
}

fn reject(id: Option<String>, status: u16, retry: bool) -> ItemResult {
    let kind = match status {
        409 => "conflict",
        403 => "forbidden",
        503 => "unavailable",
        _ => "invalid",
    };
    ItemResult {
        id,
        status: ItemStatus::Rejected,
        pending: Vec::new(),
        receipt: None,
        retry: Some(retry),
        problem: Some(ItemProblem {
            kind: format!("urn:test:{kind}"),
            title: kind.to_owned(),
            status,
            detail: "as told".to_owned(),
            unknown: None,
        }),
    }
}

impl Transport for Ledger {
    async fn send(&self, body: Bytes) -> Result<Bytes, DeliveryError> {
        let request: Value = serde_json::from_slice(&body).expect("the outbox sends JSON");
        let items = request["items"].as_array().expect("items").clone();
        let types = ["Sent".to_owned(), "Received".to_owned()];
        let connector = self.books().connector.clone();
        for item in &items {
            // But for what versions before had in their files.
            let read = InItem::parse(&item.to_string(), &types, &connector);
            assert!(read.is_ok() || item["exchange_id"] == OF_BEFORE, "{item}");
        }
        let behaviour = {
            let mut books = self.books();
            books.requests.push(items.len());
            books
                .tried
                .extend(items.iter().map(|item| id_of(item).to_owned()));
            if items
                .iter()
                .any(|item| books.poison.iter().any(|id| id == id_of(item)))
            {
                return Err(DeliveryError::TooMuch {
                    status: 413,
                    detail: String::new(),
                });
            }
            let always = books.always;
            books
                .script
                .pop_front()
                .or_else(|| always.map(|behave| behave()))
        };
        let mut forge = false;
        match behaviour {
            Some(Behaviour::Fail(error)) => return Err(error),
            Some(Behaviour::Answer(text)) => return Ok(Bytes::from_static(text.as_bytes())),
            Some(Behaviour::Hang) => std::future::pending().await,
            Some(Behaviour::Reject(status, retry)) => {
                let results = items
                    .iter()
                    .map(|item| reject(Some(id_of(item).to_owned()), status, retry))
                    .collect();
                return Ok(serde_json::to_vec(&BatchReply { results })
                    .expect("JSON")
                    .into());
            }
            Some(Behaviour::LoseReply) => {
                let mut books = self.books();
                for item in &items {
                    books.record(item, false);
                }
                return Err(DeliveryError::Unreachable("connection reset".to_owned()));
            }
            Some(Behaviour::Forge) => forge = true,
            None => {}
        }
        let mut books = self.books();
        let results = items.iter().map(|item| books.record(item, forge)).collect();
        Ok(serde_json::to_vec(&BatchReply { results })
            .expect("JSON")
            .into())
    }
}

/// Waits until `done`, for 10 seconds at most.
pub(super) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(
            std::time::Instant::now() < deadline,
            "{what} did not happen"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
