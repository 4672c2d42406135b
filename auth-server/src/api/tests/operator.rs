//! The operator API: who may use it, what it refuses, and what it writes down.

use std::{os::unix::fs::PermissionsExt as _, sync::Arc, time::Duration};

use auth_client::{
    Role,
    api::{Connector, Event, GrantType, Page, Participant, User},
};
use common::clock::{SharedClock, SystemClock};
use http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use super::fixture::{Ask, Domain, Fixture, NUMBER, config, corporate_number, options, with_basic};
use crate::init::{InitError, InitOptions, init};

#[tokio::test]
async fn init_happens_once_and_leaves_a_working_operator() {
    let fixture = Fixture::new().await;
    assert_eq!(
        fixture.first.operator_user_id.as_str(),
        format!("cadde.{NUMBER}.op")
    );
    let again = init(&fixture.config, options(), fixture.clock.clone()).await;
    assert!(matches!(again, Err(InitError::AlreadyInitialised)));
    let me: User = fixture
        .get(
            &fixture.operator(),
            &format!("/v1/users/{}", fixture.first.operator_user_id),
        )
        .await
        .read(StatusCode::OK);
    assert_eq!(me.roles, [Role::Operator]);
}

#[tokio::test]
async fn secrets_of_the_first_operator_are_for_one_reader_and_there_before_they_count() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let clock: SharedClock = Arc::new(SystemClock);
    let path = folder.path().join("operator.json");
    let with_file = || InitOptions {
        secrets_file: Some(path.clone()),
        ..options()
    };
    // A file that is there already stays as it is, and nothing counts.
    std::fs::write(&path, "mine").unwrap();
    let refused = init(&config, with_file(), clock.clone()).await;
    assert!(matches!(refused, Err(InitError::Secrets { path: named, .. }) if named == path));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    std::fs::remove_file(&path).unwrap();

    let made = init(&config, with_file(), clock.clone()).await.unwrap();
    let file = std::fs::metadata(&path).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written, serde_json::to_value(&made).unwrap());
    assert_eq!(
        written["operator_password"],
        made.operator_password.expose()
    );

    // Where there is an installation, no file is left of the attempt to make another.
    std::fs::remove_file(&path).unwrap();
    let again = init(&config, with_file(), clock).await;
    assert!(matches!(again, Err(InitError::AlreadyInitialised)));
    assert!(!path.exists());
}

#[tokio::test]
async fn only_operators_get_in() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (plain, _) = fixture.login(&domain.client, &domain.user).await;
    let bearer = |token: &str| Ask {
        authorization: Some(format!("Bearer {token}")),
        ..Ask::default()
    };
    let client = with_basic(
        &domain.client.client.client_id,
        domain.client.client_secret.expose(),
    );
    let cases = [
        (Ask::default(), StatusCode::UNAUTHORIZED),
        (client, StatusCode::UNAUTHORIZED),
        (bearer("x"), StatusCode::UNAUTHORIZED),
        (bearer(&plain), StatusCode::FORBIDDEN),
    ];
    for endpoint in crate::api::endpoints() {
        if endpoint.listener != "public" || !endpoint.access.starts_with("bearer:") {
            continue;
        }
        for (ask, status) in &cases {
            let answer = match endpoint.method {
                "GET" => fixture.get(ask, endpoint.path).await,
                _ => fixture.public(ask, endpoint.path, &json!({})).await,
            };
            assert_eq!(
                answer.status, *status,
                "{} {}",
                endpoint.method, endpoint.path
            );
        }
    }
    fixture.clock.advance(Duration::from_hours(1));
    fixture
        .get(&fixture.operator(), "/v1/users")
        .await
        .expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_auditor_reads_events_and_nothing_else() {
    let fixture = Fixture::new().await;
    let participant = fixture.participant(1).await;
    let auditor = fixture.user(&participant, vec![Role::Auditor]).await;
    let token = fixture.management_token(&auditor).await;
    let ask = Ask {
        authorization: Some(format!("Bearer {token}")),
        ..Ask::default()
    };
    fixture.get(&ask, "/v1/events").await.expect(StatusCode::OK);
    fixture
        .get(&ask, "/v1/users")
        .await
        .expect(StatusCode::FORBIDDEN);
}

#[rstest]
#[case::no_number(json!({ "kind": "organisation", "name": "A" }), "corporate_number")]
#[case::wrong_check_digit(json!({ "kind": "organisation", "name": "A", "corporate_number": "8000012050002" }), "corporate_number")]
#[case::number_of_a_person(json!({ "kind": "individual", "name": "A", "corporate_number": NUMBER }), "corporate_number")]
#[case::no_name(json!({ "kind": "individual", "name": "" }), "name")]
#[case::long_name(json!({ "kind": "individual", "name": "あ".repeat(201) }), "name")]
#[case::no_address(json!({ "kind": "individual", "name": "A", "email": "x" }), "email")]
#[tokio::test]
async fn a_participant_that_does_not_fit_is_refused_with_the_member(
    #[case] body: Value,
    #[case] field: &str,
) {
    Fixture::assert_misfit("/v1/participants", &body, field).await;
}

