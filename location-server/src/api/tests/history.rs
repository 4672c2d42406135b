//! What the record of changes tells.

use super::*;

#[tokio::test]
async fn history_tells_who_changed_what() {
    let world = LocationFixture::with_record().await;
    world.clock.advance(Duration::from_secs(1));
    let url = json!({ "provider_connector_url": "https://new.example" });
    world
        .call(
            "provider.example",
            "PATCH",
            &of(PROVIDER),
            &[],
            Some(url.clone()),
        )
        .await;
    // The same again changes nothing and leaves no line.
    world
        .call("provider.example", "PATCH", &of(PROVIDER), &[], Some(url))
        .await;
    world.operator("DELETE", &of(PROVIDER), None).await;

    let page = world.operator("GET", "/v1/changes?limit=2", None).await;
    let changes = page.body["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0]["kind"], "create");
    assert_eq!(changes[0]["user_id"], "cadde.9000000000001.op");
    assert_eq!(changes[0]["certificate_id"], "tool.example");
    assert_eq!(changes[0]["at"], "2026-11-22T00:00:00Z");
    assert_eq!(changes[1]["kind"], "update");
    assert!(changes[1].get("user_id").is_none());
    assert_eq!(changes[1]["certificate_id"], "provider.example");
    assert_eq!(
        changes[1]["before"]["provider_connector_url"],
        "https://provider.example"
    );
    assert_eq!(
        changes[1]["after"]["provider_connector_url"],
        "https://new.example"
    );

    let cursor = page.body["next_cursor"].as_str().unwrap();
    let rest = world
        .operator(
            "GET",
            &format!("/v1/changes?cursor={cursor}&provider_id={PROVIDER}"),
            None,
        )
        .await;
    assert_eq!(rest.body["changes"].as_array().unwrap().len(), 1);
    assert_eq!(rest.body["changes"][0]["kind"], "delete");
    let nothing = world
        .operator("GET", &format!("/v1/changes?provider_id={OTHER}"), None)
        .await;
    assert_eq!(nothing.body["changes"], json!([]));

    let refused = world
        .call("provider.example", "GET", "/v1/changes", &[], None)
        .await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(
        world
            .operator("GET", "/v1/changes?cursor=x", None)
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
}
