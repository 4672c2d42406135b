//! Authorities beside our own: what each may vouch for, and that each has its own revocation.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, routing::get};
use common::{
    ids::ConnectorId,
    listener::TlsMode,
    pem,
    process::Shutdown,
    tls::{
        AnchorConfig, IdentityError, ListConfig, PeerCertificate, PeerClient, RecordedCertificates,
        Revocation, Scope, TlsConfig, TlsStore,
    },
};
use rstest::rstest;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;

use super::{
    ask, attempt, connect, listener,
    pki::{Authority, Files, Leaf, now, store},
    serve, who,
};

type Issued = (String, String);

fn id(text: &str) -> ConnectorId {
    ConnectorId::parse(text).expect("a connector ID")
}

fn named(name: &'static str, serial: u64) -> Leaf {
    Leaf {
        names: vec![name, "localhost"],
        serial,
        ..Leaf::default()
    }
}

fn chain(issued: &Issued) -> Vec<CertificateDer<'static>> {
    pem::parse_certificates(issued.0.as_bytes()).expect("certificates")
}

fn sha256(issued: &Issued) -> [u8; 32] {
    let peer = PeerCertificate::from_der(&chain(issued)[0], &BTreeMap::new());
    peer.expect("a certificate").sha256
}

/// Stands in for the authentication server.
#[derive(Debug, Default)]
struct Registry {
    known: Mutex<HashMap<[u8; 32], ConnectorId>>,
    is_away: AtomicBool,
}

impl Registry {
    fn record(&self, issued: &Issued, of: &str) {
        let mut known = self.known.lock().expect("not poisoned");
        known.insert(sha256(issued), id(of));
    }
}

#[async_trait]
impl RecordedCertificates for Registry {
    async fn recorded(&self, sha256: &[u8; 32]) -> Result<Option<ConnectorId>, String> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err("away".to_owned());
        }
        Ok(self
            .known
            .lock()
            .expect("not poisoned")
            .get(sha256)
            .cloned())
    }
}

/// A process of our own authority that also knows a second one.
struct TlsFixture {
    files: Files,
    ours: Authority,
    other: Authority,
    /// Trusted by its own alone.
    stranger: Authority,
    registry: Arc<Registry>,
    config: TlsConfig,
}

impl TlsFixture {
    fn new(scope: Scope) -> Self {
        let (files, ours, other) = (
            Files::new(),
            Authority::new("ours"),
            Authority::new("other"),
        );
        let own = ours.leaf(named("own.example", 3));
        let mut config = files.config("own", &own, &ours, Some(&ours.crl(1, &[66])));
        config.anchors = vec![AnchorConfig {
            ca: files.put("other.ca", &other.pem()),
            scope,
            revocation: Revocation::Lists(vec![ListConfig {
                file: files.put("other.crl", &other.crl(1, &[77])),
                url: Vec::new(),
            }]),
        }];
        Self {
            files,
            ours,
            other,
            stranger: Authority::new("stranger"),
            registry: Arc::default(),
            config,
        }
    }

    fn store(&self) -> Arc<TlsStore> {
        let store = store(&self.config);
        store.ask_recorded(Arc::clone(&self.registry) as _);
        store
    }

    async fn serve(&self) -> (u16, Shutdown, Arc<TlsStore>) {
        let store = self.store();
        let router = Router::new().route("/who", get(who));
        let (port, shutdown) =
            serve(listener(TlsMode::Mutual), Some(Arc::clone(&store)), router).await;
        (port, shutdown, store)
    }

    /// A process with this certificate, which trusts all authorities: it would not load one that leads to none of its own.
    fn peer(&self, name: &str, issued: &Issued) -> TlsConfig {
        let config = self.files.config(name, issued, &self.ours, None);
        let all = [&self.ours, &self.other, &self.stranger].map(Authority::pem);
        self.files.put(&format!("{name}.ca"), &all.concat());
        config
    }

    /// What a caller with this certificate is told, who trusts our authority.
    async fn call(&self, port: u16, issued: &Issued) -> anyhow::Result<String> {
        let client = store(&self.peer("caller", issued));
        attempt(port, &client).await
    }
}

