//! Providers with certificates of other authorities, as the client of the exchange meets them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use axum::{Router, routing::get};
use common::{
    addresses::AddressPolicy,
    clock::SystemClock,
    ids::ConnectorId,
    process::Shutdown,
    tls::{
        AnchorConfig, IdentityError, RecordedCertificates, Revocation, Scope, TlsConfig, TlsStore,
    },
};
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::kit::{self, Pki, connector_id};
use crate::{
    exchange::{Allowed, Budget, Deadlines},
    upstream::{Call, Client, ClientTls, Ends, ResourceUrl, UpstreamError},
};

/// Stands in for the registry.
#[derive(Debug, Default)]
struct Registry(Mutex<HashMap<[u8; 32], ConnectorId>>);

#[async_trait]
impl RecordedCertificates for Registry {
    async fn recorded(&self, sha256: &[u8; 32]) -> Result<Option<ConnectorId>, String> {
        Ok(self.0.lock().expect("not poisoned").get(sha256).cloned())
    }
}

/// Puts an authority of its own into the files of `config`, and a certificate of it with these names.
fn certify(config: &TlsConfig, names: &[&str]) {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "another authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
    let root = root.expect("an authority");
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(names).expect("names");
    let leaf = params.signed_by(&key, &root).expect("a certificate");
    for (file, text) in [
        (&config.ca, root.pem()),
        (&config.certificate, leaf.pem()),
        (&config.key, key.serialize_pem()),
    ] {
        std::fs::write(file, text).expect("a writable folder");
    }
}

/// A receiver's client, and a provider whose certificate is of another authority and names `proxy.example` and `localhost`.
struct Scene {
    client: Arc<Client>,
    registry: Arc<Registry>,
    port: u16,
    thumbprint: [u8; 32],
    _shutdown: Shutdown,
}

impl Scene {
    async fn new(scope: Scope) -> Self {
        Self::with_names(scope, &["proxy.example", "localhost"]).await
    }

    async fn with_names(scope: Scope, names: &[&str]) -> Self {
        let (ours, other) = (Pki::new(), Pki::new());
        let mut server = other.config("proxy.example");
        certify(&server, names);
        let anchor = AnchorConfig {
            ca: server.ca.clone(),
            scope,
            revocation: Revocation::None,
        };
        let mut config = ours.config("receiver.b.example");
        config.anchors.push(anchor);
        // It lets our receivers in; its own certificate leads to the anchor besides.
        server.anchors.push(config.anchors[0].clone());
        server.ca.clone_from(&config.ca);
        let load = |config| TlsStore::load(config, Arc::new(SystemClock)).expect("TLS");
        let (store, server) = (load(&config), load(&server));
        let registry = Arc::new(Registry::default());
        store.ask_recorded(Arc::clone(&registry) as _);
        let chain = common::pem::certificates(&server.config().certificate).expect("a chain");
        let pins = std::collections::BTreeMap::new();
        let peer = common::tls::PeerCertificate::from_der(&chain[0], &pins);
        let shutdown = Shutdown::default();
        let router = Router::new().route("/", get(|| async { "ok" }));
        Self {
            client: Client::new(ClientTls::Peer(store)),
            registry,
            port: kit::serve(router, Some(server), &shutdown).await,
            thumbprint: peer.expect("a certificate").sha256,
            _shutdown: shutdown,
        }
    }

    fn record(&self, id: &str) {
        let mut known = self.registry.0.lock().expect("not poisoned");
        known.insert(self.thumbprint, connector_id(id));
    }

    async fn ask(&self, host: &str, expected: Option<&str>) -> Result<String, UpstreamError> {
        let url = ResourceUrl::parse(&format!("https://{host}:{}/", self.port)).expect("a URL");
        let expected = expected.map(connector_id);
        let budget = Budget::start(Deadlines::default(), Allowed::default());
        let call = Call {
            origin: url.origin(),
            policy: &AddressPolicy::Any,
            expected: expected.as_ref(),
            ends: Ends::Marked,
            budget: &budget,
        };
        let build = || {
            let mut request = Request::new(Empty::new());
            *request.uri_mut() = crate::upstream::path_and_query(url.url());
            request
        };
        let body = self.client.get(&call, build).await?.into_body();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Ok(String::from_utf8(body.to_vec()).expect("a text"))
    }
}

#[tokio::test]
async fn a_recorded_provider_is_spoken_to_and_an_unrecorded_one_is_not() {
    let scene = Scene::new(Scope::Recorded).await;
    let refused = scene.ask("localhost", Some("p.example")).await;
    assert!(
        matches!(
            refused,
            Err(UpstreamError::Identity { found: None, .. } | UpstreamError::Unidentified { .. })
        ),
        "{refused:?}"
    );
    scene.record("p.example");
    assert_eq!(
        scene.ask("localhost", Some("p.example")).await.unwrap(),
        "ok"
    );
    let another = scene.ask("localhost", Some("proxy.example")).await;
    assert!(
        matches!(another, Err(UpstreamError::Identity { .. })),
        "{another:?}"
    );
}

#[tokio::test]
async fn a_connection_to_whom_the_registry_knows_is_not_used_for_whom_the_host_has_to_tell() {
    let scene = Scene::with_names(Scope::Recorded, &["proxy.example"]).await;
    scene.record("p.example");
    let named = scene.ask("localhost", Some("p.example")).await;
    assert_eq!(named.unwrap(), "ok");
    let unnamed = scene.ask("localhost", None).await;
    assert!(
        matches!(
            unnamed,
            Err(UpstreamError::Unidentified {
                source: IdentityError::NotVouched,
                ..
            })
        ),
        "{unnamed:?}"
    );
}

#[tokio::test]
async fn a_server_is_believed_by_its_host_and_by_the_names_it_has() {
    let scene = Scene::new(Scope::Servers).await;
    for expected in [None, Some("proxy.example")] {
        assert_eq!(scene.ask("localhost", expected).await.unwrap(), "ok");
    }
    let refused = scene.ask("localhost", Some("p.example")).await;
    assert!(
        matches!(refused, Err(UpstreamError::Identity { .. })),
        "{refused:?}"
    );
}
