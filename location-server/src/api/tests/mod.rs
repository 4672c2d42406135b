//! The paths as callers meet them: the real router over a real database, the authentication server
//! played by a few fields.

mod history;
mod reading;
mod wire;
mod writing;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use common::clock::{Clock as _, ManualClock};
use common::config::DatabaseConfig;
use common::ids::{ConnectorId, UserId};
use common::listener::ConnectionInfo;
use common::tls::PeerCertificate;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use location_client::LocationRecord;
use location_client::record::Source;
use location_client::verify::RecordKeys;
use rstest::rstest;
use serde_json::{Value, json};
use time::macros::datetime;
use tower::ServiceExt as _;

use super::*;
use crate::domain::{AuthorityError, Holder, Person, RecordSigner};
use crate::store::SqliteLocations;

const PROVIDER: &str = "cadde.7000000000001.aa";
const OTHER: &str = "cadde.7000000000002.aa";

/// Certificates by name, tokens by text, and whether the authentication server answers.
struct Registered {
    holders: BTreeMap<&'static str, Holder>,
    available: Mutex<bool>,
    /// IDs of users and connectors.
    suspended: Mutex<Vec<String>>,
}

#[async_trait]
impl Authority for Registered {
    async fn holder(&self, id: &ConnectorId) -> Result<Option<Holder>, AuthorityError> {
        if !*self.available.lock().expect("not poisoned") {
            return Err(AuthorityError::Unavailable(anyhow::anyhow!(
                "connection refused"
            )));
        }
        Ok(self.holders.get(id.as_str()).cloned())
    }

    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, AuthorityError> {
        if !*self.available.lock().expect("not poisoned") {
            return Err(AuthorityError::Unavailable(anyhow::anyhow!(
                "connection refused"
            )));
        }
        let suspended = self.suspended.lock().expect("not poisoned");
        let connector = connector.map_or("", ConnectorId::as_str);
        Ok(suspended
            .iter()
            .any(|id| id == provider.as_str() || id == connector))
    }

    async fn person(&self, token: &str, _: &str) -> Result<Person, AuthorityError> {
        let user = UserId::parse("cadde.9000000000001.op").expect("a user ID");
        match token {
            "operators" => Ok(Person {
                user,
                is_operator: true,
            }),
            "users" => Ok(Person {
                user,
                is_operator: false,
            }),
            _ => Err(AuthorityError::Refused("the token has expired".to_owned())),
        }
    }
}

struct World {
    router: Router,
    clock: Arc<ManualClock>,
    authority: Arc<Registered>,
    _dir: tempfile::TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let clock = Arc::new(ManualClock::new(datetime!(2026-11-22 00:00 UTC)));
        let database = DatabaseConfig::new(format!("sqlite:{}", dir.path().join("l.db").display()));
        let store = SqliteLocations::open(&database).await.expect("a database");
        let signer = RecordSigner::open(&dir.path().join("key.pem"), Duration::from_hours(24))
            .expect("a key");
        let provider = |id: &str| Holder::Provider(UserId::parse(id).expect("a user ID"));
        let authority = Arc::new(Registered {
            holders: BTreeMap::from([
                ("tool.example", Holder::OperatorTool),
                ("ledger.example", Holder::Service),
                ("provider.example", provider(PROVIDER)),
                ("second.example", provider(PROVIDER)),
                ("other.example", provider(OTHER)),
                (
                    "receiver.example",
                    Holder::Receiver(UserId::parse(PROVIDER).expect("a user ID")),
                ),
            ]),
            available: Mutex::new(true),
            suspended: Mutex::default(),
        });
        let directory = Arc::new(Directory::new(Box::new(store), signer, clock.clone()));
        let router = router(AppState {
            directory,
            authority: authority.clone(),
        });
        Self {
            router,
            clock,
            authority,
            _dir: dir,
        }
    }

    /// With the record of [`PROVIDER`], which names `provider.example`.
    async fn with_record() -> Self {
        let world = Self::new().await;
        let answer = world
            .operator("POST", "/cadde/api/v4/location", Some(record()))
            .await;
        assert_eq!(answer.status, StatusCode::CREATED);
        world
    }

    async fn call(
        &self,
        certificate: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| match body {
            Value::String(raw) => Body::from(raw),
            json => Body::from(json.to_string()),
        });
        let mut request = request.body(body).expect("a request");
        request.extensions_mut().insert(connection(certificate));
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = common::http::body::read_limited(body, 1 << 20)
            .await
            .expect("a body");
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).expect("JSON")
        };
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    async fn operator(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call(
            "tool.example",
            method,
            path,
            &[("authorization", "Bearer operators")],
            body,
        )
        .await
    }

    async fn url(&self) -> Value {
        let answer = self
            .call("receiver.example", "GET", &of(PROVIDER), &[], None)
            .await;
        answer.body["provider_connector_url"].clone()
    }
}

fn connection(certificate: &str) -> ConnectionInfo {
    let id =
        (!certificate.is_empty()).then(|| ConnectorId::parse(certificate).expect("a connector ID"));
    ConnectionInfo {
        remote: ([127, 0, 0, 1], 1).into(),
        peer: Some(Arc::new(PeerCertificate {
            connector_id: id,
            sha256: [7; 32],
            issuer: bytes::Bytes::new(),
            serial: bytes::Bytes::new(),
            not_after: datetime!(2027-01-01 00:00 UTC),
            der: bytes::Bytes::new(),
            standing: common::tls::Standing::default(),
        })),
        control: common::listener::ConnectionControl::default(),
    }
}

fn record() -> Value {
    json!({
        "provider_id": PROVIDER, "provider_connector_url": "https://provider.example/",
        "connector_id": "provider.example", "profile": "kakehashi/1",
    })
}

fn of(provider: &str) -> String {
    format!("/cadde/api/v4/location/{provider}")
}

#[test]
fn description_covers_every_path_of_the_table() {
    let description = Description::openapi();
    for endpoint in endpoints() {
        let undescribed = ["/openapi.json", "/cadde/api/v4/location/"].contains(&endpoint.path)
            || endpoint.path.starts_with("/api/");
        let described =
            description
                .paths
                .paths
                .get(endpoint.path)
                .is_some_and(|item| match endpoint.method {
                    "GET" => item.get.is_some(),
                    "POST" => item.post.is_some(),
                    "PUT" => item.put.is_some(),
                    "PATCH" => item.patch.is_some(),
                    _ => item.delete.is_some(),
                });
        assert_ne!(
            described, undescribed,
            "{} {}",
            endpoint.method, endpoint.path
        );
    }
}
