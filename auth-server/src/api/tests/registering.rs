//! What the operator API makes of what is typed in.

use super::fixture::{Domain, Fixture};
use auth_client::api::{Connector, ConnectorCheck, GrantType, User};
use http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

#[tokio::test]
async fn ids_are_kept_as_they_are_registered_whatever_case_they_are_typed_in() {
    let fixture = Fixture::new().await;
    let domain = Domain::new(&fixture, 1).await;
    let id = &domain.user.user.user_id;
    let typed = id.as_str().to_uppercase();
    let operator = fixture.operator();
    let body = json!({ "connector_id": "r.example", "role": "receiver", "user_id": typed });
    let connector: Connector = fixture
        .public(&operator, "/v1/connectors", &body)
        .await
        .read(StatusCode::CREATED);
    assert_eq!(&connector.user_id, id);
    let body = json!({ "name": "A", "grants": ["client-credentials"], "user_id": typed });
    let client: Value = fixture
        .public(&operator, "/v1/clients", &body)
        .await
        .read(StatusCode::CREATED);
    assert_eq!(client["user_id"], json!(id));
    let body = json!({
        "participant": domain.user.user.participant, "name": "A", "orgs": [typed, id],
    });
    let user: User = fixture
        .public(&operator, "/v1/users", &body)
        .await
        .read(StatusCode::CREATED);
    assert_eq!(user.orgs, std::slice::from_ref(id));
    // The other way round: an ID that differs in case alone is taken.
    let body = json!({ "name": "A", "grants": ["password"], "client_id": "R.Example" });
    let answer = fixture.public(&operator, "/v1/clients", &body).await;
    answer.expect(StatusCode::CONFLICT);
    assert_eq!(answer.kind(), "duplicate-id");
}

#[tokio::test]
async fn duplicates_are_named_without_registering_anything() {
    let fixture = Fixture::new().await;
    let domain = Domain::new(&fixture, 1).await;
    let user = &domain.user.user.user_id;
    let check = async |body: Value| {
        let answer = fixture
            .public(&fixture.operator(), "/v1/connectors/check", &body)
            .await;
        let found: ConnectorCheck = answer.read(StatusCode::OK);
        let kinds = found.conflicts.iter().map(|one| {
            let kind = one.kind.rsplit(':').next().unwrap_or_default();
            format!("{kind} {}", one.field)
        });
        kinds.collect::<Vec<_>>()
    };
    let free = json!({
        "connector_id": "new.example", "role": "provider", "user_id": user, "base_url": "https://new.example",
    });
    assert!(check(free.clone()).await.is_empty());
    assert!(
        check(free.clone()).await.is_empty(),
        "nothing was registered"
    );
    let taken = json!({
        "connector_id": "PROVIDER.d1.example", "role": "provider", "user_id": user,
        "base_url": "https://provider.d1.example:443",
    });
    assert_eq!(
        check(taken).await,
        ["duplicate-id connector_id", "duplicate-url base_url"]
    );

    // A key: of a certificate from elsewhere, then of one that is recorded already.
    let key = rcgen::KeyPair::generate().unwrap();
    let elsewhere = |name: &str| {
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.self_signed(&key).unwrap().pem()
    };
    let with = |id: &str| {
        json!({
            "connector_id": id, "role": "receiver", "user_id": user, "certificate": elsewhere(id),
        })
    };
    assert!(check(with("one.example")).await.is_empty());
    fixture
        .public(&fixture.operator(), "/v1/connectors", &with("one.example"))
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(
        check(with("two.example")).await,
        ["duplicate-key certificate"]
    );

    // What registering refuses for its form, checking refuses alike.
    let bad = json!({ "connector_id": "new.example", "role": "provider", "user_id": user });
    let answer = fixture
        .public(&fixture.operator(), "/v1/connectors/check", &bad)
        .await;
    answer.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["errors"][0]["field"], "base_url");
}

#[rstest]
#[case("/v1/certificates?subject=a&subject=b")]
#[case("/v1/certificates?limit=many")]
#[case("/v1/users/%FF")]
#[tokio::test]
async fn addresses_that_do_not_fit_are_answered_with_a_problem(#[case] path: &str) {
    let fixture = Fixture::new().await;
    let answer = fixture.get(&fixture.operator(), path).await;
    answer.expect(StatusCode::BAD_REQUEST);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

#[rstest]
#[case::blank(" \u{3000}")]
#[case::control("a\0b")]
#[case::long(&"a".repeat(1001))]
#[tokio::test]
async fn a_reason_is_a_text_that_can_be_kept(#[case] reason: &str) {
    let fixture = Fixture::new().await;
    let user = format!("/v1/users/{}/state", fixture.first.operator_user_id);
    for (path, body) in [
        (
            "/v1/certificates/00/revocation",
            json!({ "reason": reason }),
        ),
        (&user, json!({ "reason": reason, "state": "active" })),
    ] {
        let answer = fixture.public(&fixture.operator(), path, &body).await;
        answer.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.json()["errors"][0]["field"], "reason");
    }
}

#[tokio::test]
async fn the_largest_token_is_one_that_verifiers_look_at() {
    let fixture = Fixture::new().await;
    let participant = fixture.participant(1).await;
    let mut orgs = Vec::new();
    for _ in 0..50 {
        orgs.push(fixture.user(&participant, vec![]).await.user.user_id);
    }
    let mut body = json!({
        "participant": participant.id, "name": "A", "orgs": orgs, "extras": "𠮷".repeat(1000),
        "roles": ["operator", "reviewer", "auditor", "steward"],
    });
    let user = fixture
        .public(&fixture.operator(), "/v1/users", &body)
        .await
        .read(StatusCode::CREATED);
    let client = fixture.app_client(vec![GrantType::Password], None).await;
    let (token, _) = fixture.login(&client, &user).await;
    // `auth_client::TokenVerifier` looks at 8 KiB; a bound token carries some 250 characters more.
    assert!(token.len() + 250 <= 8 << 10, "{}", token.len());
    orgs.push(fixture.user(&participant, vec![]).await.user.user_id);
    body["orgs"] = json!(orgs);
    let answer = fixture
        .public(&fixture.operator(), "/v1/users", &body)
        .await;
    answer.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["errors"][0]["field"], "orgs");
}
