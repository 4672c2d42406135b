//! Which tokens come of it.

use auth_client::{Role, TokenKind, api::Purpose};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};

use super::browser::{BACK, Browser, Tool, claims, counting, sent_back};
use crate::api::tests::fixture::{Ask, Fixture, token_exchange, with_basic};

#[tokio::test]
async fn a_person_signs_in_and_the_application_learns_who_it_is() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = Tool::app(&fixture, "tool", Purpose::Application).await;
    let mut browser = Browser::new(&fixture);
    let url = tool.url(&[("nonce", "n-1"), ("scope", "openid email unknown")]);
    let answer = browser
        .fill(
            &url,
            user.user.user_id.as_str(),
            user.initial_password.expose(),
        )
        .await;
    let back = sent_back(&answer);
    assert_eq!(back["state"], "back & forth");
    assert_eq!(back["iss"], fixture.app.issuer.name());
    let tokens: Value = tool
        .redeem(&fixture, &back["code"], &[])
        .await
        .read(StatusCode::OK);
    assert_eq!(tokens["scope"], "openid email");
    assert_eq!(tokens["token_type"], "Bearer");

    let id_token = claims(&tokens["id_token"]);
    let now = fixture.app.logins.clock.now().unix_timestamp();
    for (name, value) in [
        ("iss", json!(fixture.app.issuer.name())),
        ("aud", json!("tool")),
        ("sub", json!(user.user.id)),
        ("nonce", json!("n-1")),
        ("auth_time", json!(now)),
        ("iat", json!(now)),
        ("preferred_username", json!(user.user.user_id)),
        ("aal", json!("1")),
    ] {
        assert_eq!(id_token[name], value, "{name}");
    }
    // Existing connectors could not decode another length.
    let header = tokens["id_token"].as_str().unwrap().split('.').next();
    let header = URL_SAFE_NO_PAD.decode(header.unwrap()).unwrap();
    assert_ne!(header.len() % 3, 1);
    assert!(header.windows(5).any(|part| part == b"ES256"));

    let access = counting(&fixture, &tokens["access_token"]).unwrap();
    assert_eq!(access.kind(), Some(TokenKind::Plain));
    assert_eq!(json!(access.sid), id_token["sid"]);
    let refreshed: Value = tool
        .refresh(&fixture, tokens["refresh_token"].as_str().unwrap())
        .await
        .read(StatusCode::OK);
    assert!(counting(&fixture, &refreshed["access_token"]).is_some());

    // The second time nobody is asked.
    let code = sent_back(&browser.get(&tool.url(&[("scope", "profile")])).await)["code"].clone();
    let tokens: Value = tool.redeem(&fixture, &code, &[]).await.read(StatusCode::OK);
    assert_eq!(tokens.get("id_token"), None);
}

#[tokio::test]
async fn what_a_token_is_for_follows_from_whose_screens_they_are() {
    let (fixture, domain) = Fixture::with_domain().await;
    let participant = fixture.participant(3).await;
    let roles = vec![Role::Steward, Role::Operator, Role::Reviewer];
    let user = fixture.user(&participant, roles).await;
    let purpose = Purpose::Management {
        servers: true,
        ids: Vec::new(),
    };
    let manager = Tool::app(&fixture, "manager", purpose).await;
    let tokens = manager.sign_in(&fixture, &user).await;
    let managing = counting(&fixture, &tokens["access_token"]).unwrap();
    assert_eq!(managing.kind(), Some(TokenKind::Management));
    assert_eq!(managing.roles.len(), 3);

    let service = Tool::service(&fixture, "tool.example").await;
    let tokens = service.sign_in(&fixture, &user).await;
    let screens = counting(&fixture, &tokens["access_token"]).unwrap();
    assert_eq!(screens.kind(), Some(TokenKind::Screens));
    assert_eq!(screens.audiences(), ["tool.example"]);
    assert_eq!(screens.roles, [Role::Operator, Role::Steward]);

    let provider = domain.provider.connector.connector_id.as_str();
    let body = json!({ "redirect_uris": [BACK] });
    let path = format!("/v1/connectors/{provider}/redirect-uris");
    fixture.operate(&path, &body).await.expect(StatusCode::OK);
    let connector = Tool::with_certificate(provider, &domain.provider_certificate);
    let tokens = connector.sign_in(&fixture, &user).await;
    let token = tokens["access_token"].clone();
    let screens = counting(&fixture, &token).unwrap();
    assert_eq!(screens.audiences(), [provider]);
    assert_eq!(screens.roles, [Role::Steward]);

    // It is that server's alone, and no more once that has no screens.
    let asked = [("token", token.as_str().unwrap())];
    let other = fixture
        .peer_form(&service.ask, "/oauth2/introspect", &asked)
        .await;
    assert_eq!(other.json()["active"], false);
    let own = fixture
        .peer_form(&connector.ask, "/oauth2/introspect", &asked)
        .await;
    assert_eq!(own.json()["active"], true);
    let as_operator = Ask {
        authorization: Some(format!("Bearer {}", token.as_str().unwrap())),
        ..Ask::default()
    };
    fixture
        .get(&as_operator, "/v1/users")
        .await
        .expect(StatusCode::FORBIDDEN);
    fixture
        .operate(&path, &json!({}))
        .await
        .expect(StatusCode::OK);
    assert!(counting(&fixture, &token).is_none());
}

