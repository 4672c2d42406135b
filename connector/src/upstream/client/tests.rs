use std::sync::Mutex as StdMutex;

use common::{address_block::AddressBlock, config::Period};
use http_body_util::BodyExt as _;
use rstest::rstest;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{
    exchange::{Allowed, Deadlines},
    upstream::{DialError, ResourceUrl},
};

/// A server that answers each request of a connection with the next of `answers`, and counts connections. `None` closes
/// the connection instead of answering.
async fn server(answers: Vec<Option<&'static str>>) -> (ResourceUrl, Arc<StdMutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    let connections = Arc::new(StdMutex::new(0));
    let answers = Arc::new(StdMutex::new(answers.into_iter()));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                return;
            };
            *counted.lock().expect("not poisoned") += 1;
            tokio::spawn(serve(stream, Arc::clone(&answers)));
        }
    });
    (
        ResourceUrl::parse(&format!("http://127.0.0.1:{port}/a?b")).expect("a URL"),
        connections,
    )
}

async fn serve(
    mut stream: TcpStream,
    answers: Arc<StdMutex<std::vec::IntoIter<Option<&'static str>>>>,
) {
    let mut buffer = [0; 4096];
    while let Ok(1..) = stream.read(&mut buffer).await {
        let next = answers.lock().expect("not poisoned").next();
        let Some(Some(answer)) = next else { return };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async fn get(
    client: &Arc<Client>,
    url: &ResourceUrl,
) -> Result<Response<PooledBody>, UpstreamError> {
    get_with(client, url, &AddressPolicy::Any, &Deadlines::default()).await
}

async fn get_with(
    client: &Arc<Client>,
    url: &ResourceUrl,
    policy: &AddressPolicy,
    deadlines: &Deadlines,
) -> Result<Response<PooledBody>, UpstreamError> {
    let budget = Budget::start(*deadlines, Allowed::default());
    let call = Call {
        origin: url.origin(),
        policy,
        expected: None,
        ends: Ends::Marked,
        budget: &budget,
    };
    client.get(&call, || request(url)).await
}

fn request(url: &ResourceUrl) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = path_and_query(url.url());
    request
}

async fn text(response: Response<PooledBody>) -> String {
    let body = response
        .into_body()
        .collect()
        .await
        .expect("a whole body")
        .to_bytes();
    String::from_utf8(body.to_vec()).expect("a text")
}

#[tokio::test]
async fn a_connection_is_used_again_once_its_body_has_ended() {
    let (url, connections) = server(vec![Some(OK); 4]).await;
    let client = Client::new(ClientTls::None);
    for _ in 0..3 {
        assert_eq!(text(get(&client, &url).await.unwrap()).await, "ok");
    }
    assert_eq!(*connections.lock().unwrap(), 1);
    // A body that was not read to its end takes its connection along.
    drop(get(&client, &url).await.unwrap());
    assert!(client.idle().get(url.origin()).unwrap().is_empty());
}

#[tokio::test]
async fn a_pooled_connection_that_the_server_closed_is_replaced() {
    let (url, connections) = server(vec![Some(OK), None, Some(OK)]).await;
    let client = Client::new(ClientTls::None);
    for _ in 0..2 {
        assert_eq!(text(get(&client, &url).await.unwrap()).await, "ok");
    }
    assert_eq!(*connections.lock().unwrap(), 2);
}

/// What a revocation does to a connection: it is dropped in the middle of a body that announced no length.
#[tokio::test]
async fn a_body_whose_connection_is_dropped_does_not_look_whole() {
    let part = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n";
    let (url, _) = server(vec![Some(part)]).await;
    let stream = TcpStream::connect(("127.0.0.1", url.origin().port)).await;
    let stream = TokioIo::new(Stream::Plain(stream.unwrap()));
    let (sender, connection) = http1::handshake(stream).await.unwrap();
    let running = tokio::spawn(connection);
    let connection = Connection {
        sender,
        generation: 0,
        peer: None,
        is_nameless: false,
        address: None,
        since: Instant::now(),
    };
    let client = Client::new(ClientTls::None);
    let sent = client.send(connection, url.origin(), request(&url)).await;
    let mut body = sent.unwrap().into_body();
    let frame = body.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "part");
    running.abort();
    let next = body.frame().await;
    assert!(matches!(next, Some(Err(BodyError::Broken(_)))), "{next:?}");
}

