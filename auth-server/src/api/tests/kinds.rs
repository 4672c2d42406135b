//! What tokens are for: which kind each way of getting one gives, where it counts, and to whom it shows.

use std::sync::Arc;

use auth_client::{
    Audience, Role, TokenClaims, TokenKind,
    api::{
        AppClient, CreateService, CreatedAppClient, CreatedService, GrantType, IssuedCertificate,
        ServiceKind,
    },
};
use common::tls::PeerCertificate;
use http::StatusCode;
use serde_json::{Value, json};

use super::fixture::{
    Answer, Ask, Domain, Fixture, basic, csr, identity, with_basic, with_certificate,
};

fn claims(fixture: &Fixture, token: &str) -> TokenClaims {
    fixture.app.issuer.check(token).expect("it counts")
}

async fn client(fixture: &Fixture, grants: &[&str], purpose: Value) -> Answer {
    let body = json!({ "name": "応用", "grants": grants, "purpose": purpose });
    fixture.operate("/v1/clients", &body).await
}

async fn service(fixture: &Fixture, id: &str) -> Arc<PeerCertificate> {
    let body = CreateService::new(id.parse().unwrap(), ServiceKind::Server, "サーバ");
    let created: CreatedService = fixture
        .operate("/v1/services", &body)
        .await
        .read(StatusCode::CREATED);
    let code = created.enrolment.unwrap().code;
    let issued: IssuedCertificate = fixture
        .enrol(code.expose(), &csr())
        .await
        .read(StatusCode::CREATED);
    identity(&issued.certificate)
}

fn bearer(token: &str) -> Ask {
    Ask {
        authorization: Some(format!("Bearer {token}")),
        ..Ask::default()
    }
}

#[tokio::test]
async fn roles_stand_only_in_tokens_for_managing() {
    let (fixture, domain) = Fixture::with_domain().await;
    let participant = fixture.participant(2).await;
    let operator = fixture.user(&participant, vec![Role::Operator]).await;
    let (plain, _) = fixture.login(&domain.client, &operator).await;
    let seen = claims(&fixture, &plain);
    assert_eq!(
        (seen.kind(), seen.aud, seen.roles.len()),
        (Some(TokenKind::Plain), None, 0)
    );

    service(&fixture, "location.example").await;
    let body = json!({ "user_id": operator.user.user_id, "password": operator.initial_password });
    let ask = with_basic(
        &fixture.first.operator_client_id,
        fixture.first.operator_client_secret.expose(),
    );
    let tokens: Value = fixture
        .public(&ask, "/cadde/api/v4/token", &body)
        .await
        .read(StatusCode::OK);
    let seen = claims(&fixture, tokens["access_token"].as_str().unwrap());
    assert_eq!(seen.kind(), Some(TokenKind::Management));
    assert_eq!(seen.roles, [Role::Operator]);
    let servers = ["auth.trial.example", "location.example"].map(str::to_owned);
    assert_eq!(seen.aud, Some(Audience::Many(servers.to_vec())));

    // One that was registered since is in the next one.
    service(&fixture, "ledger.example").await;
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    let tokens: Value = fixture
        .public(&ask, "/cadde/api/v4/token/refresh", &body)
        .await
        .read(StatusCode::OK);
    let seen = claims(&fixture, tokens["access_token"].as_str().unwrap());
    assert!(seen.names("ledger.example") && !seen.names("provider.d1.example"));
    assert_eq!(seen.roles, [Role::Operator]);
}

