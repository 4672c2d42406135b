//! Sessions at the login page: who has one, and what ends it.

use std::time::Duration;

use auth_client::api::Purpose;
use http::{
    StatusCode,
    header::{LOCATION, SET_COOKIE},
};
use serde_json::{Value, json};

use super::browser::{Browser, Tool, assert_stays, counting, hidden, sent_back, text};
use crate::api::tests::fixture::Fixture;

const COOKIE: &str = "kakehashi-login";

async fn tool(fixture: &Fixture) -> Tool {
    Tool::app(fixture, "tool", Purpose::Application).await
}

/// Whether the browser is signed in.
async fn is_known(browser: &mut Browser<'_>, tool: &Tool) -> bool {
    let back = sent_back(&browser.get(&tool.url(&[("prompt", "none")])).await);
    assert!(back.contains_key("code") || back["error"] == "login_required");
    back.contains_key("code")
}

#[tokio::test]
async fn a_form_of_somebody_elses_signs_nobody_in() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    let url = tool.url(&[]);
    // The attacker has a page of their own, with their own proof and their own password.
    let mut attacker = Browser::new(&fixture);
    let proof = hidden(&attacker.get(&url).await, "form");
    let password = user.initial_password.expose();
    let id = user.user.user_id.as_str();
    let form = [
        ("form", proof.as_str()),
        ("user_id", id),
        ("password", password),
    ];
    let mut fresh = Browser::new(&fixture);
    assert_stays(&fresh.post(&url, &form).await, StatusCode::FORBIDDEN);
    let mut victim = Browser::new(&fixture);
    let own = hidden(&victim.get(&url).await, "form");
    assert_ne!(own, proof);
    assert_stays(&victim.post(&url, &form).await, StatusCode::FORBIDDEN);
    // A proof is for one request, and for forms from here.
    let form = [
        ("form", own.as_str()),
        ("user_id", id),
        ("password", password),
    ];
    let other = tool.url(&[("state", "other")]);
    assert_stays(&victim.post(&other, &form).await, StatusCode::FORBIDDEN);
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        victim.headers = vec![(name, value.into())];
        let page = victim.post(&url, &form).await;
        assert_stays(&page, StatusCode::FORBIDDEN);
        // What was typed is still there, and the next try works.
        assert!(text(&page).contains(id));
    }
    assert_eq!(victim.session(), None);
    victim.headers = vec![("origin", fixture.app.issuer.name().to_owned())];
    sent_back(&victim.post(&url, &form).await);
    assert!(victim.session().is_some());
}

#[tokio::test]
async fn a_session_is_new_at_every_login_and_the_one_before_ends() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    // One that somebody else has put there.
    let fixed = "a".repeat(43);
    let mut browser = Browser::new(&fixture);
    browser.cookies.insert(COOKIE.into(), fixed.clone());
    assert!(!is_known(&mut browser, &tool).await);
    browser.sign_in(&tool.url(&[]), &user).await;
    let first = browser.session().unwrap().to_owned();
    assert_ne!(first, fixed);
    let again = tool.url(&[("prompt", "login")]);
    browser.sign_in(&again, &user).await;
    let second = browser.session().unwrap().to_owned();
    assert_ne!(first, second);
    for (secret, known) in [(&fixed, false), (&first, false), (&second, true)] {
        let mut other = Browser::new(&fixture);
        other.cookies.insert(COOKIE.into(), secret.clone());
        assert_eq!(is_known(&mut other, &tool).await, known);
    }
}

