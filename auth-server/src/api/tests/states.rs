//! Suspension takes effect at once, everywhere.

use auth_client::ConnectorRole;
use common::clock::Clock as _;
use http::StatusCode;
use serde_json::{Value, json};

use super::fixture::{Domain, Fixture, token_exchange, with_basic, with_certificate};

async fn change(fixture: &Fixture, path: &str, state: &str) {
    let body = json!({ "state": state, "reason": "試験" });
    fixture
        .operate(&format!("{path}/state"), &body)
        .await
        .expect(StatusCode::OK);
}

async fn is_active(fixture: &Fixture, observer: &Domain, token: &str) -> bool {
    let ask = with_certificate(&observer.provider_certificate);
    let answer: Value = fixture
        .peer_form(&ask, "/oauth2/introspect", &[("token", token)])
        .await
        .read(StatusCode::OK);
    answer["active"].as_bool().expect("active")
}

#[tokio::test]
async fn a_suspended_user_loses_tokens_and_login_for_good() {
    let (fixture, a, b) = Fixture::with_two_domains().await;
    let (token, refresh) = fixture.login(&b.client, &b.user).await;
    let bound = b.exchanged(&fixture, &token, "provider.d1.example").await;
    assert!(is_active(&fixture, &a, &token).await && is_active(&fixture, &a, &bound).await);

    let path = format!("/v1/users/{}", b.user.user.user_id);
    change(&fixture, &path, "suspended").await;
    assert!(!is_active(&fixture, &a, &token).await && !is_active(&fixture, &a, &bound).await);
    let ask = with_basic(&b.client.client.client_id, b.client.client_secret.expose());
    let login = json!({ "user_id": b.user.user.user_id, "password": b.user.initial_password });
    fixture
        .public(&ask, "/cadde/api/v4/token", &login)
        .await
        .expect(StatusCode::UNAUTHORIZED);

    // Back again: a new login works, what was issued before stays dead.
    change(&fixture, &path, "active").await;
    assert!(!is_active(&fixture, &a, &token).await && !is_active(&fixture, &a, &bound).await);
    let body = json!({ "refresh_token": refresh });
    fixture
        .public(&ask, "/cadde/api/v4/token/refresh", &body)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    let (fresh, _) = fixture.login(&b.client, &b.user).await;
    assert!(is_active(&fixture, &a, &fresh).await);
}

#[tokio::test]
async fn a_suspended_participant_bars_users_and_connectors() {
    let (fixture, a, b) = Fixture::with_two_domains().await;
    let (token, _) = fixture.login(&b.client, &b.user).await;
    let path = format!("/v1/participants/{}", b.user.user.participant);
    change(&fixture, &path, "suspended").await;
    assert!(!is_active(&fixture, &a, &token).await);
    let form = [("grant_type", "client_credentials")];
    let ask = with_certificate(&b.receiver_certificate);
    fixture
        .peer_form(&ask, "/oauth2/token", &form)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    fixture
        .peer_get(&ask, "/v1/registry/connectors/provider.d1.example")
        .await
        .expect(StatusCode::FORBIDDEN);
    let ask = with_certificate(&a.receiver_certificate);
    let seen: Value = fixture
        .peer_get(&ask, "/v1/registry/connectors/provider.d2.example")
        .await
        .read(StatusCode::OK);
    assert_eq!(seen["state"], "suspended");
    change(&fixture, &path, "active").await;
    let seen: Value = fixture
        .peer_get(&ask, "/v1/registry/connectors/provider.d2.example")
        .await
        .read(StatusCode::OK);
    assert_eq!(
        seen,
        json!({
            "connector_id": "provider.d2.example", "profile": "kakehashi/1", "role": "provider", "user_id": b.user.user.user_id, "state": "active"
        })
    );
}

