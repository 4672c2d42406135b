//! An HTTP/1.1 client with a pool of its own.
//!
//! On the exchange path every microsecond of a hop is paid twice a connector; reqwest costs 25 to 44 of them at 1 KB.
//! A connection returns to the pool when the end of its body has been polled, not with the last byte: hyper's
//! connection is ready for the next request only then. Connections belong to one generation of the process's
//! certificate; those of an older one serve what they carry and are not used again.

use std::{
    collections::HashMap,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use common::{
    addresses::AddressPolicy,
    ids::ConnectorId,
    tls::{PeerCertificate, TlsStore},
};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Empty;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};
use url::{Host, Position, Url};

use super::{
    BodyError, UpstreamError,
    dial::{DialError, Stream, dial, server_name},
    framing::{Ends, Framing},
    resource_url::Origin,
};
use crate::exchange::Budget;

/// Most idle connections kept for one origin; beyond, the next one to finish is closed.
const MAX_IDLE: usize = 256;
/// Longest time a connection is kept idle: below the 60 s or more after which servers commonly close theirs.
const MAX_IDLE_TIME: Duration = Duration::from_secs(45);

/// Most that is read ahead of a slow caller; a frame of as much may wait besides. Less costs processor time with large files,
/// hyper's own 400 KiB memory with many callers.
const READ_AHEAD: usize = 256 << 10;

/// The least: a record of TLS.
const READ_AHEAD_LEAST: usize = 16 << 10;

/// 4 MiB: a new connection reads ahead its part of this, were it shared by all that are under way: with 16 of them as much as is good
/// for large files, with 256 as little as works. However many callers are slow, together they hold some 20 MiB, and 16 KiB each.
const READ_AHEAD_OF_ALL: usize = 4 << 20;

/// How much a connection reads ahead that is made while so many others are under way.
fn read_ahead(under_way: usize) -> usize {
    (READ_AHEAD_OF_ALL / (under_way + 1)).clamp(READ_AHEAD_LEAST, READ_AHEAD)
}

/// What a client shows and trusts in TLS.
#[derive(Debug, Clone)]
pub enum ClientTls {
    /// No `https`.
    None,
    /// Trust anchors for data sources, no client certificate.
    Public(Arc<ClientConfig>),
    /// Mutual TLS between connectors, with the certificate of the store.
    Peer(Arc<TlsStore>),
}

impl ClientTls {
    fn generation(&self) -> u64 {
        match self {
            Self::Peer(store) => store.generation(),
            _ => 0,
        }
    }

    fn config(&self) -> Option<Arc<ClientConfig>> {
        match self {
            Self::None => None,
            Self::Public(config) => Some(Arc::clone(config)),
            Self::Peer(store) => Some(store.provider_client_config()),
        }
    }
}

/// Where a request goes, and on which conditions.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Scheme, host and port.
    pub origin: &'a Origin,
    /// Which resolved addresses may be connected to.
    pub policy: &'a AddressPolicy,
    /// The connector that the server's certificate has to name, checked before anything is sent.
    pub expected: Option<&'a ConnectorId>,
    /// Which bodies are taken for whole.
    pub ends: Ends,
    /// The exchange's time limits.
    pub budget: &'a Budget,
}

/// A client for `GET` requests; cheap to share.
#[derive(Debug)]
pub struct Client {
    tls: ClientTls,
    idle: Mutex<HashMap<Origin, Vec<Connection>>>,
    /// Answers whose bodies are under way.
    under_way: AtomicUsize,
}

/// One connection with nothing under way.
#[derive(Debug)]
struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    generation: u64,
    peer: Option<ConnectorId>,
    /// Whether its server is known as that connector alone, not as the host that was called.
    is_nameless: bool,
    /// Where it really leads.
    address: Option<IpAddr>,
    since: Instant,
}

impl Client {
    /// A client without connections.
    pub fn new(tls: ClientTls) -> Arc<Self> {
        Arc::new(Self {
            tls,
            idle: Mutex::default(),
            under_way: AtomicUsize::new(0),
        })
    }

    /// Which of the process's certificates new connections use; another number after each renewal.
    pub fn generation(&self) -> u64 {
        self.tls.generation()
    }