#[tokio::test]
async fn a_cookie_is_for_this_server_and_no_script() {
    for (url, name, attributes) in [
        (
            "http://127.0.0.1:20001",
            "kakehashi-login=",
            "; Path=/; HttpOnly; SameSite=Lax",
        ),
        (
            "https://auth.trial.example",
            "__Host-kakehashi-login=",
            "; Path=/; Secure; HttpOnly; SameSite=Lax",
        ),
    ] {
        let fixture = Fixture::with(|config, _| {
            config.public.external_url = url.parse().unwrap();
        })
        .await;
        let user = fixture.member().await;
        let tool = tool(&fixture).await;
        let password = user.initial_password.expose();
        let mut browser = Browser::new(&fixture);
        let answer = browser
            .fill(&tool.url(&[]), user.user.user_id.as_str(), password)
            .await;
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.starts_with(name) && cookie.ends_with(attributes),
            "{cookie}"
        );
        // Nobody reads in the database what the browser has.
        let secret = cookie[name.len()..].split(';').next().unwrap();
        let file = fixture.config.database.url.strip_prefix("sqlite:").unwrap();
        for path in [file.to_owned(), format!("{file}-wal")] {
            let bytes = std::fs::read(path).unwrap_or_default();
            assert!(!bytes.windows(43).any(|part| part == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_in_any_case() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    let mut browser = Browser::new(&fixture);
    browser.sign_in(&tool.url(&[]), &user).await;
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    fixture.clock.advance(hours(2));
    assert!(!is_known(&mut browser, &tool).await);
    browser.sign_in(&tool.url(&[]), &user).await;
    for _ in 0..9 {
        fixture.clock.advance(hours(1));
        assert!(is_known(&mut browser, &tool).await);
    }
    fixture.clock.advance(hours(1));
    assert!(!is_known(&mut browser, &tool).await);
}

#[tokio::test]
async fn whoever_asks_for_it_gets_a_login_that_is_fresh() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    let mut browser = Browser::new(&fixture);
    browser.sign_in(&tool.url(&[]), &user).await;
    fixture.clock.advance(Duration::from_secs(61));
    for changes in [[("prompt", "login")], [("max_age", "60")]] {
        let page = browser.get(&tool.url(&changes)).await;
        assert_stays(&page, StatusCode::OK);
    }
    let late = [("prompt", "none"), ("max_age", "60")];
    let back = sent_back(&browser.get(&tool.url(&late)).await);
    assert_eq!(back["error"], "login_required");
    // And one that is fresh is enough.
    browser
        .sign_in(&tool.url(&[("max_age", "60")]), &user)
        .await;
    assert!(sent_back(&browser.get(&tool.url(&late)).await).contains_key("code"));
}

#[tokio::test]
async fn a_suspension_or_a_new_password_ends_sessions_and_their_tokens() {
    for what in ["user", "participant", "password"] {
        let fixture = Fixture::new().await;
        let user = fixture.member().await;
        let tool = tool(&fixture).await;
        let mut browser = Browser::new(&fixture);
        let tokens = tool.sign_in_with(&mut browser, &user).await;
        let id = &user.user.user_id;
        let state = |state: &str| json!({ "state": state, "reason": "試験" });
        let (path, body, back) = match what {
            "user" => (format!("/v1/users/{id}/state"), state("suspended"), true),
            "participant" => {
                let id = user.user.participant;
                (
                    format!("/v1/participants/{id}/state"),
                    state("suspended"),
                    true,
                )
            }
            _ => (format!("/v1/users/{id}/password"), json!({}), false),
        };
        fixture.operate(&path, &body).await.expect(StatusCode::OK);
        assert!(
            counting(&fixture, &tokens["access_token"]).is_none(),
            "{what}"
        );
        assert!(!is_known(&mut browser, &tool).await, "{what}");
        if back {
            let answer = fixture.operate(&path, &state("active")).await;
            answer.expect(StatusCode::OK);
        }
        assert!(!is_known(&mut browser, &tool).await, "{what}");
        let token = tokens["refresh_token"].as_str().unwrap();
        let refused = tool.refresh(&fixture, token).await;
        refused.assert_error(StatusCode::BAD_REQUEST, "invalid_grant");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_here_and_at_the_client() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    let mut browser = Browser::new(&fixture);
    let tokens = tool.sign_in_with(&mut browser, &user).await;
    let kept = browser.session().unwrap().to_owned();
    // However old the ID token is.
    fixture.clock.advance(Duration::from_mins(30));
    let url = format!(
        "/oauth2/logout?id_token_hint={}&post_logout_redirect_uri=https%3A%2F%2Ftool.example%2F&state=a%26b",
        tokens["id_token"].as_str().unwrap()
    );
    let answer = browser.get(&url).await;
    answer.expect(StatusCode::SEE_OTHER);
    assert_eq!(
        answer.headers[LOCATION],
        "https://tool.example/?state=a%26b"
    );
    assert_eq!(browser.session(), None);
    browser.cookies.insert(COOKIE.into(), kept);
    assert!(!is_known(&mut browser, &tool).await);
    assert!(counting(&fixture, &tokens["access_token"]).is_none());
    let refused = tool
        .refresh(&fixture, tokens["refresh_token"].as_str().unwrap())
        .await;
    refused.assert_error(StatusCode::BAD_REQUEST, "invalid_grant");
    // Once more leads to the same place.
    let again = Browser::new(&fixture).get(&url).await;
    again.expect(StatusCode::SEE_OTHER);
}

/// Also the one in the browser where the person signed in, when the client's own browser has no cookie of ours.
#[tokio::test]
async fn a_client_signs_out_without_the_cookie() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    let mut browser = Browser::new(&fixture);
    let tokens = tool.sign_in_with(&mut browser, &user).await;
    let form = [("id_token_hint", tokens["id_token"].as_str().unwrap())];
    let page = Browser::new(&fixture).post("/oauth2/logout", &form).await;
    assert_stays(&page, StatusCode::OK);
    assert!(text(&page).contains("ログアウトしました"));
    assert!(!is_known(&mut browser, &tool).await);
}

#[tokio::test]
async fn nobody_is_sent_where_the_client_has_not_registered() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    for uri in [
        "https://evil.example/",
        "https://tool.example/x",
        "https://tool.example",
        "javascript:alert(1)",
    ] {
        let mut browser = Browser::new(&fixture);
        let tokens = tool.sign_in_with(&mut browser, &user).await;
        let form = [
            ("id_token_hint", tokens["id_token"].as_str().unwrap()),
            ("post_logout_redirect_uri", uri),
        ];
        assert_stays(&browser.post("/oauth2/logout", &form).await, StatusCode::OK);
        assert!(counting(&fixture, &tokens["access_token"]).is_none());
    }
}

#[tokio::test]
async fn nobody_signs_somebody_else_out() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    let mut browser = Browser::new(&fixture);
    let tokens = tool.sign_in_with(&mut browser, &user).await;
    // A link is asked about, an answer that was not given here is none.
    let page = browser.get("/oauth2/logout").await;
    assert_stays(&page, StatusCode::OK);
    assert!(text(&page).contains(user.user.user_id.as_str()));
    for form in [&[][..], &[("form", "x")], &[("id_token_hint", "x")]] {
        assert_stays(&browser.post("/oauth2/logout", form).await, StatusCode::OK);
        assert!(is_known(&mut browser, &tool).await);
    }
    // Nor does somebody else's ID token, whether of here or made by themselves.
    let other = fixture
        .user(&fixture.participant(4).await, Vec::new())
        .await;
    let others = tool.sign_in(&fixture, &other).await;
    let id_token = others["id_token"].as_str().unwrap();
    let form = [("id_token_hint", id_token), ("client_id", "tool")];
    browser
        .post("/oauth2/logout", &form)
        .await
        .expect(StatusCode::OK);
    assert!(is_known(&mut browser, &tool).await);
    assert!(counting(&fixture, &tokens["access_token"]).is_some());
    // The answer that is given here counts, and ends all that began here.
    let proof = hidden(&browser.get("/oauth2/logout").await, "form");
    let form = [
        ("form", proof.as_str()),
        ("client_id", "tool"),
        ("post_logout_redirect_uri", "https://tool.example/"),
    ];
    let answer = browser.post("/oauth2/logout", &form).await;
    answer.expect(StatusCode::SEE_OTHER);
    assert!(!is_known(&mut browser, &tool).await);
    assert!(counting(&fixture, &tokens["access_token"]).is_none());
}

#[tokio::test]
async fn a_client_ends_the_session_of_its_own_token() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    for name in ["refresh_token", "access_token"] {
        let tokens: Value = tool.sign_in(&fixture, &user).await;
        let form = [("token", tokens[name].as_str().unwrap())];
        for _ in 0..2 {
            fixture
                .public_form(&tool.ask, "/oauth2/revoke", &form)
                .await
                .expect(StatusCode::OK);
        }
        assert!(counting(&fixture, &tokens["access_token"]).is_none());
    }
    fixture
        .public_form(&tool.ask, "/oauth2/revoke", &[("token", "nonsense")])
        .await
        .expect(StatusCode::OK);
}
