//! Token exchange: tokens bound to a receiver's certificate, for one provider.

use std::{sync::Arc, time::Duration};

use auth_client::{
    Audience, ConnectorRegistration, ConnectorRole, Profile, Role, TokenClaims,
    api::{Connector, EnrolmentCode, IssuedCertificate},
};
use common::tls::PeerCertificate;
use http::StatusCode;
use serde_json::{Value, json};

use super::fixture::{
    ACCESS_TOKEN, Answer, Domain, Fixture, csr, identity, token_exchange, with_basic,
    with_certificate,
};
use crate::domain::{
    client::{Client, ClientKind},
    registrar::Actor,
};

#[track_caller]
fn refused(answer: &Answer, error: &str) {
    answer.assert_error(StatusCode::BAD_REQUEST, error);
}

#[tokio::test]
async fn a_receiver_gets_a_token_that_only_it_can_use_at_one_provider() {
    let (fixture, a, b) = Fixture::with_two_domains().await;
    let (subject, _) = fixture.login(&b.client, &b.user).await;
    let answer: Value = b
        .exchange(&fixture, &subject, "provider.d1.example")
        .await
        .read(StatusCode::OK);
    assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 300);

    // As the provider learns it.
    let token = answer["access_token"].as_str().unwrap();
    let ask = with_certificate(&a.provider_certificate);
    let answer: Value = fixture
        .peer_form(&ask, "/oauth2/introspect", &[("token", token)])
        .await
        .read(StatusCode::OK);
    assert_eq!(answer["active"], true);
    let claims: TokenClaims = serde_json::from_value(answer).unwrap();
    assert_eq!(claims.user, b.user.user.user_id);
    assert_eq!(
        claims.aud,
        Some(Audience::One("provider.d1.example".into()))
    );
    assert_eq!(claims.act.as_ref().unwrap().sub, "receiver.d2.example");
    assert_eq!(
        claims.cnf.unwrap().x5t_s256,
        b.receiver_certificate.thumbprint()
    );
}

#[tokio::test]
async fn a_bound_token_ends_with_the_users_token() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (subject, _) = fixture.login(&domain.client, &domain.user).await;
    fixture.clock.advance(Duration::from_secs(3500));
    let answer: Value = domain
        .exchange(&fixture, &subject, "provider.d1.example")
        .await
        .read(StatusCode::OK);
    assert_eq!(answer["expires_in"], 100);
    let token = answer["access_token"].as_str().unwrap();
    assert!(fixture.app.issuer.check(token).is_some());
    fixture.clock.advance(Duration::from_secs(100));
    assert!(fixture.app.issuer.check(token).is_none());
    refused(
        &domain
            .exchange(&fixture, &subject, "provider.d1.example")
            .await,
        "invalid_request",
    );
}

#[tokio::test]
async fn only_a_receiver_exchanges_and_only_for_a_provider() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (subject, _) = fixture.login(&domain.client, &domain.user).await;
    for audience in [
        "receiver.d1.example",
        "provider.nowhere.example",
        "auth.trial.example",
        "127.0.0.1",
        "a b",
    ] {
        refused(
            &domain.exchange(&fixture, &subject, audience).await,
            "invalid_target",
        );
    }
    let ask = with_certificate(&domain.provider_certificate);
    let answer = fixture
        .peer_form(
            &ask,
            "/oauth2/token",
            &token_exchange(&subject, "provider.d1.example"),
        )
        .await;
    refused(&answer, "unauthorized_client");
    // Not at the public address, whatever the secret.
    let secret = domain.receiver.client_secret.as_ref().unwrap();
    let ask = with_basic("receiver.d1.example", secret.expose());
    let answer = fixture
        .public_form(
            &ask,
            "/oauth2/token",
            &token_exchange(&subject, "provider.d1.example"),
        )
        .await;
    refused(&answer, "unauthorized_client");
}

#[tokio::test]
async fn only_a_living_unbound_access_token_is_exchanged() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (subject, refresh) = fixture.login(&domain.client, &domain.user).await;
    let answer: Value = domain
        .exchange(&fixture, &subject, "provider.d1.example")
        .await
        .read(StatusCode::OK);
    for bad in [
        "x",
        refresh.as_str(),
        answer["access_token"].as_str().unwrap(),
    ] {
        refused(
            &domain.exchange(&fixture, bad, "provider.d1.example").await,
            "invalid_request",
        );
    }
    let ask = with_certificate(&domain.receiver_certificate);
    for (name, value, error) in [
        ("actor_token", "x", "invalid_request"),
        ("resource", "https://provider.d1.example", "invalid_target"),
        (
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:saml2",
            "invalid_request",
        ),
    ] {
        let mut form = token_exchange(&subject, "provider.d1.example").to_vec();
        form.push((name, value));
        refused(
            &fixture.peer_form(&ask, "/oauth2/token", &form).await,
            error,
        );
    }
    for missing in ["subject_token", "subject_token_type", "audience"] {
        let mut form = token_exchange(&subject, "provider.d1.example").to_vec();
        form.retain(|(name, _)| *name != missing);
        refused(
            &fixture.peer_form(&ask, "/oauth2/token", &form).await,
            "invalid_request",
        );
    }
}

