//! Batches that the ledger has no room for.

use tower::ServiceExt as _;

use super::statuses;
use crate::api::tests::*;

#[tokio::test]
async fn a_full_queue_and_a_full_disk_refuse_the_whole_request() {
    let tight = LedgerFixture::with(LedgerConfig {
        queue: 1,
        ..limits()
    })
    .await;
    let items = [
        tight.received(&tight.id(), "x"),
        tight.received(&tight.id(), "x"),
    ];
    let answer = tight.deliver_as(RECEIVER_CONNECTOR, &items).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(
        statuses(&tight.deliver_as(RECEIVER_CONNECTOR, &items[..1]).await),
        ["created"]
    );

    let full = LedgerFixture::with(LedgerConfig {
        disk_watermark_percent: 0,
        disk_headroom: ByteSize(u64::MAX),
        ..limits()
    })
    .await;
    let answer = full.deliver_as(RECEIVER_CONNECTOR, &items).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(full.events(), 0);
}

#[tokio::test]
async fn a_connector_with_many_requests_open_leaves_room_for_others() {
    let world = LedgerFixture::with(LedgerConfig {
        requests: 3,
        requests_per_connector: 2,
        ..limits()
    })
    .await;
    // A body that never ends keeps its place until it is given up.
    let open = |connector: &'static str| {
        let (body, router) = (
            Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>()),
            world.peer.clone(),
        );
        let request = Request::post("/v2/events:batch").header("content-type", "application/json");
        let request = request.body(body).unwrap();
        tokio::spawn(async move { send(&router, request, Some(connector)).await.status })
    };
    let item = [world.sent(&world.id(), "x")];
    let slow = [open(RECEIVER_CONNECTOR), open(RECEIVER_CONNECTOR)];
    tokio::task::yield_now().await;
    let mine = [world.received(&world.id(), "x")];
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &mine).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(
        statuses(&world.deliver_as(PROVIDER_CONNECTOR, &item).await),
        ["created"]
    );
    let other = open(PROVIDER_CONNECTOR);
    tokio::task::yield_now().await;
    let answer = world.deliver_as("provider.c.example", &item).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    for one in slow {
        one.abort();
        one.await.unwrap_err();
    }
    assert_eq!(
        statuses(&world.deliver_as(RECEIVER_CONNECTOR, &mine).await),
        ["created"]
    );
    other.abort();
}

#[tokio::test]
async fn an_answer_counts_as_one_of_its_connectors_batches_until_it_is_taken() {
    use futures_util::FutureExt as _;
    let world = LedgerFixture::new().await;
    let request = |connector: &str, body: String| {
        // The length is what is held, whatever comes.
        let mut request = Request::post("/v2/events:batch")
            .header("content-type", "application/json")
            .header("content-length", 4 << 20)
            .body(Body::from(body))
            .unwrap();
        let connection = connection(Some(certificate(connector, 7)));
        request.extensions_mut().insert(connection);
        world.peer.clone().oneshot(request)
    };
    let nothing = || json!({ "items": [] }).to_string();
    let status = |answer: Result<axum::response::Response, std::convert::Infallible>| {
        answer.expect("the router never fails").status()
    };
    let items: Vec<Value> = (0..100).map(|_| world.received(&world.id(), "x")).collect();
    let items = json!({ "items": items }).to_string();
    let answer = request(RECEIVER_CONNECTOR, items).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let length = answer.headers()["content-length"].to_str().unwrap();
    let length: usize = length.parse().unwrap();
    assert!(length > 64 << 10, "it is sent in pieces");
    let mut next = Box::pin(request(RECEIVER_CONNECTOR, nothing()));
    assert!((&mut next).now_or_never().is_none());
    let other = request(PROVIDER_CONNECTOR, nothing()).now_or_never();
    assert_eq!(other.map(status), Some(StatusCode::BAD_REQUEST));
    let (_, body) = answer.into_parts();
    let text = common::http::body::read_limited(body, 1 << 20).await;
    let text = text.expect("a whole body");
    assert_eq!(text.len(), length);
    let reply: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(reply["results"].as_array().map(Vec::len), Some(100));
    drop(text);
    assert_eq!(status(next.await), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_made_of_a_batch_is_bounded_whatever_its_text() {
    let world = LedgerFixture::new().await;
    let too_large = async |body: &str| {
        let answer = world.deliver_text(RECEIVER_CONNECTOR, body).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer.body["max_items"], 1024);
    };
    // Each takes many times as much where it is kept.
    let zeros = "0,".repeat(1 << 20);
    too_large(&format!(r#"{{"items":[{}]}}"#, zeros.trim_end_matches(','))).await;
    // Four bytes each as sent, and sixteen as recorded.
    let numbers = format!("[{}0]", "1e15,".repeat(13_000));
    let item = |_| {
        let item = world.received(&world.id(), "x").to_string();
        let members = item.strip_prefix('{').expect("an object");
        format!(r#"{{"later":{numbers},{members}"#)
    };
    let items: Vec<String> = (0..40).map(item).collect();
    too_large(&format!(r#"{{"items":[{}]}}"#, items.join(","))).await;
    assert_eq!(world.events(), 0);
    let one = format!(r#"{{"items":[{}]}}"#, items[0]);
    let answer = world.deliver_text(RECEIVER_CONNECTOR, &one).await;
    assert_eq!(statuses(&answer), ["created"]);
}
