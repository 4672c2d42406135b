//! Signing in, and signing others in.

use std::{collections::HashSet, sync::atomic::Ordering, time::Duration};

use http::{Method, StatusCode};
use rstest::rstest;
use test_kit::issuer::ISSUER;

use super::fixture::{Fixture, PER_NETWORK, callback, kind, location, state_of, text};

#[tokio::test]
async fn whoever_signs_in_is_signed_in_and_goes_on_where_they_were() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    assert_eq!(browser.who().await, None);
    let address = browser.begin("?return_to=%2Fdrafts%2F1%3Ftab%3Dform").await;
    assert!(
        address
            .as_str()
            .starts_with("https://auth.example/oauth2/authorize?")
    );
    let code = fixture.issuer.sign_in("cadde.a", &address);
    let answer = browser.come_back(&address, &code).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        location(&answer.headers).as_str(),
        "https://catalog.example:8443/drafts/1?tab=form"
    );
    assert_eq!(answer.headers["cache-control"], "no-store");
    let session = browser.get("/session").await;
    assert_eq!(session.status, StatusCode::OK);
    assert_eq!(session.headers["cache-control"], "no-store");
    let body = session.body;
    assert_eq!(body["user_id"], "cadde.a");
    assert_eq!(body["orgs"], serde_json::json!(["cadde.org"]));
    assert_eq!(body["roles"], serde_json::json!(["steward"]));
    assert_eq!(body["name"], "利用者");
    assert_eq!(body["participant"]["name"], "参加機関");
    assert_eq!(body["domain"]["letter"], "A");
    assert_eq!(text(&body["ends_at"]), "2026-04-01T19:00:00Z");
    assert_eq!(text(&body["idle_ends_at"]), "2026-04-01T11:00:00Z");
    // The sign-in is over, and its cookie gone.
    assert_eq!(browser.cookie("sign-in"), None);
}

