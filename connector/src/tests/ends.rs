//! Bodies whose end says nothing, and those that say too much.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use common::tls::TlsStore;
use location_client::Profile;
use rstest::rstest;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{
    kit::{self, ConnectorFixture, PROVIDER_CONNECTOR, Plan, fetch},
    origin::large,
};
use crate::{exchange::BodyDigest, receiver::EgressConfig};

const OTHER: &str = "cadde.other.dd";

/// How a [`Raw`] server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Close {
    /// As one does that has said all.
    Orderly,
    /// As the kernel does for a process that was killed.
    Reset,
}

/// A server that sends bytes as they are, whatever it is asked, and then closes.
struct Raw {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Raw {
    async fn start(answer: Vec<u8>, close: Close, tls: Option<Arc<TlsStore>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket").port();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (answer, tls) = (answer.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => give(stream, &answer, close).await,
                        Some(tls) => {
                            let acceptor = tokio_rustls::TlsAcceptor::from(tls.server_config());
                            let stream = acceptor.accept(stream).await.expect("a handshake");
                            give(stream, &answer, close).await;
                        }
                    }
                });
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn give(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8], close: Close) {
    let mut request = Vec::new();
    match close {
        Close::Orderly => {
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.expect("a request"));
            }
            stream.write_all(answer).await.expect("a reader");
            stream.shutdown().await.expect("a reader");
        }
        Close::Reset => {
            // A socket that is closed with something unread in it is reset.
            request.push(stream.read_u8().await.expect("a request"));
            stream.write_all(answer).await.expect("a reader");
            stream.flush().await.expect("a reader");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [head.as_bytes(), b"\r\n\r\n", body].concat()
}

const OLD: &str = "HTTP/1.0 200 OK\r\ncontent-type: text/csv";
const CLOSING: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\nconnection: close";

/// A world whose provider and whose receiver's direct mode fetch from `raw`.
async fn world(raw: &Raw, ends_by_close: bool) -> ConnectorFixture {
    let port = raw.port;
    let sources = move |_| {
        let mut source = kit::source(port, "/");
        source.authorization = false;
        source.ends_by_close = ends_by_close;
        source
            .provenance
            .insert(kit::resource(port, "/a.csv"), "create-1".to_owned());
        vec![source]
    };
    let egress = move |_| {
        vec![EgressConfig {
            url: kit::url(port, "/"),
            addresses: Vec::new(),
            ends_by_close,
        }]
    };
    ConnectorFixture::start(Plan {
        sources: Box::new(sources),
        egress: Box::new(egress),
        ..Plan::default()
    })
    .await
}

fn bodies() -> [Vec<u8>; 3] {
    [Vec::new(), b"a,b\n".to_vec(), large().to_vec()]
}

#[rstest]
#[case::http10(OLD)]
#[case::http11(CLOSING)]
#[case::coded_for_the_way("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip")]
#[case::coded_and_chunked("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked")]
#[case::of_two_lengths("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 4")]
#[case::a_part("HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-range: bytes 0-3/8")]
#[tokio::test]
async fn what_cannot_be_told_to_be_whole_is_refused_and_not_recorded(#[case] head: &str) {
    for body in bodies() {
        let raw = Raw::start(answer(head, &body), Close::Orderly, None).await;
        let world = world(&raw, false).await;
        let resource = kit::resource(raw.port, "/a.csv");
        let through = world
            .ask_url(&resource, None)
            .header("x-cadde-provider", kit::PROVIDER);
        let got = fetch(through).await;
        assert_eq!(got.error(), (502, "020004005E".to_owned()));
        let direct = fetch(world.ask_url(&resource, None)).await;
        assert_eq!(direct.error(), (502, "000001002E".to_owned()));
        assert_eq!(raw.asked(), 2, "an answer is an answer");
        let (sent, received) = world.records().await;
        assert!(sent.is_empty() && received.is_empty());
    }
}

#[rstest]
#[case::http10(OLD)]
#[case::http11(CLOSING)]
#[tokio::test]
async fn a_source_whose_configuration_says_so_may_end_by_closing(#[case] head: &str) {
    for body in bodies() {
        let raw = Raw::start(answer(head, &body), Close::Orderly, None).await;
        let world = world(&raw, true).await;
        let resource = kit::resource(raw.port, "/a.csv");
        let through = world
            .ask_url(&resource, None)
            .header("x-cadde-provider", kit::PROVIDER);
        let direct = world.ask_url(&resource, None);
        for request in [through, direct] {
            let got = fetch(request).await;
            assert_eq!(got.status.as_u16(), 200);
            assert!(got.body.as_deref() == Some(&body[..]), "another body");
        }
        assert_eq!(raw.asked(), 2);
        let (sent, received) = world.records().await;
        let digest = hex::encode(BodyDigest::of(&body).sha256);
        assert_eq!((sent.len(), received.len()), (1, 2));
        for item in sent.iter().chain(&received) {
            assert_eq!(item["dig"]["sha256"], digest);
            // Between the connectors the end was marked.
            let is_received = item["event"]["cdleventtype"] == "Received";
            let said = (!is_received).then_some("close");
            assert_eq!(item.get("end").and_then(Value::as_str), said, "{item}");
        }
    }
}

/// What a killed server does, and a network that gives up.
#[tokio::test]
async fn a_reset_ends_no_body_even_where_closing_does() {
    let raw = Raw::start(answer(OLD, &large()), Close::Reset, None).await;
    let world = world(&raw, true).await;
    let resource = kit::resource(raw.port, "/a.csv");
    let through = world
        .ask_url(&resource, None)
        .header("x-cadde-provider", kit::PROVIDER);
    for request in [through, world.ask_url(&resource, None)] {
        let got = fetch(request).await;
        assert!(
            got.status.as_u16() != 200 || got.body.is_none(),
            "the body looked whole"
        );
    }
    let (sent, received) = world.records().await;
    for item in sent.iter().chain(&received) {
        assert_eq!(item["kind"], "evidence");
        assert!(item.get("dig").is_none(), "{item}");
    }
}

#[rstest]
#[case::http10(OLD)]
#[case::http11(CLOSING)]
#[tokio::test]
async fn a_provider_that_ends_by_closing_is_refused(#[case] head: &str) {
    let head = format!("{head}\r\nx-cadde-provenance: e-1");
    for body in bodies() {
        let raw = Raw::start(Vec::new(), Close::Orderly, None).await;
        // Direct mode may: that says nothing of providers.
        let world = world(&raw, true).await;
        let tls = Some(world.pki.store(PROVIDER_CONNECTOR));
        let provider = Raw::start(answer(&head, &body), Close::Orderly, tls).await;
        let at = format!("https://localhost:{}", provider.port);
        world.locations.put(OTHER, &at, None, Profile::Cadde4);
        let request = world
            .ask_url("http://d.example/a.csv", None)
            .header("x-cadde-provider", OTHER);
        let got = fetch(request).await;
        assert_eq!(got.error(), (502, "020004005E".to_owned()));
        assert_eq!(provider.asked(), 1);
        assert!(world.records().await.1.is_empty());
    }
}
