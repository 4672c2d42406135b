//! A provider that the harness plays, to see how far a receiver trusts it.

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex},
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::tls::Identity;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

/// A TLS server with a certificate of the scenario's choice. It asks for no client certificate and
/// answers every request with 200 and an empty body, so that a receiver that trusts it shows so.
#[derive(Debug, Clone)]
pub struct Impostor {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

/// What came in.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// TCP connections.
    pub connections: usize,
    /// Everything that was sent inside of TLS.
    pub received: Vec<u8>,
}

impl Impostor {
    /// Starts the server on a free port. It ends with the test process.
    pub async fn start(identity: Identity) -> Self {
        let Identity { chain, key } = identity;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider supports the default versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("the key belongs to the certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = RUNTIME
            .spawn(TcpListener::bind("127.0.0.1:0"))
            .await
            .expect("binding doesn't panic");
        let listener = listener.expect("loopback has a free port");
        let impostor = Self {
            address: listener
                .local_addr()
                .expect("a bound socket has an address"),
            seen: Arc::default(),
        };
        let seen = Arc::clone(&impostor.seen);
        RUNTIME.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.lock().expect("no task panics").connections += 1;
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    // A handshake that the receiver breaks off is what most scenarios expect.
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut piece = vec![0; 16 * 1024];
                    while let Ok(length @ 1..) = stream.read(&mut piece).await {
                        seen.lock()
                            .expect("no task panics")
                            .received
                            .extend_from_slice(&piece[..length]);
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        if stream.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        impostor
    }

    /// Where it listens.
    pub fn url(&self) -> Url {
        Url::parse(&format!("https://{}", self.address)).expect("an address makes a URL")
    }

    /// What came in so far.
    pub fn seen(&self) -> Seen {
        self.seen.lock().expect("no task panics").clone()
    }
}
