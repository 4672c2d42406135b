//! Limits of a listener, over real sockets: who is dropped, who is told why, and that places come back.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

mod headers;
mod places;

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    routing::get,
};
use common::{
    config::{ByteSize, Period},
    listener::{Listener, ListenerConfig, ListenerLimits, TlsMode},
    process::Shutdown,
};
use http::StatusCode;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rstest::rstest;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// 10 s: far above every limit of these tests.
const PATIENCE: Duration = Duration::from_secs(10);

const ASK: &[u8] = b"GET /small HTTP/1.1\r\nhost: x\r\n\r\n";

/// A body without an end.
async fn endless() -> Body {
    let piece = Bytes::from(vec![7; 64 << 10]);
    Body::from_stream(futures_util::stream::repeat_with(move || {
        io::Result::Ok(piece.clone())
    }))
}

/// A body without an end that says when it is dropped.
async fn watched(State(dropped): State<mpsc::UnboundedSender<()>>) -> Body {
    struct Told(mpsc::UnboundedSender<()>);
    impl Drop for Told {
        fn drop(&mut self) {
            // The test may have ended.
            let _ = self.0.send(());
        }
    }
    let (piece, told) = (Bytes::from(vec![7; 64 << 10]), Told(dropped));
    Body::from_stream(futures_util::stream::repeat_with(move || {
        let _held = &told;
        io::Result::Ok(piece.clone())
    }))
}

/// A body that pauses for longer than a client may.
async fn slow() -> Body {
    let pieces = futures_util::stream::unfold("ab", |left| async move {
        let (next, rest) = left.split_at_checked(1)?;
        tokio::time::sleep(4 * quick().write_stall.get()).await;
        Some((io::Result::Ok(next), rest))
    });
    Body::from_stream(pieces)
}

/// A listener on plain HTTP with these limits.
async fn start(limits: ListenerLimits) -> SocketAddr {
    start_watched(limits).await.0
}

/// The same, and what tells of the bodies of `/watched` that were dropped.
async fn start_watched(limits: ListenerLimits) -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    start_with(&config(limits)).await
}

fn config(limits: ListenerLimits) -> ListenerConfig {
    let listen = "127.0.0.1:0".parse().unwrap();
    let url = "http://localhost".parse().unwrap();
    let mut config = ListenerConfig::new(listen, url, TlsMode::None);
    config.limits = limits;
    config
}

async fn start_with(config: &ListenerConfig) -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    serve(Listener::bind(config, None).await.unwrap())
}

fn serve(listener: Listener) -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/small", get(async || "small"))
        .route("/refused", get(async || StatusCode::UNAUTHORIZED))
        .route("/endless", get(endless))
        .route("/slow", get(slow));
    let (dropped, drops) = mpsc::unbounded_channel();
    let watched = Router::new()
        .route("/watched", get(watched))
        .with_state(dropped);
    tokio::spawn(listener.serve(router.merge(watched), Shutdown::default()));
    (address, drops)
}

/// Reads until the connection ends, and gives what came.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    // A reset is an end too.
    let _ = ended.expect("the connection ends");
    String::from_utf8_lossy(&all).into_owned()
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

async fn connect_from(source: &str, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(SocketAddr::new(source.parse().unwrap(), 0))
        .unwrap();
    socket.connect(address).await.unwrap()
}

/// Asks and reads the one answer, keeping the connection.
async fn ask(stream: &mut TcpStream) -> String {
    say(stream, ASK).await
}

