//! The paths as callers meet them: the real router over a real database, the authentication server
//! played by a few fields.

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
use http::{HeaderMap, Request, StatusCode};
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

#[tokio::test]
async fn lookup_answers_a_record_that_the_client_accepts() {
    let world = World::with_record().await;
    let answer = world
        .call("receiver.example", "GET", &of(PROVIDER), &[], None)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.body["provider_connector_url"],
        "https://provider.example"
    );
    let record: LocationRecord = serde_json::from_value(answer.body).unwrap();
    let jwks = world
        .call(
            "receiver.example",
            "GET",
            "/.well-known/jwks.json",
            &[],
            None,
        )
        .await;
    let keys = RecordKeys::new(serde_json::from_value(jwks.body).unwrap());
    let location = keys
        .verify(
            &PROVIDER.parse().unwrap(),
            &record,
            world.clock.now(),
            Source::Server,
        )
        .unwrap();
    assert_eq!(location.connector_id.unwrap().as_str(), "provider.example");
}

#[tokio::test]
async fn ids_of_any_form_are_found_raw_and_encoded() {
    let world = World::new().await;
    let body =
        json!({ "provider_id": "p+1@dataex.jp", "provider_connector_url": "https://p.example" });
    assert_eq!(
        world
            .operator("POST", "/cadde/api/v4/location", Some(body))
            .await
            .status,
        StatusCode::CREATED
    );
    for path in ["p+1@dataex.jp", "p%2B1%40dataex.jp"] {
        let answer = world
            .call("ledger.example", "GET", &of(path), &[], None)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.body["profile"], "cadde/4");
    }
    assert_eq!(
        world
            .call(
                "ledger.example",
                "GET",
                &of("p%252B1%40dataex.jp"),
                &[],
                None
            )
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

#[rstest]
#[case(of("cadde.none"), StatusCode::NOT_FOUND)]
#[case(of(""), StatusCode::NOT_FOUND)]
#[case(of("a%2Fb"), StatusCode::UNPROCESSABLE_ENTITY)]
#[case(of("a%20b"), StatusCode::UNPROCESSABLE_ENTITY)]
#[tokio::test]
async fn failed_lookup_never_carries_an_address(#[case] path: String, #[case] status: StatusCode) {
    let world = World::with_record().await;
    let answer = world
        .call(
            "receiver.example",
            "GET",
            &path,
            &[("accept-language", "en")],
            None,
        )
        .await;
    assert_eq!(answer.status, status);
    assert!(answer.body.get("provider_connector_url").is_none());
    assert!(
        answer.body.get("message").is_some() || answer.body["detail"].is_array(),
        "{}",
        answer.body
    );
}

#[rstest]
#[case("", StatusCode::FORBIDDEN)]
#[case("stranger.example", StatusCode::FORBIDDEN)]
#[case("receiver.example", StatusCode::OK)]
#[case("provider.example", StatusCode::OK)]
#[case("ledger.example", StatusCode::OK)]
#[case("tool.example", StatusCode::OK)]
#[tokio::test]
async fn lookup_is_for_registered_certificates(
    #[case] certificate: &str,
    #[case] status: StatusCode,
) {
    let world = World::with_record().await;
    assert_eq!(
        world
            .call(certificate, "GET", &of(PROVIDER), &[], None)
            .await
            .status,
        status
    );
}

#[tokio::test]
async fn authentication_server_that_is_away_means_503_and_when_to_come_back() {
    let world = World::with_record().await;
    *world.authority.available.lock().unwrap() = false;
    let answer = world
        .call("receiver.example", "GET", &of(PROVIDER), &[], None)
        .await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
}

#[rstest]
#[case("tool.example", None, StatusCode::UNAUTHORIZED)]
#[case("tool.example", Some("Basic YTpi"), StatusCode::UNAUTHORIZED)]
#[case("tool.example", Some("Bearer expired"), StatusCode::UNAUTHORIZED)]
#[case("tool.example", Some("Bearer users"), StatusCode::FORBIDDEN)]
#[case("receiver.example", Some("Bearer operators"), StatusCode::FORBIDDEN)]
#[case("ledger.example", Some("Bearer operators"), StatusCode::FORBIDDEN)]
#[case("provider.example", Some("Bearer operators"), StatusCode::FORBIDDEN)]
#[case("stranger.example", Some("Bearer operators"), StatusCode::FORBIDDEN)]
#[case("receiver.example", None, StatusCode::UNAUTHORIZED)]
#[tokio::test]
async fn writing_takes_an_operators_token_and_certificate(
    #[case] certificate: &str,
    #[case] authorization: Option<&str>,
    #[case] status: StatusCode,
) {
    let world = World::with_record().await;
    let headers: Vec<_> = authorization
        .map(|value| ("authorization", value))
        .into_iter()
        .collect();
    let moved =
        json!({ "provider_id": PROVIDER, "provider_connector_url": "https://evil.example" });
    let attempts = [
        (
            "POST",
            "/cadde/api/v4/location".to_owned(),
            Some(moved.clone()),
        ),
        (
            "PUT",
            "/cadde/api/v4/location".to_owned(),
            Some(moved.clone()),
        ),
        ("PATCH", of(PROVIDER), Some(moved.clone())),
        ("PATCH", format!("/api/v4/location/{PROVIDER}"), Some(moved)),
        ("DELETE", of(PROVIDER), None),
        ("DELETE", format!("/api/v4/location/{PROVIDER}"), None),
    ];
    for (method, path, body) in attempts {
        let answer = world.call(certificate, method, &path, &headers, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        assert!(answer.body["message"].is_string(), "{}", answer.body);
        assert_eq!(
            answer.headers.contains_key("www-authenticate"),
            status == StatusCode::UNAUTHORIZED
        );
    }
    assert_eq!(world.url().await, "https://provider.example");
}

#[tokio::test]
async fn operator_registers_changes_and_removes() {
    let world = World::with_record().await;
    let again = world
        .operator("POST", "/cadde/api/v4/location", Some(record()))
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    // An existing tool knows two members; the others stay.
    let body = json!({ "provider_id": PROVIDER, "provider_connector_url": "https://two.example" });
    assert_eq!(
        world
            .operator("PUT", "/cadde/api/v4/location", Some(body.clone()))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    let answer = world
        .call("receiver.example", "GET", &of(PROVIDER), &[], None)
        .await;
    assert_eq!(answer.body["provider_connector_url"], "https://two.example");
    assert_eq!(answer.body["connector_id"], "provider.example");
    assert_eq!(answer.body["profile"], "kakehashi/1");

    let deck = format!("/api/v4/location/{PROVIDER}");
    let patch = json!({ "provider_connector_url": "https://three.example" });
    assert_eq!(
        world
            .operator("PATCH", &deck, Some(patch.clone()))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.url().await, "https://three.example");

    assert_eq!(
        world.operator("DELETE", &deck, None).await.status,
        StatusCode::NO_CONTENT
    );
    for (method, path, body) in [
        ("DELETE", of(PROVIDER), None),
        ("PATCH", of(PROVIDER), Some(patch)),
        ("PUT", "/cadde/api/v4/location".to_owned(), Some(body)),
    ] {
        assert_eq!(
            world.operator(method, &path, body).await.status,
            StatusCode::NOT_FOUND,
            "{method}"
        );
    }
}

#[tokio::test]
async fn providers_own_connector_moves_its_record_and_nothing_else() {
    let world = World::with_record().await;
    let put = |provider: &str, url: &str| json!({ "provider_id": provider, "provider_connector_url": url });
    let own = world
        .call(
            "provider.example",
            "PUT",
            "/cadde/api/v4/location",
            &[],
            Some(put(PROVIDER, "https://new.example")),
        )
        .await;
    assert_eq!(own.status, StatusCode::NO_CONTENT, "{}", own.body);
    assert_eq!(world.url().await, "https://new.example");

    let url = json!({ "provider_connector_url": "https://evil.example" });
    let refused = [
        (
            "other.example",
            "PUT",
            "/cadde/api/v4/location".to_owned(),
            put(PROVIDER, "https://evil.example"),
        ),
        ("other.example", "PATCH", of(PROVIDER), url.clone()),
        // Registered for the same provider, but not the connector that the record names.
        ("second.example", "PATCH", of(PROVIDER), url),
        (
            "provider.example",
            "PATCH",
            of(PROVIDER),
            json!({ "connector_id": "evil.example" }),
        ),
        (
            "provider.example",
            "PATCH",
            of(PROVIDER),
            json!({ "profile": "cadde/4" }),
        ),
    ];
    for (certificate, method, path, body) in refused {
        let answer = world
            .call(certificate, method, &path, &[], Some(body))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::FORBIDDEN,
            "{certificate} {method}: {}",
            answer.body
        );
    }
    for (method, path) in [
        ("POST", "/cadde/api/v4/location".to_owned()),
        ("DELETE", of(PROVIDER)),
    ] {
        let answer = world
            .call("provider.example", method, &path, &[], Some(record()))
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method}");
    }
    assert_eq!(world.url().await, "https://new.example");
}

#[rstest]
#[case(json!({ "provider_id": PROVIDER }), "provider_connector_url")]
#[case(json!({ "provider_connector_url": "https://p.example" }), "provider_id")]
#[case(json!({ "provider_id": "", "provider_connector_url": "https://p.example" }), "provider_id")]
#[case(json!({ "provider_id": 1, "provider_connector_url": "https://p.example" }), "provider_id")]
#[case(json!({ "provider_id": "a b", "provider_connector_url": "https://p.example" }), "provider_id")]
#[case(json!({ "provider_id": PROVIDER, "provider_connector_url": "http://p.example" }), "provider_connector_url")]
#[case(json!({ "provider_id": PROVIDER, "provider_connector_url": "https://u@p.example" }), "provider_connector_url")]
#[case(json!({ "provider_id": PROVIDER, "provider_connector_url": "https://p.example", "profile": "x" }), "profile")]
#[case(json!("{"), "body")]
#[case(json!("[]"), "body")]
#[tokio::test]
async fn body_that_does_not_fit_is_422_and_names_the_member(
    #[case] body: Value,
    #[case] member: &str,
) {
    let world = World::new().await;
    let answer = world
        .operator("POST", "/cadde/api/v4/location", Some(body))
        .await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.body
    );
    let first = &answer.body["detail"][0];
    assert_eq!(first["loc"].as_array().unwrap().last().unwrap(), member);
    assert!(first["msg"].is_string() && first["type"].is_string());
}

