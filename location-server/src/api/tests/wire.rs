//! Requests that fit no path, no method or no form: the answer has the form of the path all the same.

use common::{
    http::layers::Front,
    listener::{ListenerConfig, TlsMode},
};

use super::*;

/// As the listener serves it.
async fn listening() -> LocationFixture {
    let mut world = LocationFixture::with_record().await;
    let url = "https://location.example".parse().expect("a URL");
    let config = ListenerConfig::new(([127, 0, 0, 1], 0).into(), url, TlsMode::None);
    let front = Front::new(world.router, &config);
    world.router = Router::new().fallback(move |mut request: Request<Body>| {
        let host = HeaderValue::from_static("location.example");
        request.headers_mut().insert("host", host);
        front.answer(request)
    });
    world
}

#[tokio::test]
async fn id_that_is_no_text_is_422_with_its_place() {
    let world = listening().await;
    for (method, prefix) in [
        ("GET", "/cadde/api/v4/location/"),
        ("PATCH", "/cadde/api/v4/location/"),
        ("DELETE", "/api/v4/location/"),
    ] {
        let answer = world.operator(method, &format!("{prefix}%FF"), None).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{method}");
        assert_eq!(
            answer.body["detail"][0]["loc"],
            json!(["path", "provider_id"]),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn parameter_that_is_given_twice_is_refused_in_the_form_of_the_path() {
    let world = listening().await;
    let wire = world
        .operator("GET", "/cadde/api/v4/locations?limit=1&limit=2", None)
        .await;
    assert_eq!(wire.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        wire.body["detail"][0]["loc"],
        json!(["query"]),
        "{}",
        wire.body
    );
    let own = world
        .operator("GET", "/v1/changes?limit=1&limit=2", None)
        .await;
    assert_eq!(own.status, StatusCode::BAD_REQUEST);
    assert_eq!(own.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn path_or_method_that_is_not_served_is_a_message_on_the_wire_and_a_problem_elsewhere() {
    let world = listening().await;
    for (method, path, status) in [
        // An ID with a slash, put into the path as it is.
        ("GET", "/cadde/api/v4/location/a/b", StatusCode::NOT_FOUND),
        ("GET", "/cadde/api/v5/location/a", StatusCode::NOT_FOUND),
        ("GET", "/api/v4/locations", StatusCode::NOT_FOUND),
        (
            "POST",
            "/cadde/api/v4/location/a",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (
            "DELETE",
            "/cadde/api/v4/locations",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
    ] {
        let answer = world.operator(method, path, None).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(
            answer.body["message"].is_string(),
            "{path}: {}",
            answer.body
        );
        assert_eq!(answer.headers["content-type"], "application/json");
        let is_named = answer.headers.contains_key("allow");
        assert_eq!(is_named, status == StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    for (method, path) in [("GET", "/v1/nothing"), ("POST", "/v1/changes")] {
        let answer = world.operator(method, path, None).await;
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{path}"
        );
    }
}
