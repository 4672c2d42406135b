//! Making, reading, saving, listing and deleting drafts.

use http::{Method, StatusCode};
use rstest::rstest;
use serde_json::json;

use super::fixture::{Fixture, OWN_PROVIDER, kind, titled};
use crate::config::DraftsConfig;

#[tokio::test]
async fn a_new_draft_has_what_the_form_suggests_and_says_what_is_missing() {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let answer = steward.post("/v1/drafts", &json!({})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.body);
    assert_eq!(answer.headers["etag"], "\"1\"");
    let body = &answer.body;
    assert_eq!(
        (&body["provider"], &body["state"]),
        (&OWN_PROVIDER.into(), &"draft".into())
    );
    assert_eq!(
        (&body["created_by"], &body["version"]),
        (&"cadde.a".into(), &1.into())
    );
    assert!(body["errors"].as_u64().unwrap() > 0);
    assert_eq!(body["errors"], body["check"]["errors"]);
    assert!(body["check"]["findings"][0]["text"]["ja"].is_string());
    let again = steward
        .get(answer.headers["location"].to_str().unwrap())
        .await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, body));
}

#[tokio::test]
async fn what_is_saved_is_read_back_and_a_known_tag_is_answered_short() {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let draft = steward.draft("一").await;
    let saved = steward.save(&draft, "\"1\"", "二").await;
    assert_eq!(saved.status, StatusCode::OK, "{:?}", saved.body);
    assert_eq!(
        (&saved.body["version"], &saved.body["title"]),
        (&2.into(), &"二".into())
    );
    assert!(saved.body["check"]["completeness"]["of"].as_u64().unwrap() > 5);
    assert_eq!(saved.headers["etag"], "\"2\"");
    let known = [("if-none-match", "\"2\"")];
    let answer = steward.0.ask(Method::GET, &draft, &known).await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
    let answer = steward
        .0
        .ask(Method::GET, &draft, &[("if-none-match", "\"1\"")])
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.body["dataset"]["public"]["fields"],
        json!({"title": "二"})
    );
    // The same once more is nothing new.
    let again = steward.save(&draft, "\"2\"", "二").await;
    assert_eq!(
        (again.status, &again.body["revision"]),
        (StatusCode::OK, &2.into())
    );
}

#[tokio::test]
async fn the_second_of_two_is_told_who_was_first_and_loses_nothing() {
    let fixture = Fixture::new().await;
    let (first, second) = (
        fixture.steward("cadde.a").await,
        fixture.steward("cadde.b").await,
    );
    let draft = first.draft("一").await;
    fixture.clock.advance(std::time::Duration::from_secs(5));
    assert_eq!(
        first.save(&draft, "\"1\"", "二").await.status,
        StatusCode::OK
    );
    let refused = second.save(&draft, "\"1\"", "三").await;
    assert_eq!(
        (refused.status, kind(&refused).as_str()),
        (StatusCode::PRECONDITION_FAILED, "draft-changed")
    );
    assert_eq!(refused.body["changed_by"], "cadde.a");
    assert_eq!(refused.body["changed_at"], "2026-04-01T09:00:05.000Z");
    assert_eq!(
        (&refused.body["version"], &refused.body["revision"]),
        (&2.into(), &2.into())
    );
    assert_eq!(first.get(&draft).await.body["title"], "二");
    // Having compared, the second saves over it.
    let saved = second.save(&draft, "\"2\"", "三").await;
    assert_eq!(
        (saved.status, &saved.body["saved_by"]),
        (StatusCode::OK, &"cadde.b".into())
    );
}