#[tokio::test]
async fn overlong_body_is_refused() {
    let world = World::new().await;
    let long = json!({ "provider_id": PROVIDER, "provider_connector_url": "x".repeat(20_000) });
    let answer = world
        .operator("POST", "/cadde/api/v4/location", Some(long))
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn conditions_guard_against_lost_changes() {
    let world = World::with_record().await;
    let found = world
        .call("receiver.example", "GET", &of(PROVIDER), &[], None)
        .await;
    let tag = found.headers["etag"].to_str().unwrap().to_owned();
    let same = world
        .call(
            "receiver.example",
            "GET",
            &of(PROVIDER),
            &[("if-none-match", &tag)],
            None,
        )
        .await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);

    let change = |url: &str| Some(json!({ "provider_connector_url": url }));
    let with_tag = [
        ("authorization", "Bearer operators"),
        ("if-match", tag.as_str()),
    ];
    let first = world
        .call(
            "tool.example",
            "PATCH",
            &of(PROVIDER),
            &with_tag,
            change("https://b.example"),
        )
        .await;
    assert_eq!(first.status, StatusCode::NO_CONTENT);
    let second = world
        .call(
            "tool.example",
            "PATCH",
            &of(PROVIDER),
            &with_tag,
            change("https://c.example"),
        )
        .await;
    assert_eq!(second.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(world.url().await, "https://b.example");
    let fresh = first.headers["etag"].to_str().unwrap();
    let with_fresh = [("authorization", "Bearer operators"), ("if-match", fresh)];
    assert_eq!(
        world
            .call("tool.example", "DELETE", &of(PROVIDER), &with_tag, None)
            .await
            .status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(
        world
            .call("tool.example", "DELETE", &of(PROVIDER), &with_fresh, None)
            .await
            .status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn list_is_for_operators_whole_or_in_pages() {
    let world = World::with_record().await;
    for n in 0..4 {
        let body = json!({ "provider_id": format!("p{n}"), "provider_connector_url": "https://p.example" });
        assert_eq!(
            world
                .operator("POST", "/cadde/api/v4/location", Some(body))
                .await
                .status,
            StatusCode::CREATED
        );
    }
    let whole = world.operator("GET", "/cadde/api/v4/locations", None).await;
    assert_eq!(whole.body["locations"].as_array().unwrap().len(), 5);
    assert!(whole.body.get("next_cursor").is_none());

    let mut seen = Vec::new();
    let mut path = "/cadde/api/v4/locations?limit=2".to_owned();
    loop {
        let page = world.operator("GET", &path, None).await;
        seen.extend(page.body["locations"].as_array().unwrap().clone());
        let Some(cursor) = page.body["next_cursor"].as_str() else {
            break;
        };
        path = format!("/cadde/api/v4/locations?limit=2&cursor={cursor}");
    }
    assert_eq!(Value::from(seen), whole.body["locations"]);

    for bad in ["limit=0", "limit=x", "cursor=%21"] {
        let answer = world
            .operator("GET", &format!("/cadde/api/v4/locations?{bad}"), None)
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let path = "/cadde/api/v4/locations";
    assert_eq!(
        world
            .call("tool.example", "GET", path, &[], None)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    let user = [("authorization", "Bearer users")];
    assert_eq!(
        world
            .call("receiver.example", "GET", path, &user, None)
            .await
            .status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn history_tells_who_changed_what() {
    let world = World::with_record().await;
    world.clock.advance(Duration::from_secs(1));
    let url = json!({ "provider_connector_url": "https://new.example" });
    world
        .call(
            "provider.example",
            "PATCH",
            &of(PROVIDER),
            &[],
            Some(url.clone()),
        )
        .await;
    // The same again changes nothing and leaves no line.
    world
        .call("provider.example", "PATCH", &of(PROVIDER), &[], Some(url))
        .await;
    world.operator("DELETE", &of(PROVIDER), None).await;

    let page = world.operator("GET", "/v1/changes?limit=2", None).await;
    let changes = page.body["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0]["kind"], "create");
    assert_eq!(changes[0]["user_id"], "cadde.9000000000001.op");
    assert_eq!(changes[0]["certificate_id"], "tool.example");
    assert_eq!(changes[0]["at"], "2026-11-22T00:00:00Z");
    assert_eq!(changes[1]["kind"], "update");
    assert!(changes[1].get("user_id").is_none());
    assert_eq!(changes[1]["certificate_id"], "provider.example");
    assert_eq!(
        changes[1]["before"]["provider_connector_url"],
        "https://provider.example"
    );
    assert_eq!(
        changes[1]["after"]["provider_connector_url"],
        "https://new.example"
    );

    let cursor = page.body["next_cursor"].as_str().unwrap();
    let rest = world
        .operator(
            "GET",
            &format!("/v1/changes?cursor={cursor}&provider_id={PROVIDER}"),
            None,
        )
        .await;
    assert_eq!(rest.body["changes"].as_array().unwrap().len(), 1);
    assert_eq!(rest.body["changes"][0]["kind"], "delete");
    let nothing = world
        .operator("GET", &format!("/v1/changes?provider_id={OTHER}"), None)
        .await;
    assert_eq!(nothing.body["changes"], json!([]));

    let refused = world
        .call("provider.example", "GET", "/v1/changes", &[], None)
        .await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(
        world
            .operator("GET", "/v1/changes?cursor=x", None)
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn concurrent_creations_leave_one_record_and_one_line_of_history() {
    let world = World::new().await;
    let (one, two, three) = tokio::join!(
        world.operator("POST", "/cadde/api/v4/location", Some(record())),
        world.operator("POST", "/cadde/api/v4/location", Some(record())),
        world.operator("POST", "/cadde/api/v4/location", Some(record())),
    );
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort();
    assert_eq!(
        statuses,
        [
            StatusCode::CREATED,
            StatusCode::CONFLICT,
            StatusCode::CONFLICT
        ]
    );
    let history = world.operator("GET", "/v1/changes", None).await;
    assert_eq!(history.body["changes"].as_array().unwrap().len(), 1);
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
