use super::*;

#[tokio::test]
async fn a_steward_is_told_what_is_in_the_way_before_anything_is_published() {
    let site = Site::new().await;
    let look = async |body: Value| site.change("POST", "/v1/readiness", "*", &body).await;
    let dead = rivers("川", "https://d.example/dead.csv");
    let id = site.made("river", dead.clone()).await;
    for asked in [json!({"dataset": dead}), json!({"dataset_id": id})] {
        let told = look(asked).await;
        assert_eq!(
            (told.status.as_u16(), &told.body["is_ready"]),
            (200, &json!(false)),
            "{:?}",
            told.body
        );
        let checks = told.body["checks"].as_array().unwrap();
        let bad: Vec<_> = checks
            .iter()
            .filter(|check| check["outcome"] == "bad")
            .collect();
        assert_eq!(bad.len(), 1, "{checks:?}");
        assert_eq!(bad[0]["kind"], "answers");
        assert_eq!(bad[0]["url"], "https://d.example/dead.csv");
        assert_eq!(bad[0]["pointer"], "/public/distributions/0/fields/url");
        assert_eq!(bad[0]["remedy"], json!({"ja": "直す", "en": "mend it"}));
        assert!(checks.iter().any(|check| check["kind"] == "registration"));
    }
    let good = look(json!({"dataset": rivers("川", "https://d.example/a.csv")}))
        .await
        .body;
    assert_eq!(good["is_ready"], true, "{good}");
    assert!(
        site.get("/v1/publications").await.body["publications"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn one_dataset_is_looked_at_at_a_time() {
    let site = Site::new().await;
    let look = async |body: Value| site.change("POST", "/v1/readiness", "*", &body).await;
    let unknown = "01941f29-7c00-7000-8000-000000000001";
    for (body, status, kind) in [
        (json!({}), 422, "dataset-not-named"),
        (
            json!({"dataset_id": unknown, "dataset": {}}),
            422,
            "dataset-not-named",
        ),
        (json!({"dataset_id": unknown}), 404, "dataset-unknown"),
        (json!({"dataset_id": "x"}), 422, "body-does-not-fit"),
        (
            json!({"dataset": {"sharing": "open"}}),
            422,
            "dataset-unreadable",
        ),
    ] {
        let told = look(body).await;
        let expected = (status, json!(format!("urn:kakehashi:problem:{kind}")));
        assert_eq!((told.status.as_u16(), told.body["type"].clone()), expected);
    }
    let held = site.state.looks.enter_as("somebody".to_owned());
    let busy = look(json!({"dataset": rivers("川", "https://d.example/a.csv")})).await;
    assert_eq!(
        (busy.status.as_u16(), &busy.body["type"]),
        (503, &json!("urn:kakehashi:problem:busy"))
    );
    drop(held);
    assert_eq!(
        look(json!({"dataset": rivers("川", "https://d.example/a.csv")}))
            .await
            .status,
        200
    );
}