#[rstest]
#[case::no_condition(None, 428, "condition-missing")]
#[case::weak(Some("W/\"1\""), 412, "condition-unknown")]
#[case::old(Some("\"7\""), 412, "draft-changed")]
#[tokio::test]
async fn a_change_says_what_it_was_made_from(
    #[case] from: Option<&'static str>,
    #[case] status: u16,
    #[case] problem: &str,
) {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let draft = steward.draft("一").await;
    let body = json!({"dataset": titled("二")});
    for (method, path, body) in [
        (Method::PUT, draft.clone(), Some(&body)),
        (Method::DELETE, draft.clone(), None),
        (
            Method::POST,
            format!("{draft}/undo"),
            Some(&json!({"version": 1})),
        ),
    ] {
        let answer = match from {
            Some(from) => steward.change(method.clone(), &path, from, body).await,
            None => steward.send(method.clone(), &path, body).await,
        };
        assert_eq!(
            (answer.status.as_u16(), kind(&answer).as_str()),
            (status, problem),
            "{method} {path}"
        );
    }
}

#[rstest]
#[case::no_dataset(json!({}), 422, "body-does-not-fit", "")]
#[case::of_another_shape(json!({"dataset": {"sharing": "open", "public": 7}}), 422, "dataset-unreadable", "/dataset")]
#[case::without_a_view(json!({"dataset": {"sharing": "open"}}), 422, "dataset-unreadable", "/dataset")]
#[case::an_item_that_there_is_not(json!({"dataset": {"sharing": "open", "public": {"fields": {"nothing": "x"}}}}), 422, "dataset-unreadable", "/dataset/public/fields")]
#[case::nul(json!({"dataset": {"sharing": "open", "public": {"fields": {"title": "a\0b"}}}}), 422, "dataset-unreadable", "/dataset/public/fields/title")]
#[case::more_than_asked_for(json!({"dataset": titled("x"), "state": "published"}), 422, "body-does-not-fit", "")]
#[tokio::test]
async fn what_is_no_dataset_is_refused_and_named(
    #[case] body: serde_json::Value,
    #[case] status: u16,
    #[case] problem: &str,
    #[case] field: &str,
) {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let draft = steward.draft("一").await;
    let answer = steward
        .change(Method::PUT, &draft, "\"1\"", Some(&body))
        .await;
    assert_eq!(
        (answer.status.as_u16(), kind(&answer).as_str()),
        (status, problem),
        "{:?}",
        answer.body
    );
    if !field.is_empty() {
        let named = answer.body["errors"][0]["field"].as_str().unwrap();
        assert!(named.starts_with(field), "{named}");
        assert!(answer.body["reason"].is_string());
    }
    assert_eq!(steward.get(&draft).await.body["version"], 1);
}

