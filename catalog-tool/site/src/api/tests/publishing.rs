use super::*;

#[tokio::test]
async fn a_dead_address_stops_it_and_a_mended_one_is_published_withdrawn_and_put_back() {
    let site = Site::new().await;
    let id = site
        .made("river", rivers("川", "https://d.example/dead.csv"))
        .await;
    let path = format!("/v1/datasets/{id}");
    let stopped = site.published(&id).await;
    assert_eq!(
        (&stopped["state"], &stopped["problem"]["kind"]),
        (&json!("stopped"), &json!("source-without-resource"))
    );
    assert_eq!(site.get(&path).await.body["state"], "draft");

    let mended = json!({"dataset": rivers("川", "https://d.example/a.csv")});
    assert_eq!(site.change("PUT", &path, "*", &mended).await.status, 200);
    let done = site.published(&id).await;
    assert_eq!(done["state"], "done", "{done}");
    let event = done["parts"][0]["event_id"].as_str().unwrap();
    assert!(event.starts_with("event-of-create:"), "{event}");
    let shown = site.get(&path).await.body;
    assert_eq!(
        (&shown["state"], &shown["has_unpublished_changes"]),
        (&json!("published"), &json!(false))
    );
    let find = async || {
        let number = site.state.store.progress().await.unwrap().number;
        let number = u64::try_from(number).unwrap();
        assert!(
            site.state
                .index
                .reached(number, Duration::from_secs(30))
                .await
        );
        site.get("/release/api/3/action/package_search?q=title:%E5%B7%9D")
            .await
            .body["result"]["count"]
            .clone()
    };
    assert_eq!(find().await, 1);
    // Writing goes on, and the sites show what was published.
    let more = json!({"dataset": rivers("湖", "https://d.example/a.csv")});
    site.change("PUT", &path, "*", &more).await;
    assert_eq!(site.get(&path).await.body["has_unpublished_changes"], true);
    assert_eq!(find().await, 1);

    let gone = site
        .change("POST", &format!("{path}/withdrawal"), "*", &Value::Null)
        .await;
    assert_eq!(
        (gone.status.as_u16(), &gone.body["state"]),
        (200, &json!("withdrawn"))
    );
    assert_eq!(find().await, 0);
    let again = site
        .change("POST", &format!("{path}/withdrawal"), "*", &Value::Null)
        .await;
    assert_eq!(
        (again.status.as_u16(), &again.body["type"]),
        (409, &json!("urn:kakehashi:problem:dataset-state"))
    );
    assert!(again.body["detail"].as_str().unwrap().contains("取り下げ"));
    let draft = site
        .change("POST", &format!("{path}/draft"), "*", &Value::Null)
        .await;
    assert_eq!(draft.body["state"], "draft");
    assert_eq!(site.published(&id).await["state"], "done");
    assert_eq!(find().await, 0, "it is called otherwise now");
    site.change("DELETE", &path, "*", &Value::Null).await;
    assert_eq!(
        site.get("/release/api/3/action/package_list").await.body["result"],
        json!([])
    );
}

#[tokio::test]
async fn what_is_missing_is_told_member_by_member() {
    let site = Site::new().await;
    let id = site
        .made(
            "river",
            json!({"sharing": "limited", "public": {"fields": {"title": "川"}}}),
        )
        .await;
    let stopped = site.published(&id).await;
    assert_eq!(
        (&stopped["state"], &stopped["problem"]["kind"]),
        (&json!("stopped"), &json!("dataset-incomplete"))
    );
    let findings = stopped["problem"]["findings"].as_array().unwrap();
    assert!(
        findings
            .iter()
            .any(|found| found["pointer"] == "/public/fields/notes"),
        "{findings:?}"
    );
    assert!(
        findings
            .iter()
            .all(|found| found["ja"].is_string() && found["en"].is_string())
    );
    assert_eq!(
        site.get("/release/api/3/action/package_list").await.body["result"],
        json!([])
    );
}

#[tokio::test]
async fn a_publication_is_asked_for_once_and_found_again() {
    let site = Site::with(CatalogLimits {
        publications: 1,
        ..CatalogLimits::default()
    })
    .await;
    let id = site
        .made("river", rivers("川", "https://d.example/a.csv"))
        .await;
    let ask = async |tag: &str, id: &str| {
        site.change("POST", "/v1/publications", tag, &json!({"dataset_id": id}))
            .await
    };
    assert_eq!(ask("\"7\"", &id).await.status, 412);
    let unknown = "01941f29-7c00-7000-8000-000000000001";
    assert_eq!(ask("*", unknown).await.status, 404);
    assert_eq!(ask("*", "x").await.status, 422);
    let done = site.published(&id).await;
    let list = site
        .get(&format!("/v1/publications?dataset_id={id}"))
        .await
        .body;
    assert_eq!(list["publications"][0]["id"], done["id"]);
    assert_eq!(site.get("/v1/publications?dataset_id=x").await.status, 400);
    let path = format!("/v1/publications/{}", done["id"].as_str().unwrap());
    let ended = site.change("DELETE", &path, "*", &Value::Null).await;
    assert_eq!(
        (ended.status.as_u16(), &ended.body["type"]),
        (409, &json!("urn:kakehashi:problem:publication-ended"))
    );
    assert_eq!(
        site.get(&format!("/v1/publications/{unknown}"))
            .await
            .status,
        404
    );
    assert_eq!(
        site.change(
            "DELETE",
            &format!("/v1/publications/{unknown}"),
            "*",
            &Value::Null
        )
        .await
        .status,
        404
    );
}
