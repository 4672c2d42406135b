//! Listeners with required client certificates, over real sockets: who gets in, who does not, and what happens to open
//! connections when certificates change.

mod anchors;
mod own;
mod pki;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use common::{
    clock::SystemClock,
    ids::ConnectorId,
    listener::{ConnectionInfo, Listener, ListenerConfig, Peer, ProxyProtocol, TlsMode},
    process::Shutdown,
    tls::{PeerCertificate, TlsStore},
};
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rcgen::ExtendedKeyUsagePurpose;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use self::pki::{Authority, Files, Leaf, store};

/// Tells callers with a certificate who they are.
async fn serve_who(server: Arc<TlsStore>) -> (u16, Shutdown) {
    let router = Router::new().route("/who", get(who));
    serve(listener(TlsMode::Mutual), Some(server), router).await
}

async fn who(peer: Peer) -> String {
    peer.id.to_string()
}

async fn serve(
    config: ListenerConfig,
    tls: Option<Arc<TlsStore>>,
    router: Router,
) -> (u16, Shutdown) {
    let listener = Listener::bind(&config, tls).await.expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    let shutdown = Shutdown::default();
    tokio::spawn(listener.serve(router, shutdown.clone()));
    (port, shutdown)
}

fn listener(tls: TlsMode) -> ListenerConfig {
    ListenerConfig::new(
        "127.0.0.1:0".parse().expect("an address"),
        "https://localhost".parse().expect("a URL"),
        tls,
    )
}

type Sender = http1::SendRequest<Empty<Bytes>>;

