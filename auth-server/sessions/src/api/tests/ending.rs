//! How sessions end.

use std::{sync::atomic::Ordering, time::Duration};

use auth_client::TokenError;
use http::{Method, StatusCode};
use test_kit::issuer::FakeIssuer;
use test_postgres::Site;

use super::fixture::{Fixture, OWN_PAGE, kind, text};

#[tokio::test]
async fn whoever_signs_out_is_out_and_so_is_all_that_came_of_it() {
    let fixture = Fixture::new().await;
    let (browser, other) = (
        fixture.signed_in("cadde.a").await,
        fixture.signed_in("cadde.a").await,
    );
    let copy = browser.at(&fixture.router);
    let answer = browser.ask(Method::POST, "/logout", OWN_PAGE).await;
    assert_eq!(answer.status, StatusCode::OK);
    let address = text(&answer.body["sign_out_address"]);
    assert_eq!(
        address,
        "https://auth.example/oauth2/logout?post_logout_redirect_uri=https%3A%2F%2Fcatalog.example%3A8443%2F"
    );
    assert_eq!(browser.cookie("session"), None);
    // Also where somebody has kept the cookie.
    assert_eq!(copy.who().await, None);
    let revoked = fixture.issuer.revoked.lock().unwrap().clone();
    assert_eq!(revoked, ["refresh-token-cadde.a-1"]);
    assert_eq!(other.who().await.as_deref(), Some("cadde.a"));
    // Again is no failure.
    let again = copy.ask(Method::POST, "/logout", OWN_PAGE).await;
    assert_eq!(again.status, StatusCode::OK);
}

#[tokio::test]
async fn who_signs_out_while_the_authentication_server_is_away_is_out_and_it_is_told_later() {
    for site in Site::each() {
        let fixture = Fixture::on(site).await;
        let browser = fixture.signed_in("cadde.a").await;
        let copy = browser.at(&fixture.router);
        fixture.issuer.is_away.store(true, Ordering::SeqCst);
        let answer = browser.ask(Method::POST, "/logout", OWN_PAGE).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(copy.who().await, None);
        fixture.do_chores().await;
        assert!(fixture.issuer.revoked.lock().unwrap().is_empty());
        fixture.issuer.is_away.store(false, Ordering::SeqCst);
        for _ in 0..2 {
            fixture.do_chores().await;
            assert_eq!(fixture.issuer.revoked.lock().unwrap().len(), 1);
        }
    }
}

#[tokio::test]
async fn who_is_suspended_is_out_and_stays_out() {
    let fixture = Fixture::new().await;
    let (browser, other) = (
        fixture.signed_in("cadde.a").await,
        fixture.signed_in("cadde.b").await,
    );
    fixture.issuer.suspend("cadde.a");
    let secrets = fixture.issuer.secrets.lock().unwrap().clone();
    let claims = FakeIssuer::claims_of("cadde.b");
    fixture.issuer.auth.token(&secrets[2], Ok(claims));
    let answer = browser.ask(Method::POST, "/v1/things", OWN_PAGE).await;
    assert_eq!(kind(&answer), "not-signed-in");
    assert_eq!(other.who().await.as_deref(), Some("cadde.b"));
    // What has ended does not come back with whoever is let in again.
    let claims = FakeIssuer::claims_of("cadde.a");
    fixture.issuer.auth.token(&secrets[0], Ok(claims));
    assert_eq!(browser.who().await, None);
}

#[tokio::test]
async fn a_token_that_is_for_something_else_is_no_session() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    let secrets = fixture.issuer.secrets.lock().unwrap().clone();
    let mut claims = FakeIssuer::claims_of("cadde.a");
    claims.aud = None;
    fixture.issuer.auth.token(&secrets[0], Ok(claims));
    assert_eq!(browser.who().await, None);
}

#[tokio::test]
async fn while_the_authentication_server_is_away_nobody_is_signed_out() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    fixture.issuer.auth.is_away.store(true, Ordering::SeqCst);
    let answer = browser.get("/session").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "5");
    fixture.issuer.auth.is_away.store(false, Ordering::SeqCst);
    assert_eq!(browser.who().await.as_deref(), Some("cadde.a"));
    let secrets = fixture.issuer.secrets.lock().unwrap().clone();
    fixture
        .issuer
        .auth
        .token(&secrets[0], Err(TokenError::Unavailable("?".into())));
    let answer = browser.get("/session").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_and_use_keeps_it() {
    let fixture = Fixture::new().await;
    let (used, unused) = (
        fixture.signed_in("cadde.a").await,
        fixture.signed_in("cadde.b").await,
    );
    for _ in 0..3 {
        fixture.advance(Duration::from_mins(50));
        assert_eq!(used.who().await.as_deref(), Some("cadde.a"));
    }
    assert_eq!(unused.who().await, None);
    fixture.advance(Duration::from_hours(2));
    assert_eq!(used.who().await, None);
}

#[tokio::test]
async fn a_session_ends_however_it_is_used() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    for _ in 0..11 {
        fixture.advance(Duration::from_mins(50));
        assert_eq!(browser.who().await.as_deref(), Some("cadde.a"));
    }
    fixture.advance(Duration::from_mins(50));
    assert_eq!(browser.who().await, None);
    fixture.do_chores().await;
    // It was removed, not only passed over.
    assert_eq!(fixture.rows().await, 0);
}

#[tokio::test]
async fn with_one_more_the_session_ends_that_was_not_used_for_longest() {
    let fixture = Fixture::with(Site::sqlite(), |config| config.per_user = 2).await;
    let first = fixture.signed_in("cadde.a").await;
    let second = fixture.signed_in("cadde.a").await;
    fixture.advance(Duration::from_mins(5));
    assert!(first.who().await.is_some());
    let third = fixture.signed_in("cadde.a").await;
    assert_eq!(second.who().await, None);
    assert!(first.who().await.is_some() && third.who().await.is_some());
    // The authentication server is told of it.
    fixture.do_chores().await;
    assert_eq!(fixture.issuer.revoked.lock().unwrap().len(), 1);
    assert_eq!(fixture.rows().await, 2);
}

#[tokio::test]
async fn a_restart_signs_nobody_out() {
    for site in Site::each() {
        let fixture = Fixture::on(site).await;
        let browser = fixture.signed_in("cadde.a").await;
        let half = fixture.browser();
        let address = half.begin("").await;
        let after = fixture.beside().await;
        assert_eq!(browser.at(&after).who().await.as_deref(), Some("cadde.a"));
        // Nor is anybody thrown back who was about to sign in.
        let code = fixture.issuer.sign_in("cadde.b", &address);
        let half = half.at(&after);
        half.come_back(&address, &code).await;
        assert_eq!(half.who().await.as_deref(), Some("cadde.b"));
    }
}

#[tokio::test]
async fn with_another_key_one_signs_in_again_and_what_is_kept_stays() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    let other = fixture.with_another_key().await;
    assert_eq!(browser.at(&other).who().await, None);
    assert_eq!(browser.who().await.as_deref(), Some("cadde.a"));
}
