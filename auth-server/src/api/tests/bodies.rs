//! Bodies: who may have them read, and how long they may be.

use std::{convert::Infallible, task::Poll};

use axum::body::{Body, Bytes};
use http::{Request, StatusCode, header::CONTENT_TYPE};
use serde_json::json;

use super::fixture::{Ask, Fixture, csr};
use crate::api::endpoints;

/// A body that must not be asked for.
fn unread() -> Body {
    Body::from_stream(futures_util::stream::poll_fn(
        |_| -> Poll<Option<Result<Bytes, Infallible>>> { panic!("nobody's body is read") },
    ))
}

#[tokio::test]
async fn nobody_has_a_body_read_but_by_a_one_time_code() {
    let fixture = Fixture::new().await;
    let mut tried = 0;
    for endpoint in endpoints() {
        // Who signs out may have come with a form; it is read within the bounds for strangers.
        let is_form = endpoint.path == "/oauth2/logout";
        if endpoint.method == "GET" || endpoint.access == "one-time code" || is_form {
            continue;
        }
        for media in ["application/json", "application/x-www-form-urlencoded"] {
            let path = endpoint.path.replace(['{', '}'], "");
            let request = Request::builder()
                .method(endpoint.method)
                .uri(&path)
                .header(CONTENT_TYPE, media)
                .body(unread())
                .unwrap();
            let answer = fixture
                .send(endpoint.listener == "peer", &Ask::default(), request)
                .await;
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            // A path is read before anybody is asked for; what it names is not. Nor is a form for a client that nobody has named.
            let is_of_nobody = path != endpoint.path || path == "/oauth2/authorize";
            let is_unreadable = answer.status == StatusCode::BAD_REQUEST && is_of_nobody;
            assert!(
                refused.contains(&answer.status) || is_unreadable,
                "{} {path}: {}",
                endpoint.method,
                answer.status
            );
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried}");
}

#[tokio::test]
async fn an_enrolment_has_so_many_bytes() {
    let fixture = Fixture::new().await;
    let enrol = async |padding: usize| {
        let body = json!({ "code": "x", "csr": csr(), "padding": "x".repeat(padding) });
        let ask = Ask::default();
        fixture.public(&ask, "/v1/enrolments", &body).await.status
    };
    // It is read as far as it goes; what it says counts for nothing.
    assert_ne!(enrol(20 << 10).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(enrol(24 << 10).await, StatusCode::PAYLOAD_TOO_LARGE);
}
