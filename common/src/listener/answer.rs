//! Large answers, and clients that do not take them.
//!
//! A client that takes nothing on HTTP/1.1 is ended by the kernel (`write_stall`). HTTP/2 has windows of its own: a client
//! that never opens one keeps its connection alive with pings, and with it the stream, its place and whatever its body holds. On
//! both, one that takes a byte now and then would hold all that for days. hyper asks a body for its next frame only while there is
//! room for it, so who holds an answer up, and how fast it is taken, is told by who was asked when.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep},
};

use super::{ConnectionControl, ListenerLimits, activity};

/// The body of an answer whose client is watched.
pub(super) struct Answer {
    body: Body,
    turn: Arc<Turn>,
    watch: AbortHandle,
    /// On HTTP/2 its stream counts as a request until it ends.
    #[expect(dead_code, reason = "held, not read")]
    guard: Option<activity::Request>,
}

/// How an answer is taken. Times are milliseconds since it began.
#[derive(Debug)]
struct Turn {
    start: Instant,
    polls: AtomicU64,
    bytes: AtomicU64,
    /// For how long the body had nothing: the client waited, not we.
    waited: AtomicU64,
    /// Since when it has nothing, plus one; 0 while it is the client's turn.
    waits_since: AtomicU64,
}

/// What was seen of a [`Turn`] at one time.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at: u64,
    bytes: u64,
    waited: u64,
}

/// How fast an answer has to be taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Bytes a second.
    rate: u64,
    /// Looked at over so long a time, twice.
    over: Duration,
}

impl Pace {
    pub(super) fn of(limits: &ListenerLimits) -> Self {
        Self {
            rate: limits.write_rate.bytes(),
            over: limits.write_rate_over.get(),
        }
    }

    /// Whether the client took too little between two looks, of the time in which it was its turn. Where that was less than half
    /// of it nothing is said.
    fn is_too_slow(self, before: Seen, now: Seen) -> bool {
        let time = now.at.saturating_sub(before.at);
        let clients = time.saturating_sub(now.waited - before.waited);
        let taken = now.bytes - before.bytes;
        clients >= time / 2 && taken < self.rate.saturating_mul(clients) / 1000
    }
}

impl Turn {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            polls: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            waits_since: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }

    /// The body was asked, and had this.
    fn polled(&self, frame: &Poll<Option<Result<Frame<Bytes>, axum::Error>>>) {
        self.polls.fetch_add(1, Relaxed);
        if frame.is_pending() {
            if self.waits_since.load(Relaxed) == 0 {
                self.waits_since.store(self.now() + 1, Relaxed);
            }
            return;
        }
        if let Some(since) = self.waits_since.swap(0, Relaxed).checked_sub(1) {
            let waited = self.now().saturating_sub(since);
            self.waited.fetch_add(waited, Relaxed);
        }
        if let Poll::Ready(Some(Ok(frame))) = frame
            && let Some(data) = frame.data_ref()
        {
            let bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.bytes.fetch_add(bytes, Relaxed);
        }
    }

    fn seen(&self) -> Seen {
        let at = self.now();
        let waits = self.waits_since.load(Relaxed).checked_sub(1);
        let waits = waits.map_or(0, |since| at.saturating_sub(since));
        Seen {
            at,
            bytes: self.bytes.load(Relaxed),
            waited: self.waited.load(Relaxed) + waits,
        }
    }

    /// Ends when the client has taken nothing for `stall`; it may take twice as long until that is seen.
    async fn stalls(&self, stall: Duration) {
        let mut seen = self.polls.load(Relaxed);
        loop {
            sleep(stall).await;
            let polls = self.polls.load(Relaxed);
            if polls == seen && self.waits_since.load(Relaxed) == 0 {
                return;
            }
            seen = polls;
        }
    }

    /// Ends when the client has been too slow twice in a row: what the kernel holds is taken in pieces, so that one look may fall
    /// between two of them.
    async fn crawls(&self, pace: Pace) {
        let (mut before, mut was_slow) = (self.seen(), false);
        loop {
            sleep(pace.over).await;
            let now = self.seen();
            let is_slow = pace.is_too_slow(before, now);
            if is_slow && was_slow {
                return;
            }
            (before, was_slow) = (now, is_slow);
        }
    }
}

impl Answer {
    /// `body`, whose connection `control` cuts when its client takes it slower than `pace`.
    pub(super) fn paced(body: Body, control: ConnectionControl, pace: Pace) -> Self {
        let turn = Arc::new(Turn::new());
        let watched = Arc::clone(&turn);
        let watch = async move {
            watched.crawls(pace).await;
            control.cut();
        };
        Self {
            body,
            turn,
            watch: tokio::spawn(watch).abort_handle(),
            guard: None,
        }
    }

    /// The same on HTTP/2, cut as well when its client takes nothing for `stall`.
    pub(super) fn streamed(
        body: Body,
        guard: activity::Request,
        control: ConnectionControl,
        pace: Pace,
        stall: Duration,
    ) -> Self {
        let turn = Arc::new(Turn::new());
        let watched = Arc::clone(&turn);
        let watch = async move {
            tokio::select! {
                () = watched.stalls(stall) => {}
                () = watched.crawls(pace) => {}
            }
            control.cut();
        };
        Self {
            body,
            turn,
            watch: tokio::spawn(watch).abort_handle(),
            guard: Some(guard),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.turn.polled(&frame);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing(0, 0, true)]
    #[case::too_little(30_000, 0, true)]
    #[case::enough(31_000, 0, false)]
    #[case::the_body_had_nothing_for_a_while(21_000, 10_000, false)]
    #[case::and_it_was_slow_besides(20_000, 10_000, true)]
    #[case::the_body_had_nothing_most_of_the_time(0, 16_000, false)]
    fn a_client_is_judged_by_the_time_that_was_its_own(
        #[case] bytes: u64,
        #[case] waited: u64,
        #[case] is_too_slow: bool,
    ) {
        let pace = Pace::of(&ListenerLimits::default());
        let before = Seen {
            at: 5_000,
            bytes: 7,
            waited: 3,
        };
        let now = Seen {
            at: 35_000,
            bytes: 7 + bytes,
            waited: 3 + waited,
        };
        assert_eq!(pace.is_too_slow(before, now), is_too_slow);
    }
}
