//! Transfers that break: the caller sees it, and both sides say so.

use std::time::Duration;

use bytes::Bytes;
use common::config::Period;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rstest::rstest;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::kit::{ConnectorFixture, PROVIDER, Plan, fetch};
use crate::exchange::Deadlines;

fn impatient() -> Plan {
    let deadlines = Deadlines {
        idle: Period::seconds(1),
        first_byte: Period::seconds(3),
        ..Deadlines::default()
    };
    Plan {
        deadlines,
        ..Plan::default()
    }
}

/// Asserts that `items` is one aborted transfer of the side `event_type`.
fn is_aborted(items: &[Value], event_type: &str, reason: &str) {
    assert_eq!(items.len(), 1, "{items:?}");
    let evidence = &items[0]["evidence"];
    assert_eq!(evidence["type"], "transfer-aborted");
    assert_eq!(evidence["cdleventtype"], event_type);
    assert_eq!(evidence["reason"], reason, "{evidence}");
}

#[rstest]
#[case::with_a_length("/closed/short", "source-failed")]
#[case::without_a_length("/closed/broken-chunks", "source-failed")]
#[case::stalled("/closed/stall", "timeout")]
#[tokio::test]
async fn a_transfer_that_the_source_breaks_is_seen_as_broken(
    #[case] path: &str,
    #[case] reason: &str,
) {
    let world = ConnectorFixture::start(impatient()).await;
    world.grant(path).await;
    let got = world.fetch(path).await;
    assert_eq!(got.status.as_u16(), 200);
    assert!(got.body.is_none(), "the body looked whole");
    let (sent, received) = world.records().await;
    is_aborted(&sent, "Sent", reason);
    // Of a stall both sides tire at the same time: whether the receiver tires first or sees the provider do so is chance.
    let seen = received[0]["evidence"]["reason"].as_str().unwrap();
    assert!(seen == reason || seen == "source-failed", "{seen}");
    is_aborted(&received, "Received", seen);
    assert!(received[0]["evidence"]["len"].as_u64().unwrap() <= 150_000);
}

/// Its client takes what arrives before a close for all of it, whatever length was announced.
#[tokio::test]
async fn a_reference_receiver_is_told_no_length_that_it_would_not_look_at() {
    let world = ConnectorFixture::start(impatient()).await;
    for path in ["/closed/large", "/closed/short", "/closed/a.csv"] {
        world.grant(path).await;
        let got = fetch(world.reference(path, Some("good"))).await;
        assert_eq!(got.status.as_u16(), 200);
        let has_length = got.headers.contains_key("content-length");
        assert_eq!(has_length, path == "/closed/a.csv", "{path}");
        let is_chunked = got.header("transfer-encoding") == "chunked";
        assert_eq!(is_chunked, !has_length, "{path}");
        assert_eq!(got.body.is_none(), path == "/closed/short", "{path}");
    }
    // Ours counts: a length lets it, and its application, see how far they are.
    let got = world.fetch("/closed/large").await;
    assert_eq!(got.header("content-length"), "300000");
    assert!(got.body.is_some());
}

#[tokio::test]
async fn a_small_body_that_breaks_is_refused_and_not_recorded() {
    let world = ConnectorFixture::start(impatient()).await;
    world.grant("/closed/short-small").await;
    for got in [
        world.fetch("/closed/short-small").await,
        fetch(world.reference("/closed/short-small", Some("good"))).await,
    ] {
        assert_eq!(got.error().0, 500);
    }
    let (sent, received) = world.records().await;
    assert!(sent.is_empty() && received.is_empty());
}

#[tokio::test]
async fn a_source_that_never_answers_times_out() {
    let world = ConnectorFixture::start(impatient()).await;
    world.grant("/closed/silent").await;
    let got = fetch(world.reference("/closed/silent", Some("good"))).await;
    assert_eq!(got.error(), (408, "000001001E".to_owned()));
    let (sent, _) = world.records().await;
    assert!(sent.is_empty());
}

#[tokio::test]
async fn the_receivers_budget_ends_the_providers_patience() {
    let world = ConnectorFixture::granting("/closed/silent").await;
    let request = world
        .reference("/closed/silent", Some("good"))
        .header("x-cadde-deadline-ms", "300");
    let got = fetch(request).await;
    assert_eq!(got.error(), (408, "000001001E".to_owned()));
}

#[tokio::test]
async fn a_caller_that_leaves_ends_the_transfer_on_both_sides() {
    let world = ConnectorFixture::granting("/closed/endless").await;
    let mut response = world
        .ask("/closed/endless", Some("good"))
        .send()
        .await
        .unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    drop(response);
    let (sent, received) = world.records().await;
    is_aborted(&sent, "Sent", "peer-closed");
    is_aborted(&received, "Received", "peer-closed");
}

#[tokio::test]
async fn a_caller_that_does_not_read_holds_the_source_back() {
    let world = ConnectorFixture::granting("/closed/endless").await;
    let response = world
        .ask("/closed/endless", Some("good"))
        .send()
        .await
        .unwrap();
    let read = || world.endless.load(std::sync::atomic::Ordering::SeqCst);
    let rest = async {
        let mut before = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            match read() {
                now if now > 0 && now == before => return now,
                now => before = now,
            }
        }
    };
    let passed = tokio::time::timeout(Duration::from_secs(20), rest).await;
    let passed = passed.expect("the source is read on and on");
    // The buffers of three connections, each with its sockets.
    assert!(passed < 64 << 20, "{passed} bytes were read ahead");
    drop(response);
}

