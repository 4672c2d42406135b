//! Stand-ins for the servers that connectors ask.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use common::ids::UserId;
use location_client::{Location, LocationError, Locations, Profile, Source};
use provenance_model::batch::InItem;
use provenance_outbox::{DeliveryError, Transport};
use serde_json::{Value, json};

use super::{PROVIDER_CONNECTOR, RECEIVER_CONNECTOR, connector_id, user_id};

/// Stands for the location server.
#[derive(Default)]
pub struct FakeLocations {
    known: Mutex<HashMap<String, Arc<Location>>>,
    /// Takes questions and gives no answer.
    pub is_mute: AtomicBool,
}

impl FakeLocations {
    pub fn put(&self, provider: &str, url: &str, connector: Option<&str>, profile: Profile) {
        self.put_from(Source::Server, provider, url, connector, profile);
    }

    pub fn put_from(
        &self,
        source: Source,
        provider: &str,
        url: &str,
        connector: Option<&str>,
        profile: Profile,
    ) {
        let location = Location {
            provider_id: user_id(provider),
            url: url.parse().expect("a URL"),
            connector_id: connector.map(connector_id),
            profile,
            expires_at: None,
            source,
        };
        self.known
            .lock()
            .expect("not poisoned")
            .insert(provider.to_owned(), Arc::new(location));
    }

    /// The known location of `provider` says this of its connector.
    pub fn speaks(&self, provider: &str, connector: Option<&str>, profile: Profile) {
        let mut known = self.known.lock().expect("not poisoned");
        let location = Arc::make_mut(known.get_mut(provider).expect("a known provider"));
        location.connector_id = connector.map(connector_id);
        location.profile = profile;
    }
}

#[async_trait]
impl Locations for FakeLocations {
    async fn resolve(&self, provider: &UserId) -> Result<Option<Arc<Location>>, LocationError> {
        if self.is_mute.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Ok(self
            .known
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
    pub is_away: Arc<AtomicBool>,
    /// Takes records and gives no answer.
    pub is_mute: Arc<AtomicBool>,
}

impl FakeLedger {
    /// What it has, oldest first.
    pub fn items(&self) -> Vec<Value> {
        self.items.lock().expect("not poisoned").clone()
    }
}

impl Transport for FakeLedger {
    async fn send(&self, body: Bytes) -> Result<Bytes, DeliveryError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(DeliveryError::Unavailable {
                retry_after_s: None,
            });
        }
        let request: Value = serde_json::from_slice(&body).expect("a batch");
        let items = request["items"].as_array().expect("items").clone();
        // Whatever a connector was asked for, and by whom: what it records, a ledger takes.
        let types = ["Sent".to_owned(), "Received".to_owned()];
        for item in &items {
            let is_read = [PROVIDER_CONNECTOR, RECEIVER_CONNECTOR]
                .iter()
                .any(|one| InItem::parse(&item.to_string(), &types, &connector_id(one)).is_ok());
            assert!(is_read, "{item}");
        }
        let results: Vec<_> = items.iter().map(accepted).collect();
        self.items.lock().expect("not poisoned").extend(items);
        if self.is_mute.load(Ordering::SeqCst) {
            return Err(DeliveryError::Timeout);
        }
        Ok(json!({"results": results}).to_string().into())
    }
}

fn accepted(item: &Value) -> Value {
    let mut core = json!({"v": 1, "xid": item["exchange_id"], "actor": {"user": item["user_id"]}});
    for member in ["event", "evidence", "dig", "jti", "nonce"] {
        if let Some(value) = item.get(member) {
            core[member] = value.clone();
        }
    }
    if let Some(end) = item.get("end") {
        core["more"] = json!({"end": end});
    }
    let id = item
        .pointer("/event/cdleventid")
        .or(item.pointer("/evidence/id"));
    let salt = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    json!({"id": id, "status": "created", "receipt": {"salt": salt, "core": core.to_string()}})
}
