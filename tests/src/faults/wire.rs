//! A TCP connection's way through the harness: cut, stalled, or with the answers kept back.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to bytes on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They pass.
    Open,
    /// Those of the client pass, those of the server wait.
    AnswersWait,
    /// All wait.
    Stalled,
}

#[derive(Debug)]
struct State {
    to: SocketAddr,
    mode: watch::Sender<Mode>,
    /// Counts cuts: a connection ends at the first after its beginning.
    cuts: watch::Sender<u64>,
    asked: AtomicU64,
    waiting: AtomicU64,
}

/// A listener that passes every connection on.
#[derive(Debug, Clone)]
pub struct Wire(Arc<State>);

impl Wire {
    /// Passes what comes to `at` on to `to`, until the runtime ends.
    pub async fn start(at: SocketAddr, to: SocketAddr) -> Self {
        let listener = TcpListener::bind(at).await.expect("the address is free");
        let wire = Self(Arc::new(State {
            to,
            mode: watch::Sender::new(Mode::Open),
            cuts: watch::Sender::new(0),
            asked: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
        }));
        let state = Arc::clone(&wire.0);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                // However it ends, it ends for its two sides alone.
                tokio::spawn(async move { drop(state.pass(client).await) });
            }
        });
        wire
    }

    /// Lets bytes pass or wait from now on.
    pub fn set(&self, mode: Mode) {
        self.0.mode.send_replace(mode);
    }

    /// Resets every connection at both ends. What waited is lost.
    pub fn cut(&self) {
        self.0.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// How many bytes clients have sent so far.
    pub fn asked(&self) -> u64 {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// How many pieces of answers wait.
    pub fn waiting(&self) -> u64 {
        self.0.waiting.load(Ordering::Relaxed)
    }
}

impl State {
    async fn pass(&self, client: TcpStream) -> io::Result<()> {
        let mut cuts = self.cuts.subscribe();
        let server = TcpStream::connect(self.to).await?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
            // Whatever ends it, nobody is to take it for an orderly end: that is passed on by hand below.
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
        }
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            result = async {
                tokio::try_join!(self.copy(from_client, to_server, true), self.copy(from_server, to_client, false))
            } => result.map(drop),
            _ = cuts.changed() => Ok(()),
        }
    }

    async fn copy(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        is_client: bool,
    ) -> io::Result<()> {
        let mut mode = self.mode.subscribe();
        let mut piece = vec![0; 64 << 10];
        loop {
            let length = from.read(&mut piece).await?;
            if is_client {
                self.asked.fetch_add(length as u64, Ordering::Relaxed);
            }
            let passes =
                |mode: &Mode| *mode == Mode::Open || (is_client && *mode == Mode::AnswersWait);
            if !passes(&mode.borrow_and_update()) {
                let _waiting = Waiting::of(&self.waiting, !is_client);
                // The sender lives as long as `self`.
                let _ = mode.wait_for(passes).await;
            }
            if length == 0 {
                return to.shutdown().await;
            }
            to.write_all(&piece[..length]).await?;
        }
    }
}

/// Counted while it lives.
struct Waiting<'a>(Option<&'a AtomicU64>);

impl<'a> Waiting<'a> {
    fn of(count: &'a AtomicU64, counts: bool) -> Self {
        let count = counts.then_some(count);
        if let Some(count) = count {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.0 {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx::free_address;
    use crate::raw;
    use crate::source::{Source, content};
    use crate::wait;

    const PATIENCE: Duration = Duration::from_secs(10);
    const REQUEST: &str = "GET /whole/100000 HTTP/1.0\r\nhost: x\r\n\r\n";

    async fn wire() -> (SocketAddr, Wire) {
        let source = Source::start().await;
        let to = source.url("/").socket_addrs(|| None).unwrap()[0];
        let at = free_address();
        (at, Wire::start(at, to).await)
    }

    #[tokio::test]
    async fn answers_wait_until_they_may_pass() {
        let (at, wire) = wire().await;
        wire.set(Mode::AnswersWait);
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream
            .write_all(b"GET /short/10/10 HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        wait::until("the answer waits", PATIENCE, || async {
            (wire.waiting() > 0).then_some(())
        })
        .await;
        assert!(wire.asked() > 0);
        wire.set(Mode::Open);
        let answer = raw::over(&mut stream, "").await.unwrap();
        assert_eq!(answer.body, content(10));
    }

    #[tokio::test]
    async fn a_cut_is_seen_as_a_reset() {
        let (at, wire) = wire().await;
        wire.set(Mode::AnswersWait);
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(REQUEST.as_bytes()).await.unwrap();
        wait::until("the answer waits", PATIENCE, || async {
            (wire.waiting() > 0).then_some(())
        })
        .await;
        wire.cut();
        let answer = raw::over(&mut stream, "").await.unwrap();
        assert_eq!((answer.end, answer.body.len()), (raw::End::Reset, 0));
    }
}