#[tokio::test]
async fn a_record_that_cannot_be_completed_breaks_the_transfer() {
    let world = ConnectorFixture::granting("/closed/pausing").await;
    let mut response = world
        .ask("/closed/pausing", Some("good"))
        .send()
        .await
        .unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    world.provider_outbox.close(Duration::ZERO).await;
    world.go_on.notify_one();
    let mut end = Ok(Some(Bytes::new()));
    while matches!(end, Ok(Some(_))) {
        end = response.chunk().await;
    }
    assert!(end.is_err(), "the body looked whole");
}

/// A request of an HTTP/1.0 caller, as nginx makes it by default.
async fn http10(world: &ConnectorFixture, path: &str) -> (std::io::Result<usize>, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", world.receiver_port))
        .await
        .unwrap();
    let request = format!(
        "GET /cadde/api/v4/file HTTP/1.0\r\nhost: x\r\nx-cadde-provider: {PROVIDER}\r\nx-cadde-resource-url: {}\r\n\
         x-cadde-resource-api-type: file/http\r\nauthorization: Bearer good\r\n\r\n",
        world.resource(path)
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    (read, answer)
}

#[tokio::test]
async fn an_http10_caller_without_a_length_sees_a_reset() {
    let world = ConnectorFixture::granting("/closed/broken-chunks").await;
    world.grant("/closed/chunked").await;
    let (read, answer) = http10(&world, "/closed/chunked").await;
    assert!(read.is_ok() && answer.len() > super::origin::large().len());
    let (read, _) = http10(&world, "/closed/broken-chunks").await;
    assert_eq!(
        read.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset
    );
}

type Http2 =
    hyper::client::conn::http2::Connection<TokioIo<TcpStream>, Empty<Bytes>, TokioExecutor>;

async fn http2(world: &ConnectorFixture) -> (SendRequest<Empty<Bytes>>, Http2) {
    let stream = TcpStream::connect(("127.0.0.1", world.receiver_port))
        .await
        .unwrap();
    hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap()
}

fn request2(world: &ConnectorFixture, path: &str) -> http::Request<Empty<Bytes>> {
    http::Request::get("http://localhost/cadde/api/v4/file")
        .header("x-cadde-provider", PROVIDER)
        .header("x-cadde-resource-url", world.resource(path))
        .header("x-cadde-resource-api-type", "file/http")
        .header("authorization", "Bearer good")
        .body(Empty::<Bytes>::new())
        .unwrap()
}

#[tokio::test]
async fn an_http2_caller_that_never_opens_its_window_is_cut_off() {
    let world = ConnectorFixture::start(Plan {
        write_stall: Period::millis(200),
        ..impatient()
    })
    .await;
    world.grant("/closed/endless").await;
    let (mut sender, connection) = http2(&world).await;
    let connection = tokio::spawn(connection);
    let held = sender.send_request(request2(&world, "/closed/endless"));
    let held = held.await.unwrap();
    // Pings are answered all the while.
    let ended = tokio::time::timeout(Duration::from_secs(20), connection).await;
    assert!(ended.is_ok(), "the connection is held for ever");
    drop(held);
    let (sent, received) = world.records().await;
    is_aborted(&sent, "Sent", "peer-closed");
    is_aborted(&received, "Received", "timeout");
}

#[tokio::test]
async fn a_caller_that_takes_nothing_is_cut_off_when_the_exchanges_time_is_over() {
    let deadlines = Deadlines {
        total: Period::seconds(4),
        ..impatient().deadlines
    };
    let world = ConnectorFixture::start(Plan {
        deadlines,
        ..Plan::default()
    })
    .await;
    world.grant("/closed/endless").await;
    let held = world.ask("/closed/endless", Some("good")).send();
    let held = held.await.unwrap();
    let open = async {
        while world.receiver_outbox.status().open > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(20), open).await;
    assert!(ended.is_ok(), "the exchange is held for ever");
    drop(held);
    let (_, received) = world.records().await;
    is_aborted(&received, "Received", "timeout");
}

#[tokio::test]
async fn an_http2_caller_sees_its_stream_reset_and_keeps_its_connection() {
    let world = ConnectorFixture::granting("/closed/broken-chunks").await;
    world.grant("/closed/a.csv").await;
    let (mut sender, connection) = http2(&world).await;
    tokio::spawn(connection);
    let request = |path| request2(&world, path);
    let broken = sender
        .send_request(request("/closed/broken-chunks"))
        .await
        .unwrap();
    assert_eq!(broken.status().as_u16(), 200);
    assert!(broken.into_body().collect().await.is_err());
    let whole = sender.send_request(request("/closed/a.csv")).await.unwrap();
    assert_eq!(
        whole.into_body().collect().await.unwrap().to_bytes(),
        "a,b\n1,2\n"
    );
}