#[tokio::test]
async fn numbers_and_user_ids_are_unique_and_issued_in_order() {
    let fixture = Fixture::new().await;
    let participant = fixture.participant(1).await;
    let body =
        json!({ "kind": "organisation", "name": "A", "corporate_number": corporate_number(1) });
    let answer = fixture.operate("/v1/participants", &body).await;
    answer.assert_problem(StatusCode::CONFLICT, "duplicate-number");

    let number = &participant.number;
    let (first, second) = (
        fixture.user(&participant, vec![]).await,
        fixture.user(&participant, vec![]).await,
    );
    assert_eq!(first.user.user_id.as_str(), format!("cadde.{number}.aa"));
    assert_eq!(second.user.user_id.as_str(), format!("cadde.{number}.ab"));
    let taken = json!({ "participant": participant.id, "suffix": "aa", "name": "A" });
    let answer = fixture.operate("/v1/users", &taken).await;
    assert_eq!(answer.kind(), "duplicate-user-id");
    for (body, field) in [
        (
            json!({ "participant": participant.id, "suffix": "AA", "name": "A" }),
            "suffix",
        ),
        (
            json!({ "participant": uuid::Uuid::max(), "name": "A" }),
            "participant",
        ),
        (
            json!({ "participant": participant.id, "name": "A", "orgs": ["cadde.nobody.aa"] }),
            "orgs",
        ),
    ] {
        let answer = fixture.operate("/v1/users", &body).await;
        answer.assert_misfit(field);
    }
}

#[tokio::test]
async fn a_private_person_gets_a_number_of_ours() {
    let fixture = Fixture::new().await;
    let body = json!({ "kind": "individual", "name": "個人" });
    let person: Participant = fixture
        .operate("/v1/participants", &body)
        .await
        .read(StatusCode::CREATED);
    assert_eq!(person.number.len(), 13);
    assert!(person.number.starts_with('0'));
    let user = fixture.user(&person, vec![]).await;
    assert_eq!(
        user.user.user_id.as_str(),
        format!("cadde.{}.aa", person.number)
    );
}

#[tokio::test]
async fn organisations_stand_in_the_token_in_their_order() {
    let fixture = Fixture::new().await;
    let participant = fixture.participant(1).await;
    let (one, two) = (
        fixture.user(&participant, vec![]).await,
        fixture.user(&participant, vec![]).await,
    );
    let orgs = [&two.user.user_id, &one.user.user_id, &two.user.user_id];
    let body = json!({ "participant": participant.id, "name": "A", "orgs": orgs, "extras": "x" });
    let member = fixture
        .operate("/v1/users", &body)
        .await
        .read(StatusCode::CREATED);
    let client = fixture.app_client(vec![GrantType::Password], None).await;
    let (token, _) = fixture.login(&client, &member).await;
    let claims = fixture.app.issuer.check(&token).unwrap();
    assert_eq!(
        claims.org,
        format!("{}, {}", two.user.user_id, one.user.user_id)
    );
    assert_eq!(claims.extras.as_deref(), Some("x"));
}

#[tokio::test]
async fn a_second_connector_of_the_same_kind_is_refused_by_its_kind() {
    let (fixture, domain) = Fixture::with_domain().await;
    let user = &domain.user.user.user_id;
    let body = |id: &str, url: &str| json!({ "connector_id": id, "role": "provider", "user_id": user, "base_url": url });
    for (id, url, kind) in [
        ("Provider.D1.example", "https://new.example", "duplicate-id"),
        (
            "new.example",
            "HTTPS://provider.d1.EXAMPLE:443/",
            "duplicate-url",
        ),
        ("auth.trial.example", "https://new.example", "duplicate-id"),
    ] {
        let answer = fixture.operate("/v1/connectors", &body(id, url)).await;
        answer.assert_problem(StatusCode::CONFLICT, kind);
        assert!(
            !answer.json().to_string().contains("d1"),
            "the other party is not named"
        );
    }
    for (body, field) in [
        (body("new.example", "ftp://new.example"), "base_url"),
        (
            json!({ "connector_id": "new.example", "role": "provider", "user_id": user }),
            "base_url",
        ),
        (
            json!({ "connector_id": "new.example", "role": "receiver", "user_id": "cadde.nobody" }),
            "user_id",
        ),
    ] {
        let answer = fixture.operate("/v1/connectors", &body).await;
        answer.assert_misfit(field);
    }
    let unknown = json!({ "connector_id": "https://a", "role": "receiver", "user_id": user });
    fixture
        .operate("/v1/connectors", &unknown)
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
    let surplus =
        json!({ "connector_id": "a.example", "role": "receiver", "user_id": user, "surplus": 1 });
    fixture
        .operate("/v1/connectors", &surplus)
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
}

