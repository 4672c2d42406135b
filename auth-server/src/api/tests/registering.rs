//! What the operator API makes of what is typed in.

use auth_client::{
    ConnectorRole,
    api::{Connector, ConnectorCheck, CreatedAppClient, CreatedUser, User},
};
use http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use super::fixture::{Fixture, token_exchange, with_certificate};

#[tokio::test]
async fn ids_are_kept_as_they_are_registered_whatever_case_they_are_typed_in() {
    let (fixture, domain) = Fixture::with_domain().await;
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
    answer.assert_problem(StatusCode::CONFLICT, "duplicate-id");
}

#[tokio::test]
async fn duplicates_are_named_without_registering_anything() {
    let (fixture, domain) = Fixture::with_domain().await;
    let user = &domain.user.user.user_id;
    let check = async |body: Value| {
        let answer = fixture.operate("/v1/connectors/check", &body).await;
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
        .operate("/v1/connectors", &with("one.example"))
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(
        check(with("two.example")).await,
        ["duplicate-key certificate"]
    );

    // What registering refuses for its form, checking refuses alike.
    let bad = json!({ "connector_id": "new.example", "role": "provider", "user_id": user });
    let answer = fixture.operate("/v1/connectors/check", &bad).await;
    answer.assert_misfit("base_url");
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
        let answer = fixture.operate(path, &body).await;
        answer.assert_misfit("reason");
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
        "participant": participant.id, "name": "A", "orgs": orgs, "extras": "𠮷".repeat(499),
        "roles": ["operator", "reviewer", "auditor", "steward"],
    });
    let user: CreatedUser = fixture
        .operate("/v1/users", &body)
        .await
        .read(StatusCode::CREATED);
    let client = json!({ "name": "A", "grants": ["password"], "client_id": "a".repeat(255) });
    let client: CreatedAppClient = fixture
        .operate("/v1/clients", &client)
        .await
        .read(StatusCode::CREATED);
    let (token, _) = fixture.login(&client, &user).await;
    let long = |label: &str| [label.repeat(63).as_str(); 3].join(".") + "." + &label.repeat(61);
    let (receiver, provider) = (long("r"), long("p"));
    let receiver = fixture
        .connector(&receiver, ConnectorRole::Receiver, &user)
        .await;
    fixture
        .connector(&provider, ConnectorRole::Provider, &user)
        .await;
    let ask = with_certificate(&fixture.certificate(&receiver).await);
    let form = token_exchange(token.as_str(), provider.as_str());
    let bound: Value = fixture
        .peer_form(&ask, "/oauth2/token", &form)
        .await
        .read(StatusCode::OK);
    let bound = bound["access_token"].as_str().unwrap();
    for token in [&token, bound] {
        // `auth_client::TokenVerifier` looks at no more.
        assert!(token.len() <= 8 << 10, "{}", token.len());
    }

    body["extras"] = json!("𠮷".repeat(500));
    let refused = fixture.operate("/v1/users", &body).await;
    refused.assert_misfit("extras");
    body["extras"] = json!("x");
    orgs.push(fixture.user(&participant, vec![]).await.user.user_id);
    body["orgs"] = json!(orgs);
    let refused = fixture.operate("/v1/users", &body).await;
    refused.assert_misfit("orgs");
}
