//! Versions, and going back.

use http::{Method, StatusCode};
use serde_json::json;

use super::fixture::{Fixture, Person, kind};

async fn undo(steward: &Person, draft: &str, body: serde_json::Value) -> test_kit::calls::Answer {
    steward
        .change(Method::POST, &format!("{draft}/undo"), "*", Some(&body))
        .await
}

#[tokio::test]
async fn one_step_back_each_time_and_forth_again() {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let draft = steward.draft("一").await;
    for title in ["二", "三"] {
        assert_eq!(
            steward.save(&draft, "*", title).await.status,
            StatusCode::OK
        );
    }
    let mut seen = Vec::new();
    for _ in 0..2 {
        let is = undo(&steward, &draft, json!({})).await;
        assert_eq!(is.status, StatusCode::OK, "{:?}", is.body);
        seen.push(is.body["dataset"]["public"]["fields"]["title"].clone());
    }
    assert_eq!(seen, ["二", "一"]);
    let end = undo(&steward, &draft, json!({})).await;
    assert_eq!(
        (end.status, kind(&end).as_str()),
        (StatusCode::CONFLICT, "nothing-to-undo")
    );
    let forth = undo(&steward, &draft, json!({"version": 3})).await;
    assert_eq!(forth.body["title"], "三");
    // What was undone is skipped: from the third one goes back to the second.
    assert_eq!(undo(&steward, &draft, json!({})).await.body["title"], "二");
    let versions = steward.get(&format!("{draft}/versions")).await.body;
    let listed: Vec<_> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["number"].as_i64().unwrap(),
                one["restored_from"].as_i64(),
                one["title"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            (7, Some(2), "二"),
            (6, Some(3), "三"),
            (5, Some(1), "一"),
            (4, Some(2), "二"),
            (3, None, "三"),
            (2, None, "二"),
            (1, None, "一")
        ]
    );
}

#[tokio::test]
async fn versions_are_shown_and_old_ones_are_not_kept() {
    let fixture = Fixture::with(|state| state.limits.versions = 2).await;
    let steward = fixture.steward("cadde.a").await;
    let draft = steward.draft("一").await;
    for title in ["二", "三"] {
        steward.save(&draft, "*", title).await;
    }
    let version = steward.get(&format!("{draft}/versions/2")).await;
    assert_eq!(version.status, StatusCode::OK);
    assert_eq!(version.body["dataset"]["public"]["fields"]["title"], "二");
    assert_eq!(version.body["saved_by"], "cadde.a");
    for number in ["1", "9", "x", "-1", "99999999999999999999"] {
        let answer = steward.get(&format!("{draft}/versions/{number}")).await;
        assert_eq!(
            (answer.status.as_u16(), kind(&answer).as_str()),
            (404, "version-unknown"),
            "{number}"
        );
    }
    let gone = undo(&steward, &draft, json!({"version": 1})).await;
    assert_eq!(kind(&gone), "version-unknown");
}
