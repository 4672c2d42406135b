//! What the pages say, what they may do, and where nobody is sent.

use auth_client::api::Purpose;
use http::{
    StatusCode,
    header::{CONTENT_SECURITY_POLICY, LOCATION, RETRY_AFTER},
};
use rstest::rstest;
use serde_json::json;

use super::browser::{BACK, Browser, Tool, assert_stays, hidden, sent_back, text};
use crate::api::tests::fixture::{Ask, Fixture};

async fn tool(fixture: &Fixture) -> Tool {
    Tool::app(fixture, "tool", Purpose::Application).await
}

#[rstest]
#[case(&[("client_id", "")])]
#[case(&[("client_id", "nobody")])]
#[case(&[("client_id", "TOOL")])]
#[case(&[("client_id", "operator")])]
#[case(&[("redirect_uri", "")])]
#[case(&[("redirect_uri", "https://evil.example/")])]
#[case(&[("redirect_uri", "https://tool.example/session/callback/")])]
#[case(&[("redirect_uri", "https://tool.example/session/callback?")])]
#[case(&[("redirect_uri", "https://tool.example/session/callback?x=1")])]
#[case(&[("redirect_uri", "https://tool.example/session/callback#x")])]
#[case(&[("redirect_uri", "https://tool.example/session")])]
#[case(&[("redirect_uri", "http://tool.example/session/callback")])]
#[case(&[("redirect_uri", "https://TOOL.example/session/callback")])]
#[case(&[("redirect_uri", "https://tool.example@evil.example/")])]
#[case(&[("redirect_uri", "javascript:alert(1)")])]
#[case(&[("state", "a"), ("state", "b")])]
#[tokio::test]
async fn nobody_is_sent_where_nobody_is_registered(#[case] changes: &[(&str, &str)]) {
    let fixture = Fixture::new().await;
    let url = tool(&fixture).await.url(changes);
    let mut browser = Browser::new(&fixture);
    let page = browser.get(&url).await;
    assert_stays(&page, StatusCode::BAD_REQUEST);
    assert!(text(&page).contains("先へ進めません"));
    // Nor by the form, nor where the mistake is another one, too.
    let form = [("form", "x"), ("user_id", "x"), ("password", "x")];
    assert_stays(&browser.post(&url, &form).await, StatusCode::BAD_REQUEST);
    let worse = format!("{url}&response_type=token");
    assert_stays(&browser.get(&worse).await, StatusCode::BAD_REQUEST);
}

#[rstest]
#[case(&[("code_challenge", "")], "invalid_request")]
#[case(&[("code_challenge_method", "plain")], "invalid_request")]
#[case(&[("code_challenge_method", "")], "invalid_request")]
#[case(&[("response_type", "token")], "unsupported_response_type")]
#[case(&[("request", "ey")], "request_not_supported")]
#[case(&[("prompt", "none")], "login_required")]
#[case(&[("prompt", "none"), ("max_age", "1")], "login_required")]
#[tokio::test]
async fn who_is_known_is_told_what_is_wrong_with_the_request(
    #[case] changes: &[(&str, &str)],
    #[case] error: &str,
) {
    let fixture = Fixture::new().await;
    let tool = tool(&fixture).await;
    let with_query = format!("{BACK}?from=here");
    for (address, from) in [(BACK, None), (with_query.as_str(), Some("here"))] {
        let changes = [changes, &[("redirect_uri", address)]].concat();
        let back = sent_back(&Browser::new(&fixture).get(&tool.url(&changes)).await);
        assert_eq!(back["error"], error);
        assert_eq!(back["state"], "back & forth");
        assert_eq!(back["iss"], fixture.app.issuer.name());
        assert_eq!(back.get("from").map(String::as_str), from);
        assert!(!back.contains_key("code"));
    }
}

