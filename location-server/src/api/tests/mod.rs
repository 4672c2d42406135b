//! The paths as callers meet them: the real router over a real database, the authentication server
//! played by a few fields.

mod history;
mod reading;
mod wire;
mod writing;

use std::{sync::Arc, time::Duration};

use auth_client::{ConnectorRole, Role, State, TokenClaims, TokenError, api::ServiceKind};
use axum::body::Body;
use common::clock::{Clock as _, ManualClock};
use common_db::DatabaseConfig;
use http::{HeaderValue, Request, StatusCode};
use location_client::{LocationRecord, record::Source, verify::RecordKeys};
use rstest::rstest;
use serde_json::{Value, json};
use test_kit::{
    FakeAuth,
    calls::{self, Answer, ask, connection},
    connector_id, exchanged, managing, plain,
};
use time::macros::datetime;

use super::*;
use crate::{
    domain::{Directory, RecordSigner},
    store::Locations,
};

const PROVIDER: &str = "cadde.7000000000001.aa";
/// The server itself.
const OWN: &str = "location.example";
const OTHER: &str = "cadde.7000000000002.aa";

/// Tokens by what they are: the one that is right for an operator, and all others.
fn tokens(auth: &FakeAuth) {
    let operator = || plain("cadde.9000000000001.op", &[]);
    let roles = [Role::Operator];
    auth.token("operators", Ok(managing(operator(), &[OWN], &roles)));
    auth.token("users", Ok(managing(operator(), &[OWN], &[])));
    auth.token(
        "elsewhere",
        Ok(managing(operator(), &["ledger.example", ""], &roles)),
    );
    auth.token("nobodys", Ok(managing(operator(), &[], &roles)));
    auth.token(
        "roles-without-audience",
        Ok(TokenClaims {
            roles: roles.to_vec(),
            ..operator()
        }),
    );
    let exchanged = || exchanged(operator(), "tool.example", OWN, None);
    auth.token("addressed", Ok(exchanged()));
    for (name, role) in [
        ("stewards", Role::Steward),
        ("addressed-with-role", Role::Operator),
    ] {
        auth.token(
            name,
            Ok(TokenClaims {
                roles: vec![role],
                ..exchanged()
            }),
        );
    }
    auth.token("expired", Err(TokenError::Expired));
}

struct LocationFixture {
    router: Router,
    clock: Arc<ManualClock>,
    auth: Arc<FakeAuth>,
    _dir: tempfile::TempDir,
}

impl LocationFixture {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let clock = Arc::new(ManualClock::new(datetime!(2026-11-22 00:00 UTC)));
        let database = DatabaseConfig::new(format!("sqlite:{}", dir.path().join("l.db").display()));
        let store = Locations::open(&database).await.expect("a database");
        let signer = RecordSigner::open(&dir.path().join("key.pem"), Duration::from_hours(24))
            .expect("a key");
        let auth = Arc::new(FakeAuth::default());
        auth.service("tool.example", ServiceKind::OperatorTool, State::Active);
        auth.service("ledger.example", ServiceKind::Server, State::Active);
        auth.service("gone.example", ServiceKind::OperatorTool, State::Suspended);
        for (id, role, user) in [
            ("provider.example", ConnectorRole::Provider, PROVIDER),
            ("second.example", ConnectorRole::Provider, PROVIDER),
            ("other.example", ConnectorRole::Provider, OTHER),
            ("receiver.example", ConnectorRole::Receiver, PROVIDER),
        ] {
            auth.register(id, role, user, State::Active);
        }
        tokens(&auth);
        let directory = Arc::new(Directory::new(Box::new(store), signer, clock.clone()));
        let state = AppState::new(directory, auth.callers(), connector_id(OWN));
        let router = router(state);
        Self {
            router,
            clock,
            auth,
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
        let request = request.body(body).expect("a request");
        let connection = connection(Some(calls::certificate(certificate, 7)));
        ask(&self.router, request, connection).await
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
