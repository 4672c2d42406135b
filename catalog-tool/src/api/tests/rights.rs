//! Who may do what.

use auth_client::TokenClaims;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_kit::issuer::FakeIssuer;

use super::fixture::{Fixture, OTHER_PROVIDER, OWN_PROVIDER, kind, titled};
use crate::api::{STEWARDS, table};

/// Every path that is for stewards, with a body that would do.
fn stewards_paths(draft: &str) -> Vec<(Method, String, Value)> {
    let id = draft.rsplit('/').next().unwrap();
    let rows = table().into_iter().map(|(endpoint, _)| endpoint);
    rows.filter(|endpoint| endpoint.access == STEWARDS)
        .map(|endpoint| {
            let path = endpoint.path.replace("{id}", id).replace("{number}", "1");
            let body = match (endpoint.method, endpoint.path) {
                ("POST", "/v1/check") | ("PUT", _) => json!({"dataset": titled("x")}),
                _ => json!({}),
            };
            (endpoint.method.parse().unwrap(), path, body)
        })
        .collect()
}

#[tokio::test]
async fn nobody_but_stewards_is_let_in() {
    let fixture = Fixture::new().await;
    let draft = fixture.steward("cadde.a").await.draft("一").await;
    let without = TokenClaims {
        roles: vec![],
        ..FakeIssuer::claims_of("cadde.b")
    };
    let (nobody, other) = (fixture.nobody(), fixture.person("cadde.b", without).await);
    let paths = stewards_paths(&draft);
    assert!(paths.len() >= 11, "{paths:?}");
    for (method, path, body) in paths {
        let answer = nobody.change(method.clone(), &path, "*", Some(&body)).await;
        assert_eq!(
            (answer.status.as_u16(), kind(&answer).as_str()),
            (401, "not-signed-in"),
            "{method} {path}"
        );
        let answer = other.change(method.clone(), &path, "*", Some(&body)).await;
        assert_eq!(
            (answer.status.as_u16(), kind(&answer).as_str()),
            (403, "role-missing"),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn changes_come_from_the_tools_own_pages() {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let draft = steward.draft("一").await;
    for (method, path, body) in stewards_paths(&draft) {
        if method == Method::GET {
            continue;
        }
        let headers = [
            ("if-match", "*"),
            ("origin", "https://evil.example"),
            ("x-kakehashi-request", "1"),
        ];
        let answer = steward
            .0
            .send(method.clone(), &path, &headers, Some(&body))
            .await;
        assert_eq!(
            (answer.status.as_u16(), kind(&answer).as_str()),
            (403, "cross-site-request"),
            "{method} {path}"
        );
    }
    assert_eq!(steward.get(&draft).await.body["revision"], 1);
}

#[tokio::test]
async fn of_other_providers_drafts_nobody_learns_that_they_are_there() {
    let fixture = Fixture::new().await;
    let draft = fixture.steward("cadde.a").await.draft("一").await;
    let mut claims = FakeIssuer::claims_of("cadde.other");
    claims.org.clear();
    let other = fixture.person("cadde.other", claims).await;
    for (method, path, body) in stewards_paths(&draft) {
        if !path.contains(&draft) {
            continue;
        }
        let answer = other.change(method.clone(), &path, "*", Some(&body)).await;
        assert_eq!(
            (answer.status.as_u16(), kind(&answer).as_str()),
            (404, "draft-unknown"),
            "{method} {path}"
        );
    }
    assert_eq!(other.get("/v1/drafts").await.body["total"], 0);
    let asked = other
        .get(&format!("/v1/drafts?provider={OWN_PROVIDER}"))
        .await;
    assert_eq!(asked.body["counts"]["all"], 0);
    let copy = json!({"copy_of": draft.rsplit('/').next().unwrap()});
    assert_eq!(
        kind(&other.post("/v1/drafts", &copy).await),
        "draft-unknown"
    );
    let foreign = other
        .post("/v1/drafts", &json!({"provider": OWN_PROVIDER}))
        .await;
    assert_eq!(
        (foreign.status, kind(&foreign).as_str()),
        (StatusCode::FORBIDDEN, "provider-not-yours")
    );
    // The provider's own user writes for it, without being a member of anything.
    let own = other.post("/v1/drafts", &json!({})).await;
    assert_eq!(
        (own.status, &own.body["provider"]),
        (StatusCode::CREATED, &OTHER_PROVIDER.into())
    );
}

#[tokio::test]
async fn whose_a_draft_is_follows_where_there_is_one_choice_alone() {
    let fixture = Fixture::new().await;
    // The user of one provider, and a member of the other's organisation.
    let both = fixture
        .person("cadde.other", FakeIssuer::claims_of("cadde.other"))
        .await;
    let listed = both.get("/v1/providers").await.body;
    let ids: Vec<_> = listed["providers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [OWN_PROVIDER, OTHER_PROVIDER]);
    assert_eq!(
        listed["providers"][0]["release"],
        "https://p.example/release"
    );
    let missing = both.post("/v1/drafts", &json!({})).await;
    assert_eq!(
        (missing.status.as_u16(), kind(&missing).as_str()),
        (422, "provider-missing")
    );
    let named = both
        .post("/v1/drafts", &json!({"provider": OTHER_PROVIDER}))
        .await;
    assert_eq!(named.body["provider"], OTHER_PROVIDER);
    // And a steward of nobody.
    let mut claims = FakeIssuer::claims_of("cadde.nobody");
    claims.org.clear();
    let nobodys = fixture.person("cadde.nobody", claims).await;
    assert_eq!(
        nobodys.get("/v1/providers").await.body,
        json!({"providers": []})
    );
    assert_eq!(
        kind(&nobodys.post("/v1/drafts", &json!({})).await),
        "provider-not-yours"
    );
}