#[tokio::test]
async fn a_suspended_client_sends_nobody_here() {
    let fixture = Fixture::new().await;
    let tool = tool(&fixture).await;
    let body = json!({ "state": "suspended", "reason": "試験" });
    fixture
        .operate("/v1/clients/tool/state", &body)
        .await
        .expect(StatusCode::OK);
    let page = Browser::new(&fixture).get(&tool.url(&[])).await;
    assert_stays(&page, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_page_is_in_both_languages_and_may_do_little() {
    let (fixture, domain) = Fixture::with_domain().await;
    let provider = domain.provider.connector.connector_id.as_str();
    let path = format!("/v1/connectors/{provider}/redirect-uris");
    let body = json!({ "redirect_uris": [BACK] });
    fixture.operate(&path, &body).await.expect(StatusCode::OK);
    let tool = Tool::with_certificate(provider, &domain.provider_certificate);
    let mut browser = Browser::new(&fixture);
    let japanese = browser.get(&tool.url(&[])).await;
    let policy = japanese.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert_eq!(
        policy,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self' https://tool.example; base-uri 'none'; frame-ancestors 'none'"
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(japanese.headers[name], value);
    }
    let japanese = text(&japanese);
    for part in [
        "<html lang=\"ja\">",
        "ログイン",
        "（参加機関1）を使います",
        provider,
    ] {
        assert!(japanese.contains(part), "{part}");
    }
    // The link to the other language keeps the request.
    let (_, link) = japanese.split_once("<a href=\"/oauth2/authorize?").unwrap();
    let link = link.split('"').next().unwrap();
    let link = link.replace("&#38;", "&").replace("&amp;", "&");
    let english = browser.get(&format!("/oauth2/authorize?{link}")).await;
    let english = text(&english);
    for part in ["<html lang=\"en\">", "Sign in", "to use <b>"] {
        assert!(english.contains(part), "{part}: {english}");
    }
    browser.headers = vec![("accept-language", "en".into())];
    assert!(text(&browser.get(&tool.url(&[])).await).contains("<html lang=\"en\">"));
    let asked = tool.url(&[("ui_locales", "fr ja-JP")]);
    assert!(text(&browser.get(&asked).await).contains("<html lang=\"ja\">"));
    for (path, media) in [("css", "text/css"), ("js", "text/javascript")] {
        let asset = fixture
            .get(&Ask::default(), &format!("/assets/sign-in.{path}"))
            .await;
        asset.expect(StatusCode::OK);
        assert!(
            asset.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with(media)
        );
        assert_eq!(asset.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn a_wrong_pair_is_answered_alike_whether_or_not_there_is_such_a_user() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    let mut texts = Vec::new();
    for (id, password) in [
        (user.user.user_id.as_str(), "wrong"),
        ("cadde.nobody", "wrong"),
        ("<no> user ID", "wrong"),
    ] {
        let mut browser = Browser::new(&fixture);
        let page = browser.fill(&tool.url(&[]), id, password).await;
        assert_stays(&page, StatusCode::FORBIDDEN);
        assert_eq!(browser.session(), None);
        let text = text(&page);
        assert!(text.contains("組み合わせを確かめてください") && !text.contains("wrong\""));
        let proof = hidden(&page, "form");
        texts.push(
            text.replace(&proof, "")
                .replace(id, "")
                .replace("&#60;no&#62; user ID", ""),
        );
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:#?}");
}

#[tokio::test]
async fn whoever_guesses_is_told_how_long_to_wait() {
    let fixture = Fixture::with(|config, _| {
        config.login.failures = 2;
    })
    .await;
    let user = fixture.member().await;
    let tool = tool(&fixture).await;
    let mut browser = Browser::new(&fixture);
    let id = user.user.user_id.as_str();
    for _ in 0..2 {
        let page = browser.fill(&tool.url(&[]), id, "wrong").await;
        assert_stays(&page, StatusCode::FORBIDDEN);
    }
    // Also with the right one.
    let password = user.initial_password.expose();
    let page = browser.fill(&tool.url(&[]), id, password).await;
    assert_stays(&page, StatusCode::TOO_MANY_REQUESTS);
    let wait = page.headers[RETRY_AFTER].to_str().unwrap();
    assert!(text(&page).contains(&format!("{wait}秒お待ちください")));
    // One of another client makes no difference: its ID is anybody's to send.
    let other = Tool::app(&fixture, "other", Purpose::Application).await;
    let page = browser.fill(&other.url(&[]), id, password).await;
    assert_stays(&page, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = wait.parse().unwrap();
    fixture.clock.advance(std::time::Duration::from_secs(wait));
    assert!(!browser.sign_in(&tool.url(&[]), &user).await.is_empty());
}

#[tokio::test]
async fn what_is_typed_is_shown_as_text_and_a_password_never() {
    let fixture = Fixture::new().await;
    let tool = tool(&fixture).await;
    let script = "\"><script>alert(1)</script>";
    let mut browser = Browser::new(&fixture);
    let page = browser.fill(&tool.url(&[]), script, script).await;
    let hinted = browser
        .get(&tool.url(&[("login_hint", script), ("state", script)]))
        .await;
    for page in [page, hinted] {
        assert!(!text(&page).contains("<script>"), "{}", text(&page));
        assert!(!text(&page).contains("javascript:"));
    }
    let page = browser
        .fill(&tool.url(&[]), "cadde.x", "a secret one")
        .await;
    assert!(!text(&page).contains("a secret one"));
}

#[tokio::test]
async fn what_is_left_empty_is_asked_for() {
    let fixture = Fixture::new().await;
    let tool = tool(&fixture).await;
    let url = tool.url(&[]);
    let mut browser = Browser::new(&fixture);
    let proof = hidden(&browser.get(&url).await, "form");
    for (user, password, asked) in [
        ("", "x", "ユーザIDを書いてください"),
        (" ", "x", "ユーザIDを書いてください"),
        ("cadde.x", "", "パスワードを書いてください"),
    ] {
        let form = [
            ("form", proof.as_str()),
            ("user_id", user),
            ("password", password),
        ];
        let page = browser.post(&url, &form).await;
        assert_stays(&page, StatusCode::BAD_REQUEST);
        assert!(text(&page).contains(asked));
    }
    let long = "x".repeat(9 << 10);
    let form = [("form", proof.as_str()), ("password", long.as_str())];
    let page = browser.post(&url, &form).await;
    assert_stays(&page, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn discovery_names_what_there_is() {
    let fixture = Fixture::new().await;
    let path = "/.well-known/openid-configuration";
    let found = fixture.get(&Ask::default(), path).await.json();
    for (name, listener) in [
        ("authorization_endpoint", "public"),
        ("token_endpoint", "public"),
        ("userinfo_endpoint", "public"),
        ("end_session_endpoint", "public"),
        ("introspection_endpoint", "public"),
        ("revocation_endpoint", "public"),
    ] {
        let url = found[name].as_str().unwrap();
        let path = url.strip_prefix(fixture.app.issuer.name()).unwrap();
        let all = crate::api::endpoints();
        let is_served = |one: &common::http::Endpoint| one.path == path && one.listener == listener;
        assert!(all.iter().any(is_served), "{name}");
    }
    assert_eq!(found["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(found["response_types_supported"], json!(["code"]));
    assert_eq!(
        found["authorization_response_iss_parameter_supported"],
        true
    );
    assert!(
        found["grant_types_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("authorization_code"))
    );
    assert!(!found.to_string().contains("plain") && found.get(LOCATION.as_str()).is_none());
}
