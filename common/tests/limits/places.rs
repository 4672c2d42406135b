//! How many connections there are, of one client and of all, and whose are ended.

use std::net::SocketAddr;

use common::listener::ListenerLimits;
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::{io::AsyncWriteExt as _, time::timeout};

use super::{
    PATIENCE, WINDOW, ask, config, connect, connect_from, http2, request, rest, say, start,
    start_with,
};

#[tokio::test]
async fn one_address_cannot_take_all_places_and_places_come_back() {
    let limits = ListenerLimits {
        connections: 4,
        connections_per_client: 2,
        ..ListenerLimits::default()
    };
    let address = start(limits).await;
    let mut first = connect(address).await;
    let mut second = connect(address).await;
    assert!(ask(&mut first).await.contains("200 OK"));
    assert!(ask(&mut second).await.contains("200 OK"));
    let mut third = connect(address).await;
    let refused = ask(&mut third).await;
    assert!(
        refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 5"),
        "{refused}"
    );
    let mut other = connect_from("127.0.0.2", address).await;
    assert!(ask(&mut other).await.contains("200 OK"));
    drop(first);
    let comes_back = async {
        loop {
            let mut again = connect(address).await;
            if ask(&mut again).await.contains("200 OK") {
                return;
            }
        }
    };
    timeout(PATIENCE, comes_back)
        .await
        .expect("the place comes back");
}

/// One connection at once and one a second: of many that come together some get no turn.
fn paced() -> ListenerLimits {
    ListenerLimits {
        new_connections: 1,
        new_connections_burst: 1,
        ..ListenerLimits::default()
    }
}

/// Opens 20 connections at once that ask one thing each, and gives how many were answered. The others were closed.
async fn answered(address: SocketAddr) -> usize {
    let ask = async || {
        let mut stream = connect(address).await;
        stream
            .write_all(b"GET /small HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        rest(&mut stream).await
    };
    let answers = futures_util::future::join_all((0..20).map(|_| ask())).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.is_empty() || answer.contains("200 OK"))
    );
    answers.iter().filter(|answer| !answer.is_empty()).count()
}

#[tokio::test]
async fn a_network_that_opens_too_many_connections_waits_alone() {
    let address = start(paced()).await;
    let mut before = connect(address).await;
    assert!(ask(&mut before).await.contains("200 OK"));
    let greedy = answered(address);
    let others = async {
        let mut other = connect_from("127.0.0.2", address).await;
        assert!(ask(&mut other).await.contains("200 OK"));
        assert!(ask(&mut before).await.contains("200 OK"), "it is in");
    };
    let (answered, ()) = tokio::join!(greedy, others);
    assert!((1..20).contains(&answered), "{answered}");
}

#[tokio::test]
async fn what_a_proxy_opens_is_not_paced_and_its_refusals_end_nothing() {
    let mut config = config(paced());
    config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let (address, _drops) = start_with(&config).await;
    assert_eq!(answered(address).await, 20);
    let mut stream = connect(address).await;
    for _ in 0..30 {
        let answer = say(&mut stream, REFUSED).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    }
}

const REFUSED: &[u8] = b"GET /refused HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn the_tenth_refusal_ends_a_connection() {
    let address = start(ListenerLimits::default()).await;
    let mut stream = connect(address).await;
    for _ in 0..9 {
        let answer = say(&mut stream, REFUSED).await;
        assert!(
            answer.starts_with("HTTP/1.1 401 ") && !answer.contains("connection: close"),
            "{answer}"
        );
        assert!(ask(&mut stream).await.contains("200 OK"));
    }
    stream.write_all(REFUSED).await.unwrap();
    let last = rest(&mut stream).await;
    assert!(
        last.starts_with("HTTP/1.1 401 ") && last.contains("connection: close"),
        "{last}"
    );
}

#[tokio::test]
async fn the_tenth_refusal_ends_an_http2_connection_after_what_is_under_way() {
    let address = start(ListenerLimits::default()).await;
    let (mut sender, ended) = http2(address, WINDOW).await;
    let mut get = async |path: &str| {
        let request = request(format!("http://x{path}"));
        sender.send_request(request).await.unwrap()
    };
    let slow = get("/slow").await;
    for _ in 0..10 {
        let answer = get("/refused").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    let body = slow.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "ab");
    timeout(PATIENCE, ended)
        .await
        .expect("the connection ends")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn beyond_all_places_callers_are_told() {
    let limits = ListenerLimits {
        connections: 1,
        ..ListenerLimits::default()
    };
    let address = start(limits).await;
    let mut first = connect(address).await;
    assert!(ask(&mut first).await.contains("200 OK"));
    let mut second = connect(address).await;
    assert!(ask(&mut second).await.starts_with("HTTP/1.1 503 "));
    assert_eq!(rest(&mut second).await, "", "and closed");
    assert!(ask(&mut first).await.contains("200 OK"));
}
