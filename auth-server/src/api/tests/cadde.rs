//! The CADDE token endpoints and the variants that existing clients send.

mod refreshing;

use std::time::Duration;

use auth_client::{TokenClaims, api::GrantType};
use base64::{
    Engine as _,
    engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use super::fixture::{Ask, Domain, Fixture, with_basic, with_certificate};

fn claims(token: &str) -> TokenClaims {
    let payload = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("claims")
}

fn app(domain: &Domain) -> Ask {
    with_basic(
        &domain.client.client.client_id,
        domain.client.client_secret.expose(),
    )
}

fn receiver(domain: &Domain) -> Ask {
    let secret = domain.receiver.client_secret.as_ref().expect("a secret");
    with_basic(
        domain.receiver.connector.connector_id.as_str(),
        secret.expose(),
    )
}

#[tokio::test]
async fn a_password_gets_both_tokens_with_the_claims_that_peers_read() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (access, _) = fixture.login(&domain.client, &domain.user).await;
    let claims = claims(&access);
    let id = &domain.user.user.user_id;
    assert_eq!(claims.iss, "http://127.0.0.1:20001");
    assert_eq!((&claims.preferred_username, &claims.user), (id, id));
    assert_eq!(claims.org, id.as_str());
    assert_eq!(claims.aal, "1");
    assert_eq!(claims.azp, domain.client.client.client_id);
    assert_eq!(claims.sub, domain.user.user.id.to_string());
    assert_eq!(claims.exp - claims.iat, 3600);
    assert!(claims.roles.is_empty() && claims.aud.is_none() && claims.cnf.is_none());
    assert_eq!(
        id.as_str(),
        format!("cadde.{}.aa", super::fixture::corporate_number(1))
    );
}

#[tokio::test]
async fn variants_of_existing_clients_are_read() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (id, password) = (&domain.user.user.user_id, &domain.user.initial_password);
    for body in [
        json!({ "consumer_id": id, "password": password }),
        json!({ "user_id": id, "password": password, "totp": "" }),
        json!({ "user_id": id, "password": password, "otop": "123456" }),
        json!({ "user_id": id.as_str().to_uppercase(), "password": password }),
    ] {
        fixture
            .public(&app(&domain), "/cadde/api/v4/token", &body)
            .await
            .expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn introspection_accepts_every_known_spelling() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (token, _) = fixture.login(&domain.client, &domain.user).await;
    let path = "/cadde/api/v4/token/introspect";
    let secret = domain.receiver.client_secret.as_ref().unwrap().expose();
    let id = domain.receiver.connector.connector_id.as_str();

    let right = |answer: &super::fixture::Answer| {
        answer.expect(StatusCode::OK);
        assert_eq!(
            answer.json(),
            json!({ "user_id": domain.user.user.user_id })
        );
    };
    right(
        &fixture
            .public(&receiver(&domain), path, &json!({ "access_token": token }))
            .await,
    );
    right(
        &fixture
            .public(
                &receiver(&domain),
                path,
                &json!({ "access_token": format!("Bearer {token}") }),
            )
            .await,
    );
    right(
        &fixture
            .public(
                &receiver(&domain),
                "/cadde/api/v4/token/intorospect",
                &json!({ "access_token": token }),
            )
            .await,
    );
    right(
        &fixture
            .public_form(&receiver(&domain), path, &[("access_token", &token)])
            .await,
    );
    let text = json!({ "access_token": token }).to_string();
    right(
        &fixture
            .public_text(
                &receiver(&domain),
                path,
                "application/json; charset=utf-8",
                &text,
            )
            .await,
    );
    right(
        &fixture
            .public_text(&receiver(&domain), path, "text/plain", &text)
            .await,
    );
    // The URL-safe alphabet, and padding whatever the length.
    let encoded = URL_SAFE.encode(format!("{id}:{secret}"));
    let surplus = format!("Basic {}==", encoded.trim_end_matches('='));
    let ask = Ask {
        authorization: Some(surplus),
        ..Ask::default()
    };
    right(
        &fixture
            .public(&ask, path, &json!({ "access_token": token }))
            .await,
    );
    // Connector IDs are DNS names.
    let ask = with_basic(&id.to_uppercase(), secret);
    right(
        &fixture
            .public(&ask, path, &json!({ "access_token": token }))
            .await,
    );
    // The certificate alone, and with the secret.
    right(
        &fixture
            .peer(
                &with_certificate(&domain.receiver_certificate),
                path,
                &json!({ "access_token": token }),
            )
            .await,
    );
    let both = Ask {
        peer: Some(domain.receiver_certificate.clone()),
        ..receiver(&domain)
    };
    right(
        &fixture
            .peer(&both, path, &json!({ "access_token": token }))
            .await,
    );
}

#[tokio::test]
async fn a_token_that_does_not_count_is_never_answered_with_success() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (token, refresh) = fixture.login(&domain.client, &domain.user).await;
    let path = "/cadde/api/v4/token/introspect";
    let (head, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for bad in ["", "Bearer", "x", "a.b.c", &forged, &refresh] {
        let answer = fixture
            .public(&receiver(&domain), path, &json!({ "access_token": bad }))
            .await;
        answer.expect(StatusCode::FORBIDDEN);
        assert!(answer.json()["message"].is_string() && answer.json().get("user_id").is_none());
    }
    fixture.clock.advance(Duration::from_secs(3599));
    fixture
        .public(&receiver(&domain), path, &json!({ "access_token": token }))
        .await
        .expect(StatusCode::OK);
    fixture.clock.advance(Duration::from_secs(1));
    fixture
        .public(&receiver(&domain), path, &json!({ "access_token": token }))
        .await
        .expect(StatusCode::FORBIDDEN);
}