#[tokio::test]
async fn roles_stay_behind() {
    let (fixture, domain) = Fixture::with_domain().await;
    let participant = fixture.participant(2).await;
    let operator = fixture.user(&participant, vec![Role::Operator]).await;
    let (subject, _) = fixture.login(&domain.client, &operator).await;
    for audience in ["provider.d1.example", operator.user.user_id.as_str()] {
        let answer: Value = domain
            .exchange(&fixture, &subject, audience)
            .await
            .read(StatusCode::OK);
        let token = answer["access_token"].as_str().unwrap();
        assert!(fixture.app.issuer.check(token).unwrap().roles.is_empty());
    }
    // What is for managing is not passed on at all.
    let answer = domain
        .exchange(&fixture, &fixture.operator, "provider.d1.example")
        .await;
    refused(&answer, "invalid_request");
}

/// A receiver whose registration is from before there were profiles, with its certificate.
async fn old_receiver(fixture: &Fixture, domain: &Domain) -> Arc<PeerCertificate> {
    let new = fixture.app.directory.client("receiver.d1.example").unwrap();
    let old = Client {
        id: "old.d1.example".into(),
        kind: ClientKind::Connector {
            role: ConnectorRole::Receiver,
            base_url: None,
            profile: None,
        },
        user: Some(domain.user.user.user_id.clone()),
        ..(*new).clone()
    };
    let event = Actor::system().event(old.created_at, "connector.registered", &old.id, None);
    fixture
        .app
        .store
        .insert_client(&old, None, None, &event)
        .await
        .unwrap();
    let all = fixture.app.registrar.catch_up(None, old.created_at).await;
    all.unwrap();
    let code: EnrolmentCode = fixture
        .operate("/v1/connectors/old.d1.example/enrolment", &json!({}))
        .await
        .read(StatusCode::CREATED);
    let issued: IssuedCertificate = fixture
        .enrol(code.code.expose(), &csr())
        .await
        .read(StatusCode::CREATED);
    identity(&issued.certificate)
}

async fn registered(fixture: &Fixture, domain: &Domain, id: &str) -> ConnectorRegistration {
    let ask = with_certificate(&domain.provider_certificate);
    fixture
        .peer_get(&ask, &format!("/v1/registry/connectors/{id}"))
        .await
        .read(StatusCode::OK)
}

#[tokio::test]
async fn a_registration_without_profile_counts_as_cadde_until_its_first_exchange() {
    let mut fixture = Fixture::new().await;
    let domain = Domain::new(&fixture, 1).await;
    let id = "old.d1.example";
    let certificate = old_receiver(&fixture, &domain).await;
    assert_eq!(fixture.app.directory.without_profile(), [id]);
    let shown = registered(&fixture, &domain, id).await;
    assert_eq!(shown.profile, Profile::Cadde4);

    let (subject, _) = fixture.login(&domain.client, &domain.user).await;
    let ask = with_certificate(&certificate);
    // One that is refused shows nothing.
    let answer = fixture
        .peer_form(
            &ask,
            "/oauth2/token",
            &token_exchange("x", "provider.d1.example"),
        )
        .await;
    refused(&answer, "invalid_request");
    assert_eq!(fixture.app.directory.without_profile(), [id]);
    fixture
        .peer_form(
            &ask,
            "/oauth2/token",
            &token_exchange(&subject, "provider.d1.example"),
        )
        .await
        .expect(StatusCode::OK);
    fixture.restart().await;
    assert!(fixture.app.directory.without_profile().is_empty());
    let shown = registered(&fixture, &domain, id).await;
    assert_eq!(shown.profile, Profile::Kakehashi1);
}

#[tokio::test]
async fn what_an_operator_says_of_a_connector_stays() {
    let (fixture, domain) = Fixture::with_domain().await;
    let id = "receiver.d1.example";
    let shown = registered(&fixture, &domain, id).await;
    assert_eq!(shown.profile, Profile::Kakehashi1);
    let path = format!("/v1/connectors/{id}/profile");
    let body = json!({ "profile": "cadde/4" });
    let changed: Connector = fixture.operate(&path, &body).await.read(StatusCode::OK);
    assert_eq!(changed.profile, Some(Profile::Cadde4));
    let (subject, _) = fixture.login(&domain.client, &domain.user).await;
    domain
        .exchange(&fixture, &subject, "provider.d1.example")
        .await
        .expect(StatusCode::OK);
    let shown = registered(&fixture, &domain, id).await;
    assert_eq!(shown.profile, Profile::Cadde4);
    for (path, body, status) in [
        (
            path.as_str(),
            json!({ "profile": "cadde/5" }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "/v1/connectors/auth.trial.example/profile",
            body,
            StatusCode::NOT_FOUND,
        ),
    ] {
        let answer = fixture.operate(path, &body).await;
        answer.expect(status);
    }
}
