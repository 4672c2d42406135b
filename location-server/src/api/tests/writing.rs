//! Who may change a record, and what a change must look like.

use super::*;

#[rstest]
#[case("tool.example", None, StatusCode::UNAUTHORIZED)]
#[case("tool.example", Some("Basic YTpi"), StatusCode::UNAUTHORIZED)]
#[case("tool.example", Some("Bearer expired"), StatusCode::UNAUTHORIZED)]
#[case("tool.example", Some("Bearer users"), StatusCode::FORBIDDEN)]
#[case("receiver.example", Some("Bearer operators"), StatusCode::FORBIDDEN)]
#[case("ledger.example", Some("Bearer operators"), StatusCode::FORBIDDEN)]
#[case("provider.example", Some("Bearer operators"), StatusCode::FORBIDDEN)]
#[case("stranger.example", Some("Bearer operators"), StatusCode::FORBIDDEN)]
#[case("receiver.example", None, StatusCode::UNAUTHORIZED)]
#[case("tool.example", Some("Bearer elsewhere"), StatusCode::FORBIDDEN)]
#[case("tool.example", Some("Bearer nobodys"), StatusCode::FORBIDDEN)]
#[case(
    "tool.example",
    Some("Bearer roles-without-audience"),
    StatusCode::FORBIDDEN
)]
#[case("tool.example", Some("Bearer addressed"), StatusCode::FORBIDDEN)]
#[case("tool.example", Some("Bearer stewards"), StatusCode::FORBIDDEN)]
#[case(
    "tool.example",
    Some("Bearer addressed-with-role"),
    StatusCode::UNAUTHORIZED
)]
#[case("gone.example", Some("Bearer operators"), StatusCode::FORBIDDEN)]
#[tokio::test]
async fn writing_takes_an_operators_token_and_certificate(
    #[case] certificate: &str,
    #[case] authorization: Option<&str>,
    #[case] status: StatusCode,
) {
    let world = LocationFixture::with_record().await;
    let headers: Vec<_> = authorization
        .map(|value| ("authorization", value))
        .into_iter()
        .collect();
    let moved =
        json!({ "provider_id": PROVIDER, "provider_connector_url": "https://evil.example" });
    let attempts = [
        (
            "POST",
            "/cadde/api/v4/location".to_owned(),
            Some(moved.clone()),
        ),
        (
            "PUT",
            "/cadde/api/v4/location".to_owned(),
            Some(moved.clone()),
        ),
        ("PATCH", of(PROVIDER), Some(moved.clone())),
        ("PATCH", format!("/api/v4/location/{PROVIDER}"), Some(moved)),
        ("DELETE", of(PROVIDER), None),
        ("DELETE", format!("/api/v4/location/{PROVIDER}"), None),
    ];
    for (method, path, body) in attempts {
        let answer = world.call(certificate, method, &path, &headers, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        assert!(answer.body["message"].is_string(), "{}", answer.body);
        assert_eq!(
            answer.headers.contains_key("www-authenticate"),
            status == StatusCode::UNAUTHORIZED
        );
    }
    assert_eq!(world.url().await, "https://provider.example");
}

#[tokio::test]
async fn operator_registers_changes_and_removes() {
    let world = LocationFixture::with_record().await;
    let again = world
        .operator("POST", "/cadde/api/v4/location", Some(record()))
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    // An existing tool knows two members; the others stay.
    let body = json!({ "provider_id": PROVIDER, "provider_connector_url": "https://two.example" });
    assert_eq!(
        world
            .operator("PUT", "/cadde/api/v4/location", Some(body.clone()))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    let answer = world
        .call("receiver.example", "GET", &of(PROVIDER), &[], None)
        .await;
    assert_eq!(answer.body["provider_connector_url"], "https://two.example");
    assert_eq!(answer.body["connector_id"], "provider.example");
    assert_eq!(answer.body["profile"], "kakehashi/1");

    let deck = format!("/api/v4/location/{PROVIDER}");
    let patch = json!({ "provider_connector_url": "https://three.example" });
    assert_eq!(
        world
            .operator("PATCH", &deck, Some(patch.clone()))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.url().await, "https://three.example");

    assert_eq!(
        world.operator("DELETE", &deck, None).await.status,
        StatusCode::NO_CONTENT
    );
    for (method, path, body) in [
        ("DELETE", of(PROVIDER), None),
        ("PATCH", of(PROVIDER), Some(patch)),
        ("PUT", "/cadde/api/v4/location".to_owned(), Some(body)),
    ] {
        assert_eq!(
            world.operator(method, &path, body).await.status,
            StatusCode::NOT_FOUND,
            "{method}"
        );
    }
}

#[tokio::test]
async fn providers_own_connector_moves_its_record_and_nothing_else() {
    let world = LocationFixture::with_record().await;
    let put = |provider: &str, url: &str| json!({ "provider_id": provider, "provider_connector_url": url });
    let own = world
        .call(
            "provider.example",
            "PUT",
            "/cadde/api/v4/location",
            &[],
            Some(put(PROVIDER, "https://new.example")),
        )
        .await;
    assert_eq!(own.status, StatusCode::NO_CONTENT, "{}", own.body);
    assert_eq!(world.url().await, "https://new.example");

    let url = json!({ "provider_connector_url": "https://evil.example" });
    let refused = [
        (
            "other.example",
            "PUT",
            "/cadde/api/v4/location".to_owned(),
            put(PROVIDER, "https://evil.example"),
        ),
        ("other.example", "PATCH", of(PROVIDER), url.clone()),
        // Registered for the same provider, but not the connector that the record names.
        ("second.example", "PATCH", of(PROVIDER), url),
        (
            "provider.example",
            "PATCH",
            of(PROVIDER),
            json!({ "connector_id": "evil.example" }),
        ),
        (
            "provider.example",
            "PATCH",
            of(PROVIDER),
            json!({ "profile": "cadde/4" }),
        ),
    ];
    for (certificate, method, path, body) in refused {
        let answer = world
            .call(certificate, method, &path, &[], Some(body))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::FORBIDDEN,
            "{certificate} {method}: {}",
            answer.body
        );
    }
    for (method, path) in [
        ("POST", "/cadde/api/v4/location".to_owned()),
        ("DELETE", of(PROVIDER)),
    ] {
        let answer = world
            .call("provider.example", method, &path, &[], Some(record()))
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method}");
    }
    assert_eq!(world.url().await, "https://new.example");
}

