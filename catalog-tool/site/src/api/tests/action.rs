use rstest::rstest;

use super::*;

#[tokio::test]
async fn what_is_published_is_answered_as_ckan_answers_it() {
    let site = Site::new().await;
    let id = site
        .made("river-1", rivers("河川水位", "https://d.example/river.csv"))
        .await;
    for path in [
        "/release/api/3/action/package_list",
        "/detail/api/action/package_list",
    ] {
        assert_eq!(site.get(path).await.body["result"], json!([]));
    }
    let done = site.published(&id).await;
    assert_eq!(done["state"], "done", "{done}");
    for (base, other) in [
        ("/release/api/3", "/detail/api/3"),
        ("/detail/api", "/release/api"),
    ] {
        let shown = site
            .get(&format!("{base}/action/package_show?id=river-1"))
            .await;
        assert_eq!(shown.status, 200);
        assert_eq!(shown.body["success"], true);
        let package = &shown.body["result"];
        assert_eq!(
            (&package["name"], &package["title"]),
            (&json!("river-1"), &json!("河川水位"))
        );
        assert_eq!(package["organization"]["title"], "A市");
        let extra = |key: &str| {
            let extras = package["extras"].as_array().unwrap();
            extras
                .iter()
                .find(|extra| extra["key"] == key)
                .map(|extra| extra["value"].clone())
        };
        assert_eq!(extra("own_extra"), Some(json!("値")));
        assert_eq!(extra("caddec_provider_id"), Some(json!(PROVIDER)));
        // The link is the id of the limited view, on both sides.
        let limited = site
            .get("/detail/api/3/action/package_show?id=river-1")
            .await;
        assert_eq!(
            extra("caddec_dataset_id_for_detail"),
            Some(limited.body["result"]["id"].clone())
        );
        let resource = &package["resources"][0];
        assert_eq!(resource["未知のキー"], json!({"a": [1, null]}));
        let event = resource["caddec_resource_id_for_provenance"]
            .as_str()
            .unwrap();
        assert!(event.starts_with("event-of-create:"), "{event}");
        let by_id = format!(
            "{base}/action/package_show?id={}",
            package["id"].as_str().unwrap()
        );
        assert_eq!(site.get(&by_id).await.body["result"], *package);
        let elsewhere = format!(
            "{other}/action/package_show?id={}",
            package["id"].as_str().unwrap()
        );
        assert_eq!(site.get(&elsewhere).await.status, 404);
        let resource_id = resource["id"].as_str().unwrap();
        let by_resource = site
            .get(&format!("{base}/action/resource_show?id={resource_id}"))
            .await;
        assert_eq!(by_resource.body["result"], *resource);
        let names = site.get(&format!("{base}/action/package_list")).await;
        assert_eq!(names.body["result"], json!(["river-1"]));
    }
}