/// Neither in a header nor in a body nor in a cookie; nor in the files of the database, nor the id that the browser has.
#[tokio::test]
async fn no_token_reaches_the_browser_or_lies_open_in_the_database() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    browser.get("/session").await;
    fixture.advance(Duration::from_secs(3500));
    assert!(browser.who().await.is_some());
    browser
        .ask(Method::POST, "/v1/things", super::fixture::OWN_PAGE)
        .await;
    let path = fixture
        .site
        .config
        .url
        .trim_start_matches("sqlite:")
        .to_owned();
    let mut files = Vec::new();
    for suffix in ["", "-wal"] {
        files.extend(std::fs::read(format!("{path}{suffix}")).unwrap());
    }
    let id = browser.cookie("session").unwrap();
    let raw = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &id);
    let in_files = |secret: &[u8]| files.windows(secret.len()).any(|part| part == secret);
    assert!(in_files(b"cadde.a"), "the files are looked at");
    assert!(!in_files(id.as_bytes()) && !in_files(&raw.unwrap()));
    let seen = browser.seen.lock().unwrap().clone();
    let secrets = fixture.issuer.secrets.lock().unwrap().clone();
    assert_eq!(secrets.len(), 4);
    for secret in secrets {
        assert!(!seen.contains(&secret), "{secret}");
        assert!(!in_files(secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn each_sign_in_has_secrets_of_its_own() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    let mut seen = HashSet::new();
    for _ in 0..2 {
        let address = browser.begin("").await;
        for (name, value) in address.query_pairs() {
            if matches!(&*name, "state" | "nonce" | "code_challenge") {
                assert!(seen.insert(value.into_owned()), "{name}");
            }
        }
        assert!(seen.insert(browser.cookie("sign-in").unwrap()));
    }
    assert_eq!(seen.len(), 8);
}

#[rstest]
#[case("//evil.example")]
#[case("https://evil.example/")]
#[case("/\\evil.example")]
#[case("/.//evil.example")]
#[case("javascript:alert(1)")]
#[case("/a%0d%0aset-cookie:%20x=y")]
#[tokio::test]
async fn nobody_is_sent_elsewhere_after_signing_in(#[case] path: &str) {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    let answer = browser.get(&format!("/login?return_to={path}")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(kind(&answer), "return-to-foreign");
    assert_eq!(browser.cookie("sign-in"), None);
}

/// Login CSRF: a browser that did not begin a sign-in is not made to finish somebody's.
#[tokio::test]
async fn a_code_of_somebody_else_signs_nobody_in() {
    let fixture = Fixture::new().await;
    let (attacker, victim) = (fixture.browser(), fixture.browser());
    let address = attacker.begin("").await;
    let code = fixture.issuer.sign_in("cadde.attacker", &address);
    // With nothing begun, and with something of one's own begun.
    for _ in 0..2 {
        let answer = victim.come_back(&address, &code).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(kind(&answer), "sign-in-unknown");
        assert_eq!(victim.who().await, None);
        victim.begin("").await;
    }
    // The code was not even looked at, and what the victim has begun goes on.
    assert_eq!(fixture.issuer.redeems.load(Ordering::SeqCst), 0);
    assert!(victim.cookie("sign-in").is_some());
    // Under the victim's own state it is not the code of that sign-in: it was made for another challenge.
    let own = victim.begin("").await;
    let answer = victim.come_back(&own, &code).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(kind(&answer), "sign-in-refused");
    assert_eq!(victim.who().await, None);
}

#[rstest]
#[case::no_state(&[("code", "C"), ("iss", ISSUER)], 400, "sign-in-unknown")]
#[case::empty_state(&[("code", "C"), ("state", ""), ("iss", ISSUER)], 400, "sign-in-unknown")]
#[case::another_state(&[("code", "C"), ("state", "x"), ("iss", ISSUER)], 400, "sign-in-unknown")]
#[case::no_issuer(&[("code", "C"), ("state", "S")], 400, "sign-in-unknown")]
#[case::another_issuer(&[("code", "C"), ("state", "S"), ("iss", "https://evil.example")], 400, "sign-in-unknown")]
#[case::nothing(&[("state", "S"), ("iss", ISSUER)], 400, "sign-in-unknown")]
#[case::both(&[("code", "C"), ("error", "access_denied"), ("state", "S"), ("iss", ISSUER)], 400, "sign-in-unknown")]
#[case::twice(&[("code", "C"), ("code", "D"), ("state", "S"), ("iss", ISSUER)], 400, "parameter-does-not-fit")]
#[case::denied(&[("error", "access_denied"), ("state", "S"), ("iss", ISSUER)], 403, "sign-in-refused")]
#[case::nonsense(&[("error", "<script>"), ("state", "S"), ("iss", ISSUER)], 403, "sign-in-refused")]
#[case::busy(&[("error", "temporarily_unavailable"), ("state", "S"), ("iss", ISSUER)], 503, "sign-in-unavailable")]
#[tokio::test]
async fn an_answer_is_that_to_what_was_begun(
    #[case] parameters: &[(&str, &str)],
    #[case] status: u16,
    #[case] problem: &str,
) {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    let address = browser.begin("").await;
    let (code, state) = (
        fixture.issuer.sign_in("cadde.a", &address),
        state_of(&address),
    );
    let filled: Vec<_> = parameters
        .iter()
        .map(|(name, value)| match *value {
            "C" => (*name, code.as_str()),
            "S" => (*name, state.as_str()),
            other => (*name, other),
        })
        .collect();
    let answer = browser.get(&callback(&filled)).await;
    assert_eq!(answer.status.as_u16(), status, "{:?}", answer.body);
    assert_eq!(kind(&answer), problem);
    assert!(!answer.body.to_string().contains("script"));
    assert_eq!(fixture.issuer.redeems.load(Ordering::SeqCst), 0);
    assert_eq!(browser.who().await, None);
}

#[tokio::test]
async fn a_sign_in_that_takes_too_long_is_begun_anew() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    let address = browser.begin("").await;
    let code = fixture.issuer.sign_in("cadde.a", &address);
    fixture.advance(Duration::from_mins(10));
    let answer = browser.come_back(&address, &code).await;
    assert_eq!(kind(&answer), "sign-in-unknown");
    assert_eq!(fixture.issuer.redeems.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_counts_once() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    let address = browser.begin("").await;
    let kept = browser.cookies.lock().unwrap().clone();
    let code = fixture.issuer.sign_in("cadde.a", &address);
    browser.come_back(&address, &code).await;
    // Again, as from the history; and as by somebody who has a copy of what the browser had.
    let answer = browser.come_back(&address, &code).await;
    assert_eq!(kind(&answer), "sign-in-unknown");
    assert_eq!(browser.who().await.as_deref(), Some("cadde.a"));
    let copy = fixture.browser();
    copy.cookies.lock().unwrap().extend(kept);
    let answer = copy.come_back(&address, &code).await;
    assert_eq!(kind(&answer), "sign-in-refused");
    assert_eq!(copy.who().await, None);
}

/// Fixed session: an id that somebody knows before is nobody's after.
#[tokio::test]
async fn whoever_signs_in_gets_a_new_id_and_the_former_session_ends() {
    let fixture = Fixture::new().await;
    let attacker = fixture.signed_in("cadde.attacker").await;
    let known = attacker.cookie("session").unwrap();
    let victim = fixture.browser();
    victim.plant("__Host-kakehashi-session.catalog.example", &known);
    victim.sign_in(&fixture.issuer, "cadde.victim").await;
    assert_ne!(victim.cookie("session").unwrap(), known);
    assert_eq!(victim.who().await.as_deref(), Some("cadde.victim"));
    assert_eq!(attacker.who().await, None);
    // An id that was made up begins no session.
    let other = fixture.browser();
    other.plant("__Host-kakehashi-session.catalog.example", &"A".repeat(43));
    assert_eq!(other.who().await, None);
}

#[tokio::test]
async fn somebody_of_whom_another_name_is_told_is_not_signed_in() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    let address = browser.begin("").await;
    // The stand-in makes of this ID another subject for the person than for the token.
    let code = fixture.issuer.sign_in("cadde.a-b", &address);
    let answer = browser.come_back(&address, &code).await;
    assert_eq!(kind(&answer), "sign-in-refused");
    assert_eq!(browser.who().await, None);
}

#[tokio::test]
async fn while_the_authentication_server_is_away_people_are_told_to_come_again() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    let address = browser.begin("").await;
    let code = fixture.issuer.sign_in("cadde.a", &address);
    fixture.issuer.is_away.store(true, Ordering::SeqCst);
    let answer = browser.come_back(&address, &code).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(kind(&answer), "sign-in-unavailable");
    assert_eq!(answer.headers["retry-after"], "5");
    // The same answer, once it is back.
    fixture.issuer.is_away.store(false, Ordering::SeqCst);
    browser.come_back(&address, &code).await;
    assert_eq!(browser.who().await.as_deref(), Some("cadde.a"));
}

