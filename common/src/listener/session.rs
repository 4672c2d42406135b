//! One connection from its first byte to its last.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::body::Body;
use http::{HeaderValue, Request, Version, header::CONNECTION};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    ConnectionControl, ConnectionInfo, ListenerConfig, ListenerLimits, ProxyProtocol, TlsMode,
    activity::Activity,
    answer::{Answer, Pace},
    arrivals::{self, Arrivals},
    client::Client,
    connection::ControlledStream,
    proxy::{self, Announced},
    refusal::refuse,
};
use crate::{
    concurrency::Permit,
    http::layers::Front,
    process::Shutdown,
    telemetry::Chain,
    tls::{Ended, IdentityError, TlsStore},
};

/// What is kept for one HTTP/1.1 connection at most, besides headers and what a body holds itself: what a client does not take
/// waits in the source. hyper's own default is 400 KiB.
const WINDOW: usize = 128 << 10;

/// Connections beyond which a new one keeps no more than it must.
const CROWD: usize = 128;

/// 64 KiB: what the kernel keeps of an answer at most besides what is on its way, before it asks for more.
const UNSENT: u32 = 64 << 10;

/// The same for each stream of an HTTP/2 connection, of which there are many.
const STREAM_WINDOW: usize = 64 << 10;

/// How many headers of a request hyper takes if it is told nothing.
const MAX_HEADERS: usize = 100;

/// How often an HTTP/2 client has to show that it lives, and how long it may take.
const PING: Duration = Duration::from_secs(20);

/// How long a connection whose deadline has passed may take to end in order.
const FAREWELL: Duration = Duration::from_secs(1);

/// What all connections of a listener share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) arrivals: Arrivals,
    pub(super) config: ListenerConfig,
    pub(super) tls: Option<Arc<TlsStore>>,
    /// Whether a PROXY header may come first, of which nothing is taken.
    pub(super) passes_over_headers: bool,
}

/// A connection that was accepted.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) front: Front,
    pub(super) place: Permit<Client>,
    /// Ends the connection after what it does.
    pub(super) soft: Shutdown,
    /// Ends it.
    pub(super) hard: Shutdown,
}

impl Session {
    pub(super) async fn run(mut self, mut stream: TcpStream, socket_remote: SocketAddr) {
        let shared = Arc::clone(&self.shared);
        let limits = &shared.config.limits;
        prepare(&stream, limits);
        let Some(remote) = client_address(&shared, &mut stream, socket_remote).await else {
            return;
        };
        let is_proxy = shared.config.trusts(remote.ip());
        let has_place = is_proxy || self.place.belongs_to(Client::at(remote.ip()));
        let turn = if shared.config.is_shared(remote.ip()) {
            Some(Duration::ZERO)
        } else {
            let arrivals = &shared.arrivals;
            arrivals.turn(remote.ip(), arrivals.now())
        };
        if !has_place {
            note_refusal(remote);
            // Telling costs something too.
            if shared.tls.is_none() && turn == Some(Duration::ZERO) {
                refuse(stream).await;
            }
            return;
        }
        if !self.gets(turn, remote).await {
            return;
        }
        let control = ConnectionControl::default();
        let pulse = Activity::new();
        let stream = ControlledStream::new(stream, control.clone(), Arc::clone(&pulse));
        let Some(tls) = &shared.tls else {
            let info = ConnectionInfo {
                remote,
                peer: None,
                control,
            };
            let builder = auto::Builder::new(TokioExecutor::new());
            return self
                .http(stream, info, pulse, builder, std::future::pending())
                .await;
        };
        let Some(stream) = handshake(&shared.config, tls, stream, remote).await else {
            return;
        };
        let (_, session) = stream.get_ref();
        let is_http2 = session.alpn_protocol() == Some(b"h2");
        let identified = match session.peer_certificates() {
            Some(chain) => Some(tls.identify_client(chain).await),
            None => None,
        };
        let peer = match identified.transpose() {
            Ok(peer) => peer.map(Arc::new),
            Err(error) => {
                tracing::info!(%error, %remote, "client certificate refused");
                // Who it is may be known in a moment.
                if matches!(error, IdentityError::Unavailable(_)) && !is_http2 {
                    refuse(stream).await;
                }
                return;
            }
        };
        if shared.config.tls == TlsMode::Mutual {
            let Some(peer) = &peer else {
                return tracing::info!(%remote, "no client certificate");
            };
            if !self.place.belongs_to(Client::with(peer)) {
                note_refusal(remote);
                if !is_http2 {
                    refuse(stream).await;
                }
                return;
            }
        }
        let builder = auto::Builder::new(TokioExecutor::new());
        let builder = if is_http2 {
            builder.http2_only()
        } else {
            builder.http1_only()
        };
        let info = ConnectionInfo {
            remote,
            peer: peer.clone(),
            control,
        };
        let tls = Arc::clone(tls);
        let ended = async move {
            match peer {
                Some(peer) => tls.ended(&peer).await,
                None => std::future::pending().await,
            }
        };
        self.http(stream, info, pulse, builder, ended).await;
    }

