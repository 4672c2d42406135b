use rstest::rstest;

use super::*;

fn tag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_dataset_is_made_read_changed_and_removed() {
    let site = Site::new().await;
    let body = json!({"name": "river", "dataset": rivers("一", "https://d.example/a.csv")});
    let made = site.change("POST", "/v1/datasets", "*", &body).await;
    assert_eq!(made.status, 201);
    assert_eq!(
        (&made.body["state"], &made.body["title"]),
        (&json!("draft"), &json!("一"))
    );
    let path = made.headers["location"].to_str().unwrap().to_owned();
    let read = site.get(&path).await;
    assert_eq!(tag(&read), tag(&made));
    let dataset = &read.body["dataset"];
    assert_eq!(
        dataset["public"]["distributions"][0]["other"]["未知のキー"],
        json!({"a": [1, null]})
    );
    assert_eq!(dataset["limited"]["extras"], json!({"own_extra": "値"}));
    let known = [
        ("authorization", "Bearer steward"),
        ("if-none-match", &tag(&read)),
    ];
    assert_eq!(
        site.call("GET", &path, &known, Body::empty()).await.status,
        304
    );

    // What was read goes back unchanged: nothing is new, and the distributions keep their ids.
    let same = site
        .change("PUT", &path, &tag(&read), &json!({"dataset": dataset}))
        .await;
    assert_eq!(
        (same.status.as_u16(), &same.body["version"]),
        (200, &json!(1)),
        "{:?}",
        same.body
    );
    let other = rivers("二", "https://d.example/a.csv");
    let changed = site
        .change("PUT", &path, &tag(&read), &json!({"dataset": other}))
        .await;
    assert_eq!(
        (&changed.body["version"], &changed.body["title"]),
        (&json!(2), &json!("二"))
    );
    let late = site
        .change("PUT", &path, &tag(&read), &json!({"dataset": other}))
        .await;
    assert_eq!(
        (late.status.as_u16(), &late.body["type"]),
        (412, &json!("urn:kakehashi:problem:dataset-changed"))
    );

    let versions = site.get(&format!("{path}/versions?limit=1")).await.body;
    assert_eq!(versions["versions"][0]["number"], 2);
    let next = versions["next_cursor"].as_str().unwrap();
    let versions = site
        .get(&format!("{path}/versions?cursor={next}"))
        .await
        .body;
    assert_eq!(
        (
            &versions["versions"][0]["number"],
            &versions["versions"][0]["author"]
        ),
        (&json!(1), &json!(PROVIDER))
    );
    let first = site.get(&format!("{path}/versions/1")).await;
    assert_eq!(first.body["dataset"], *dataset);

    let removed = site
        .change("DELETE", &path, &tag(&changed), &Value::Null)
        .await;
    assert_eq!(removed.status, 204);
    assert_eq!(site.get(&path).await.status, 404);
    assert_eq!(site.get(&format!("{path}/versions")).await.status, 404);
}

#[tokio::test]
async fn datasets_are_listed_page_by_page() {
    let site = Site::new().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(
            site.made(
                &format!("data-{n}"),
                rivers("川", "https://d.example/a.csv"),
            )
            .await,
        );
    }
    ids.reverse();
    let list = async |query: &str| site.get(&format!("/v1/datasets?{query}")).await;
    let first = list("limit=2&state=draft").await.body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = list(&format!("limit=2&cursor={cursor}")).await.body;
    let listed: Vec<_> = [&first, &second]
        .iter()
        .flat_map(|page| page["datasets"].as_array().unwrap())
        .collect();
    let listed: Vec<_> = listed
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ids);
    assert_eq!(second["next_cursor"], Value::Null);
    assert!(
        list("state=published").await.body["datasets"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    for wrong in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "state=open",
        "limit=1&limit=2",
    ] {
        assert_eq!(list(wrong).await.status, 400, "{wrong}");
    }
}

