//! Codes that are replayed, late, of others, or shown with the wrong things.

use auth_client::api::Purpose;
use common::clock::ManualClock;
use http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use super::browser::{Browser, Tool, VERIFIER, counting, sent_back};
use crate::api::tests::fixture::Fixture;

async fn world(fixture: &Fixture) -> (Tool, String) {
    let user = fixture.member().await;
    let tool = Tool::app(fixture, "tool", Purpose::Application).await;
    let code = Browser::new(fixture).sign_in(&tool.url(&[]), &user).await;
    (tool, code)
}

fn later(clock: &ManualClock, by: Duration) {
    clock.advance(by.try_into().unwrap());
}

#[tokio::test]
async fn a_code_shown_again_ends_what_was_got_for_it() {
    let fixture = Fixture::new().await;
    let (tool, code) = world(&fixture).await;
    let tokens: Value = tool.redeem(&fixture, &code, &[]).await.read(StatusCode::OK);
    assert!(counting(&fixture, &tokens["access_token"]).is_some());
    // Also long after.
    later(&fixture.clock, Duration::minutes(30));
    for _ in 0..2 {
        let again = tool.redeem(&fixture, &code, &[]).await;
        again.assert_error(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    assert!(counting(&fixture, &tokens["access_token"]).is_none());
    let token = tokens["refresh_token"].as_str().unwrap();
    let refused = tool.refresh(&fixture, token).await;
    refused.assert_error(StatusCode::BAD_REQUEST, "invalid_grant");
    let events = fixture.get(&fixture.operator(), "/v1/events").await.json();
    let kinds = events["items"].as_array().unwrap().iter();
    let told = kinds.filter(|event| event["kind"] == "session.code-reused");
    assert_eq!(told.count(), 1);
}

#[rstest]
#[case(59, StatusCode::OK)]
#[case(60, StatusCode::BAD_REQUEST)]
#[tokio::test]
async fn a_code_counts_for_a_minute(#[case] seconds: i64, #[case] status: StatusCode) {
    let fixture = Fixture::new().await;
    let (tool, code) = world(&fixture).await;
    later(&fixture.clock, Duration::seconds(seconds));
    tool.redeem(&fixture, &code, &[]).await.expect(status);
}

/// And is no use to the right one either from then on, unless it is another client that shows it.
#[rstest]
#[case(&[("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx")], "invalid_grant")]
#[case(&[("redirect_uri", "https://tool.example/session/callback?from=here")], "invalid_grant")]
#[tokio::test]
async fn a_code_shown_with_the_wrong_things_is_gone(
    #[case] changes: &[(&str, &str)],
    #[case] error: &str,
) {
    let fixture = Fixture::new().await;
    let (tool, code) = world(&fixture).await;
    let refused = tool.redeem(&fixture, &code, changes).await;
    refused.assert_error(StatusCode::BAD_REQUEST, error);
    let refused = tool.redeem(&fixture, &code, &[]).await;
    refused.assert_error(StatusCode::BAD_REQUEST, "invalid_grant");
}

#[rstest]
#[case("code_verifier", "", "invalid_request")]
#[case("code_verifier", "too-short", "invalid_grant")]
#[case("redirect_uri", "", "invalid_request")]
#[case("code", "", "invalid_request")]
#[case("code", "nonsense", "invalid_grant")]
#[tokio::test]
async fn what_is_missing_or_nonsense_is_refused(
    #[case] name: &str,
    #[case] value: &str,
    #[case] error: &str,
) {
    let fixture = Fixture::new().await;
    let (tool, code) = world(&fixture).await;
    let refused = tool.redeem(&fixture, &code, &[(name, value)]).await;
    refused.assert_error(StatusCode::BAD_REQUEST, error);
    tool.redeem(&fixture, &code, &[])
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn a_code_of_another_client_is_none() {
    let fixture = Fixture::new().await;
    let (tool, code) = world(&fixture).await;
    let thief = Tool::app(&fixture, "thief", Purpose::Application).await;
    let service = Tool::service(&fixture, "thief.example").await;
    for other in [&thief, &service] {
        let refused = other.redeem(&fixture, &code, &[]).await;
        refused.assert_error(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let tokens: Value = tool.redeem(&fixture, &code, &[]).await.read(StatusCode::OK);
    // Nor do others end anything with it.
    let refused = thief.redeem(&fixture, &code, &[]).await;
    refused.assert_error(StatusCode::BAD_REQUEST, "invalid_grant");
    assert!(counting(&fixture, &tokens["access_token"]).is_some());
    // Nor with a token that they have seen.
    let form = [("token", tokens["refresh_token"].as_str().unwrap())];
    fixture
        .public_form(&thief.ask, "/oauth2/revoke", &form)
        .await
        .expect(StatusCode::OK);
    assert!(counting(&fixture, &tokens["access_token"]).is_some());
}

#[tokio::test]
async fn a_client_without_the_grant_gets_nothing_for_a_code() {
    let (fixture, domain) = Fixture::with_domain().await;
    let (_, ask) = fixture.client_of(&domain).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", "x"),
        ("redirect_uri", "https://tool.example/"),
        ("code_verifier", VERIFIER),
    ];
    let refused = fixture.public_form(&ask, "/oauth2/token", &form).await;
    refused.assert_error(StatusCode::BAD_REQUEST, "unauthorized_client");
}

#[tokio::test]
async fn a_code_ends_with_the_user_and_with_the_client() {
    for barred in ["user", "client", "participant"] {
        let fixture = Fixture::new().await;
        let user = fixture.member().await;
        let tool = Tool::app(&fixture, "tool", Purpose::Application).await;
        let mut browser = Browser::new(&fixture);
        let code = browser.sign_in(&tool.url(&[]), &user).await;
        let path = match barred {
            "user" => format!("/v1/users/{}", user.user.user_id),
            "client" => "/v1/clients/tool".to_owned(),
            _ => format!("/v1/participants/{}", user.user.participant),
        };
        for state in ["suspended", "active"] {
            let body = json!({ "state": state, "reason": "試験" });
            fixture
                .operate(&format!("{path}/state"), &body)
                .await
                .expect(StatusCode::OK);
        }
        let refused = tool.redeem(&fixture, &code, &[]).await;
        refused.assert_error(StatusCode::BAD_REQUEST, "invalid_grant");
        // The person's own session went with the person alone.
        let again = browser.get(&tool.url(&[])).await;
        let asked = again.status == StatusCode::OK;
        assert_eq!(asked, barred != "client", "{barred}");
    }
}

#[tokio::test]
async fn one_session_has_so_many_codes_under_way() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let tool = Tool::app(&fixture, "tool", Purpose::Application).await;
    let mut browser = Browser::new(&fixture);
    browser.sign_in(&tool.url(&[]), &user).await;
    for _ in 1..16 {
        assert!(sent_back(&browser.get(&tool.url(&[])).await).contains_key("code"));
    }
    let beyond = sent_back(&browser.get(&tool.url(&[])).await);
    assert_eq!(beyond["error"], "temporarily_unavailable");
    later(&fixture.clock, Duration::seconds(60));
    assert!(sent_back(&browser.get(&tool.url(&[])).await).contains_key("code"));
}
