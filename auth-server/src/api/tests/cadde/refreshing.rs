//! Refresh tokens, and what ends them.

use std::time::Duration;

use auth_client::api::GrantType;
use http::StatusCode;
use serde_json::{Value, json};

use super::{app, receiver};
use crate::{
    api::tests::fixture::{Fixture, with_basic},
    domain::secrets,
};

#[tokio::test]
async fn refreshing_replaces_both_tokens_until_the_session_ends() {
    let (fixture, domain) = Fixture::with_domain().await;
    let ask = app(&domain);
    let path = "/cadde/api/v4/token/refresh";
    let (_, mut refresh) = fixture.login(&domain.client, &domain.user).await;
    // 10 h in all, less than 2 h apart.
    for _ in 0..5 {
        fixture.clock.advance(Duration::from_mins(100));
        let answer: Value = fixture
            .public(&ask, path, &json!({ "refresh_token": refresh }))
            .await
            .read(StatusCode::OK);
        assert_ne!(answer["refresh_token"], json!(refresh));
        refresh = answer["refresh_token"].as_str().unwrap().to_owned();
        let token = answer["access_token"].as_str().unwrap();
        let body = json!({ "access_token": token });
        fixture
            .public(&receiver(&domain), "/cadde/api/v4/token/introspect", &body)
            .await
            .expect(StatusCode::OK);
    }
    fixture.clock.advance(Duration::from_mins(100));
    fixture
        .public(&ask, path, &json!({ "refresh_token": refresh }))
        .await
        .expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refresh_token_left_lying_ends() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (_, refresh) = fixture.login(&domain.client, &domain.user).await;
    fixture.clock.advance(Duration::from_hours(2));
    let body = json!({ "refresh_token": refresh });
    fixture
        .public(&app(&domain), "/cadde/api/v4/token/refresh", &body)
        .await
        .expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_copied_refresh_token_ends_the_session_but_a_repeated_request_does_not() {
    let (fixture, domain) = Fixture::with_domain().await;
    let ask = app(&domain);
    let path = "/cadde/api/v4/token/refresh";
    let introspect = "/cadde/api/v4/token/introspect";
    let (access, first) = fixture.login(&domain.client, &domain.user).await;
    let body = json!({ "refresh_token": first });
    let one: Value = fixture.public(&ask, path, &body).await.read(StatusCode::OK);
    // Two requests of one session at nearly the same time.
    fixture.clock.advance(Duration::from_secs(5));
    let two: Value = fixture.public(&ask, path, &body).await.read(StatusCode::OK);
    assert_eq!(one["refresh_token"], two["refresh_token"]);
    assert_ne!(one["access_token"], two["access_token"]);
    fixture
        .public(
            &ask,
            path,
            &json!({ "refresh_token": one["refresh_token"] }),
        )
        .await
        .expect(StatusCode::OK);

    fixture.clock.advance(Duration::from_mins(1));
    fixture
        .public(&ask, path, &body)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    // Everything that descends from the login ends, access tokens too.
    fixture
        .public(
            &ask,
            path,
            &json!({ "refresh_token": two["refresh_token"] }),
        )
        .await
        .expect(StatusCode::UNAUTHORIZED);
    let body = json!({ "access_token": access });
    fixture
        .public(&receiver(&domain), introspect, &body)
        .await
        .expect(StatusCode::FORBIDDEN);
    // And the operator learns of it.
    let events: Value = fixture
        .get(&fixture.operator(), "/v1/events?limit=1")
        .await
        .read(StatusCode::OK);
    assert_eq!(events["items"][0]["kind"], "session.refresh-token-reused");
    assert_eq!(
        events["items"][0]["subject"],
        json!(domain.user.user.user_id)
    );
}

/// The server's own database, past the server.
async fn database(fixture: &Fixture) -> sqlx::SqlitePool {
    let file = fixture.config.database.url.strip_prefix("sqlite:").unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    sqlx::SqlitePool::connect_with(options).await.unwrap()
}

#[tokio::test]
async fn requests_at_once_get_one_refresh_token_which_nothing_kept_gives_away() {
    let (fixture, domain) = Fixture::with_domain().await;
    let ask = app(&domain);
    let (_, first) = fixture.login(&domain.client, &domain.user).await;
    let body = json!({ "refresh_token": first });
    let refresh = async || -> String {
        let answer = fixture
            .public(&ask, "/cadde/api/v4/token/refresh", &body)
            .await;
        let answer: Value = answer.read(StatusCode::OK);
        answer["refresh_token"].as_str().unwrap().to_owned()
    };
    let (one, two) = tokio::join!(refresh(), refresh());
    assert_eq!(one, two);

    let database = database(&fixture).await;
    let kept = async || -> Vec<Vec<u8>> {
        let query = "SELECT successor FROM refresh_tokens WHERE successor IS NOT NULL";
        sqlx::query_scalar(query)
            .fetch_all(&database)
            .await
            .unwrap()
    };
    let [sealed] = &kept().await[..] else {
        panic!("one token has a successor");
    };
    assert_eq!(secrets::open(sealed, &first), Some(one.clone()));
    assert_eq!(secrets::open(sealed, &one), None);
    let part = |text: &str| sealed.windows(8).any(|part| part == &text.as_bytes()[..8]);
    assert!(!part(&one) && !part(&first));
    let hashes: Vec<Vec<u8>> = sqlx::query_scalar("SELECT hash FROM refresh_tokens")
        .fetch_all(&database)
        .await
        .unwrap();
    assert!(hashes.iter().any(|hash| hash == &secrets::hash(&one)));
    for hash in hashes {
        assert!(!sealed.windows(8).any(|part| part == &hash[..8]));
    }

    // Somebody who comes with the old token later gets nothing, and nothing is left to be got.
    fixture.clock.advance(Duration::from_secs(11));
    fixture
        .public(&ask, "/cadde/api/v4/token/refresh", &body)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    assert_eq!(kept().await, Vec::<Vec<u8>>::new());
    database.close().await;
}

#[tokio::test]
async fn a_successor_that_was_damaged_is_an_error_and_no_other_token() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (_, first) = fixture.login(&domain.client, &domain.user).await;
    let body = json!({ "refresh_token": first });
    let path = "/cadde/api/v4/token/refresh";
    fixture
        .public(&app(&domain), path, &body)
        .await
        .expect(StatusCode::OK);
    let database = database(&fixture).await;
    sqlx::query("UPDATE refresh_tokens SET successor = randomblob(71) WHERE successor IS NOT NULL")
        .execute(&database)
        .await
        .unwrap();
    fixture
        .public(&app(&domain), path, &body)
        .await
        .expect(StatusCode::INTERNAL_SERVER_ERROR);
    database.close().await;
}

#[tokio::test]
async fn a_refresh_token_works_for_its_own_client_only() {
    let (fixture, domain) = Fixture::with_domain().await;
    let other = fixture
        .app_client(vec![GrantType::RefreshToken], None)
        .await;
    let (_, refresh) = fixture.login(&domain.client, &domain.user).await;
    let ask = with_basic(&other.client.client_id, other.client_secret.expose());
    let body = json!({ "refresh_token": refresh });
    let path = "/cadde/api/v4/token/refresh";
    fixture
        .public(&ask, path, &body)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    fixture
        .public(&app(&domain), path, &body)
        .await
        .expect(StatusCode::OK);
}