async fn connect(port: u16, client: &TlsStore) -> anyhow::Result<Sender> {
    let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
    let name = ServerName::try_from("localhost")?;
    let tls = tokio_rustls::TlsConnector::from(client.client_config())
        .connect(name, tcp)
        .await?;
    let (sender, connection) = http1::handshake(TokioIo::new(tls)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn ask(sender: &mut Sender) -> anyhow::Result<String> {
    sender.ready().await?;
    let request = Request::get("/who")
        .header("host", "localhost")
        .body(Empty::new())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    anyhow::ensure!(status.is_success(), "{status}");
    Ok(String::from_utf8(body.to_vec())?)
}

async fn attempt(port: u16, client: &TlsStore) -> anyhow::Result<String> {
    ask(&mut connect(port, client).await?).await
}

#[tokio::test]
async fn only_a_good_certificate_gets_in() {
    let (files, ca, other) = (
        Files::new(),
        Authority::new("trial"),
        Authority::new("another"),
    );
    let crl = ca.crl(1, &[66]);
    let server = store(&files.config("server", &ca.leaf(Leaf::default()), &ca, Some(&crl)));
    let (port, _shutdown) = serve_who(server).await;

    let good = files.client("good", Leaf::numbered(5), &ca);
    assert_eq!(attempt(port, &good).await.unwrap(), "peer.example");

    let client_only = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let bad = [
        ("revoked", ca.leaf(Leaf::numbered(66))),
        ("of another authority", other.leaf(Leaf::numbered(7))),
        (
            "wrong usage",
            ca.leaf(Leaf {
                serial: 8,
                usages: Some(client_only),
                ..Leaf::default()
            }),
        ),
        (
            "not yet valid",
            ca.leaf(Leaf {
                serial: 9,
                from_days: Some(1),
                until_days: Some(2),
                ..Leaf::default()
            }),
        ),
    ];
    for (what, leaf) in bad {
        let config = files.config("bad", &leaf, &ca, None);
        // Its owner trusts whoever made it, and takes tomorrow for today: nobody else would load it.
        files.put("bad.ca", &format!("{}{}", ca.pem(), other.pem()));
        let ahead = if what == "not yet valid" { 36 } else { 0 };
        let clock = common::clock::SkewedClock(time::Duration::hours(ahead));
        let client = TlsStore::load(&config, Arc::new(clock)).expect(what);
        assert!(attempt(port, &client).await.is_err(), "{what} got in");
    }
    let two = store(&files.config(
        "two",
        &ca.leaf(Leaf {
            serial: 10,
            names: vec!["a.example", "b.example"],
            ..Leaf::default()
        }),
        &ca,
        None,
    ));
    let refused = attempt(port, &two).await.unwrap_err();
    assert!(refused.to_string().contains("403"), "{refused}");
}

#[tokio::test]
async fn an_expired_certificate_is_refused_by_a_server_and_not_loaded_by_its_owner() {
    let (files, ca) = (Files::new(), Authority::new("trial"));
    let leaf = ca.leaf(Leaf {
        from_days: Some(-2),
        until_days: Some(-1),
        ..Leaf::default()
    });
    let config = files.config("expired", &leaf, &ca, None);
    TlsStore::load(&config, Arc::new(SystemClock)).unwrap_err();
    // Its owner's clock is two days late, so that it can be tried on a server whose clock is right.
    let late = common::clock::SkewedClock(time::Duration::hours(-36));
    let client = TlsStore::load(&config, Arc::new(late)).unwrap();
    let server = store(&files.config(
        "server",
        &ca.leaf(Leaf {
            from_days: Some(-3),
            ..Leaf::default()
        }),
        &ca,
        None,
    ));
    let (port, _shutdown) = serve_who(server).await;
    assert!(attempt(port, &client).await.is_err());
}

#[tokio::test]
async fn a_revocation_is_heard_of_at_once_or_with_the_list_that_names_it() {
    let (files, ca) = (Files::new(), Authority::new("trial"));
    let own = ca.leaf(Leaf::default());
    let store = store(&files.config("own", &own, &ca, Some(&ca.crl(1, &[65]))));
    let peer = |serial| {
        let leaf = ca.leaf(Leaf {
            serial,
            ..Leaf::default()
        });
        let der = common::pem::parse_certificates(leaf.0.as_bytes()).unwrap();
        PeerCertificate::from_der(&der[0], &BTreeMap::new()).unwrap()
    };
    let (listed, not_yet) = (peer(65), peer(66));
    assert!(futures_util::poll!(std::pin::pin!(store.revoked(&listed))).is_ready());

    let mut waiting = std::pin::pin!(store.revoked(&not_yet));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    for (number, serials, is_named) in [(2, [65, 67], false), (3, [65, 66], true)] {
        files.put("own.crl", &ca.crl(number, &serials));
        assert!(store.reload().unwrap());
        assert_eq!(futures_util::poll!(&mut waiting).is_ready(), is_named);
    }
}

#[tokio::test]
async fn a_revoked_certificate_loses_its_open_connection_and_others_keep_theirs() {
    let (files, ca) = (Files::new(), Authority::new("trial"));
    let config = files.config(
        "server",
        &ca.leaf(Leaf::default()),
        &ca,
        Some(&ca.crl(1, &[])),
    );
    let server = store(&config);
    let (port, _shutdown) = serve_who(Arc::clone(&server)).await;
    let leaving = files.client("leaving", Leaf::numbered(66), &ca);
    let staying = files.client("staying", Leaf::numbered(67), &ca);
    let (mut leaving, mut staying) = (
        connect(port, &leaving).await.unwrap(),
        connect(port, &staying).await.unwrap(),
    );
    ask(&mut leaving).await.unwrap();
    ask(&mut staying).await.unwrap();

    files.put("server.crl", &ca.crl(2, &[66]));
    assert!(server.reload().unwrap());
    tokio::time::timeout(Duration::from_secs(5), async {
        while !leaving.is_closed() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the connection of the revoked certificate ends");
    assert_eq!(ask(&mut staying).await.unwrap(), "peer.example");

    // An older list would bring the revoked certificate back.
    files.put("server.crl", &ca.crl(1, &[]));
    server.reload().unwrap_err();
}

#[tokio::test]
async fn the_address_from_the_proxy_header_reaches_the_handler() {
    let mut config = listener(TlsMode::None);
    config.proxy_protocol = Some(ProxyProtocol::V2);
    assert!(
        Listener::bind(&config, None).await.is_err(),
        "any sender could claim any address"
    );
    config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let remote =
        get(|info: axum::Extension<ConnectionInfo>| async move { info.remote.to_string() });
    let (port, _shutdown) = serve(config, None, Router::new().route("/remote", remote)).await;

    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let addresses: (std::net::SocketAddr, std::net::SocketAddr) = (
        "192.0.2.7:4711".parse().unwrap(),
        "192.0.2.1:443".parse().unwrap(),
    );
    let header = ppp::v2::Builder::with_addresses(
        ppp::v2::Version::Two | ppp::v2::Command::Proxy,
        ppp::v2::Protocol::Stream,
        addresses,
    );
    stream.write_all(&header.build().unwrap()).await.unwrap();
    stream
        .write_all(b"GET /remote HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("192.0.2.7:4711"), "{answer}");

    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream
        .write_all(b"GET /remote HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // A reset is as good as an end without a byte.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_broken_body_without_length_is_a_reset_for_an_old_client() {
    let broken = get(|info: axum::Extension<ConnectionInfo>| async move {
        let frames = futures_util::stream::iter([
            Ok(Bytes::from_static(b"half")),
            Err(std::io::Error::other("broken")),
        ]);
        info.control.reset_on_close();
        Body::from_stream(frames)
    });
    let (port, _shutdown) = serve(
        listener(TlsMode::None),
        None,
        Router::new().route("/broken", broken),
    )
    .await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream
        .write_all(b"GET /broken HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_connector_cannot_take_all_places_whatever_address_it_comes_from() {
    let (files, ca) = (Files::new(), Authority::new("trial"));
    let server = store(&files.config("server", &ca.leaf(Leaf::default()), &ca, None));
    let mut config = listener(TlsMode::Mutual);
    config.limits.connections_per_client = 2;
    let router = Router::new().route("/who", get(who));
    let (port, _shutdown) = serve(config, Some(server), router).await;
    let client = |name: &'static str, serial| {
        let leaf = ca.leaf(Leaf {
            names: vec![name, "localhost"],
            serial,
            ..Leaf::default()
        });
        store(&files.config(name, &leaf, &ca, None))
    };
    let greedy = client("greedy.example", 5);
    // Renewed on the way: it is the same connector.
    let renewed = client("greedy.example", 6);
    let other = client("other.example", 7);
    let mut held = Vec::new();
    for identity in [&greedy, &renewed] {
        let mut connection = connect(port, identity).await.unwrap();
        assert_eq!(ask(&mut connection).await.unwrap(), "greedy.example");
        held.push(connection);
    }
    let refused = attempt(port, &renewed).await.unwrap_err();
    assert!(refused.to_string().starts_with("503"), "{refused}");
    assert_eq!(attempt(port, &other).await.unwrap(), "other.example");
    drop(held);
    let comes_back = async { while attempt(port, &greedy).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(10), comes_back)
        .await
        .expect("its places come back");
}

#[tokio::test]
async fn a_listener_without_tls_stays_on_loopback() {
    let mut config = listener(TlsMode::None);
    config.listen = "0.0.0.0:0".parse().unwrap();
    Listener::bind(&config, None).await.unwrap_err();
    Listener::bind(&listener(TlsMode::Mutual), None)
        .await
        .unwrap_err();
}

#[tokio::test]
async fn a_panic_answers_a_problem_with_its_request_id() {
    async fn panics() -> &'static str {
        panic!("on purpose")
    }
    let (port, _shutdown) = serve(
        listener(TlsMode::None),
        None,
        Router::new().route("/", get(panics)),
    )
    .await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(
        answer.contains("urn:uuid:") && answer.contains("x-request-id"),
        "{answer}"
    );
    assert!(!answer.contains("on purpose"), "{answer}");
}

#[tokio::test]
async fn a_pinned_certificate_gets_its_identity() {
    use sha2::{Digest as _, Sha256};
    let (files, ca) = (Files::new(), Authority::new("trial"));
    let leaf = ca.leaf(Leaf {
        names: vec!["localhost"],
        ..Leaf::default()
    });
    let der = common::pem::parse_certificates(leaf.0.as_bytes())
        .unwrap()
        .remove(0);
    let mut config = files.config("server", &ca.leaf(Leaf::default()), &ca, None);
    config.pinned.insert(
        hex::encode(Sha256::digest(&der)),
        ConnectorId::parse("old-peer.example").unwrap(),
    );
    let (port, _shutdown) = serve_who(store(&config)).await;
    let client = store(&files.config("client", &leaf, &ca, None));
    assert_eq!(attempt(port, &client).await.unwrap(), "old-peer.example");
}