#[tokio::test]
async fn a_new_connection_that_breaks_is_an_error() {
    let (url, connections) = server(vec![None, Some(OK)]).await;
    let error = get(&Client::new(ClientTls::None), &url).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Broken { .. }), "{error:?}");
    assert_eq!(*connections.lock().unwrap(), 1);
}

#[tokio::test]
async fn what_is_no_http_is_asked_once() {
    let (url, connections) = server(vec![Some(OK), Some("220 ftp ready\r\n"), Some(OK)]).await;
    let client = Client::new(ClientTls::None);
    assert_eq!(text(get(&client, &url).await.unwrap()).await, "ok");
    assert!(matches!(
        get(&client, &url).await.unwrap_err(),
        UpstreamError::Broken { .. }
    ));
    assert_eq!(*connections.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let url = ResourceUrl::parse(&url).unwrap();
    let deadlines = Deadlines {
        first_byte: Period::millis(100),
        ..Deadlines::default()
    };
    let client = Client::new(ClientTls::None);
    let error = get_with(&client, &url, &AddressPolicy::Any, &deadlines)
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn nobody_listening_is_an_error_at_once() {
    let url = ResourceUrl::parse("http://127.0.0.1:1/").unwrap();
    let error = get(&Client::new(ClientTls::None), &url).await.unwrap_err();
    assert!(
        matches!(
            error,
            UpstreamError::Dial {
                source: DialError::Connect(_),
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_address_is_judged_after_resolution_and_when_it_is_written_out() {
    let (url, connections) = server(vec![Some(OK); 2]).await;
    let client = Client::new(ClientTls::None);
    let named = ResourceUrl::parse(&format!("http://localhost:{}/", url.origin().port)).unwrap();
    let nowhere = AddressPolicy::PublicAnd(Vec::new());
    for url in [&url, &named] {
        let error = get_with(&client, url, &nowhere, &Deadlines::default())
            .await
            .unwrap_err();
        let refused = matches!(
            error,
            UpstreamError::Dial {
                source: DialError::AddressRefused(_),
                ..
            }
        );
        assert!(refused, "{error:?}");
    }
    assert_eq!(*connections.lock().unwrap(), 0);
    let listed = AddressPolicy::PublicAnd(vec!["127.0.0.0/8".parse::<AddressBlock>().unwrap()]);
    for url in [&url, &named] {
        assert_eq!(
            text(
                get_with(&client, url, &listed, &Deadlines::default())
                    .await
                    .unwrap()
            )
            .await,
            "ok"
        );
    }
}

#[tokio::test]
async fn a_kept_connection_is_judged_by_the_policy_of_each_call() {
    let (url, connections) = server(vec![Some(OK); 3]).await;
    let client = Client::new(ClientTls::None);
    let listed = AddressPolicy::PublicAnd(vec!["127.0.0.0/8".parse::<AddressBlock>().unwrap()]);
    let nowhere = AddressPolicy::PublicAnd(Vec::new());
    let deadlines = Deadlines::default();
    let get = |policy| get_with(&client, &url, policy, &deadlines);
    assert_eq!(text(get(&listed).await.unwrap()).await, "ok");
    assert!(get(&nowhere).await.is_err());
    // It is still there for those who may use it.
    assert_eq!(text(get(&listed).await.unwrap()).await, "ok");
    assert_eq!(*connections.lock().unwrap(), 1);
}

#[tokio::test]
async fn https_needs_trust_anchors() {
    let url = ResourceUrl::parse("https://127.0.0.1:1/").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url =
        ResourceUrl::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap_or(url);
    let error = get(&Client::new(ClientTls::None), &url).await.unwrap_err();
    assert!(
        matches!(
            error,
            UpstreamError::Dial {
                source: DialError::NoTls,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn the_host_header_has_a_port_unless_it_is_the_usual_one() {
    let host = |text: &str| host_header(ResourceUrl::parse(text).unwrap().origin());
    assert_eq!(host("http://d.example/"), "d.example");
    assert_eq!(host("https://d.example:443/"), "d.example");
    assert_eq!(host("https://d.example:80/"), "d.example:80");
    assert_eq!(host("http://127.0.0.1:8080/"), "127.0.0.1:8080");
    assert_eq!(host("http://[::1]/"), "[::1]");
}

#[test]
fn the_request_line_has_path_and_query_as_they_were() {
    let line = |text: &str| path_and_query(ResourceUrl::parse(text).unwrap().url()).to_string();
    assert_eq!(line("http://d.example"), "/");
    assert_eq!(line("http://d.example/a%20b?c=%26&d"), "/a%20b?c=%26&d");
}

#[tokio::test]
async fn a_surplus_behind_a_body_is_nobodys_answer() {
    const SURPLUS: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad";
    let (url, connections) = server(vec![Some(SURPLUS), Some(OK)]).await;
    let client = Client::new(ClientTls::None);
    for _ in 0..2 {
        assert_eq!(text(get(&client, &url).await.unwrap()).await, "ok");
    }
    assert_eq!(*connections.lock().unwrap(), 2);
}

#[tokio::test]
async fn an_error_may_end_by_closing() {
    let (url, _) = server(vec![Some("HTTP/1.0 404 Not Found\r\n\r\nno"), None]).await;
    let got = get(&Client::new(ClientTls::None), &url).await.unwrap();
    assert_eq!(got.status().as_u16(), 404);
}

/// What a server of TLS has, and what trusts it.
fn tls_pair() -> (tokio_rustls::TlsAcceptor, ClientTls) {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
    let certificate = issued.cert.der().clone();
    let key = rustls_pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(common::tls::provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.expect("a key"))
        .expect("a certificate");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    let trust = ClientConfig::builder_with_provider(common::tls::provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(config).into(), ClientTls::Public(Arc::new(trust)))
}

/// A TLS server that answers `answer` once and closes TCP, with or without saying so in TLS, and what trusts it.
async fn tls_server(answer: &'static str, says_so: bool) -> (ResourceUrl, ClientTls) {
    let (acceptor, trust) = tls_pair();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a caller");
        let mut stream = acceptor.accept(stream).await.expect("a handshake");
        let mut buffer = [0; 4096];
        assert!(stream.read(&mut buffer).await.expect("a request") > 0);
        stream.write_all(answer.as_bytes()).await.expect("a reader");
        stream.flush().await.expect("a reader");
        if says_so {
            stream.shutdown().await.expect("a reader");
        } else {
            let (mut tcp, _) = stream.into_inner();
            tcp.shutdown().await.expect("a reader");
        }
    });
    let url = ResourceUrl::parse(&format!("https://localhost:{port}/")).expect("a URL");
    (url, trust)
}

/// How a server ends a connection on which a request has just come.
#[derive(Debug, Clone, Copy)]
enum Farewell {
    /// As it should: in TLS too, where there is TLS.
    Said,
    /// TCP alone.
    Silent,
    /// Without reading what came, so that TCP is reset.
    Reset,
}

/// Answers the first request of its first connection with [`OK`] and the second with `words` and the end `how`; later connections
/// as they should be.
async fn closing_server(tls: bool, words: &'static str, how: Farewell) -> (ResourceUrl, ClientTls) {
    let (acceptor, trust) = tls_pair();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    tokio::spawn(async move {
        let mut last = Some((words, how));
        loop {
            let (tcp, _) = listener.accept().await.expect("a caller");
            let (acceptor, last) = (tls.then(|| acceptor.clone()), last.take());
            tokio::spawn(async move {
                let talked = match acceptor {
                    None => talk(tcp, |tcp| tcp, last).await,
                    Some(acceptor) => {
                        let stream = acceptor.accept(tcp).await.expect("a handshake");
                        talk(stream, |stream| stream.get_ref().0, last).await
                    }
                };
                talked.expect("a caller");
            });
        }
    });
    let scheme = if tls { "https" } else { "http" };
    let url = ResourceUrl::parse(&format!("{scheme}://localhost:{port}/")).expect("a URL");
    (url, if tls { trust } else { ClientTls::None })
}

async fn talk<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    mut stream: S,
    tcp: impl Fn(&S) -> &TcpStream,
    last: Option<(&str, Farewell)>,
) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    assert!(stream.read(&mut buffer).await? > 0);
    stream.write_all(OK.as_bytes()).await?;
    stream.flush().await?;
    let Some((words, how)) = last else {
        return Ok(());
    };
    if matches!(how, Farewell::Reset) {
        tcp(&stream).peek(&mut buffer).await?;
    } else {
        assert!(stream.read(&mut buffer).await? > 0);
    }
    stream.write_all(words.as_bytes()).await?;
    stream.flush().await?;
    if matches!(how, Farewell::Said) {
        stream.shutdown().await?;
    }
    Ok(())
}

/// RFC 9110 §9.2.2, RFC 9112 §9.8: what decides is that there was no answer, not how the connection ended.
#[rstest]
#[tokio::test]
async fn a_kept_connection_that_ends_before_the_answer_is_replaced(
    #[values(false, true)] tls: bool,
    #[values(Farewell::Said, Farewell::Silent, Farewell::Reset)] how: Farewell,
    #[values("", "HTTP/1.1 200")] words: &'static str,
) {
    let (url, trust) = closing_server(tls, words, how).await;
    let client = Client::new(trust);
    for _ in 0..2 {
        assert_eq!(text(get(&client, &url).await.unwrap()).await, "ok");
    }
}

#[rstest]
#[tokio::test]
async fn a_kept_connection_that_ends_inside_the_body_is_an_error(
    #[values(false, true)] tls: bool,
    #[values(Farewell::Said, Farewell::Silent, Farewell::Reset)] how: Farewell,
) {
    let words = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok";
    let (url, trust) = closing_server(tls, words, how).await;
    let client = Client::new(trust);
    assert_eq!(text(get(&client, &url).await.unwrap()).await, "ok");
    // A reset may overtake what was said before it: then there was no answer, and the next one is whole.
    match (get(&client, &url).await, how) {
        (Ok(response), Farewell::Reset) => {
            let body = response.into_body().collect().await;
            assert!(body.is_err() || body.is_ok_and(|body| body.to_bytes() == "ok"));
        }
        (answer, _) => assert!(answer.unwrap().into_body().collect().await.is_err()),
    }
}

/// Whoever sits on the line can end TCP, but cannot say so in TLS.
#[tokio::test]
async fn a_tls_connection_ends_a_body_only_if_it_says_so() {
    const CLOSED: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok";
    const LENGTH: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const SHORT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok";
    let cases = [
        (CLOSED, Ends::OrClose, true, true),
        (CLOSED, Ends::OrClose, false, false),
        (LENGTH, Ends::Marked, false, true),
        (SHORT, Ends::OrClose, true, false),
        (SHORT, Ends::OrClose, false, false),
    ];
    for (answer, ends, says_so, is_whole) in cases {
        let (url, tls) = tls_server(answer, says_so).await;
        let budget = Budget::start(Deadlines::default(), Allowed::default());
        let call = Call {
            origin: url.origin(),
            policy: &AddressPolicy::Any,
            expected: None,
            ends,
            budget: &budget,
        };
        let client = Client::new(tls);
        let response = client.get(&call, || request(&url)).await.expect("headers");
        let collected = response.into_body().collect().await;
        assert_eq!(collected.is_ok(), is_whole, "{answer:?} {says_so}");
    }
}

#[test]
fn the_more_is_under_way_the_less_is_read_ahead() {
    for (under_way, expected) in [
        (0, READ_AHEAD),
        (15, READ_AHEAD),
        (31, READ_AHEAD / 2),
        (255, READ_AHEAD_LEAST),
        (10_000, READ_AHEAD_LEAST),
    ] {
        assert_eq!(read_ahead(under_way), expected, "{under_way}");
    }
    // All places of one caller.
    let all: usize = (0..512).map(read_ahead).sum();
    assert!(all <= 20 << 20, "{all}");
}
