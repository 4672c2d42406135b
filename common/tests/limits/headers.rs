//! PROXY headers before health checks, which come or don't.

use std::net::SocketAddr;

use common::{
    config::Period,
    listener::{Listener, ListenerLimits},
};
use ppp::v2::{Builder, Command, PROTOCOL_PREFIX, Protocol, Version};
use tokio::io::AsyncWriteExt as _;

use super::{ASK, ask, config, connect, rest, say, serve};

async fn start() -> SocketAddr {
    let limits = ListenerLimits {
        handshake: Period::millis(300),
        ..ListenerLimits::default()
    };
    let listener = Listener::bind(&config(limits), None).await.unwrap();
    serve(listener.passing_over_proxy_headers()).0
}

/// As a load balancer sends one for a client, and for itself.
fn headers() -> [Vec<u8>; 2] {
    let addresses: (SocketAddr, SocketAddr) = (
        "192.0.2.7:4711".parse().unwrap(),
        "192.0.2.1:443".parse().unwrap(),
    );
    let proxied = Version::Two | Command::Proxy;
    let of_client = Builder::with_addresses(proxied, Protocol::Stream, addresses).build();
    let local = Builder::new(Version::Two | Command::Local, 0u8).build();
    [of_client.unwrap(), local.unwrap()]
}

#[tokio::test]
async fn a_check_is_answered_with_a_header_and_without_one() {
    let address = start().await;
    let mut plain = connect(address).await;
    assert!(ask(&mut plain).await.contains("200 OK"));
    for header in headers() {
        let mut stream = connect(address).await;
        let first = [&header, ASK].concat();
        assert!(say(&mut stream, &first).await.contains("200 OK"));
        // It comes once, before everything else.
        assert!(ask(&mut stream).await.contains("200 OK"));
    }
}

#[tokio::test]
async fn a_header_may_come_before_its_request_and_in_pieces() {
    let address = start().await;
    let mut stream = connect(address).await;
    stream.set_nodelay(true).unwrap();
    for byte in &headers()[0] {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(ask(&mut stream).await.contains("200 OK"));
}

#[tokio::test]
async fn what_begins_like_a_header_and_is_none_ends_the_connection() {
    let address = start().await;
    for beginning in [
        &b"\r\nGET /small HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        // Not whole in time.
        PROTOCOL_PREFIX,
        &headers()[0][..20],
        b"",
    ] {
        let mut stream = connect(address).await;
        stream.write_all(beginning).await.unwrap();
        assert_eq!(rest(&mut stream).await, "", "{beginning:?}");
    }
    // Of two headers the second is no request.
    let mut stream = connect(address).await;
    let twice = headers().concat();
    stream.write_all(&twice).await.unwrap();
    stream.write_all(ASK).await.unwrap();
    assert!(!rest(&mut stream).await.contains("200 OK"));
}

#[tokio::test]
async fn no_other_listener_takes_one_unasked() {
    let (address, _drops) = super::start_with(&config(ListenerLimits::default())).await;
    let mut stream = connect(address).await;
    let first = [&headers()[0], ASK].concat();
    stream.write_all(&first).await.unwrap();
    assert!(!rest(&mut stream).await.contains("200 OK"));
}