#[tokio::test]
async fn a_suspended_connector_has_no_say_and_its_tokens_no_effect() {
    let (fixture, a, b) = Fixture::with_two_domains().await;
    let (token, _) = fixture.login(&b.client, &b.user).await;
    let bound_token = b.exchanged(&fixture, &token, "provider.d1.example").await;
    change(&fixture, "/v1/connectors/receiver.d2.example", "suspended").await;
    // The user is not to blame.
    assert!(is_active(&fixture, &a, &token).await);
    assert!(!is_active(&fixture, &a, &bound_token).await);
    let ask = with_certificate(&b.receiver_certificate);
    fixture
        .peer_form(&ask, "/oauth2/introspect", &[("token", &token)])
        .await
        .expect(StatusCode::UNAUTHORIZED);
    // A suspended provider is no audience.
    change(&fixture, "/v1/connectors/provider.d1.example", "suspended").await;
    let ask = with_certificate(&a.receiver_certificate);
    let form = token_exchange(token.as_str(), "provider.d1.example");
    let answer = fixture.peer_form(&ask, "/oauth2/token", &form).await;
    answer.assert_error(StatusCode::BAD_REQUEST, "invalid_target");
}

#[tokio::test]
async fn a_suspended_application_ends_the_sessions_begun_with_it() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (token, _) = fixture.login(&domain.client, &domain.user).await;
    let path = format!("/v1/clients/{}", domain.client.client.client_id);
    change(&fixture, &path, "suspended").await;
    assert!(!is_active(&fixture, &domain, &token).await);
    change(&fixture, &path, "active").await;
    assert!(!is_active(&fixture, &domain, &token).await);
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (
        Domain::new(&fixture, 1).await,
        Domain::new(&fixture, 2).await,
    );
    let (alive, _) = fixture.login(&a.client, &a.user).await;
    let (dead, _) = fixture.login(&b.client, &b.user).await;
    let path = format!("/v1/users/{}", b.user.user.user_id);
    change(&fixture, &path, "suspended").await;
    change(&fixture, &path, "active").await;
    change(&fixture, "/v1/connectors/receiver.d2.example", "suspended").await;
    fixture.restart().await;
    assert!(is_active(&fixture, &a, &alive).await);
    assert!(!is_active(&fixture, &a, &dead).await);
    let seen = fixture
        .app
        .directory
        .connector(&"receiver.d2.example".parse().unwrap())
        .unwrap();
    assert_eq!(
        (seen.role, seen.state),
        (ConnectorRole::Receiver, auth_client::State::Suspended)
    );
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_old_one() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (token, _) = fixture.login(&domain.client, &domain.user).await;
    let path = format!("/v1/users/{}/password", domain.user.user.user_id);
    let answer: Value = fixture
        .operate(&path, &json!({}))
        .await
        .read(StatusCode::OK);
    assert!(!is_active(&fixture, &domain, &token).await);
    let ask = with_basic(
        &domain.client.client.client_id,
        domain.client.client_secret.expose(),
    );
    let id = &domain.user.user.user_id;
    let old = json!({ "user_id": id, "password": domain.user.initial_password });
    fixture
        .public(&ask, "/cadde/api/v4/token", &old)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    let new = json!({ "user_id": id, "password": answer["password"] });
    fixture
        .public(&ask, "/cadde/api/v4/token", &new)
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn a_new_secret_replaces_the_old_one_at_once() {
    let (fixture, domain) = Fixture::with_domain().await;
    let path = "/v1/connectors/receiver.d1.example/secret";
    let answer: Value = fixture.operate(path, &json!({})).await.read(StatusCode::OK);
    let form = [("grant_type", "client_credentials")];
    let old = with_basic(
        "receiver.d1.example",
        domain.receiver.client_secret.as_ref().unwrap().expose(),
    );
    fixture
        .public_form(&old, "/oauth2/token", &form)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    let new = with_basic(
        "receiver.d1.example",
        answer["client_secret"].as_str().unwrap(),
    );
    fixture
        .public_form(&new, "/oauth2/token", &form)
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn what_was_made_of_an_applications_own_tokens_ends_with_it() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (id, ask) = fixture.client_of(&domain).await;
    let form = [("grant_type", "client_credentials")];
    let answer: Value = fixture
        .public_form(&ask, "/oauth2/token", &form)
        .await
        .read(StatusCode::OK);
    let token = answer["access_token"].as_str().unwrap();
    let bound = domain
        .exchanged(&fixture, token, "provider.d1.example")
        .await;
    assert!(is_active(&fixture, &domain, &bound).await);
    change(&fixture, &format!("/v1/clients/{id}"), "suspended").await;
    assert!(!is_active(&fixture, &domain, token).await);
    assert!(!is_active(&fixture, &domain, &bound).await);
}