    /// Waits for the turn of this connection, unread; `false` if it gets none. Who would have to wait too long is kept for as long
    /// as anybody may wait: closed at once, it would be back at once.
    async fn gets(&self, turn: Option<Duration>, remote: SocketAddr) -> bool {
        if turn == Some(Duration::ZERO) {
            return true;
        }
        tokio::select! {
            () = self.soft.cancelled() => return false,
            () = sleep(turn.unwrap_or(arrivals::PATIENCE)) => {}
        }
        if turn.is_none() {
            metrics::counter!("listener_refused_total", "limit" => "new_connections").increment(1);
            tracing::debug!(%remote, "connection closed: its network opens more than it may");
        }
        turn.is_some()
    }

    /// Speaks HTTP on `io` until either side ends it, a deadline passes, `cut` happens or the drain period is over.
    async fn http<I, C>(
        self,
        io: I,
        info: ConnectionInfo,
        pulse: Arc<Activity>,
        mut builder: auto::Builder<TokioExecutor>,
        cut: C,
    ) where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        C: Future<Output = Ended>,
    {
        let limits = &self.shared.config.limits;
        configure(&mut builder, limits, self.place.taken());
        let front = self.front;
        let (remote, control) = (info.remote, info.control.clone());
        let service = {
            let (pulse, stall) = (Arc::clone(&pulse), limits.write_stall.get());
            let pace = Pace::of(limits);
            // A proxy's connection carries the refusals of many.
            let wears = info.peer.is_none() && !self.shared.config.is_shared(remote.ip());
            hyper::service::service_fn(move |mut request: Request<Incoming>| {
                let is_http2 = request.version() == Version::HTTP_2;
                let control = info.control.clone();
                let guard = pulse.request(is_http2);
                request.extensions_mut().insert(info.clone());
                let answer = front.answer(request.map(Body::new));
                async move {
                    let mut answer = answer.await;
                    if wears && control.is_worn_by(answer.status()) {
                        if is_http2 {
                            control.take_leave();
                        } else {
                            let close = HeaderValue::from_static("close");
                            answer.headers_mut().insert(CONNECTION, close);
                        }
                    }
                    Ok::<_, Infallible>(if is_http2 {
                        answer.map(|body| {
                            Body::new(Answer::streamed(body, guard, control, pace, stall))
                        })
                    } else if is_large(answer.body()) {
                        answer.map(|body| Body::new(Answer::paced(body, control, pace)))
                    } else {
                        answer
                    })
                }
            })
        };
        pulse.begin();
        let connection = builder.serve_connection(TokioIo::new(io), service);
        let lapse = pulse.lapse(limits);
        tokio::pin!(connection, cut, lapse);
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
                () = control.is_leaving(), if !draining => {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = self.hard.cancelled() => return,
                () = control.is_cut() => {
                    metrics::counter!("listener_lapsed_total", "reason" => "body").increment(1);
                    return tracing::debug!(%remote, "connection ended: its client held up a body");
                }
                lapse = &mut lapse => {
                    metrics::counter!("listener_lapsed_total", "reason" => lapse.label()).increment(1);
                    tracing::debug!(reason = lapse.label(), %remote, "connection ended: its time was up");
                    connection.as_mut().graceful_shutdown();
                    let _ = timeout(FAREWELL, connection).await;
                    return;
                }
                why = &mut cut => return tracing::info!(%remote, "connection ended: {}", why.as_str()),
            }
        }
    }
}