async fn say(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = timeout(PATIENCE, stream.read(&mut answer))
        .await
        .expect("there is an answer")
        .unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

/// What a client of HTTP/2 may be sent before it says that it has taken something, as long as it says nothing else.
const WINDOW: u32 = (1 << 16) - 1;

/// A connection with HTTP/2 whose streams have this window, and its end.
async fn http2(
    address: SocketAddr,
    window: u32,
) -> (SendRequest<Empty<Bytes>>, JoinHandle<hyper::Result<()>>) {
    let io = TokioIo::new(connect(address).await);
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(window)
        .handshake(io)
        .await
        .unwrap();
    (sender, tokio::spawn(connection))
}

fn request(uri: impl AsRef<str>) -> http::Request<Empty<Bytes>> {
    let request = http::Request::get(uri.as_ref());
    request.body(Empty::new()).unwrap()
}

/// A mebibyte a second has to be taken.
fn rated() -> ListenerLimits {
    ListenerLimits {
        write_rate: ByteSize(1 << 20),
        write_rate_over: Period::millis(200),
        ..ListenerLimits::default()
    }
}

fn quick() -> ListenerLimits {
    ListenerLimits {
        headers: Period::millis(300),
        idle: Period::millis(600),
        write_stall: Period::millis(500),
        ..ListenerLimits::default()
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_or_too_little_is_dropped() {
    let address = start(quick()).await;
    // The last one is as much as HTTP/2 says before it asks.
    for beginning in [
        &b""[..],
        b"GET / HTTP/1.1\r\nhost: x\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = connect(address).await;
        stream.write_all(beginning).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("200"), "{beginning:?}: {answer}");
    }
}

#[tokio::test]
async fn headers_that_trickle_are_no_excuse() {
    let address = start(quick()).await;
    let mut stream = connect(address).await;
    assert!(ask(&mut stream).await.contains("200 OK"));
    let began = Instant::now();
    let trickle = async {
        loop {
            if stream.write_all(b"G").await.is_err() {
                return;
            }
            // The pace of the client, not a wait for the server.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, trickle)
        .await
        .expect("the connection ends while the client still sends");
    assert!(began.elapsed() >= quick().headers.get());
}

#[tokio::test]
async fn a_connection_between_two_requests_lives_for_its_own_time() {
    let address = start(quick()).await;
    let mut stream = connect(address).await;
    assert!(ask(&mut stream).await.contains("200 OK"));
    let began = Instant::now();
    assert_eq!(rest(&mut stream).await, "");
    assert!(
        began.elapsed() >= quick().headers.get() + Duration::from_millis(100),
        "ended as if headers were awaited"
    );
}

#[rstest]
#[case::no_host("", "400")]
#[case::two_hosts("host: x\r\nhost: x\r\n", "400")]
#[case::two_hosts_of_which_one_is_empty("host: x\r\nHost:\r\n", "400")]
#[case::empty("host:\r\n", "400")]
#[case::no_host_at_all("host: x/y\r\n", "400")]
#[case::two_credentials(
    "host: x\r\nauthorization: Bearer a\r\nAuthorization: Basic b\r\n",
    "400"
)]
#[case::one_of_each("host: x\r\nauthorization: Bearer a\r\n", "200")]
#[tokio::test]
async fn a_request_says_once_whom_it_is_for_and_who_sends_it(
    #[case] fields: &str,
    #[case] status: &str,
) {
    let address = start(ListenerLimits::default()).await;
    // A target with an authority does not stand in for the header.
    for target in ["/small", "http://x/small"] {
        let mut stream = connect(address).await;
        let request = format!("GET {target} HTTP/1.1\r\nconnection: close\r\n{fields}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert_eq!(answer.contains("ambiguous-request"), status == "400");
        assert_eq!(answer.ends_with("small"), status == "200");
    }
}

#[rstest]
#[case("x", 200)]
#[case("X", 200)]
#[case("y", 400)]
#[tokio::test]
async fn on_http2_a_host_is_the_authority(#[case] host: &str, #[case] status: u16) {
    let address = start(ListenerLimits::default()).await;
    let (mut sender, _) = http2(address, WINDOW).await;
    let request = http::Request::get("http://x/small")
        .header("host", host)
        .body(Empty::<Bytes>::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status().as_u16(), status);
}

#[tokio::test]
async fn an_http2_connection_without_a_stream_ends() {
    let address = start(quick()).await;
    let (mut sender, ended) = http2(address, WINDOW).await;
    let request = request("http://x/small");
    let answer = sender.send_request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "small");
    timeout(PATIENCE, ended)
        .await
        .expect("the connection ends")
        .unwrap()
        .unwrap();
}

#[rstest]
#[case::of_one_frame("small")]
#[case::without_end("endless")]
#[tokio::test]
async fn an_http2_client_that_opens_no_window_is_dropped(#[case] body: &str) {
    let address = start(quick()).await;
    let (mut sender, ended) = http2(address, 0).await;
    let request = request(format!("http://x/{body}"));
    // Held: dropping it would end its stream.
    let _answer = sender.send_request(request).await.unwrap();
    let ended = timeout(PATIENCE, ended).await;
    let _ = ended.expect("the connection ends").unwrap();
}

#[tokio::test]
async fn an_http2_body_that_is_slow_itself_is_waited_for() {
    let address = start(quick()).await;
    let (mut sender, _) = http2(address, WINDOW).await;
    let request = request("http://x/slow");
    let answer = sender.send_request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "ab");
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_dropped_and_a_slow_one_is_not() {
    // The kernel counts this one, also while this test has no processor.
    let limits = ListenerLimits {
        write_stall: Period::seconds(2),
        ..quick()
    };
    let address = start(limits).await;
    let ask = b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut stalled = connect(address).await;
    stalled.write_all(ask).await.unwrap();
    let mut slow = connect(address).await;
    slow.write_all(ask).await.unwrap();
    let mut piece = vec![0; 1 << 20];
    // Takes something more often than the limit says, for longer than it.
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until {
        slow.read_exact(&mut piece)
            .await
            .expect("it is still served");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What the kernel holds is still there to be read, then the connection is found broken: the body has no end.
    let gone = async { while stalled.read(&mut piece).await.is_ok_and(|read| read > 0) {} };
    timeout(PATIENCE, gone).await.expect("it was dropped");
}

/// A client that takes a little all the time, but less than it has to.
#[tokio::test]
async fn a_client_that_takes_a_large_body_too_slowly_is_dropped() {
    let (address, mut drops) = start_watched(rated()).await;
    let mut slow = connect(address).await;
    slow.write_all(b"GET /watched HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let takes = async {
        let mut piece = vec![0; 1024];
        loop {
            // A reset is what it gets in the end; what the kernel holds comes first.
            let _ = slow.read(&mut piece).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let dropped = timeout(PATIENCE, drops.recv());
    tokio::select! {
        dropped = dropped => assert!(dropped.is_ok(), "its body is dropped"),
        () = takes => {}
    }
}

/// The same on HTTP/2, over a stream whose window it opens a little at a time.
#[tokio::test]
async fn an_http2_client_that_takes_a_large_body_too_slowly_is_dropped() {
    let (address, mut drops) = start_watched(rated()).await;
    let (mut sender, _) = http2(address, 1 << 10).await;
    let request = request("http://x/watched");
    let mut body = sender.send_request(request).await.unwrap().into_body();
    let takes = async {
        loop {
            let _ = body.frame().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let dropped = timeout(PATIENCE, drops.recv());
    tokio::select! {
        dropped = dropped => assert!(dropped.is_ok(), "its body is dropped"),
        () = takes => {}
    }
}

/// Neither a client that is fast enough nor a source that is slow.
#[tokio::test]
async fn a_large_body_that_is_taken_as_fast_as_it_comes_goes_on() {
    let (address, mut drops) = start_watched(rated()).await;
    let mut fast = connect(address).await;
    fast.write_all(b"GET /watched HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut piece = vec![0; 1 << 20];
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        fast.read_exact(&mut piece).await.expect("it is served");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(drops.try_recv().is_err(), "it is still served");
    let mut patient = connect(address).await;
    patient
        .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let answer = rest(&mut patient).await;
    assert!(
        answer.contains("\r\na\r\n") && answer.ends_with("0\r\n\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn headers_have_a_size_and_a_number() {
    let limits = ListenerLimits {
        header_count: 20,
        header_size: ByteSize(4 << 10),
        ..ListenerLimits::default()
    };
    let address = start(limits).await;
    let many = "x-n: 1\r\n".repeat(30);
    let large = format!("x-large: {}\r\n", "l".repeat(8 << 10));
    let huge = format!("x-huge: {}\r\n", "h".repeat(1 << 20));
    for headers in [&many, &large, &huge] {
        let mut stream = connect(address).await;
        let request = format!("GET /small HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        // The server may have seen enough before the end.
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = rest_or_first(&mut stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 431 "),
            "{}…: {answer}",
            &headers[..8]
        );
    }
}

async fn rest_or_first(stream: &mut TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let read = timeout(PATIENCE, stream.read(&mut answer))
        .await
        .expect("there is an answer")
        .unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}