#[rstest]
#[case::nothing(json!({ "name": "A", "grants": [] }), "grants")]
#[case::no_user(json!({ "name": "A", "grants": ["client-credentials"] }), "user_id")]
#[case::colon(json!({ "name": "A", "grants": ["password"], "client_id": "a:b" }), "client_id")]
#[tokio::test]
async fn an_application_that_does_not_fit_is_refused(#[case] body: Value, #[case] field: &str) {
    Fixture::assert_misfit("/v1/clients", &body, field).await;
}

#[tokio::test]
async fn lists_continue_where_the_cursor_says() {
    let fixture = Fixture::new().await;
    for seed in 1..=4 {
        Domain::new(&fixture, seed).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/connectors?limit=3".to_owned();
    loop {
        let page: Page<Connector> = fixture
            .get(&fixture.operator(), &path)
            .await
            .read(StatusCode::OK);
        assert!(page.items.len() <= 3);
        seen.extend(
            page.items
                .into_iter()
                .map(|one| one.connector_id.to_string()),
        );
        match page.next {
            Some(next) => path = format!("/v1/connectors?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 8);
    assert!(seen.is_sorted());
    for path in [
        "/v1/users?limit=0",
        "/v1/users?limit=201",
        "/v1/users?cursor=!",
        "/v1/participants?cursor=eA",
    ] {
        fixture
            .get(&fixture.operator(), path)
            .await
            .expect(StatusCode::BAD_REQUEST);
    }
    let page: Page<Participant> = fixture
        .get(&fixture.operator(), "/v1/participants?limit=5")
        .await
        .read(StatusCode::OK);
    assert_eq!((page.items.len(), page.next), (5, None));
}

#[tokio::test]
async fn every_change_is_written_down_with_who_and_why() {
    let (fixture, domain) = Fixture::with_domain().await;
    let body = json!({ "state": "suspended", "reason": "契約終了" });
    let path = "/v1/connectors/provider.d1.example/state";
    fixture.operate(path, &body).await.expect(StatusCode::OK);
    let mut events: Vec<Event> = Vec::new();
    let mut path = "/v1/events?limit=4".to_owned();
    loop {
        let page: Page<Event> = fixture
            .get(&fixture.operator(), &path)
            .await
            .read(StatusCode::OK);
        events.extend(page.items);
        match page.next {
            Some(next) => path = format!("/v1/events?limit=4&cursor={next}"),
            None => break,
        }
    }
    let kinds: Vec<_> = events
        .iter()
        .rev()
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "installation.initialised",
            "participant.registered",
            "user.registered",
            "client.registered",
            "connector.registered",
            "connector.registered",
            "certificate.issued",
            "certificate.issued",
            "connector.suspended",
        ]
    );
    assert_eq!(events[0].actor, fixture.first.operator_user_id.as_str());
    assert_eq!(events[0].reason.as_deref(), Some("契約終了"));
    assert_eq!(events[1].actor, "provider.d1.example");
    let text = serde_json::to_string(&events).unwrap();
    assert!(!text.contains(domain.user.initial_password.expose()));
}

#[tokio::test]
async fn nobody_suspends_their_own_account() {
    let fixture = Fixture::new().await;
    let me: User = fixture
        .get(
            &fixture.operator(),
            &format!("/v1/users/{}", fixture.first.operator_user_id),
        )
        .await
        .read(StatusCode::OK);
    let body = json!({ "state": "suspended", "reason": "x" });
    for path in [
        format!("/v1/users/{}/state", me.user_id),
        format!("/v1/participants/{}/state", me.participant),
    ] {
        let answer = fixture.operate(&path, &body).await;
        answer.assert_problem(StatusCode::CONFLICT, "own-account");
    }
}

#[tokio::test]
async fn unknown_entries_are_not_found() {
    let (fixture, domain) = Fixture::with_domain().await;
    for path in [
        "/v1/participants/x",
        "/v1/participants/01900000-0000-7000-8000-000000000000",
        "/v1/users/cadde.nobody",
        "/v1/connectors/nobody.example",
        "/v1/services/receiver.d1.example",
        "/v1/clients/receiver.d1.example",
        "/v1/certificates/ff",
    ] {
        fixture
            .get(&fixture.operator(), path)
            .await
            .expect(StatusCode::NOT_FOUND);
    }
    let body = json!({ "state": "suspended", "reason": "x" });
    let path = format!("/v1/connectors/{}/state", domain.client.client.client_id);
    fixture
        .operate(&path, &body)
        .await
        .expect(StatusCode::NOT_FOUND);
}
