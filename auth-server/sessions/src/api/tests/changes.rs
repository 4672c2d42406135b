//! Who may change something.

use http::{Method, StatusCode};
use rstest::rstest;

use super::fixture::{EXTERNAL, Fixture, OWN_PAGE, kind};

#[tokio::test]
async fn the_servers_own_pages_change_something_for_who_is_signed_in() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    let answer = browser.ask(Method::POST, "/v1/things", OWN_PAGE).await;
    assert_eq!(
        (answer.status, &answer.body),
        (StatusCode::OK, &"cadde.a".into())
    );
}

#[rstest]
#[case::nothing(&[])]
#[case::without_the_header(&[("origin", EXTERNAL)])]
#[case::without_an_origin(&[("x-kakehashi-request", "1")])]
#[case::from_elsewhere(&[("origin", "https://evil.example"), ("x-kakehashi-request", "1")])]
#[case::from_another_port(&[("origin", "https://catalog.example"), ("x-kakehashi-request", "1")])]
#[case::from_a_frame_without_origin(&[("origin", "null"), ("x-kakehashi-request", "1")])]
#[case::a_form(&[("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")])]
#[tokio::test]
async fn a_cookie_alone_changes_nothing(#[case] headers: &[(&str, &str)]) {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    for method in [Method::POST, Method::DELETE, Method::PUT, Method::PATCH] {
        // A method that there is not is refused as such; one that there is, for where it comes from.
        let answer = browser.ask(method.clone(), "/v1/things", headers).await;
        if method == Method::POST {
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert_eq!(kind(&answer), "cross-site-request");
        } else {
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        }
    }
    // Whether somebody is signed in is not told either.
    let nobody = fixture.browser();
    nobody.plant("__Host-kakehashi-session.catalog.example", "x");
    let answer = nobody.ask(Method::POST, "/v1/things", headers).await;
    assert_eq!(kind(&answer), "cross-site-request");
    // Reading needs no proof.
    let read = browser.ask(Method::GET, "/v1/things", headers).await;
    assert_eq!(read.body, "cadde.a");
}

#[tokio::test]
async fn nobody_is_nobody() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    let answer = browser.ask(Method::POST, "/v1/things", OWN_PAGE).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(kind(&answer), "not-signed-in");
    assert_eq!(browser.get("/v1/things").await.body, "nobody");
    browser.plant("__Host-kakehashi-session.catalog.example", "x");
    assert_eq!(browser.get("/v1/things").await.body, "nobody");
}

/// A form of another page comes without the cookie, and its answer must not take the cookie away.
#[tokio::test]
async fn nobody_is_signed_out_from_elsewhere() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    for headers in [&[("origin", "https://evil.example")][..], &[]] {
        for is_sent in [true, false] {
            let sender = if is_sent {
                browser.at(&fixture.router)
            } else {
                fixture.browser()
            };
            let answer = sender.ask(Method::POST, "/logout", headers).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert!(!answer.headers.contains_key("set-cookie"));
        }
    }
    assert_eq!(browser.who().await.as_deref(), Some("cadde.a"));
}