#[tokio::test]
async fn bounds_hold() {
    let fixture = Fixture::with(|state| {
        state.limits = DraftsConfig {
            per_provider: 2,
            distributions: 1,
            ..DraftsConfig::default()
        };
    })
    .await;
    let steward = fixture.steward("cadde.a").await;
    let draft = steward.draft("一").await;
    let mut two = titled("二");
    two["public"]["distributions"] = json!([{}, {}]);
    let answer = steward
        .change(Method::PUT, &draft, "*", Some(&json!({"dataset": two})))
        .await;
    assert_eq!(
        answer.body["reason"], "too-many-distributions",
        "{:?}",
        answer.body
    );
    let large = titled(&"長".repeat(1 << 19));
    let answer = steward
        .change(Method::PUT, &draft, "*", Some(&json!({"dataset": large})))
        .await;
    assert_eq!(
        answer.body["reason"], "dataset-too-large",
        "{:?}",
        answer.body["errors"]
    );
    let larger = titled(&"x".repeat(6 << 20));
    let answer = steward
        .change(Method::PUT, &draft, "*", Some(&json!({"dataset": larger})))
        .await;
    assert_eq!(
        (answer.status, kind(&answer).as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large")
    );
    steward.draft("二").await;
    let full = steward.post("/v1/drafts", &json!({})).await;
    assert_eq!(
        (full.status, kind(&full).as_str()),
        (StatusCode::CONFLICT, "drafts-full")
    );
}

#[tokio::test]
async fn a_copy_begins_with_what_its_model_says() {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let draft = steward.draft("一").await;
    let id = draft.rsplit('/').next().unwrap();
    let copy = steward.post("/v1/drafts", &json!({"copy_of": id})).await;
    assert_eq!(
        (copy.status, &copy.body["title"]),
        (StatusCode::CREATED, &"一".into())
    );
    assert_ne!(copy.body["id"], id);
    let both = steward
        .post(
            "/v1/drafts",
            &json!({"copy_of": id, "dataset": titled("x")}),
        )
        .await;
    assert_eq!(
        (both.status.as_u16(), kind(&both).as_str()),
        (422, "draft-source-ambiguous")
    );
    let nothing = steward
        .post("/v1/drafts", &json!({"copy_of": uuid::Uuid::nil()}))
        .await;
    assert_eq!(
        (nothing.status.as_u16(), kind(&nothing).as_str()),
        (404, "draft-unknown")
    );
}

#[tokio::test]
async fn lists_have_pages_filters_and_numbers() {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    for title in ["川の水位", "カワの名", "道路"] {
        steward.draft(title).await;
        fixture.clock.advance(std::time::Duration::from_secs(1));
    }
    let all = steward.get("/v1/drafts?limit=2").await.body;
    assert_eq!(
        (&all["total"], all["drafts"].as_array().unwrap().len()),
        (&3.into(), 2)
    );
    assert_eq!(all["drafts"][0]["title"], "道路");
    assert_eq!(
        all["counts"],
        json!({"all": 3, "draft": 3, "checking": 0, "published": 0, "withdrawn": 0})
    );
    let next = steward.get("/v1/drafts?limit=2&offset=2").await.body;
    assert_eq!(next["drafts"][0]["title"], "川の水位");
    let found = steward.get("/v1/drafts?q=%E3%81%8B%E3%82%8F").await.body;
    assert_eq!(
        (&found["total"], &found["drafts"][0]["title"]),
        (&1.into(), &"カワの名".into())
    );
    let sorted = steward
        .get("/v1/drafts?sort=title&state=draft&provider=p.example")
        .await
        .body;
    assert_eq!(sorted["total"], 3);
    let none = steward.get("/v1/drafts?state=published").await.body;
    assert_eq!(
        (&none["total"], &none["counts"]["all"]),
        (&0.into(), &3.into())
    );
    let others = steward.get("/v1/drafts?provider=q.example").await.body;
    assert_eq!(others["counts"]["all"], 0);
}

#[rstest]
#[case("limit=0", "limit")]
#[case("limit=101", "limit")]
#[case("limit=x", "limit")]
#[case("offset=-1", "offset")]
#[case("offset=100001", "offset")]
#[case("state=gone", "state")]
#[case("sort=size", "sort")]
#[case("colour=red", "")]
#[tokio::test]
async fn parameters_that_do_not_fit_are_named(#[case] query: &str, #[case] field: &str) {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let answer = steward.get(&format!("/v1/drafts?{query}")).await;
    assert_eq!(
        (answer.status.as_u16(), kind(&answer).as_str()),
        (400, "parameter-does-not-fit")
    );
    if field.is_empty() {
        assert!(
            answer.body["detail"].as_str().unwrap().contains("colour"),
            "{:?}",
            answer.body
        );
    } else {
        assert_eq!(answer.body["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn what_was_deleted_can_be_brought_back() {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let draft = steward.draft("一").await;
    let gone = steward.change(Method::DELETE, &draft, "\"1\"", None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(kind(&steward.get(&draft).await), "draft-unknown");
    assert_eq!(
        kind(&steward.save(&draft, "*", "二").await),
        "draft-unknown"
    );
    assert_eq!(steward.get("/v1/drafts").await.body["total"], 0);
    let back = steward
        .send(Method::POST, &format!("{draft}/restoration"), None)
        .await;
    assert_eq!(
        (back.status, &back.body["title"]),
        (StatusCode::OK, &"一".into())
    );
    let again = steward
        .send(Method::POST, &format!("{draft}/restoration"), None)
        .await;
    assert_eq!(kind(&again), "draft-unknown");
}