#[rstest]
#[case(None, 401, "token-missing")]
#[case(Some("Basic eDp5"), 401, "token-refused")]
#[case(Some("Bearer expired"), 401, "token-refused")]
#[case(Some("Bearer plain"), 403, "token-elsewhere")]
#[case(Some("Bearer elsewhere"), 403, "token-elsewhere")]
#[case(Some("Bearer stranger"), 403, "not-of-provider")]
#[case(Some("Bearer no-role"), 403, "role-missing")]
#[case(Some("Bearer away"), 503, "unavailable")]
#[tokio::test]
async fn only_the_providers_stewards_are_let_in(
    #[case] token: Option<&str>,
    #[case] status: u16,
    #[case] kind: &str,
) {
    let site = Site::new().await;
    let id = site
        .made("river", rivers("川", "https://d.example/a.csv"))
        .await;
    let own = format!("/v1/datasets/{id}");
    for (method, path) in [
        ("GET", "/v1/datasets".to_owned()),
        ("POST", "/v1/datasets".to_owned()),
        ("GET", own.clone()),
        ("PUT", own.clone()),
        ("DELETE", own.clone()),
        ("POST", format!("{own}/withdrawal")),
        ("POST", format!("{own}/draft")),
        ("GET", format!("{own}/versions")),
        ("GET", format!("{own}/versions/1")),
        ("GET", "/v1/publications".to_owned()),
        ("POST", "/v1/publications".to_owned()),
        ("GET", format!("/v1/publications/{id}")),
        ("DELETE", format!("/v1/publications/{id}")),
        ("POST", "/v1/readiness".to_owned()),
    ] {
        let headers: Vec<_> = token
            .iter()
            .map(|token| ("authorization", *token))
            .collect();
        let answer = site.call(method, &path, &headers, Body::empty()).await;
        let expected = (status, json!(format!("urn:kakehashi:problem:{kind}")));
        assert_eq!(
            (answer.status.as_u16(), answer.body["type"].clone()),
            expected,
            "{method} {path}"
        );
    }
    assert_eq!(site.get(&own).await.status, 200);
    let member = [("authorization", "Bearer member")];
    assert_eq!(
        site.call("GET", &own, &member, Body::empty()).await.status,
        200
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let site = Site::with(CatalogLimits {
        dataset: common::config::ByteSize(16 << 10),
        distributions: 2,
        datasets: 1,
        ..CatalogLimits::default()
    })
    .await;
    let post = async |body: Value| site.change("POST", "/v1/datasets", "*", &body).await;
    let view = |distributions: Value| json!({"sharing": "open", "public": {"fields": {"title": "t"}, "distributions": distributions}});
    for (dataset, pointer) in [
        (
            json!({"sharing": "open", "public": {"fields": {"title": "a\u{0}b"}}}),
            "/dataset/public/fields/title",
        ),
        (
            json!({"sharing": "open", "public": {"fields": {"no_such_item": "x"}}}),
            "/dataset/public/fields/no_such_item",
        ),
        (view(json!([{}, {}, {}])), "/dataset/distributions"),
        (
            json!({"sharing": "open", "public": {"fields": {"title": "x".repeat(20_000)}}}),
            "/dataset",
        ),
        (json!({"sharing": "open"}), "/dataset"),
        (json!([1]), "/dataset"),
    ] {
        let answer = post(json!({"dataset": dataset})).await;
        assert_eq!(answer.status, 422, "{:?}", answer.body);
        let field = answer.body["errors"][0]["field"].as_str().unwrap();
        assert!(field.starts_with(pointer), "{field} {pointer}");
    }
    let name = post(json!({"name": "A b", "dataset": view(json!([]))})).await;
    assert_eq!(
        (name.status.as_u16(), &name.body["errors"][0]["field"]),
        (422, &json!("/name"))
    );
    for (body, status) in [
        (json!({}), 422),
        (json!({"dataset": {}, "more": 1}), 422),
        (json!(1), 422),
    ] {
        assert_eq!(post(body).await.status.as_u16(), status);
    }
    let huge = json!({"dataset": {"x": "y".repeat(6 << 20)}});
    assert_eq!(post(huge).await.status, 413);
    let headers = [
        ("authorization", "Bearer steward"),
        ("content-type", "text/plain"),
    ];
    assert_eq!(
        site.call("POST", "/v1/datasets", &headers, "{}")
            .await
            .status,
        415
    );

    let id = site.made("river", view(json!([]))).await;
    let again = post(json!({"name": "river-2", "dataset": view(json!([]))})).await;
    assert_eq!(
        (again.status.as_u16(), &again.body["type"]),
        (409, &json!("urn:kakehashi:problem:catalogue-full"))
    );
    let headers = [("authorization", "Bearer steward")];
    let path = format!("/v1/datasets/{id}");
    assert_eq!(
        site.call("DELETE", &path, &headers, Body::empty())
            .await
            .status,
        428
    );
    for unknown in [
        "/v1/datasets/x",
        "/v1/datasets/0190",
        "/v1/datasets/01941f29-7c00-7000-8000-000000000001",
    ] {
        assert_eq!(site.get(unknown).await.status, 404);
        assert_eq!(
            site.change("DELETE", unknown, "*", &Value::Null)
                .await
                .status,
            404
        );
    }
    assert_eq!(site.get(&format!("{path}/versions/9")).await.status, 404);
    assert_eq!(site.get(&format!("{path}/versions/x")).await.status, 404);
}