#[tokio::test]
async fn one_network_has_so_many_codes_redeemed_at_a_time() {
    let fixture = Fixture::new().await;
    let turns = fixture.issuer.gate.forget_permits(usize::MAX);
    let browser = fixture.browser();
    let address = browser.begin("").await;
    let many: Vec<_> = (0..PER_NETWORK)
        .map(|_| {
            let (browser, address) = (browser.at(&fixture.router), address.clone());
            tokio::spawn(async move { browser.come_back(&address, "x").await.status })
        })
        .collect();
    while fixture.issuer.redeems.load(Ordering::SeqCst) < PER_NETWORK as u64 {
        tokio::task::yield_now().await;
    }
    let answer = browser.come_back(&address, "x").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(kind(&answer), "busy");
    fixture.issuer.gate.add_permits(turns);
    for one in many {
        assert_eq!(one.await.unwrap(), StatusCode::FORBIDDEN);
    }
    assert_eq!(
        browser.come_back(&address, "x").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn people_see_a_page_that_says_what_to_do() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser();
    let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let answer = browser.ask(Method::GET, "/callback?code=x", &[html]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert!(
        answer.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    let page = text(&answer.body);
    assert!(
        page.contains("<html lang=\"ja\">") && page.contains("href=\"/login\""),
        "{page}"
    );
    // Where it is known, it leads on to where they were.
    let address = browser.begin("?return_to=/a%26b").await;
    let state = state_of(&address);
    let path = callback(&[
        ("error", "access_denied"),
        ("state", &state),
        ("iss", ISSUER),
    ]);
    let answer = browser.ask(Method::GET, &path, &[html]).await;
    let page = text(&answer.body);
    assert!(
        page.contains("href=\"/login?return_to=%2Fa%26b\""),
        "{page}"
    );
}