#[tokio::test]
async fn the_operator_api_takes_tokens_for_managing_this_server_alone() {
    let (fixture, domain) = Fixture::with_domain().await;
    let participant = fixture.participant(2).await;
    let operator = fixture.user(&participant, vec![Role::Operator]).await;
    let (plain, _) = fixture.login(&domain.client, &operator).await;
    let elsewhere: CreatedAppClient = client(
        &fixture,
        &["password"],
        json!({ "kind": "management", "ids": ["provider.d1.example"] }),
    )
    .await
    .read(StatusCode::CREATED);
    let (elsewhere, _) = fixture.login(&elsewhere, &operator).await;
    assert_eq!(claims(&fixture, &elsewhere).roles, [Role::Operator]);
    let bound = domain
        .exchanged(&fixture, &plain, "provider.d1.example")
        .await;
    let addressed = domain
        .exchanged(&fixture, &plain, operator.user.user_id.as_str())
        .await;
    for (what, token) in [
        ("plain", &plain),
        ("for another server", &elsewhere),
        ("bound", &bound),
        ("addressed", &addressed),
    ] {
        for path in ["/v1/users", "/v1/events"] {
            let answer = fixture.get(&bearer(token), path).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{what} {path}");
            assert_eq!(answer.kind(), "token-elsewhere", "{what}");
        }
    }
    fixture
        .get(&fixture.operator(), "/v1/users")
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn a_token_for_managing_ends_where_its_client_manages_no_more() {
    let (fixture, domain) = Fixture::with_domain().await;
    let created: CreatedAppClient = client(
        &fixture,
        &["password", "refresh-token"],
        json!({ "kind": "management", "servers": true, "ids": ["provider.d1.example"] }),
    )
    .await
    .read(StatusCode::CREATED);
    let (token, _) = fixture.login(&created, &domain.user).await;
    let path = format!("/v1/clients/{}/purpose", created.client.client_id);
    let change = async |purpose: Value| {
        let body = json!({ "purpose": purpose });
        let changed: AppClient = fixture.operate(&path, &body).await.read(StatusCode::OK);
        changed
    };
    // More is no harm.
    change(json!({ "kind": "management", "servers": true, "ids": ["provider.d1.example", "receiver.d1.example"] })).await;
    assert!(fixture.app.issuer.check(&token).is_some());
    for less in [
        json!({ "kind": "management", "servers": true }),
        json!({ "kind": "management", "ids": ["provider.d1.example"] }),
        json!({ "kind": "ledger" }),
        json!({ "kind": "application" }),
    ] {
        change(less.clone()).await;
        assert!(fixture.app.issuer.check(&token).is_none(), "{less}");
    }
    // What was a plain token before stays one.
    let (plain, _) = fixture.login(&created, &domain.user).await;
    change(json!({ "kind": "management", "servers": true })).await;
    assert_eq!(claims(&fixture, &plain).kind(), Some(TokenKind::Plain));
}

#[tokio::test]
async fn what_is_managed_is_registered_and_managed_by_people() {
    let (fixture, domain) = Fixture::with_domain().await;
    let unknown = json!({ "kind": "management", "ids": ["nobody.example"] });
    let app = json!({ "kind": "management", "ids": [domain.client.client.client_id] });
    let many = json!({ "kind": "management", "ids": vec!["provider.d1.example"; 33] });
    for purpose in [unknown, app, many, json!({ "kind": "god" })] {
        let answer = client(&fixture, &["password"], purpose.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{purpose}");
    }
    let body = json!({
        "name": "応用", "grants": ["client-credentials"], "user_id": domain.user.user.user_id,
        "purpose": { "kind": "management", "servers": true },
    });
    fixture
        .operate("/v1/clients", &body)
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
    let machine = fixture
        .app_client(vec![GrantType::ClientCredentials], Some(&domain.user))
        .await;
    let path = format!("/v1/clients/{}/purpose", machine.client.client_id);
    let body = json!({ "purpose": { "kind": "management", "servers": true } });
    fixture
        .operate(&path, &body)
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
    for nobody in ["nobody", "provider.d1.example", "auth.trial.example"] {
        let path = format!("/v1/clients/{nobody}/purpose");
        fixture
            .operate(&path, &body)
            .await
            .expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_receiver_gets_a_token_for_whoever_checks_no_binding() {
    let (fixture, a, b) = Fixture::with_two_domains().await;
    let ledger: CreatedAppClient = client(&fixture, &["password"], json!({ "kind": "ledger" }))
        .await
        .read(StatusCode::CREATED);
    let (subject, _) = fixture.login(&b.client, &b.user).await;
    for audience in [
        a.user.user.user_id.as_str(),
        ledger.client.client_id.as_str(),
    ] {
        let token = b.exchanged(&fixture, &subject, audience).await;
        let seen = claims(&fixture, &token);
        assert_eq!(seen.kind(), Some(TokenKind::Addressed), "{audience}");
        assert_eq!(seen.aud, Some(Audience::One(audience.into())));
        assert_eq!((seen.exp - seen.iat, seen.roles.len()), (300, 0));
        assert_eq!(seen.act.as_ref().unwrap().sub, "receiver.d2.example");
        assert_eq!(seen.user, b.user.user.user_id);
        // It is nobody's to pass on.
        for next in [audience, "provider.d1.example"] {
            let answer = b.exchange(&fixture, &token, next).await;
            answer.assert_error(StatusCode::BAD_REQUEST, "invalid_request");
        }
    }
    let app = a.client.client.client_id.as_str();
    for nobody in [
        "cadde.nobody",
        app,
        "auth.trial.example",
        "receiver.d1.example",
        "",
        "a b",
    ] {
        let answer = b.exchange(&fixture, &subject, nobody).await;
        answer.expect(StatusCode::BAD_REQUEST);
        let error = if nobody.is_empty() {
            "invalid_request"
        } else {
            "invalid_target"
        };
        assert_eq!(answer.error(), error, "{nobody:?}");
    }
    let path = format!("/v1/users/{}/state", a.user.user.user_id);
    let body = json!({ "state": "suspended", "reason": "a try" });
    fixture.operate(&path, &body).await.expect(StatusCode::OK);
    let answer = b
        .exchange(&fixture, &subject, a.user.user.user_id.as_str())
        .await;
    assert_eq!(answer.error(), "invalid_target");
}

/// Whether `token` shows to whoever asks, on every path where one asks.
async fn shows(fixture: &Fixture, ask: &Ask, token: &str, expected: bool, what: &str) {
    let body = json!({ "access_token": token });
    let status = if expected {
        StatusCode::OK
    } else {
        StatusCode::FORBIDDEN
    };
    let is_peer = ask.peer.is_some();
    for path in [
        "/cadde/api/v4/token/introspect",
        "/cadde/api/v4/token/intorospect",
    ] {
        let answer = if is_peer {
            fixture.peer(ask, path, &body).await
        } else {
            fixture.public(ask, path, &body).await
        };
        assert_eq!(answer.status, status, "{what} at {path}");
    }
    let form = [("token", token)];
    let answer = if is_peer {
        fixture.peer_form(ask, "/oauth2/introspect", &form).await
    } else {
        fixture.public_form(ask, "/oauth2/introspect", &form).await
    };
    let answer: Value = answer.read(StatusCode::OK);
    assert_eq!(answer["active"], expected, "{what}");
    assert_eq!(answer.as_object().unwrap().len() == 1, !expected, "{what}");
}

/// Who may learn whose token it is.
#[tokio::test]
async fn a_token_made_for_somebody_shows_to_whom_it_concerns() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (
        Domain::new(&fixture, 1).await,
        Domain::new(&fixture, 2).await,
        Domain::new(&fixture, 3).await,
    );
    let location = service(&fixture, "location.example").await;
    let ledger: CreatedAppClient = client(&fixture, &["password"], json!({ "kind": "ledger" }))
        .await
        .read(StatusCode::CREATED);
    // An application of the provider's participant, as its own tools are.
    let tool = fixture
        .app_client(vec![GrantType::ClientCredentials], Some(&a.user))
        .await;
    let manager: CreatedAppClient = client(
        &fixture,
        &["password"],
        json!({ "kind": "management", "ids": ["provider.d1.example"] }),
    )
    .await
    .read(StatusCode::CREATED);

    let (plain, _) = fixture.login(&b.client, &b.user).await;
    let (management, _) = fixture.login(&manager, &a.user).await;
    let bound = b.exchanged(&fixture, &plain, "provider.d1.example").await;
    let addressed = b
        .exchanged(&fixture, &plain, a.user.user.user_id.as_str())
        .await;
    let to_ledger = b
        .exchanged(&fixture, &plain, &ledger.client.client_id)
        .await;

    let app = |client: &CreatedAppClient| {
        with_basic(&client.client.client_id, client.client_secret.expose())
    };
    let askers: [(&str, Ask); 9] = [
        ("provider of a", with_certificate(&a.provider_certificate)),
        ("receiver of a", with_certificate(&a.receiver_certificate)),
        ("tool of a", app(&tool)),
        ("receiver of b", with_certificate(&b.receiver_certificate)),
        ("application of b", app(&b.client)),
        ("provider of c", with_certificate(&c.provider_certificate)),
        ("application of c", app(&c.client)),
        ("a server", with_certificate(&location)),
        ("a ledger", app(&ledger)),
    ];
    let everybody: Vec<&str> = askers.iter().map(|(who, _)| *who).collect();
    let shown: [(&str, &String, &[&str]); 5] = [
        ("plain", &plain, &everybody),
        ("management", &management, &["provider of a", "a server"]),
        (
            "bound",
            &bound,
            &["provider of a", "receiver of b", "a server", "a ledger"],
        ),
        (
            "addressed",
            &addressed,
            &[
                "provider of a",
                "receiver of a",
                "tool of a",
                "receiver of b",
                "a server",
                "a ledger",
            ],
        ),
        (
            "for a ledger",
            &to_ledger,
            &["receiver of b", "a server", "a ledger"],
        ),
    ];
    for (kind, token, to) in shown {
        for (who, ask) in &askers {
            let expected = to.contains(who);
            shows(&fixture, ask, token, expected, &format!("{kind} to {who}")).await;
        }
    }
}

/// The audience with its secret, as existing connectors ask.
#[tokio::test]
async fn an_addressed_token_shows_to_its_provider_by_its_secret() {
    let (fixture, a, b) = Fixture::with_two_domains().await;
    let (plain, _) = fixture.login(&b.client, &b.user).await;
    let addressed = b
        .exchanged(&fixture, &plain, a.user.user.user_id.as_str())
        .await;
    let secret = a.provider.client_secret.as_ref().unwrap();
    let ask = Ask {
        authorization: Some(basic("provider.d1.example", secret.expose())),
        ..Ask::default()
    };
    let body = json!({ "access_token": addressed });
    fixture
        .public(&ask, "/cadde/api/v4/token/introspect", &body)
        .await
        .expect(StatusCode::OK);
}
