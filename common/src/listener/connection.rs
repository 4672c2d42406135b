//! What a request knows of the connection it came on.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use axum::extract::FromRequestParts;
use http::{StatusCode, request::Parts};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use super::activity::Activity;
use crate::{
    http::{problem::Problem, refusals::NO_IDENTITY},
    ids::ConnectorId,
    tls::PeerCertificate,
};

/// The connection of a request; in the extensions of every request.
#[derive(Debug, Clone)]
pub struct ConnectionInfo {
    /// The client's address, as a trusted proxy told it or as the socket shows it.
    pub remote: SocketAddr,
    /// The client's certificate, on listeners that require one.
    pub peer: Option<Arc<PeerCertificate>>,
    /// How the connection is to end.
    pub control: ConnectionControl,
}

/// Decides how a connection ends.
#[derive(Debug, Clone, Default)]
pub struct ConnectionControl(Arc<Wishes>);

#[derive(Debug, Default)]
struct Wishes {
    reset_on_close: AtomicBool,
    reset_if_cut: AtomicBool,
    cut: CancellationToken,
    refusals: AtomicU32,
    farewell: Notify,
}

/// Refusals that a connection without a client certificate is good for: with the last one it ends. Who makes a mistake does not
/// notice; who does nothing else has to come again, and is paced at that.
const REFUSALS: u32 = 10;

impl ConnectionControl {
    /// Makes the connection end with a TCP reset instead of a plain close. An HTTP/1.0 client that was told no length
    /// takes a plain close for the end of a whole body, so a body that breaks must not end like that.
    pub fn reset_on_close(&self) {
        self.0.reset_on_close.store(true, Ordering::Release);
    }

    /// Whether [`reset_on_close`](Self::reset_on_close) was called.
    pub fn is_reset_on_close(&self) -> bool {
        self.0.reset_on_close.load(Ordering::Acquire)
    }

    /// From the next write on the kernel resets the connection should this process end before
    /// [`may_end`](Self::may_end): a process that is killed says nothing itself, and its sockets are closed plainly otherwise.
    pub fn reset_if_cut(&self) {
        self.0.reset_if_cut.store(true, Ordering::Release);
    }

    /// Ends the connection now, with everything that is under way on it: for a client that holds up what it asked for.
    pub fn cut(&self) {
        self.0.cut.cancel();
    }

    /// Whether [`cut`](Self::cut) was called, for this or for another answer of the connection.
    pub fn was_cut(&self) -> bool {
        self.0.cut.is_cancelled()
    }

    /// Waits for [`cut`](Self::cut).
    pub(super) async fn is_cut(&self) {
        self.0.cut.cancelled().await;
    }

    /// Counts an answer if it refuses whoever asked; `true` if the connection has had as many as it is good for.
    pub(super) fn is_worn_by(&self, status: StatusCode) -> bool {
        const REFUSED: [StatusCode; 3] = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        REFUSED.contains(&status) && self.0.refusals.fetch_add(1, Ordering::Relaxed) >= REFUSALS - 1
    }

    /// Ends the connection once what is under way on it has ended.
    pub(super) fn take_leave(&self) {
        self.0.farewell.notify_one();
    }

    /// Waits for [`take_leave`](Self::take_leave).
    pub(super) async fn is_leaving(&self) {
        self.0.farewell.notified().await;
    }

    /// What is written from now on may be followed by a plain close.
    pub fn may_end(&self) {
        self.0.reset_if_cut.store(false, Ordering::Release);
    }
}

/// A TCP stream that obeys a [`ConnectionControl`] and tells a [`Activity`] what passes.
#[derive(Debug)]
pub(super) struct ControlledStream {
    stream: TcpStream,
    control: ConnectionControl,
    pulse: Arc<Activity>,
    /// What the socket was told last about [`ConnectionControl::reset_if_cut`].
    is_reset_if_cut: bool,
}

impl ControlledStream {
    pub(super) fn new(stream: TcpStream, control: ConnectionControl, pulse: Arc<Activity>) -> Self {
        Self {
            stream,
            control,
            pulse,
            is_reset_if_cut: false,
        }
    }

    /// Tells the socket what was asked for since the last write.
    fn obey(&mut self) {
        let wish = self.control.0.reset_if_cut.load(Ordering::Acquire);
        if wish != self.is_reset_if_cut {
            self.is_reset_if_cut = wish;
            self.reset_at_close(wish);
        }
    }

    fn note(&self, polled: &Poll<io::Result<usize>>) {
        if matches!(polled, Poll::Ready(Ok(1..))) {
            self.pulse.has_written();
        }
    }

    fn reset_at_close(&self, wish: bool) {
        // With a linger time of zero, close discards what is unsent and sends RST. A socket that is already gone
        // needs neither.
        let time = wish.then_some(std::time::Duration::ZERO);
        let _ = socket2::SockRef::from(&self.stream).set_linger(time);
    }
}

impl Drop for ControlledStream {
    fn drop(&mut self) {
        if self.control.is_reset_on_close() {
            self.reset_at_close(true);
        }
    }
}

impl AsyncRead for ControlledStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pulse.has_read();
        }
        polled
    }
}

impl AsyncWrite for ControlledStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.obey();
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.obey();
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.note(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.control.is_reset_on_close() {
            // FIN would come first and look like an orderly end.
            return Poll::Ready(Ok(()));
        }
        self.obey();
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The identified peer of a request on a listener with client certificates: extracting it refuses a certificate that
/// names no connector or service.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The connector or service that the certificate names.
    pub id: ConnectorId,
    /// The certificate.
    pub certificate: Arc<PeerCertificate>,
}

impl Peer {
    /// The peer of the connection `info`, if it has a certificate that names one.
    pub fn of(info: &ConnectionInfo) -> Option<Self> {
        let certificate = info.peer.clone()?;
        let id = certificate.connector_id.clone()?;
        Some(Self { id, certificate })
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<ConnectionInfo>()
            .and_then(Self::of)
            .ok_or_else(|| (&NO_IDENTITY).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_refusal_ends_a_connection_and_other_answers_do_not_count() {
        let control = ConnectionControl::default();
        let refused = [401, 403, 429, 401, 401, 401, 401, 401, 401];
        for status in refused.into_iter().chain([200, 400, 404, 500, 503]) {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(!control.is_worn_by(status), "{status}");
        }
        assert!(control.is_worn_by(StatusCode::FORBIDDEN));
        assert!(!control.is_worn_by(StatusCode::OK), "what is under way");
        assert!(control.is_worn_by(StatusCode::UNAUTHORIZED));
    }
}