/// Two processes on one database: during an update, or for good.
#[tokio::test]
async fn what_another_process_changes_is_known_at_the_next_look() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (token, _) = fixture.login(&domain.client, &domain.user).await;
    let other = Fixture::open(&fixture.config, fixture.clock.clone()).await;
    let look = async |seen: &mut Option<i64>| {
        let since = fixture.clock.now() - time::Duration::hours(1);
        let outcome = other.keep_in_step(seen, since).await;
        outcome.expect("the database works");
    };
    let (mut seen, list) = (None, other.certifier.crl_pem());
    look(&mut seen).await;
    assert_eq!(other.certifier.crl_pem(), list, "nothing was revoked");

    let user = format!("/v1/users/{}", domain.user.user.user_id);
    change(&fixture, &user, "suspended").await;
    change(&fixture, &user, "active").await;
    assert!(other.issuer.check(&token).is_some());
    look(&mut seen).await;
    assert!(
        other.issuer.check(&token).is_none(),
        "its session has ended"
    );

    let serial = &domain.receiver_certificate.serial;
    let path = format!("/v1/certificates/{}/revocation", hex::encode(serial));
    fixture
        .operate(&path, &json!({ "reason": "試験" }))
        .await
        .expect(StatusCode::OK);
    look(&mut seen).await;
    let list = other.certifier.crl_pem();
    let lists = common::pem::parse_crls(list.as_bytes()).unwrap();
    let mut parts = lists.iter().flat_map(|list| list.windows(serial.len()));
    assert!(parts.any(|part| part == &**serial));

    // Without a change nothing is read again.
    let before = other.directory.user(&domain.user.user.user_id).unwrap();
    look(&mut seen).await;
    let after = other.directory.user(&domain.user.user.user_id).unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &after));
}

#[tokio::test]
async fn members_learn_who_of_those_they_know_is_suspended_and_no_more() {
    let (fixture, a, b) = Fixture::with_two_domains().await;
    let ask = with_certificate(&a.receiver_certificate);
    let user = b.user.user.user_id.clone();
    let all = json!({
        "connectors": ["provider.d2.example", "receiver.d2.example", "nobody.example", "provider.d1.example"],
        "users": [user, "cadde.nobody.zz", a.user.user.user_id],
        "providers": [user, "cadde.nobody.zz", a.user.user.user_id],
    });
    let look = async || -> Value {
        let path = "/v1/registry/suspensions";
        fixture.peer(&ask, path, &all).await.read(StatusCode::OK)
    };
    assert_eq!(look().await, json!({}));
    let of_user = format!("/v1/users/{user}");
    let of_connector = "/v1/connectors/provider.d2.example".to_owned();
    let of_participant = format!("/v1/participants/{}", b.user.user.participant);
    for (path, expected) in [
        (&of_user, json!({ "users": [user] })),
        (
            &of_connector,
            json!({ "connectors": ["provider.d2.example"], "providers": [user] }),
        ),
        (
            &of_participant,
            json!({
                "connectors": ["provider.d2.example", "receiver.d2.example"], "users": [user], "providers": [user]
            }),
        ),
    ] {
        change(&fixture, path, "suspended").await;
        assert_eq!(look().await, expected);
        change(&fixture, path, "active").await;
        assert_eq!(look().await, json!({}));
    }
    let many: Vec<_> = (0..201)
        .map(|number| format!("c{number}.example"))
        .collect();
    let body = json!({ "connectors": many });
    fixture
        .peer(&ask, "/v1/registry/suspensions", &body)
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
    // Whoever may not act is told so, and nothing of others.
    change(&fixture, "/v1/connectors/receiver.d1.example", "suspended").await;
    let refused = fixture.peer(&ask, "/v1/registry/suspensions", &all).await;
    let problem: Value = refused.read(StatusCode::FORBIDDEN);
    assert_eq!(
        problem["type"],
        "urn:kakehashi:problem:certificate-not-registered"
    );
}
