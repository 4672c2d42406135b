//! The accept loop.

use std::{io, net::SocketAddr, sync::Arc};

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use super::{
    ConnectionControl, ConnectionInfo, ListenerConfig, ProxyProtocol, TlsMode,
    connection::ControlledStream,
    proxy::{self, Announced},
};
use crate::{
    http::layers,
    service::Shutdown,
    telemetry::Chain,
    tls::{PeerCertificate, TlsStore},
};

/// Why a listener cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// The configuration contradicts itself.
    #[error("{listen}: {problem}")]
    Config {
        /// The listener.
        listen: SocketAddr,
        /// What is wrong.
        problem: &'static str,
    },
    /// The address is taken or not ours.
    #[error("cannot listen on {listen}")]
    Bind {
        /// The address.
        listen: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// A bound listener.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: ListenerConfig,
    tls: Option<Arc<TlsStore>>,
}

impl Listener {
    /// Binds the listener of `config`. `tls` is needed for the modes in which TLS ends here.
    ///
    /// # Errors
    /// [`ListenerError`].
    #[expect(
        clippy::unused_async,
        reason = "registering the socket needs the runtime, which async code runs in"
    )]
    pub async fn bind(
        config: &ListenerConfig,
        tls: Option<Arc<TlsStore>>,
    ) -> Result<Self, ListenerError> {
        let listen = config.listen;
        let tls = match config.tls {
            TlsMode::Mutual | TlsMode::Server => {
                let problem = "TLS is to end here, but there is no [tls] section";
                Some(tls.ok_or(ListenerError::Config { listen, problem })?)
            }
            TlsMode::None | TlsMode::TerminatedUpstream => None,
        };
        if let Some(problem) = config.problem() {
            return Err(ListenerError::Config { listen, problem });
        }
        let socket = bind(listen).map_err(|source| ListenerError::Bind { listen, source })?;
        Ok(Self {
            socket,
            shared: Arc::new(Shared {
                config: config.clone(),
                tls,
            }),
        })
    }

    /// The address in use, with the port that was picked where 0 was asked for.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves `router` until `shutdown`, then lets running requests end within the drain period.
    pub async fn serve(self, router: Router, shutdown: Shutdown) {
        let limits = &self.shared.config.limits;
        let slots = Arc::new(Semaphore::new(limits.connections));
        let router = layers::apply(router, &self.shared.config);
        let connections = TaskTracker::new();
        let hard = Shutdown::default();
        loop {
            let accepted = async {
                let slot = Arc::clone(&slots).acquire_owned().await.ok()?;
                Some((slot, self.socket.accept().await))
            };
            let (slot, accepted) = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = accepted => match accepted {
                    Some(accepted) => accepted,
                    None => break,
                },
            };
            match accepted {
                Ok((stream, remote)) => {
                    let connection = Connection {
                        shared: Arc::clone(&self.shared),
                        router: router.clone(),
                        soft: shutdown.clone(),
                        hard: hard.clone(),
                    };
                    connections.spawn(async move {
                        connection.run(stream, remote).await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    // Out of file descriptors: a loop without a pause would only burn the processor.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            }
        }
        let drain = limits.drain.get();
        drop(self.socket);
        connections.close();
        if timeout(drain, connections.wait()).await.is_err() {
            hard.cancel();
            connections.wait().await;
        }
    }
}

fn bind(listen: SocketAddr) -> io::Result<TcpListener> {
    let domain = socket2::Domain::for_address(listen);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&listen.into())?;
    socket.listen(4096)?;
    TcpListener::from_std(socket.into())
}

struct Connection {
    shared: Arc<Shared>,
    router: Router,
    soft: Shutdown,
    hard: Shutdown,
}

impl Connection {
    async fn run(self, mut stream: TcpStream, socket_remote: SocketAddr) {
        let config = &self.shared.config;
        // Small responses must not wait for the acknowledgement of earlier segments.
        let _ = stream.set_nodelay(true);
        let deadline = config.limits.handshake.get();
        let remote = match config.proxy_protocol {
            None => socket_remote,
            Some(ProxyProtocol::V2) => {
                if !config.trusted_proxies.contains(&socket_remote.ip()) {
                    tracing::warn!(remote = %socket_remote, "connection from an address that is no trusted proxy");
                    return;
                }
                match timeout(deadline, proxy::read(&mut stream)).await {
                    Ok(Ok(Announced::Client(client))) => client,
                    Ok(Ok(Announced::Local)) => return,
                    Ok(Err(error)) => {
                        return tracing::info!(%error, remote = %socket_remote, "no PROXY header");
                    }
                    Err(_) => {
                        return tracing::info!(remote = %socket_remote, "no PROXY header in time");
                    }
                }
            }
        };
        let control = ConnectionControl::default();
        let stream = ControlledStream::new(stream, control.clone());
        let Some(tls) = self.shared.tls.clone() else {
            let info = ConnectionInfo {
                remote,
                peer: None,
                control,
            };
            return self
                .http(
                    stream,
                    info,
                    auto::Builder::new(TokioExecutor::new()),
                    std::future::pending(),
                )
                .await;
        };
        let mutual = config.tls == TlsMode::Mutual;
        let server = if mutual {
            tls.server_config()
        } else {
            tls.plain_server_config()
        };
        let stream = match timeout(deadline, TlsAcceptor::from(server).accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                metrics::counter!("tls_handshake_failures_total").increment(1);
                return tracing::info!(%error, %remote, "TLS handshake refused");
            }
            Err(_) => return tracing::info!(%remote, "TLS handshake not finished in time"),
        };
        let (_, session) = stream.get_ref();
        let http2 = session.alpn_protocol() == Some(b"h2");
        let peer = session
            .peer_certificates()
            .and_then(|chain| tls.identify(chain.first()?))
            .map(Arc::new);
        if mutual && peer.is_none() {
            return tracing::info!(%remote, "client certificate cannot be read");
        }
        let builder = auto::Builder::new(TokioExecutor::new());
        let builder = if http2 {
            builder.http2_only()
        } else {
            builder.http1_only()
        };
        let info = ConnectionInfo {
            remote,
            peer: peer.clone(),
            control,
        };
        self.http(stream, info, builder, revoked(tls, peer)).await;
    }

    /// Speaks HTTP on `io` until either side ends it, `cut` happens or the drain period is over.
    async fn http<I, C>(
        self,
        io: I,
        info: ConnectionInfo,
        mut builder: auto::Builder<TokioExecutor>,
        cut: C,
    ) where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        C: Future<Output = ()>,
    {
        let limits = &self.shared.config.limits;
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.headers.get())
            .max_headers(limits.header_count)
            // A half-closed client has left: its transfer is to be aborted, not finished into the void.
            .half_close(false);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(u32::try_from(limits.header_size.bytes()).unwrap_or(u32::MAX))
            .keep_alive_interval(std::time::Duration::from_secs(20))
            .keep_alive_timeout(std::time::Duration::from_secs(20));
        let router = self.router;
        let remote = info.remote;
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(info.clone());
            router.clone().call(request)
        });
        let connection = builder.serve_connection(TokioIo::new(io), service);
        tokio::pin!(connection, cut);
        let mut draining = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(error = %Chain(&*error), %remote, "connection ended early");
                    }
                    return;
                }
                () = self.soft.cancelled(), if !draining => {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = self.hard.cancelled() => return,
                () = &mut cut => return tracing::info!(%remote, "connection ended: its certificate was revoked"),
            }
        }
    }
}

/// Ends when a revocation list names the certificate of the connection.
async fn revoked(tls: Arc<TlsStore>, peer: Option<Arc<PeerCertificate>>) {
    let Some(peer) = peer else {
        return std::future::pending().await;
    };
    let mut changes = tls.subscribe();
    while !tls.is_revoked(&peer) {
        if changes.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}