/// Neither a code nor a refresh token of a server with screens is of use without its certificate.
#[tokio::test]
async fn a_connector_gets_tokens_of_people_with_its_certificate_alone() {
    let (fixture, domain) = Fixture::with_domain().await;
    let provider = domain.provider.connector.connector_id.as_str();
    let path = format!("/v1/connectors/{provider}/redirect-uris");
    let body = json!({ "redirect_uris": [BACK] });
    fixture.operate(&path, &body).await.expect(StatusCode::OK);
    let secret = domain.provider.client_secret.as_ref().unwrap();
    let with_secret = Tool {
        id: provider.to_owned(),
        ask: with_basic(provider, secret.expose()),
    };
    let with_certificate = Tool::with_certificate(provider, &domain.provider_certificate);
    let mut browser = Browser::new(&fixture);
    let code = browser.sign_in(&with_secret.url(&[]), &domain.user).await;
    let refused = with_secret.redeem(&fixture, &code, &[]).await;
    refused.assert_error(StatusCode::BAD_REQUEST, "unauthorized_client");
    let tokens: Value = with_certificate
        .redeem(&fixture, &code, &[])
        .await
        .read(StatusCode::OK);
    let token = tokens["refresh_token"].as_str().unwrap();
    let refused = with_secret.refresh(&fixture, token).await;
    refused.assert_error(StatusCode::BAD_REQUEST, "unauthorized_client");
    fixture
        .public(
            &with_secret.ask,
            "/cadde/api/v4/token/refresh",
            &json!({ "refresh_token": token }),
        )
        .await
        .expect(StatusCode::UNAUTHORIZED);
    with_certificate
        .refresh(&fixture, token)
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn an_id_token_is_no_access_token_and_the_other_way_round() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = Tool::service(&fixture, "tool.example").await;
    let tokens = tool.sign_in(&fixture, &user).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    assert!(fixture.app.issuer.check(id_token).is_none());
    assert!(
        serde_json::from_value::<auth_client::TokenClaims>(claims(&tokens["id_token"])).is_err()
    );
    let bearer = Ask {
        authorization: Some(format!("Bearer {id_token}")),
        ..Ask::default()
    };
    for path in ["/oauth2/userinfo", "/v1/users"] {
        let answer = fixture.get(&bearer, path).await;
        answer.assert_problem(StatusCode::UNAUTHORIZED, "token-inactive");
    }
    let access = tokens["access_token"].as_str().unwrap();
    assert!(fixture.app.issuer.read_hint(access).is_none());
    assert!(fixture.app.issuer.read_hint(id_token).is_some());
    for other in ["", "a.b.c", &id_token[..id_token.len() - 4]] {
        assert!(fixture.app.issuer.read_hint(other).is_none());
    }
}