/// Whether an answer may be held up: what fits the window is given to the connection at once.
fn is_large(body: &Body) -> bool {
    use http_body::Body as _;
    body.size_hint()
        .upper()
        .is_none_or(|upper| upper > UNSENT.into())
}

fn prepare(stream: &TcpStream, limits: &ListenerLimits) {
    // Small responses must not wait for the acknowledgement of earlier segments.
    let _ = stream.set_nodelay(true);
    // The kernel sees each byte that is taken; from here a full buffer of some MiB looks the same while a slow client empties it.
    let socket = socket2::SockRef::from(stream);
    let _ = socket.set_tcp_user_timeout(Some(limits.write_stall.get()));
    // What is on its way has no bound but the network's. More waiting behind it would only hide how fast a client takes it.
    let _ = socket.set_tcp_notsent_lowat(UNSENT);
}

/// The client's address: as the proxy tells it, where one has to.
async fn client_address(
    shared: &Shared,
    stream: &mut TcpStream,
    socket_remote: SocketAddr,
) -> Option<SocketAddr> {
    let config = &shared.config;
    if config.proxy_protocol.is_none() && !shared.passes_over_headers {
        return Some(socket_remote);
    }
    let is_required = config.proxy_protocol == Some(ProxyProtocol::V2);
    if is_required && !config.trusts(socket_remote.ip()) {
        tracing::warn!(remote = %socket_remote, "connection from an address that is no trusted proxy");
        return None;
    }
    let reading = async {
        if is_required || proxy::begins(stream).await? {
            return proxy::read(stream).await.map(Some);
        }
        Ok(None)
    };
    match timeout(config.limits.handshake.get(), reading).await {
        Ok(Ok(Some(Announced::Client(client)))) if is_required => return Some(client),
        Ok(Ok(Some(Announced::Local))) if is_required => {}
        Ok(Ok(_)) => return Some(socket_remote),
        Ok(Err(error)) => tracing::info!(%error, remote = %socket_remote, "no PROXY header"),
        Err(_) => tracing::info!(remote = %socket_remote, "no PROXY header in time"),
    }
    None
}

async fn handshake(
    config: &ListenerConfig,
    tls: &TlsStore,
    stream: ControlledStream,
    remote: SocketAddr,
) -> Option<TlsStream<ControlledStream>> {
    let server = match config.tls {
        TlsMode::Mutual => tls.server_config(),
        _ => tls.plain_server_config(),
    };
    let deadline = config.limits.handshake.get();
    match timeout(deadline, TlsAcceptor::from(server).accept(stream)).await {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => {
            metrics::counter!("tls_handshake_failures_total").increment(1);
            tracing::info!(%error, %remote, "TLS handshake refused");
        }
        Err(_) => {
            metrics::counter!("listener_lapsed_total", "reason" => "handshake").increment(1);
            tracing::info!(%remote, "TLS handshake not finished in time");
        }
    }
    None
}

/// Settings of a connection of which there are `crowd`.
fn configure(builder: &mut auto::Builder<TokioExecutor>, limits: &ListenerLimits, crowd: usize) {
    let least = limits.header_size.as_usize() + (16 << 10);
    let window = if crowd > CROWD {
        least
    } else {
        WINDOW.max(least)
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        // From the end of an answer to the end of the next headers; `Activity` knows when these begin.
        .header_read_timeout(limits.idle.get().max(limits.headers.get()))
        .max_buf_size(window)
        // A half-closed client has left: its transfer is to be aborted, not finished into the void.
        .half_close(false);
    // Said of every request anew: a table of so many headers is filled and moved twice, unless it is hyper's own number.
    if limits.header_count != MAX_HEADERS {
        builder.http1().max_headers(limits.header_count);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.header_size.bytes()).unwrap_or(u32::MAX))
        .max_send_buf_size(STREAM_WINDOW)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
}

fn note_refusal(remote: SocketAddr) {
    metrics::counter!("listener_refused_total", "limit" => "connections_per_client").increment(1);
    tracing::debug!(%remote, "connection refused: its client has as many as it may");
}
