//! OAuth endpoints: client authentication on both listeners, client credentials, introspection, discovery.

use std::fmt::Write as _;

use auth_client::{
    ConnectorRole, TokenClaims,
    api::{
        CreateConnector, CreateService, CreatedConnector, CreatedService, GrantType, ServiceKind,
    },
};
use common::clock::Clock as _;
use http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use super::fixture::{Ask, Domain, Fixture, with_basic, with_certificate};

const TOKEN: &str = "/oauth2/token";
const INTROSPECT: &str = "/oauth2/introspect";
const CREDENTIALS: [(&str, &str); 1] = [("grant_type", "client_credentials")];

fn secret_of(connector: &CreatedConnector) -> Ask {
    let secret = connector.client_secret.as_ref().expect("a secret");
    with_basic(connector.connector.connector_id.as_str(), secret.expose())
}

#[tokio::test]
async fn a_client_works_in_the_name_of_its_user() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (id, ask) = fixture.client_of(&domain).await;
    let answer = fixture.public_form(&ask, TOKEN, &CREDENTIALS).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let answer: Value = answer.read(StatusCode::OK);
    assert_eq!(
        (&answer["token_type"], &answer["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    assert!(answer.get("refresh_token").is_none());

    let token = answer["access_token"].as_str().unwrap();
    let answer: Value = fixture
        .public_form(&ask, INTROSPECT, &[("token", token)])
        .await
        .read(StatusCode::OK);
    assert_eq!(answer["active"], true);
    assert_eq!(answer["client_id"], json!(id));
    assert_eq!(answer["username"], json!(domain.user.user.user_id));
    assert_eq!(
        answer["preferred_username"],
        json!(domain.user.user.user_id)
    );
    assert_eq!(answer["aal"], "1");
    let claims: TokenClaims = serde_json::from_value(answer).unwrap();
    assert!(claims.sid.is_none());
}

#[tokio::test]
async fn whoever_asks_for_a_scope_is_told_which_were_granted() {
    let (fixture, domain) = Fixture::with_domain().await;
    let ask = secret_of(&domain.receiver);
    let answer = fixture.public_form(&ask, TOKEN, &CREDENTIALS).await;
    assert_eq!(answer.headers["pragma"], "no-cache");
    assert!(answer.json().get("scope").is_none());
    let form = [("grant_type", "client_credentials"), ("scope", "openid x")];
    let answer: Value = fixture
        .public_form(&ask, TOKEN, &form)
        .await
        .read(StatusCode::OK);
    assert_eq!(answer["scope"], "");
}

#[tokio::test]
async fn the_id_of_a_client_may_be_escaped() {
    let fixture = Fixture::new().await;
    let body = json!({ "name": "A", "grants": ["refresh-token"], "client_id": "app~1@example.jp" });
    let client: Value = fixture
        .operate("/v1/clients", &body)
        .await
        .read(StatusCode::CREATED);
    let secret = client["client_secret"].as_str().unwrap();
    for (id, status) in [
        ("app~1@example.jp", StatusCode::OK),
        ("app%7E1%40example.jp", StatusCode::OK),
        ("app%7E1%2540example.jp", StatusCode::UNAUTHORIZED),
        ("app%FF", StatusCode::UNAUTHORIZED),
    ] {
        let form = [("token", "x"), ("client_id", "app~1@example.jp")];
        fixture
            .public_form(&with_basic(id, secret), INTROSPECT, &form)
            .await
            .expect(status);
    }
}

/// RFC 6749 §2.3.1 has both halves escaped like a form; existing clients send them as they are.
#[tokio::test]
async fn credentials_may_be_escaped_wherever_they_are_taken() {
    let (fixture, domain) = Fixture::with_domain().await;
    let id = domain.receiver.connector.connector_id.as_str();
    let secret = domain.receiver.client_secret.as_ref().unwrap().expose();
    let all = |text: &str| {
        text.bytes().fold(String::new(), |mut escaped, byte| {
            let _ = write!(escaped, "%{byte:02X}");
            escaped
        })
    };
    let signs = |text: &str| text.replace('-', "%2D").replace('_', "%5f");
    let mut asked = 0;
    for endpoint in crate::api::routes::endpoints() {
        if endpoint.access != "client" {
            continue;
        }
        asked += 1;
        for (id, secret, is_right) in [
            (id.to_owned(), secret.to_owned(), true),
            (signs(id), signs(secret), true),
            (all(id), all(secret), true),
            (id.to_owned(), all(secret), true),
            (all(id), secret.to_owned(), true),
            (id.to_owned(), "wrong".to_owned(), false),
            (all(id), all("wrong"), false),
            (id.to_owned(), all(&all(secret)), false),
            (all(&all(id)), all(secret), false),
        ] {
            let mut ask = with_basic(&id, &secret);
            let answer = if endpoint.listener == "peer" {
                ask.peer = Some(domain.receiver_certificate.clone());
                fixture.peer_form(&ask, endpoint.path, &[]).await
            } else {
                fixture.public_form(&ask, endpoint.path, &[]).await
            };
            let is_taken = answer.status != StatusCode::UNAUTHORIZED;
            assert_eq!(is_taken, is_right, "{endpoint:?} {id}:{secret}");
        }
    }
    // OAuth's two and the five of CADDE, on two listeners.
    assert!(asked >= 8, "{asked}");
}

#[tokio::test]
async fn a_clock_that_is_set_back_a_little_harms_nobody() {
    let fixture = Fixture::new().await;
    let now = fixture.clock.now();
    let token = fixture.operator.as_str();
    for (seconds, is_good) in [(0, true), (30, true), (31, false)] {
        fixture.clock.set(now - time::Duration::seconds(seconds));
        assert_eq!(fixture.app.issuer.check(token).is_some(), is_good);
    }
}

#[tokio::test]
async fn at_peer_the_certificate_is_the_credential() {
    let (fixture, domain) = Fixture::with_domain().await;
    let certificate = with_certificate(&domain.receiver_certificate);
    let id = domain.receiver.connector.connector_id.as_str();
    fixture
        .peer_form(&certificate, TOKEN, &CREDENTIALS)
        .await
        .expect(StatusCode::OK);
    let named = [("grant_type", "client_credentials"), ("client_id", id)];
    fixture
        .peer_form(&certificate, TOKEN, &named)
        .await
        .expect(StatusCode::OK);
    // A secret that is sent along must be right and belong to the certificate.
    let with = |ask: Ask| Ask {
        peer: Some(domain.receiver_certificate.clone()),
        ..ask
    };
    fixture
        .peer_form(&with(secret_of(&domain.receiver)), TOKEN, &CREDENTIALS)
        .await
        .expect(StatusCode::OK);
    for wrong in [
        with(with_basic(id, "wrong")),
        with(secret_of(&domain.provider)),
        with(with_basic(
            &domain.client.client.client_id,
            domain.client.client_secret.expose(),
        )),
        with(Ask {
            authorization: Some("Basic ???".into()),
            ..Ask::default()
        }),
        secret_of(&domain.receiver),
        Ask::default(),
    ] {
        let answer = fixture.peer_form(&wrong, TOKEN, &CREDENTIALS).await;
        answer.assert_error(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let other = [
        ("grant_type", "client_credentials"),
        ("client_id", "provider.d1.example"),
    ];
    fixture
        .peer_form(&certificate, TOKEN, &other)
        .await
        .expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_client_with_a_certificate_alone_has_no_way_in_at_public() {
    let (fixture, domain) = Fixture::with_domain().await;
    let body = CreateConnector {
        secret: false,
        ..CreateConnector::new(
            "quiet.d1.example".parse().unwrap(),
            ConnectorRole::Receiver,
            domain.user.user.user_id.clone(),
            None,
        )
    };
    let created: CreatedConnector = fixture
        .operate("/v1/connectors", &body)
        .await
        .read(StatusCode::CREATED);
    assert!(created.client_secret.is_none());
    for secret in ["", "x"] {
        let ask = with_basic("quiet.d1.example", secret);
        fixture
            .public_form(&ask, TOKEN, &CREDENTIALS)
            .await
            .expect(StatusCode::UNAUTHORIZED);
    }
    // A registration may keep the secret off the public address.
    let body = CreateConnector {
        secret: true,
        secret_on_public: false,
        connector_id: "half.d1.example".parse().unwrap(),
        ..body
    };
    let created: CreatedConnector = fixture
        .operate("/v1/connectors", &body)
        .await
        .read(StatusCode::CREATED);
    fixture
        .public_form(&secret_of(&created), TOKEN, &CREDENTIALS)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    let certificate = fixture.certificate(&created).await;
    let both = Ask {
        peer: Some(certificate),
        ..secret_of(&created)
    };
    fixture
        .peer_form(&both, TOKEN, &CREDENTIALS)
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn a_service_introspects_and_gets_no_tokens() {
    let fixture = Fixture::new().await;
    let body = CreateService::new(
        "location.trial.example".parse().unwrap(),
        ServiceKind::Server,
        "ロケーションサーバ",
    );
    let created: CreatedService = fixture
        .operate("/v1/services", &body)
        .await
        .read(StatusCode::CREATED);
    let issued: auth_client::api::IssuedCertificate = fixture
        .enrol(
            created.enrolment.unwrap().code.expose(),
            &super::fixture::csr(),
        )
        .await
        .read(StatusCode::CREATED);
    let ask = with_certificate(&super::fixture::identity(&issued.certificate));
    let form = [
        ("token", fixture.operator.as_str()),
        ("client_id", "location.trial.example"),
    ];
    let answer: Value = fixture
        .peer_form(&ask, INTROSPECT, &form)
        .await
        .read(StatusCode::OK);
    assert_eq!(answer["roles"], json!(["operator"]));
    let answer = fixture.peer_form(&ask, TOKEN, &CREDENTIALS).await;
    answer.assert_error(StatusCode::BAD_REQUEST, "unauthorized_client");
    let answer: Value = fixture
        .peer_get(&ask, "/v1/registry/services/location.trial.example")
        .await
        .read(StatusCode::OK);
    assert_eq!(
        answer,
        json!({ "service_id": "location.trial.example", "kind": "server", "state": "active" })
    );
    // Users that are registered, under their own spelling.
    let domain = Domain::new(&fixture, 1).await;
    let user = domain.user.user.user_id.clone();
    let path = |id: &str| format!("/v1/registry/users/{id}");
    let answer: Value = fixture
        .peer_get(&ask, &path(user.as_str()))
        .await
        .read(StatusCode::OK);
    assert_eq!(
        answer,
        json!({ "user_id": user, "provider_profiles": ["kakehashi/1"] })
    );
    for nobody in ["nobody", "no%2Fbody", &user.as_str().to_uppercase()] {
        let answer = fixture.peer_get(&ask, &path(nobody)).await;
        answer.expect(StatusCode::NOT_FOUND);
    }
    // Told to no connector: whoever is registered would learn who else is.
    let connector = with_certificate(&domain.receiver_certificate);
    let answer = fixture.peer_get(&connector, &path(user.as_str())).await;
    answer.expect(StatusCode::FORBIDDEN);
}

#[rstest]
#[case::no_grant(&[], "invalid_request")]
#[case::unknown(&[("grant_type", "password")], "unsupported_grant_type")]
#[case::twice(&[("grant_type", "client_credentials"), ("grant_type", "client_credentials")], "invalid_request")]
#[case::no_refresh(&[("grant_type", "refresh_token")], "invalid_request")]
#[case::bad_refresh(&[("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_grant")]
#[case::not_registered(&[("grant_type", "client_credentials")], "unauthorized_client")]
#[tokio::test]
async fn errors_are_those_of_the_rfc(#[case] form: &[(&str, &str)], #[case] error: &str) {
    let fixture = Fixture::new().await;
    let client = fixture
        .app_client(vec![GrantType::RefreshToken], None)
        .await;
    let ask = with_basic(&client.client.client_id, client.client_secret.expose());
    let answer = fixture.public_form(&ask, TOKEN, form).await;
    answer.assert_error(StatusCode::BAD_REQUEST, error);
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn only_forms_are_read() {
    let fixture = Fixture::new().await;
    let client = fixture
        .app_client(vec![GrantType::RefreshToken], None)
        .await;
    let ask = with_basic(&client.client.client_id, client.client_secret.expose());
    let answer = fixture
        .public(&ask, TOKEN, &json!({ "grant_type": "client_credentials" }))
        .await;
    answer.assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    let answer = fixture
        .public_form(&Ask::default(), TOKEN, &CREDENTIALS)
        .await;
    answer.expect(StatusCode::UNAUTHORIZED);
    assert!(
        answer.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Basic ")
    );
}

#[tokio::test]
async fn refreshing_works_at_the_oauth_endpoint_too() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (_, refresh) = fixture.login(&domain.client, &domain.user).await;
    let ask = with_basic(
        &domain.client.client.client_id,
        domain.client.client_secret.expose(),
    );
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    let answer: Value = fixture
        .public_form(&ask, TOKEN, &form)
        .await
        .read(StatusCode::OK);
    assert!(answer["refresh_token"].is_string() && answer["access_token"].is_string());
}

#[tokio::test]
async fn an_unknown_token_is_inactive_and_says_nothing_else() {
    let (fixture, domain) = Fixture::with_domain().await;
    let ask = with_certificate(&domain.provider_certificate);
    for token in ["x", "a.b.c"] {
        let answer: Value = fixture
            .peer_form(&ask, INTROSPECT, &[("token", token)])
            .await
            .read(StatusCode::OK);
        assert_eq!(answer, json!({ "active": false }));
    }
    fixture
        .peer_form(&ask, INTROSPECT, &[])
        .await
        .expect(StatusCode::BAD_REQUEST);
    fixture
        .public_form(&Ask::default(), INTROSPECT, &[("token", "x")])
        .await
        .expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn discovery_names_both_addresses() {
    let fixture = Fixture::new().await;
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let answer: Value = fixture
            .get(&Ask::default(), path)
            .await
            .read(StatusCode::OK);
        assert_eq!(answer["issuer"], "http://127.0.0.1:20001");
        assert_eq!(
            answer["token_endpoint"],
            "http://127.0.0.1:20001/oauth2/token"
        );
        assert_eq!(
            answer["mtls_endpoint_aliases"]["token_endpoint"],
            "https://127.0.0.1:20000/oauth2/token"
        );
        assert_eq!(answer["tls_client_certificate_bound_access_tokens"], true);
    }
    let keys: Value = fixture
        .get(&Ask::default(), "/.well-known/jwks.json")
        .await
        .read(StatusCode::OK);
    assert_eq!(keys["keys"][0]["alg"], "ES256");
    assert!(keys["keys"][0].get("d").is_none());
}
