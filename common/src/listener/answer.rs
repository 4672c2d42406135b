//! Answers on HTTP/2, and clients that do not take them.
//!
//! On HTTP/1.1 the kernel ends a connection whose client takes nothing (`write_stall`). HTTP/2 has windows of its own: a client
//! that never opens one keeps its connection alive with pings, and with it the stream, its place and whatever its body holds.
//! hyper asks a body for its next frame only while there is room for it, so who holds an answer up is told by who was asked last.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::{task::AbortHandle, time::sleep};

use super::{ConnectionControl, pulse};

/// The body of an answer on HTTP/2. Its stream counts as a request until it ends.
pub(super) struct Answer {
    body: Body,
    turn: Arc<Turn>,
    watch: AbortHandle,
    #[expect(dead_code, reason = "held, not read")]
    guard: pulse::Request,
}

/// Whose turn it is.
#[derive(Debug, Default)]
struct Turn {
    polls: AtomicU64,
    /// The body was asked and has nothing yet: the client waits, not we.
    is_bodys: AtomicBool,
}

impl Answer {
    /// `body`, whose connection `control` cuts when the client takes none of it for `stall`; it may take twice as long
    /// until that is seen.
    pub(super) fn new(
        body: Body,
        guard: pulse::Request,
        control: ConnectionControl,
        stall: Duration,
    ) -> Self {
        let turn = Arc::new(Turn::default());
        let watch = tokio::spawn(watch(Arc::clone(&turn), control, stall)).abort_handle();
        Self {
            body,
            turn,
            watch,
            guard,
        }
    }
}

async fn watch(turn: Arc<Turn>, control: ConnectionControl, stall: Duration) {
    let mut seen = turn.polls.load(Relaxed);
    loop {
        sleep(stall).await;
        let polls = turn.polls.load(Relaxed);
        if polls == seen && !turn.is_bodys.load(Relaxed) {
            return control.cut();
        }
        seen = polls;
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
        self.turn.is_bodys.store(frame.is_pending(), Relaxed);
        self.turn.polls.fetch_add(1, Relaxed);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
