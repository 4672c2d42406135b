//! What lookups and lists answer, and to whom.

use std::sync::atomic::Ordering;

use auth_client::api::Suspensions;
use test_kit::user_id;

use super::*;

#[tokio::test]
async fn lookup_answers_a_record_that_the_client_accepts() {
    let world = LocationFixture::with_record().await;
    let answer = world
        .call("receiver.example", "GET", &of(PROVIDER), &[], None)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.body["provider_connector_url"],
        "https://provider.example"
    );
    let record: LocationRecord = serde_json::from_value(answer.body).unwrap();
    let jwks = world
        .call(
            "receiver.example",
            "GET",
            "/.well-known/jwks.json",
            &[],
            None,
        )
        .await;
    let keys = RecordKeys::new(serde_json::from_value(jwks.body).unwrap());
    let location = keys
        .verify(
            &PROVIDER.parse().unwrap(),
            &record,
            world.clock.now(),
            Source::Server,
        )
        .unwrap();
    assert_eq!(location.connector_id.unwrap().as_str(), "provider.example");
}

#[tokio::test]
async fn ids_of_any_form_are_found_raw_and_encoded() {
    let world = LocationFixture::new().await;
    let body =
        json!({ "provider_id": "p+1@dataex.jp", "provider_connector_url": "https://p.example" });
    assert_eq!(
        world
            .operator("POST", "/cadde/api/v4/location", Some(body))
            .await
            .status,
        StatusCode::CREATED
    );
    for path in ["p+1@dataex.jp", "p%2B1%40dataex.jp"] {
        let answer = world
            .call("ledger.example", "GET", &of(path), &[], None)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.body["profile"], "cadde/4");
    }
    assert_eq!(
        world
            .call(
                "ledger.example",
                "GET",
                &of("p%252B1%40dataex.jp"),
                &[],
                None
            )
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

#[rstest]
#[case(of("cadde.none"), StatusCode::NOT_FOUND)]
#[case(of(""), StatusCode::NOT_FOUND)]
#[case(of("a%2Fb"), StatusCode::UNPROCESSABLE_ENTITY)]
#[case(of("a%20b"), StatusCode::UNPROCESSABLE_ENTITY)]
#[tokio::test]
async fn failed_lookup_never_carries_an_address(#[case] path: String, #[case] status: StatusCode) {
    let world = LocationFixture::with_record().await;
    let answer = world
        .call(
            "receiver.example",
            "GET",
            &path,
            &[("accept-language", "en")],
            None,
        )
        .await;
    assert_eq!(answer.status, status);
    assert!(answer.body.get("provider_connector_url").is_none());
    assert!(
        answer.body.get("message").is_some() || answer.body["detail"].is_array(),
        "{}",
        answer.body
    );
}

#[rstest]
#[case("", StatusCode::FORBIDDEN)]
#[case("stranger.example", StatusCode::FORBIDDEN)]
#[case("receiver.example", StatusCode::OK)]
#[case("provider.example", StatusCode::OK)]
#[case("ledger.example", StatusCode::OK)]
#[case("tool.example", StatusCode::OK)]
#[tokio::test]
async fn lookup_is_for_registered_certificates(
    #[case] certificate: &str,
    #[case] status: StatusCode,
) {
    let world = LocationFixture::with_record().await;
    assert_eq!(
        world
            .call(certificate, "GET", &of(PROVIDER), &[], None)
            .await
            .status,
        status
    );
}

#[tokio::test]
async fn authentication_server_that_is_away_means_503_and_when_to_come_back() {
    let world = LocationFixture::with_record().await;
    world.auth.is_away.store(true, Ordering::SeqCst);
    let answer = world
        .call("receiver.example", "GET", &of(PROVIDER), &[], None)
        .await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn list_is_for_operators_whole_or_in_pages() {
    let world = LocationFixture::with_record().await;
    for n in 0..4 {
        let body = json!({ "provider_id": format!("p{n}"), "provider_connector_url": "https://p.example" });
        assert_eq!(
            world
                .operator("POST", "/cadde/api/v4/location", Some(body))
                .await
                .status,
            StatusCode::CREATED
        );
    }
    let whole = world.operator("GET", "/cadde/api/v4/locations", None).await;
    assert_eq!(whole.body["locations"].as_array().unwrap().len(), 5);
    assert!(whole.body.get("next_cursor").is_none());

    let mut seen = Vec::new();
    let mut path = "/cadde/api/v4/locations?limit=2".to_owned();
    loop {
        let page = world.operator("GET", &path, None).await;
        seen.extend(page.body["locations"].as_array().unwrap().clone());
        let Some(cursor) = page.body["next_cursor"].as_str() else {
            break;
        };
        path = format!("/cadde/api/v4/locations?limit=2&cursor={cursor}");
    }
    assert_eq!(Value::from(seen), whole.body["locations"]);

    for bad in ["limit=0", "limit=x", "cursor=%21"] {
        let answer = world
            .operator("GET", &format!("/cadde/api/v4/locations?{bad}"), None)
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let path = "/cadde/api/v4/locations";
    assert_eq!(
        world
            .call("tool.example", "GET", path, &[], None)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    let user = [("authorization", "Bearer users")];
    assert_eq!(
        world
            .call("receiver.example", "GET", path, &user, None)
            .await
            .status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn somebody_who_is_suspended_is_nowhere() {
    let world = LocationFixture::with_record().await;
    let look = async || {
        world
            .call("receiver.example", "GET", &of(PROVIDER), &[], None)
            .await
    };
    let found = look().await;
    let tag = found.headers["etag"].to_str().unwrap().to_owned();
    let user = Suspensions {
        users: vec![user_id(PROVIDER)],
        ..Suspensions::default()
    };
    let connector = Suspensions {
        connectors: vec![connector_id("provider.example")],
        ..Suspensions::default()
    };
    for (id, suspended) in [(PROVIDER, user.clone()), ("provider.example", connector)] {
        *world.auth.suspended.lock().unwrap() = suspended;
        let answer = look().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
        assert!(answer.body.get("provider_connector_url").is_none());
        // Nor does it hold what was told before.
        let known = [("if-none-match", tag.as_str())];
        let answer = world
            .call("receiver.example", "GET", &of(PROVIDER), &known, None)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
        *world.auth.suspended.lock().unwrap() = Suspensions::default();
        assert_eq!(look().await.status, StatusCode::OK);
    }
    // Operators see what is registered all the same.
    *world.auth.suspended.lock().unwrap() = user;
    let list = world.operator("GET", "/cadde/api/v4/locations", None).await;
    assert_eq!(list.body["locations"][0]["provider_id"], PROVIDER);
}