    /// Sends the request that `build` makes and returns the answer once its headers are in. `build` is called again
    /// if a pooled connection turns out to have been closed by the server in the meantime. `Host` is set here. A successful answer
    /// is one that can be seen to be whole once it is.
    ///
    /// Cancel safe: dropping the future closes the connection that it used.
    ///
    /// # Errors
    /// Any but [`UpstreamError::Body`].
    pub async fn get(
        self: &Arc<Self>,
        call: &Call<'_>,
        build: impl Fn() -> Request<Empty<Bytes>>,
    ) -> Result<Response<PooledBody>, UpstreamError> {
        let headers_by = call.budget.headers_by();
        let exchange = async {
            if let Some(connection) = self.take(call).await {
                match self.send(connection, call.origin, build()).await {
                    Ok(response) => return Ok(response),
                    // A connection that had been idle ended before there was an answer, in whatever manner: the server
                    // closed it. A GET may be repeated (RFC 9110 §9.2.2); once, and on a new connection, which tells a
                    // server that has gone from one that was only tired of waiting.
                    Err(error) if !error.is_parse() => {}
                    Err(source) => {
                        return Err(UpstreamError::Broken {
                            origin: call.origin.clone(),
                            source,
                        });
                    }
                }
            }
            // Seldom, and several KiB: on the heap, for this future is made and moved for each exchange.
            let connection = Box::pin(self.connect(call)).await?;
            let sent = self.send(connection, call.origin, build()).await;
            sent.map_err(|source| UpstreamError::Broken {
                origin: call.origin.clone(),
                source,
            })
        };
        let timed_out = |_| Err(UpstreamError::TimedOut(call.origin.clone()));
        let response = timeout_at(headers_by, exchange)
            .await
            .unwrap_or_else(timed_out)?;
        if !response.status().is_success() {
            return Ok(response);
        }
        let (head, mut body) = response.into_parts();
        body.framing = Framing::of(&head, call.ends).map_err(|source| UpstreamError::Framing {
            origin: call.origin.clone(),
            source,
        })?;
        Ok(Response::from_parts(head, body))
    }

    /// Closes idle connections that are too old or of an earlier certificate.
    pub fn close_stale(&self) {
        let generation = self.tls.generation();
        let mut idle = self.idle();
        for connections in idle.values_mut() {
            connections.retain(|connection| connection.is_fresh(generation));
        }
        idle.retain(|_, connections| !connections.is_empty());
    }

    /// Calls [`Client::close_stale`] now and then, until the client is gone.
    pub fn spawn_housekeeping(self: &Arc<Self>) {
        let client = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(MAX_IDLE_TIME / 3).await;
                let Some(client) = client.upgrade() else {
                    return;
                };
                client.close_stale();
            }
        });
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<Origin, Vec<Connection>>> {
        // A panic elsewhere cannot leave the map half-changed: every change is one push or pop.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pooled connection that is ready and meets the conditions of `call`.
    async fn take(&self, call: &Call<'_>) -> Option<Connection> {
        let generation = self.tls.generation();
        loop {
            let mut connection = {
                let mut idle = self.idle();
                let connections = idle.get_mut(call.origin)?;
                // The last one in is the likeliest to be alive. Others stay: they may suit another call.
                let suits = |one: &Connection| one.is_fresh(generation) && one.suits(call);
                let at = connections.iter().rposition(suits)?;
                connections.remove(at)
            };
            if connection.sender.is_ready() || connection.sender.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    async fn connect(&self, call: &Call<'_>) -> Result<Connection, UpstreamError> {
        // Read before the configuration: a certificate that is replaced in between makes a connection that is not
        // used twice, never an old one that passes for new.
        let generation = self.tls.generation();
        let config = self.tls.config();
        let stream = dial(
            call.origin,
            config.as_ref(),
            call.policy,
            call.budget.connect_by(),
        )
        .await
        .map_err(|source| UpstreamError::Dial {
            origin: call.origin.clone(),
            source,
        })?;
        let address = stream.peer_address();
        let peer = self.peer(&stream, call).await?;
        let found = peer.as_ref().and_then(|peer| peer.connector_id.clone());
        if let Some(expected) = call.expected
            && found.as_ref() != Some(expected)
        {
            return Err(UpstreamError::Identity {
                origin: call.origin.clone(),
                expected: expected.to_string(),
                found: found.map(|found| found.to_string()),
            });
        }
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(read_ahead(self.under_way.load(Relaxed)))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|source| UpstreamError::Broken {
                origin: call.origin.clone(),
                source,
            })?;
        let is_nameless = peer
            .as_ref()
            .is_some_and(|peer| peer.standing.is_nameless());
        tokio::spawn(drive(connection, self.tls.clone(), peer));
        Ok(Connection {
            sender,
            generation,
            peer: found,
            is_nameless,
            address,
            since: Instant::now(),
        })
    }

    async fn peer(
        &self,
        stream: &Stream,
        call: &Call<'_>,
    ) -> Result<Option<PeerCertificate>, UpstreamError> {
        let (ClientTls::Peer(store), Some(chain)) = (&self.tls, stream.server_chain()) else {
            return Ok(None);
        };
        let no_tls = || UpstreamError::Dial {
            origin: call.origin.clone(),
            source: DialError::NoTls,
        };
        let host = server_name(&call.origin.host).ok_or_else(no_tls)?;
        let identified = store.identify_provider(chain, &host, call.expected).await;
        identified
            .map(Some)
            .map_err(|source| UpstreamError::Unidentified {
                origin: call.origin.clone(),
                source,
            })
    }

    async fn send(
        self: &Arc<Self>,
        mut connection: Connection,
        origin: &Origin,
        mut request: Request<Empty<Bytes>>,
    ) -> Result<Response<PooledBody>, hyper::Error> {
        request
            .headers_mut()
            .insert(header::HOST, host_header(origin));
        let response = connection.sender.send_request(request).await?;
        let lease = Lease {
            origin: origin.clone(),
            connection,
        };
        Ok(response.map(|body| PooledBody {
            body,
            framing: Framing::Marked,
            lease: Some(lease),
            under_way: UnderWay::begin(self),
        }))
    }

    fn put_back(&self, origin: Origin, mut connection: Connection) {
        if connection.sender.is_closed() || connection.generation != self.tls.generation() {
            return;
        }
        connection.since = Instant::now();
        let mut idle = self.idle();
        let connections = idle.entry(origin).or_default();
        if connections.len() < MAX_IDLE {
            connections.push(connection);
        }
    }
}

impl Connection {
    /// Whether it meets the conditions of `call`, which need not be those that it was made under.
    fn suits(&self, call: &Call<'_>) -> bool {
        let is_allowed = match call.policy {
            AddressPolicy::Any => true,
            policy @ AddressPolicy::PublicAnd(_) => {
                self.address.is_some_and(|address| policy.allows(address))
            }
        };
        is_allowed
            && match call.expected {
                Some(expected) => Some(expected) == self.peer.as_ref(),
                None => !self.is_nameless,
            }
    }

    fn is_fresh(&self, generation: u64) -> bool {
        self.generation == generation
            && self.since.elapsed() < MAX_IDLE_TIME
            && !self.sender.is_closed()
    }
}

/// Runs a connection to its end, or until its server's certificate counts no more.
async fn drive(
    connection: http1::Connection<TokioIo<Stream>, Empty<Bytes>>,
    tls: ClientTls,
    peer: Option<PeerCertificate>,
) {
    let (ClientTls::Peer(store), Some(peer)) = (&tls, peer) else {
        log_end(connection.await);
        return;
    };
    tokio::select! {
        biased;
        ended = connection => log_end(ended),
        why = store.ended(&peer) => {
            tracing::warn!(peer.id = ?peer.connector_id, "connection to a server ended: {}", why.as_str());
        }
    }
}

fn log_end(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        // Whoever waits for the answer gets the error too; an idle connection that breaks matters to nobody.
        tracing::debug!(%error, "upstream connection ended");
    }
}