fn connectors(ids: &[&str]) -> Scope {
    Scope::Connectors(ids.iter().map(|text| id(text)).collect())
}

#[rstest]
#[case::any_name(Scope::Registered, Some("peer.example"))]
#[case::one_of_those_named(connectors(&["peer.example", "b.example"]), Some("peer.example"))]
#[case::none_of_those_named(connectors(&["b.example"]), None)]
#[case::recorded_and_this_one_is_not(Scope::Recorded, None)]
#[tokio::test]
async fn a_name_counts_where_the_authority_may_vouch_for_it(
    #[case] scope: Scope,
    #[case] expected: Option<&str>,
) {
    let world = TlsFixture::new(scope);
    let (port, _shutdown, _) = world.serve().await;
    let told = world
        .call(port, &world.other.leaf(named("peer.example", 5)))
        .await;
    match expected {
        Some(name) => assert_eq!(told.unwrap(), name),
        None => assert!(told.unwrap_err().to_string().contains("403")),
    }
    // Our own authority goes on as if there were no other.
    let own = world.ours.leaf(named("ours.example", 6));
    assert_eq!(world.call(port, &own).await.unwrap(), "ours.example");
    for (authority, serial) in [(&world.ours, 66), (&world.other, 77)] {
        let revoked = authority.leaf(named("peer.example", serial));
        let refused = world.call(port, &revoked).await.unwrap_err();
        assert!(!refused.to_string().contains("403"), "{refused}");
    }
    // A serial number that one authority revoked is another's good certificate.
    let reused = world.ours.leaf(named("ours.example", 77));
    assert_eq!(world.call(port, &reused).await.unwrap(), "ours.example");
}

#[tokio::test]
async fn an_authority_for_servers_lets_no_caller_in() {
    let world = TlsFixture::new(Scope::Servers);
    let (port, _shutdown, _) = world.serve().await;
    let refused = world
        .call(port, &world.other.leaf(named("peer.example", 5)))
        .await;
    assert!(!refused.unwrap_err().to_string().contains("403"));
}

#[tokio::test]
async fn a_recorded_certificate_is_the_connectors_that_the_registry_tells() {
    let world = TlsFixture::new(Scope::Recorded);
    let (port, _shutdown, _) = world.serve().await;
    let nameless = world.other.leaf(Leaf {
        names: vec!["localhost"],
        serial: 5,
        ..Leaf::default()
    });
    // It says it is somebody else, which is nothing to anybody.
    let misnamed = world.other.leaf(named("ours.example", 6));
    let revoked = world.other.leaf(named("peer.example", 77));
    for issued in [&nameless, &misnamed] {
        let refused = world.call(port, issued).await.unwrap_err();
        assert!(refused.to_string().contains("403"), "{refused}");
    }
    for issued in [&nameless, &misnamed, &revoked] {
        world.registry.record(issued, "peer.example");
    }
    for issued in [&nameless, &misnamed] {
        assert_eq!(world.call(port, issued).await.unwrap(), "peer.example");
    }
    world.call(port, &revoked).await.unwrap_err();
    // Recorded, but of an authority that nobody named.
    let stranger = world.stranger.leaf(named("peer.example", 8));
    world.registry.record(&stranger, "peer.example");
    world.call(port, &stranger).await.unwrap_err();
    world.registry.is_away.store(true, Ordering::SeqCst);
    let refused = world.call(port, &nameless).await.unwrap_err();
    assert!(refused.to_string().contains("503"), "{refused}");
}

#[tokio::test]
async fn a_chain_that_leads_to_several_needs_one_that_vouches() {
    let mut world = TlsFixture::new(Scope::Recorded);
    let registered = AnchorConfig {
        scope: connectors(&["peer.example"]),
        ..world.config.anchors[0].clone()
    };
    world.config.anchors.push(registered);
    let (port, _shutdown, _) = world.serve().await;
    let peer = world.other.leaf(named("peer.example", 5));
    assert_eq!(world.call(port, &peer).await.unwrap(), "peer.example");
    let another = world.other.leaf(named("another.example", 6));
    world.call(port, &another).await.unwrap_err();
    world.registry.record(&another, "c.example");
    assert_eq!(world.call(port, &another).await.unwrap(), "c.example");
}

