//! The accept loop.

use std::{io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::task::TaskTracker;

use super::{
    ListenerConfig, TlsMode,
    arrivals::Arrivals,
    refusal::refuse,
    session::{Session, Shared},
};
use crate::{
    concurrency::ConcurrencyLimit,
    http::layers::Front,
    process::{Findings, Shutdown, open_files},
    tls::{OwnError, TlsStore},
};

/// Connections beyond the limit that are told so at a time. More are closed: telling costs a place too.
const TOLD: usize = 64;

/// How long accepting pauses when the process has no file descriptor left: a loop without would only burn the processor.
const PAUSE: Duration = Duration::from_millis(50);

/// Of the failures to accept, one in so many is logged.
const LOG_EVERY: u32 = 100;

/// Why a listener cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// No client would accept the certificate.
    #[error("{listen} cannot be served with this certificate")]
    Certificate {
        /// The address.
        listen: SocketAddr,
        /// Why not.
        #[source]
        source: OwnError,
    },
    /// The configuration contradicts itself.
    #[error("{listen}: {problem}")]
    Config {
        /// The listener.
        listen: SocketAddr,
        /// What is wrong.
        problem: String,
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
                let problem = "TLS is to end here, but there is no [tls] section".to_owned();
                let tls = tls.ok_or(ListenerError::Config { listen, problem })?;
                tls.check_server()
                    .map_err(|source| ListenerError::Certificate { listen, source })?;
                Some(tls)
            }
            TlsMode::None | TlsMode::TerminatedUpstream => None,
        };
        let errors = Findings::of(config).into_result();
        errors.map_err(|problem| ListenerError::Config { listen, problem })?;
        let socket = bind(listen).map_err(|source| ListenerError::Bind { listen, source })?;
        Ok(Self {
            socket,
            shared: Arc::new(Shared {
                arrivals: Arrivals::new(&config.limits),
                config: config.clone(),
                tls,
                passes_over_headers: false,
            }),
        })
    }

    /// Takes connections with a PROXY header as well as those without one, whoever sends them: a load balancer may put one before
    /// its health checks too. What it says of the client is nobody's word, and passed over.
    ///
    /// # Panics
    /// Never: nothing serves yet, so nobody else has the settings.
    #[must_use]
    pub fn passing_over_proxy_headers(mut self) -> Self {
        Arc::get_mut(&mut self.shared)
            .expect("a listener that serves nothing yet has its settings alone")
            .passes_over_headers = true;
        self
    }

    /// The address in use, with the port that was picked where 0 was asked for.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves `router` until `shutdown`, then lets running requests end within the drain period.
    ///
    /// The future is boxed so that it, and with it every connection's, is compiled here, once, and not again in each service.
    pub fn serve(
        self,
        router: Router,
        shutdown: Shutdown,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.accept(router, shutdown))
    }

    async fn accept(self, router: Router, shutdown: Shutdown) {
        let limits = &self.shared.config.limits;
        let total = limits.effective_connections(open_files::limit());
        let places = ConcurrencyLimit::new(
            total,
            limits.connections_per_client,
            metrics::gauge!("listener_connections"),
        );
        let refusals = Refusals::new(self.shared.tls.is_none());
        let front = Front::new(router, &self.shared.config);
        let connections = TaskTracker::new();
        let hard = Shutdown::default();
        let mut failures: u32 = 0;
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, remote)) => {
                    failures = 0;
                    let Some(place) = places.enter() else {
                        refusals.refuse(stream);
                        continue;
                    };
                    let session = Session {
                        shared: Arc::clone(&self.shared),
                        front: front.clone(),
                        place,
                        soft: shutdown.clone(),
                        hard: hard.clone(),
                    };
                    connections.spawn(session.run(stream, remote));
                }
                Err(error) => {
                    if failures.is_multiple_of(LOG_EVERY) {
                        tracing::warn!(%error, failures, "a connection could not be accepted");
                    }
                    failures = failures.wrapping_add(1);
                    tokio::time::sleep(PAUSE).await;
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

/// Turns connections away for which there is no place at all.
struct Refusals {
    /// Whether clients can be told without a TLS handshake.
    is_plain: bool,
    told: Arc<Semaphore>,
}

impl Refusals {
    fn new(is_plain: bool) -> Self {
        Self {
            is_plain,
            told: Arc::new(Semaphore::new(TOLD)),
        }
    }

    fn refuse(&self, stream: TcpStream) {
        metrics::counter!("listener_refused_total", "limit" => "connections").increment(1);
        if !self.is_plain {
            return;
        }
        if let Ok(place) = Arc::clone(&self.told).try_acquire_owned() {
            tokio::spawn(async move {
                refuse(stream).await;
                drop(place);
            });
        }
    }
}