#[tokio::test]
async fn userinfo_tells_who_the_user_of_a_token_is() {
    let (fixture, domain) = Fixture::with_domain().await;
    let tool = Tool::service(&fixture, "tool.example").await;
    let tokens = tool.sign_in(&fixture, &domain.user).await;
    let bearer = |token: &str| Ask {
        authorization: Some(format!("Bearer {token}")),
        peer: Some(domain.receiver_certificate.clone()),
        ..Ask::default()
    };
    let screens = tokens["access_token"].as_str().unwrap();
    let (plain, _) = fixture.login(&domain.client, &domain.user).await;
    for token in [screens, &plain, &fixture.operator] {
        let at_public = fixture.get(&bearer(token), "/oauth2/userinfo").await;
        let at_peer = fixture.peer_get(&bearer(token), "/oauth2/userinfo").await;
        assert_eq!(at_public.json(), at_peer.json());
        at_public.expect(StatusCode::OK);
    }
    let told = fixture
        .get(&bearer(screens), "/oauth2/userinfo")
        .await
        .json();
    let id = &domain.user.user.user_id;
    for (name, value) in [
        ("sub", json!(domain.user.user.id)),
        ("preferred_username", json!(id)),
        ("user", json!(id)),
        ("org", json!(id)),
        ("aal", json!("1")),
        ("name", json!("利用者")),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    assert_eq!(told["participant"]["name"], "参加機関1");
    assert_eq!(told.get("domain"), None);
    let domain_a = json!({ "letter": "A", "name_ja": "防災", "name_en": "Disaster prevention" });
    let path = format!("/v1/participants/{}/domain", domain.user.user.participant);
    for body in [
        json!({ "domain": { "letter": "a", "name_ja": "防災", "name_en": "x" } }),
        json!({ "domain": { "letter": "AB", "name_ja": "防災", "name_en": "x" } }),
    ] {
        let refused = fixture.operate(&path, &body).await;
        refused.assert_misfit("domain.letter");
    }
    let body = json!({ "domain": { "letter": "A", "name_ja": "防災", "name_en": "\u{202e}x\n" } });
    fixture
        .operate(&path, &body)
        .await
        .assert_misfit("domain.name_en");
    let body = json!({ "domain": domain_a });
    fixture.operate(&path, &body).await.expect(StatusCode::OK);
    let now = fixture
        .get(&bearer(screens), "/oauth2/userinfo")
        .await
        .json();
    assert_eq!(now["domain"], domain_a);
    // The address is for those who ask for it.
    assert_eq!(told.get("email"), None);

    let provider = domain.provider.connector.connector_id.as_str();
    let bound = domain.exchange(&fixture, &plain, provider).await.json();
    let bound = bound["access_token"].as_str().unwrap();
    fixture
        .get(&bearer(bound), "/oauth2/userinfo")
        .await
        .assert_problem(StatusCode::UNAUTHORIZED, "token-refused");
    for (ask, kind) in [
        (Ask::default(), "token-missing"),
        (bearer("x"), "token-inactive"),
    ] {
        let answer = fixture.get(&ask, "/oauth2/userinfo").await;
        answer.assert_problem(StatusCode::UNAUTHORIZED, kind);
    }
}

/// For one provider, by the tool at whose screens the steward signed in, and by nobody else.
#[tokio::test]
async fn the_catalogue_tool_gets_a_stewards_token_for_one_provider() {
    let (fixture, domain, other) = Fixture::with_two_domains().await;
    let participant = fixture.participant(3).await;
    let steward = fixture
        .user(&participant, vec![Role::Steward, Role::Operator])
        .await;
    let tool = Tool::service(&fixture, "tool.example").await;
    let tokens = tool.sign_in(&fixture, &steward).await;
    let screens = tokens["access_token"].as_str().unwrap();
    let provider = domain.provider.connector.connector_id.as_str();
    let exchange = async |ask: &Ask, subject: &str, audience: &str| {
        let form = token_exchange(subject, audience);
        fixture.peer_form(ask, "/oauth2/token", &form).await
    };
    let answer: Value = exchange(&tool.ask, screens, provider)
        .await
        .read(StatusCode::OK);
    assert!(answer["expires_in"].as_i64().unwrap() <= 300);
    let token = answer["access_token"].clone();
    let claims = counting(&fixture, &token).unwrap();
    assert_eq!(claims.kind(), Some(TokenKind::Stewards));
    assert_eq!(claims.audiences(), [provider]);
    assert_eq!(claims.roles, [Role::Steward]);
    assert!(claims.cnf.is_none());
    assert_eq!(claims.act.as_ref().unwrap().sub, "tool.example");
    let asks = async |certificate: &std::sync::Arc<common::tls::PeerCertificate>| {
        let ask = crate::api::tests::fixture::with_certificate(certificate);
        let form = [("token", token.as_str().unwrap())];
        let answer = fixture.peer_form(&ask, "/oauth2/introspect", &form).await;
        answer.json()["active"] == true
    };
    assert!(asks(&domain.provider_certificate).await);
    assert!(!asks(&other.provider_certificate).await);
    assert!(!asks(&domain.receiver_certificate).await);

    // Not of anything else, for anybody else, or by anybody else.
    let (plain, _) = fixture.login(&domain.client, &domain.user).await;
    let member = tool.sign_in(&fixture, &domain.user).await;
    let members = member["access_token"].as_str().unwrap();
    let elsewhere = Tool::service(&fixture, "elsewhere.example").await;
    let receiver = domain.receiver.connector.connector_id.as_str();
    let user = domain.user.user.user_id.as_str();
    for (ask, subject, audience, error) in [
        (&tool.ask, plain.as_str(), provider, "invalid_request"),
        (
            &tool.ask,
            fixture.operator.as_str(),
            provider,
            "invalid_request",
        ),
        (&tool.ask, members, provider, "invalid_request"),
        (
            &tool.ask,
            token.as_str().unwrap(),
            provider,
            "invalid_request",
        ),
        (&tool.ask, screens, receiver, "invalid_target"),
        (&tool.ask, screens, user, "invalid_target"),
        (&tool.ask, screens, "nobody.example", "invalid_target"),
        (&elsewhere.ask, screens, provider, "invalid_request"),
    ] {
        let refused = exchange(ask, subject, audience).await;
        refused.assert_error(StatusCode::BAD_REQUEST, error);
    }
    let by_receiver = domain.exchange(&fixture, screens, provider).await;
    by_receiver.assert_error(StatusCode::BAD_REQUEST, "invalid_request");

    // It ends with the session that it was made of.
    let form = [("token", tokens["refresh_token"].as_str().unwrap())];
    fixture
        .peer_form(&tool.ask, "/oauth2/revoke", &form)
        .await
        .expect(StatusCode::OK);
    assert!(counting(&fixture, &token).is_none());
}