#[tokio::test]
async fn an_anchor_that_is_out_of_order_keeps_nobody_else_away() {
    let world = TlsFixture::new(Scope::Registered);
    let (port, _shutdown, store) = world.serve().await;
    let peer = world.other.leaf(named("peer.example", 5));
    assert_eq!(world.call(port, &peer).await.unwrap(), "peer.example");
    // A list of somebody else: the one before stays in use, and ours is replaced.
    world
        .files
        .put("other.crl", &Authority::new("stranger").crl(9, &[]));
    world.files.put("own.crl", &world.ours.crl(2, &[6]));
    assert!(store.reload().unwrap());
    assert_eq!(world.call(port, &peer).await.unwrap(), "peer.example");
    world
        .call(port, &world.other.leaf(named("peer.example", 77)))
        .await
        .unwrap_err();
    let ours = |serial| world.ours.leaf(named("ours.example", serial));
    world.call(port, &ours(6)).await.unwrap_err();
    assert_eq!(world.call(port, &ours(7)).await.unwrap(), "ours.example");

    // At a start there is none before: it vouches for nobody.
    let (port, _shutdown, _) = world.serve().await;
    world.call(port, &peer).await.unwrap_err();
    assert_eq!(world.call(port, &ours(7)).await.unwrap(), "ours.example");
}

/// Connects to a server that has this certificate, as to the provider `expected`.
async fn provider(
    world: &TlsFixture,
    issued: &Issued,
    host: &'static str,
    expected: Option<&str>,
) -> Result<Option<String>, String> {
    let server = store(&world.peer("server", issued));
    let router = Router::new().route("/who", get(who));
    let (port, _shutdown) = serve(listener(TlsMode::Mutual), Some(server), router).await;
    let client = world.store();
    let host = ServerName::try_from(host).expect("a name");
    let tcp = TcpStream::connect(("127.0.0.1", port)).await.expect("TCP");
    let tls = tokio_rustls::TlsConnector::from(client.provider_client_config())
        .connect(host.clone(), tcp)
        .await
        .map_err(|error| error.to_string())?;
    let presented = tls.get_ref().1.peer_certificates().expect("a chain");
    let expected = expected.map(id);
    let found = client
        .identify_provider(presented, &host, expected.as_ref())
        .await;
    found
        .map(|peer| peer.connector_id.map(|id| id.to_string()))
        .map_err(|error| error.to_string())
}

#[rstest]
#[case::by_name(
    Scope::Registered,
    "p.example",
    Some("p.example"),
    Ok(Some("p.example"))
)]
#[case::of_another_host(Scope::Registered, "q.example", Some("p.example"), Err(()))]
#[case::in_scope(connectors(&["p.example"]), "p.example", None, Ok(Some("p.example")))]
#[case::out_of_scope(connectors(&["q.example"]), "p.example", None, Err(()))]
#[case::by_host(Scope::Servers, "p.example", Some("p.example"), Ok(Some("p.example")))]
#[case::by_host_alone(Scope::Servers, "p.example", None, Ok(Some("p.example")))]
#[case::of_a_host_it_does_not_name(Scope::Servers, "q.example", None, Err(()))]
#[case::of_a_connector_it_does_not_name(Scope::Servers, "p.example", Some("q.example"), Ok(None))]
#[case::unrecorded(Scope::Recorded, "p.example", Some("p.example"), Err(()))]
#[tokio::test]
async fn a_provider_is_known_by_the_scope_of_its_authority(
    #[case] scope: Scope,
    #[case] host: &'static str,
    #[case] expected: Option<&str>,
    #[case] found: Result<Option<&str>, ()>,
) {
    let world = TlsFixture::new(scope);
    let issued = world.other.leaf(named("p.example", 5));
    let told = provider(&world, &issued, host, expected).await;
    let told = told.as_ref().map(Option::as_deref).map_err(|_| ());
    assert_eq!(told, found);
    let revoked = world.other.leaf(named("p.example", 77));
    provider(&world, &revoked, host, expected)
        .await
        .unwrap_err();
}

