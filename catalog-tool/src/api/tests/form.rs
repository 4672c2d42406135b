//! The form and its checks.

use http::{Method, StatusCode};
use serde_json::json;

use super::fixture::{Fixture, kind, titled};

#[tokio::test]
async fn the_form_is_everybodys_and_read_once() {
    let fixture = Fixture::new().await;
    let nobody = fixture.nobody();
    let form = nobody.get("/v1/form").await;
    assert_eq!(form.status, StatusCode::OK);
    assert_eq!(form.body["sections"][0]["items"][0]["key"], "title");
    assert!(form.body["lists"].as_object().unwrap().len() > 5);
    let tag = form.headers["etag"].to_str().unwrap();
    let again = nobody
        .0
        .ask(Method::GET, "/v1/form", &[("if-none-match", tag)])
        .await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_check_keeps_nothing() {
    let fixture = Fixture::new().await;
    let steward = fixture.steward("cadde.a").await;
    let mut dataset = titled("一");
    dataset["public"]["fields"]["issued"] = "2026-11-31".into();
    let check = steward
        .post("/v1/check", &json!({"dataset": dataset}))
        .await;
    assert_eq!(check.status, StatusCode::OK, "{:?}", check.body);
    let findings = check.body["findings"].as_array().unwrap();
    let date = findings
        .iter()
        .find(|one| one["item"] == "issued")
        .expect("November has 30 days");
    assert_eq!(date["pointer"], "/public/fields/issued");
    assert_eq!(date["severity"], "error");
    assert_eq!(steward.get("/v1/drafts").await.body["total"], 0);
    let refused = steward.post("/v1/check", &json!({"dataset": 7})).await;
    assert_eq!(
        (refused.status.as_u16(), kind(&refused).as_str()),
        (422, "dataset-unreadable")
    );
}