#[rstest]
#[case(json!({ "provider_id": PROVIDER }), "provider_connector_url")]
#[case(json!({ "provider_connector_url": "https://p.example" }), "provider_id")]
#[case(json!({ "provider_id": "", "provider_connector_url": "https://p.example" }), "provider_id")]
#[case(json!({ "provider_id": 1, "provider_connector_url": "https://p.example" }), "provider_id")]
#[case(json!({ "provider_id": "a b", "provider_connector_url": "https://p.example" }), "provider_id")]
#[case(json!({ "provider_id": PROVIDER, "provider_connector_url": "http://p.example" }), "provider_connector_url")]
#[case(json!({ "provider_id": PROVIDER, "provider_connector_url": "https://u@p.example" }), "provider_connector_url")]
#[case(json!({ "provider_id": PROVIDER, "provider_connector_url": "https://p.example", "profile": "x" }), "profile")]
#[case(json!("{"), "body")]
#[case(json!("[]"), "body")]
#[tokio::test]
async fn body_that_does_not_fit_is_422_and_names_the_member(
    #[case] body: Value,
    #[case] member: &str,
) {
    let world = LocationFixture::new().await;
    let answer = world
        .operator("POST", "/cadde/api/v4/location", Some(body))
        .await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.body
    );
    let first = &answer.body["detail"][0];
    assert_eq!(first["loc"].as_array().unwrap().last().unwrap(), member);
    assert!(first["msg"].is_string() && first["type"].is_string());
}

#[tokio::test]
async fn overlong_body_is_refused() {
    let world = LocationFixture::new().await;
    let long = json!({ "provider_id": PROVIDER, "provider_connector_url": "x".repeat(20_000) });
    let answer = world
        .operator("POST", "/cadde/api/v4/location", Some(long))
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn conditions_guard_against_lost_changes() {
    let world = LocationFixture::with_record().await;
    let found = world
        .call("receiver.example", "GET", &of(PROVIDER), &[], None)
        .await;
    let tag = found.headers["etag"].to_str().unwrap().to_owned();
    let same = world
        .call(
            "receiver.example",
            "GET",
            &of(PROVIDER),
            &[("if-none-match", &tag)],
            None,
        )
        .await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);

    let change = |url: &str| Some(json!({ "provider_connector_url": url }));
    let with_tag = [
        ("authorization", "Bearer operators"),
        ("if-match", tag.as_str()),
    ];
    let first = world
        .call(
            "tool.example",
            "PATCH",
            &of(PROVIDER),
            &with_tag,
            change("https://b.example"),
        )
        .await;
    assert_eq!(first.status, StatusCode::NO_CONTENT);
    let second = world
        .call(
            "tool.example",
            "PATCH",
            &of(PROVIDER),
            &with_tag,
            change("https://c.example"),
        )
        .await;
    assert_eq!(second.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(world.url().await, "https://b.example");
    let fresh = first.headers["etag"].to_str().unwrap();
    let with_fresh = [("authorization", "Bearer operators"), ("if-match", fresh)];
    assert_eq!(
        world
            .call("tool.example", "DELETE", &of(PROVIDER), &with_tag, None)
            .await
            .status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(
        world
            .call("tool.example", "DELETE", &of(PROVIDER), &with_fresh, None)
            .await
            .status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn concurrent_creations_leave_one_record_and_one_line_of_history() {
    let world = LocationFixture::new().await;
    let (one, two, three) = tokio::join!(
        world.operator("POST", "/cadde/api/v4/location", Some(record())),
        world.operator("POST", "/cadde/api/v4/location", Some(record())),
        world.operator("POST", "/cadde/api/v4/location", Some(record())),
    );
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort();
    assert_eq!(
        statuses,
        [
            StatusCode::CREATED,
            StatusCode::CONFLICT,
            StatusCode::CONFLICT
        ]
    );
    let history = world.operator("GET", "/v1/changes", None).await;
    assert_eq!(history.body["changes"].as_array().unwrap().len(), 1);
}

/// The history keeps each change for good.
#[tokio::test]
async fn a_connector_does_not_move_its_record_without_end() {
    let world = LocationFixture::with_record().await;
    let change = async |connector: &str, number: usize| {
        let url = json!({ "provider_connector_url": format!("https://n{number}.example") });
        let path = of(PROVIDER);
        world.call(connector, "PATCH", &path, &[], Some(url)).await
    };
    for number in 0..60 {
        let answer = change("provider.example", number).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    }
    let refused = change("provider.example", 60).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.body["message_id"], "too-many-changes");
    assert_eq!(world.url().await, "https://n59.example");
    // Others are refused for what they are.
    let other = change("other.example", 61).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
}