/// What stands in the first line of a request for `url`.
pub fn path_and_query(url: &Url) -> Uri {
    let text = &url[Position::BeforePath..Position::AfterQuery];
    // Everything that a parsed URL can have in its path and query may stand in a request line.
    text.parse().unwrap_or_else(|_| Uri::from_static("/"))
}

fn host_header(origin: &Origin) -> HeaderValue {
    let default = if origin.tls { 443 } else { 80 };
    let text = match (&origin.host, origin.port == default) {
        (Host::Domain(name), true) => {
            return HeaderValue::from_str(name).unwrap_or(HeaderValue::from_static(""));
        }
        (host, true) => host.to_string(),
        (host, false) => format!("{host}:{}", origin.port),
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// Counts a body while it is under way.
#[derive(Debug)]
struct UnderWay(Arc<Client>);

impl UnderWay {
    fn begin(client: &Arc<Client>) -> Self {
        client.under_way.fetch_add(1, Relaxed);
        Self(Arc::clone(client))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}

#[derive(Debug)]
struct Lease {
    origin: Origin,
    connection: Connection,
}

/// The body of an answer. Polled to its end, it gives its connection back; dropped before, it closes it.
#[derive(Debug)]
pub struct PooledBody {
    body: Incoming,
    /// Of a successful answer.
    framing: Framing,
    lease: Option<Lease>,
    under_way: UnderWay,
}

impl PooledBody {
    /// How the body of a successful answer shows that it is all there.
    pub fn framing(&self) -> Framing {
        self.framing
    }
}

impl Body for PooledBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &polled {
            Some(Ok(_)) => {}
            Some(Err(_)) => self.lease = None,
            None => {
                if let Some(Lease { origin, connection }) = self.lease.take() {
                    self.under_way.0.put_back(origin, connection);
                }
            }
        }
        Poll::Ready(polled.map(|frame| frame.map_err(BodyError::Broken)))
    }

    fn is_end_stream(&self) -> bool {
        // Only a poll that finds the end gives the connection back.
        self.lease.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