#[rstest]
#[case::no_client(Ask::default(), StatusCode::UNAUTHORIZED)]
#[case::unknown_client(with_basic("nobody", "x"), StatusCode::UNAUTHORIZED)]
#[case::bearer(Ask { authorization: Some("Bearer x".into()), ..Ask::default() }, StatusCode::UNAUTHORIZED)]
#[case::no_base64(Ask { authorization: Some("Basic ???".into()), ..Ask::default() }, StatusCode::UNAUTHORIZED)]
#[tokio::test]
async fn clients_prove_who_they_are(#[case] ask: Ask, #[case] status: StatusCode) {
    let fixture = Fixture::new().await;
    for path in [
        "/cadde/api/v4/token",
        "/cadde/api/v4/token/refresh",
        "/cadde/api/v4/token/introspect",
    ] {
        let answer = fixture.public(&ask, path, &json!({})).await;
        answer.expect(status);
        assert!(answer.json()["message"].is_string());
        assert!(
            answer.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Basic ")
        );
    }
}

#[rstest]
#[case::no_json("/cadde/api/v4/token", "application/json", "{", "value_error.jsondecode", &["body"])]
#[case::no_object("/cadde/api/v4/token", "application/json", "[]", "type_error.dict", &["body"])]
#[case::no_user("/cadde/api/v4/token", "application/json", r#"{"password":"x"}"#, "value_error.missing", &["body", "user_id"])]
#[case::null_user("/cadde/api/v4/token", "application/json", r#"{"user_id":null,"password":"x"}"#, "value_error.missing", &["body", "user_id"])]
#[case::number("/cadde/api/v4/token", "application/json", r#"{"user_id":1,"password":"x"}"#, "type_error.str", &["body", "user_id"])]
#[case::no_refresh("/cadde/api/v4/token/refresh", "application/json", "{}", "value_error.missing", &["body", "refresh_token"])]
#[case::no_token("/cadde/api/v4/token/introspect", "application/x-www-form-urlencoded", "token=x", "value_error.missing", &["body", "access_token"])]
#[tokio::test]
async fn a_body_that_does_not_fit_is_422_in_the_known_shape(
    #[case] path: &str,
    #[case] media: &str,
    #[case] text: &str,
    #[case] kind: &str,
    #[case] location: &[&str],
) {
    let fixture = Fixture::new().await;
    let client = fixture
        .app_client(vec![GrantType::Password, GrantType::RefreshToken], None)
        .await;
    let ask = with_basic(&client.client.client_id, client.client_secret.expose());
    let answer = fixture.public_text(&ask, path, media, text).await;
    answer.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let problem = &answer.json()["detail"][0];
    assert_eq!(problem["type"], kind);
    assert_eq!(problem["loc"], json!(location));
    assert!(problem["msg"].is_string());
}

#[tokio::test]
async fn wrong_user_and_wrong_password_look_alike_and_are_slowed_down() {
    let (fixture, domain) = Fixture::with_domain().await;
    let id = domain.user.user.user_id.as_str();
    let ask = app(&domain);
    let path = "/cadde/api/v4/token";
    let without_request = |mut body: Value| {
        body.as_object_mut().unwrap().remove("request_id");
        body
    };
    let wrong = fixture
        .public(&ask, path, &json!({ "user_id": id, "password": "x" }))
        .await;
    let unknown = fixture
        .public(
            &ask,
            path,
            &json!({ "user_id": "cadde.nobody", "password": "x" }),
        )
        .await;
    wrong.expect(StatusCode::UNAUTHORIZED);
    unknown.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(
        without_request(wrong.json()),
        without_request(unknown.json())
    );

    for _ in 0..4 {
        fixture
            .public(&ask, path, &json!({ "user_id": id, "password": "x" }))
            .await
            .expect(StatusCode::UNAUTHORIZED);
    }
    // Even the right password waits now, from this address; from another one it doesn't.
    let right = json!({ "user_id": id, "password": domain.user.initial_password });
    let slowed = fixture.public(&ask, path, &right).await;
    slowed.expect(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(slowed.headers["retry-after"], "30");
    let elsewhere = Ask {
        from: Some(([198, 51, 100, 9], 1).into()),
        ..ask.clone()
    };
    fixture
        .public(&elsewhere, path, &right)
        .await
        .expect(StatusCode::OK);
    fixture.clock.advance(Duration::from_secs(30));
    fixture
        .public(&ask, path, &right)
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn the_password_grant_has_to_be_registered() {
    let (fixture, domain) = Fixture::with_domain().await;
    let body =
        json!({ "user_id": domain.user.user.user_id, "password": domain.user.initial_password });
    fixture
        .public(&receiver(&domain), "/cadde/api/v4/token", &body)
        .await
        .expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn messages_follow_the_language_of_the_reader() {
    use common::http::context::{Lang, RequestContext, RequestId, scope};
    let fixture = Fixture::new().await;
    let mut headers = HeaderMap::new();
    headers.insert("accept-language", "en".parse().unwrap());
    let context = RequestContext {
        id: RequestId(uuid::Uuid::max()),
        lang: Lang::from_headers(&headers),
    };
    let answer = scope(
        context,
        fixture.public(&Ask::default(), "/cadde/api/v4/token", &json!({})),
    )
    .await;
    assert!(answer.json()["message"].as_str().unwrap().is_ascii());
    assert_eq!(answer.json()["message_id"], "client-refused");
    assert_eq!(answer.json()["request_id"], uuid::Uuid::max().to_string());
    let answer = fixture
        .public(&Ask::default(), "/cadde/api/v4/token", &json!({}))
        .await;
    assert!(!answer.json()["message"].as_str().unwrap().is_ascii());
}
