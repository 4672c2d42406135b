//! A TCP connection's way through the harness: cut, stalled, or with the answers kept back.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

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
    /// Connections on which the client spoke last.
    unanswered: AtomicU64,
    /// Connections on which an answer waits.
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
            unanswered: AtomicU64::new(0),
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

    /// Resets every connection at both ends. What waited is lost, and what comes after this call doesn't pass.
    pub fn cut(&self) {
        self.0.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// How many connections have a question that is not answered.
    pub fn unanswered(&self) -> u64 {
        self.0.unanswered.load(Ordering::Relaxed)
    }

    /// How many connections have an answer that waits.
    pub fn waiting(&self) -> u64 {
        self.0.waiting.load(Ordering::Relaxed)
    }
}

impl State {
    async fn pass(&self, mut client: TcpStream) -> io::Result<()> {
        let mut cuts = self.cuts.subscribe();
        let begun = *cuts.borrow_and_update();
        let mut server = TcpStream::connect(self.to).await?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
            // Whatever ends it, nobody is to take it for an orderly end: that is passed on by hand below.
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
        }
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let unanswered = Counted::new(&self.unanswered);
        tokio::select! {
            result = async {
                tokio::try_join!(
                    self.copy(from_client, to_server, true, begun, &unanswered),
                    self.copy(from_server, to_client, false, begun, &unanswered),
                )
            } => result.map(drop),
            _ = cuts.changed() => Ok(()),
        }
    }

    async fn copy(
        &self,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
        is_client: bool,
        begun: u64,
        unanswered: &Counted<'_>,
    ) -> io::Result<()> {
        let mut mode = self.mode.subscribe();
        let mut piece = vec![0; 64 << 10];
        let waiting = Counted::new(&self.waiting);
        loop {
            let length = from.read(&mut piece).await?;
            unanswered.set(is_client && length > 0);
            let passes =
                |mode: &Mode| *mode == Mode::Open || (is_client && *mode == Mode::AnswersWait);
            if !passes(&mode.borrow_and_update()) {
                waiting.set(!is_client);
                // The sender lives as long as `self`.
                let _ = mode.wait_for(passes).await;
                waiting.set(false);
            }
            // The task that ends both ways may be told later than this one is given what was let go after the cut.
            if *self.cuts.borrow() != begun {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            if length == 0 {
                return to.shutdown().await;
            }
            to.write_all(&piece[..length]).await?;
        }
    }
}

/// One connection's part in a count.
struct Counted<'a> {
    count: &'a AtomicU64,
    counts: AtomicBool,
}

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        Self {
            count,
            counts: AtomicBool::new(false),
        }
    }

    fn set(&self, counts: bool) {
        match (self.counts.swap(counts, Ordering::Relaxed), counts) {
            (false, true) => _ = self.count.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = self.count.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ports::free_address,
        raw,
        source::{Source, content},
        wait,
    };

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
        wire.set(Mode::Open);
        let answer = raw::over(&mut stream, "").await.unwrap();
        assert_eq!(answer.body, content(10));
        assert_eq!(wire.waiting(), 0);
    }

    #[tokio::test]
    async fn a_question_without_an_answer_is_counted() {
        let source = Source::start().await;
        let to = source.url("/").socket_addrs(|| None).unwrap()[0];
        let at = free_address();
        let wire = Wire::start(at, to).await;
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream
            .write_all(b"GET /late/10 HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        wire_has(&wire, 1).await;
        wait::until("the source holds", PATIENCE, || async {
            (source.waiting() > 0).then_some(())
        })
        .await;
        source.release();
        wire_has(&wire, 0).await;
    }

    async fn wire_has(wire: &Wire, unanswered: u64) {
        wait::until("questions without an answer", PATIENCE, || async {
            (wire.unanswered() == unanswered).then_some(())
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_let_go_after_a_cut_does_not_pass() {
        let (at, wire) = wire().await;
        for _ in 0..20 {
            wire.set(Mode::AnswersWait);
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.write_all(REQUEST.as_bytes()).await.unwrap();
            wait::until("the answer waits", PATIENCE, || async {
                (wire.waiting() > 0).then_some(())
            })
            .await;
            wire.cut();
            wire.set(Mode::Open);
            let answer = raw::over(&mut stream, "").await.unwrap();
            assert_eq!((answer.end, answer.body.len()), (raw::End::Reset, 0));
        }
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