#[tokio::test]
async fn packages_are_searched_with_facets_and_filters() {
    let site = Site::new().await;
    for n in 0..20 {
        let title = if n == 7 {
            "道路の交通量"
        } else {
            "河川水位"
        };
        let id = site
            .made(
                &format!("data-{n:02}"),
                rivers(title, &format!("https://d.example/{n}.csv")),
            )
            .await;
        assert_eq!(site.published(&id).await["state"], "done");
    }
    let search = async |query: &str| {
        site.get(&format!("/release/api/3/action/package_search?{query}"))
            .await
    };
    let roads = search("q=%E9%81%93%E8%B7%AF").await.body;
    assert_eq!(roads["result"]["count"], 1);
    assert_eq!(roads["result"]["results"][0]["name"], "data-07");
    // More than are read at once: the answer is one list all the same, in order.
    let all =
        search("q=*:*&rows=100&sort=name+asc&facet.field=%5B%22tags%22%2C%22organization%22%5D")
            .await
            .body;
    let names: Vec<_> = all["result"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    let expected: Vec<_> = (0..20).map(|n| json!(format!("data-{n:02}"))).collect();
    assert_eq!(names, expected);
    assert_eq!(all["result"]["sort"], "name asc");
    assert_eq!(
        all["result"]["facets"]["tags"],
        json!({"水位": 20, "防災": 20})
    );
    let organization = &all["result"]["search_facets"]["organization"]["items"][0];
    assert_eq!(
        *organization,
        json!({"name": "city-a", "display_name": "A市", "count": 20})
    );
    let page = search("q=*:*&rows=3&start=18&sort=name+asc").await.body;
    assert_eq!(
        (
            &page["result"]["count"],
            page["result"]["results"].as_array().unwrap().len()
        ),
        (&json!(20), 2)
    );
    // The way of a receiver from the public entry to the detailed one.
    let package = &all["result"]["results"][0];
    let extras = package["extras"].as_array().unwrap();
    let link = extras
        .iter()
        .find(|extra| extra["key"] == "caddec_dataset_id_for_detail")
        .unwrap();
    let link = link["value"].as_str().unwrap();
    let detail = site
        .get(&format!(
            "/detail/api/3/action/package_search?fq=caddec_dataset_id_for_detail:{link}"
        ))
        .await;
    assert_eq!(detail.body["result"]["count"], 1);
    assert_eq!(detail.body["result"]["results"][0]["id"], link);
    let found = site
        .get("/release/api/3/action/resource_search?query=url:D.example/7.c")
        .await
        .body;
    assert_eq!(found["result"]["count"], 1);
    assert_eq!(
        found["result"]["results"][0]["url"],
        "https://d.example/7.csv"
    );
    // Posted alike.
    let json = [("content-type", "application/json")];
    let posted = site
        .call(
            "POST",
            "/release/api/action/package_search",
            &json,
            r#"{"q": "title:道路", "rows": 1}"#,
        )
        .await;
    assert_eq!(posted.body["result"]["count"], 1);
}

#[rstest]
#[case("package_show", 409, "Validation Error")]
#[case("package_show?id=nowhere", 404, "Not Found Error")]
#[case("resource_show?id=nowhere", 404, "Not Found Error")]
#[case("organization_show?id=nobody", 404, "Not Found Error")]
#[case("package_search?q=title:(", 400, "Search Query Error")]
#[case("package_search?nonsense=1", 400, "Search Query Error")]
#[case("package_search?sort=by%20chance", 400, "Search Query Error")]
#[case("package_search?rows=x", 409, "Validation Error")]
#[case("package_search?start=-1", 409, "Validation Error")]
#[case("package_list?limit=-1", 409, "Validation Error")]
#[case("resource_search", 409, "Validation Error")]
#[case("resource_search?query=x", 409, "Validation Error")]
#[case("resource_search?query=hash:x", 409, "Validation Error")]
#[case("package_create", 403, "Authorization Error")]
#[case("nothing_like_it", 400, "Bad Request")]
#[tokio::test]
async fn errors_have_the_form_of_ckan(
    #[case] action: &str,
    #[case] status: u16,
    #[case] kind: &str,
) {
    let site = Site::new().await;
    for base in ["/release/api/3/action", "/detail/api/action"] {
        let answer = site.get(&format!("{base}/{action}")).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["error"]["__type"]),
            (status, &json!(kind)),
            "{:?}",
            answer.body
        );
        assert_eq!(answer.body["success"], false);
        assert!(
            answer.body["help"]
                .as_str()
                .unwrap()
                .starts_with("https://p.example/")
        );
    }
}

#[rstest]
#[case(None, 403)]
#[case(Some("Bearer steward"), 200)]
#[case(Some("steward"), 200)]
#[case(Some("Bearer member"), 200)]
#[case(Some("Bearer no-role"), 200)]
#[case(Some("Bearer stranger"), 403)]
#[case(Some("Bearer plain"), 403)]
#[case(Some("Bearer elsewhere"), 403)]
#[case(Some("Bearer expired"), 403)]
#[case(Some("Bearer nobody's"), 403)]
#[case(Some("Basic eDp5"), 403)]
#[case(Some("Bearer away"), 503)]
#[tokio::test]
async fn the_detail_site_is_for_the_providers_own_people(
    #[case] token: Option<&str>,
    #[case] status: u16,
) {
    let site = Site::new().await;
    for method in ["GET", "POST"] {
        for path in [
            "/detail/api/3/action/package_list",
            "/detail/api/action/site_read",
        ] {
            let headers: Vec<_> = token
                .iter()
                .map(|token| ("authorization", *token))
                .collect();
            let answer = site.call(method, path, &headers, Body::empty()).await;
            assert_eq!(answer.status.as_u16(), status, "{:?}", answer.body);
        }
    }
    // The release site is everybody's, whatever comes along.
    let headers: Vec<_> = token
        .iter()
        .map(|token| ("authorization", *token))
        .collect();
    let open = site
        .call(
            "GET",
            "/release/api/3/action/status_show",
            &headers,
            Body::empty(),
        )
        .await;
    assert_eq!(open.body["result"]["site_title"], "A市カタログ");
}

/// Whoever is refused for who they are sends their body for nothing.
#[tokio::test]
async fn nobody_has_a_body_read() {
    let site = Site::new().await;
    let unread = || {
        futures_util::stream::poll_fn(
            |_| -> std::task::Poll<Option<Result<bytes::Bytes, std::io::Error>>> {
                panic!("it is not to be read")
            },
        )
    };
    for (path, status) in [
        ("/detail/api/3/action/package_search", 403),
        ("/v1/datasets", 401),
        ("/v1/publications", 401),
    ] {
        let answer = site
            .call("POST", path, &[], Body::from_stream(unread()))
            .await;
        assert_eq!(answer.status.as_u16(), status);
    }
}