#[tokio::test]
async fn a_recorded_provider_needs_no_name() {
    let world = TlsFixture::new(Scope::Recorded);
    let issued = world.other.leaf(Leaf {
        names: vec!["proxy.example"],
        serial: 5,
        ..Leaf::default()
    });
    world.registry.record(&issued, "p.example");
    let told = |host, expected| provider(&world, &issued, host, expected);
    let it = Ok(Some("p.example".to_owned()));
    assert_eq!(told("host.example", Some("p.example")).await, it);
    // Without somebody to expect, host and connector have to be one, or the certificate has to name the host.
    assert_eq!(told("p.example", None).await, it);
    assert_eq!(told("proxy.example", None).await, it);
    let nobody = IdentityError::NotVouched.to_string();
    assert_eq!(told("host.example", None).await, Err(nobody));
    // Chain and list are looked at although the name is not.
    let revoked = world.other.leaf(Leaf {
        names: vec!["proxy.example"],
        serial: 77,
        ..Leaf::default()
    });
    world.registry.record(&revoked, "p.example");
    let refused = provider(&world, &revoked, "p.example", Some("p.example")).await;
    assert!(refused.unwrap_err().contains("Revoked"));
}

#[rstest]
#[case(Scope::Recorded)]
#[case(Scope::Servers)]
#[case(connectors(&["peer.example"]))]
#[tokio::test]
async fn the_servers_that_all_rests_on_need_our_authority_or_their_name(#[case] scope: Scope) {
    let world = TlsFixture::new(scope);
    let issued = world.other.leaf(named("auth.example", 5));
    world.registry.record(&issued, "auth.example");
    let server = store(&world.peer("server", &issued));
    let router = Router::new().route("/who", get(who));
    let (port, _shutdown) = serve(listener(TlsMode::Mutual), Some(server), router).await;
    attempt(port, &world.store()).await.unwrap_err();
}

#[tokio::test]
async fn a_connection_ends_with_the_certificate_of_its_peer() {
    let world = TlsFixture::new(Scope::Registered);
    let (port, _shutdown, _) = world.serve().await;
    let issued = world.ours.leaf(Leaf {
        until_days: Some(0),
        until_seconds: Some(3),
        ..named("peer.example", 5)
    });
    let ends = PeerCertificate::from_der(&chain(&issued)[0], &BTreeMap::new());
    let ends = ends.expect("a certificate").not_after;
    let client = store(&world.files.config("caller", &issued, &world.ours, None));
    let mut connection = connect(port, &client).await.unwrap();
    assert_eq!(ask(&mut connection).await.unwrap(), "peer.example");
    tokio::time::timeout(Duration::from_secs(20), async {
        while !connection.is_closed() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the connection ends");
    assert!(now() > ends, "not before its certificate does");
}

#[tokio::test]
async fn a_client_of_the_servers_uses_no_connection_past_the_end_of_their_certificate() {
    let world = TlsFixture::new(Scope::Registered);
    let issued = world.ours.leaf(Leaf {
        until_days: Some(0),
        until_seconds: Some(3),
        ..named("server.example", 5)
    });
    let ends = PeerCertificate::from_der(&chain(&issued)[0], &BTreeMap::new());
    let ends = ends.expect("a certificate").not_after;
    let server = store(&world.files.config("server", &issued, &world.ours, None));
    let router = Router::new().route("/who", get(who));
    let (port, _shutdown) = serve(listener(TlsMode::Mutual), Some(server), router).await;
    let own = world.ours.leaf(named("caller.example", 6));
    let client = PeerClient::new(store(&world.peer("caller", &own)));
    let ask = || {
        client
            .get()
            .get(format!("https://localhost:{port}/who"))
            .send()
    };
    ask().await.expect("an answer");
    tokio::time::timeout(Duration::from_secs(20), async {
        while ask().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the kept connection is used no more");
    assert!(now() > ends, "not before the certificate has ended");
}
