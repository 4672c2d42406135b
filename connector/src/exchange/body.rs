//! The body of an exchange on its way through a connector.
//!
//! Every frame is hashed and passed on as it comes. The end of the last one is held back until the record of the exchange is
//! durable, so that a caller that has the whole body has a record too. The last one is known by the announced length, or,
//! without one, by having no successor; either way the upstream's end is polled here: an HTTP server that
//! announced a length never asks for more, and an upstream connection is free only once its end was seen.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{
    collect::{Prefix, WINDOW},
    deadline::Budget,
    digest::{BodyDigest, Digester},
    pace::Pace,
    record_error::RecordError,
};
use crate::upstream::BodyError;

/// Why a body that is being delivered breaks.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The upstream failed.
    #[error("the upstream's body broke off")]
    Upstream(#[source] BodyError),
    /// The record could not be made durable, so the rest is not released.
    #[error("the exchange could not be recorded")]
    Record(#[source] RecordError),
}

/// What happens with an exchange when its body ends, one way or the other.
///
/// Dropped without either call, the caller has left.
pub trait Ending: Send + 'static {
    /// All bytes are here. The future is done when that is durable.
    fn complete(self: Box<Self>, digest: BodyDigest)
    -> BoxFuture<'static, Result<(), RecordError>>;

    /// The upstream failed after `passed` bytes. Does not wait.
    fn fail(self: Box<Self>, error: &BodyError, passed: u64);

    /// The caller left after `passed` bytes. Does not wait.
    fn leave(self: Box<Self>, passed: u64);
}

/// A body that is hashed, measured, timed and recorded while it passes.
pub struct TransferBody<B> {
    state: State<B>,
    /// Released, but not yet asked for.
    left: Option<u64>,
}

enum State<B> {
    Streaming(Box<Streaming<B>>),
    Recording {
        held: Option<Bytes>,
        recorded: BoxFuture<'static, Result<(), RecordError>>,
    },
    Done,
}

struct Streaming<B> {
    upstream: B,
    prefix: Prefix,
    digester: Digester,
    announced: Option<u64>,
    /// The end of the latest frame, where that may be the last one.
    held: Option<Bytes>,
    /// What is to be released next.
    due: Option<Bytes>,
    pace: Pace,
    suspension: Option<Suspension>,
    /// Taken when the end is known.
    ending: Option<Box<dyn Ending>>,
}

impl<B> TransferBody<B> {
    /// Passes `upstream` on, of which `prefix` has been read already. `announced` is its length, if it said so.
    pub fn new(
        upstream: B,
        prefix: Prefix,
        announced: Option<u64>,
        budget: &Budget,
        ending: Box<dyn Ending>,
    ) -> Self {
        let streaming = Streaming {
            upstream,
            prefix,
            digester: Digester::new(),
            announced,
            held: None,
            due: None,
            pace: Pace::new(budget),
            suspension: None,
            ending: Some(ending),
        };
        Self {
            state: State::Streaming(Box::new(streaming)),
            left: announced,
        }
    }

    /// Breaks when `suspended` is cancelled.
    pub(super) fn unless(mut self, suspended: CancellationToken) -> Self {
        if let State::Streaming(streaming) = &mut self.state {
            streaming.suspension = Some(Suspension::new(suspended));
        }
        self
    }

    /// Tells the server that sends it this length, which is the announced one or none.
    pub(super) fn telling(self, length: Option<u64>) -> Self {
        Self {
            left: length,
            ..self
        }
    }
}

/// What the upstream's next poll means.
enum Step {
    /// To be passed on.
    Release(Bytes),
    /// All bytes are in; the last ones are held.
    End,
}

impl<B> Streaming<B>
where
    B: Body<Data = Bytes, Error = BodyError> + Unpin,
{
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step, BodyError>> {
        loop {
            if let Some(data) = self.due.take() {
                return Poll::Ready(Ok(Step::Release(data)));
            }
            let Some(data) = ready!(self.poll_data(cx))? else {
                return Poll::Ready(self.check_length().map(|()| Step::End));
            };
            if data.is_empty() {
                continue;
            }
            self.digester.update(&data);
            let passed = self.digester.passed();
            match self.announced {
                Some(announced) if passed > announced => {
                    return Poll::Ready(Err(BodyError::Length {
                        announced,
                        arrived: passed,
                    }));
                }
                Some(announced) if passed < announced => {
                    return Poll::Ready(Ok(Step::Release(data)));
                }
                Some(_) => self.due = self.hold(data),
                None => {
                    let previous = self.held.take();
                    self.due = self.hold(data);
                    if let Some(previous) = previous {
                        return Poll::Ready(Ok(Step::Release(previous)));
                    }
                }
            }
        }
    }

    /// Holds the end of `data` back, a window at most, and returns what comes before it. Where a record waits for the ledger, a caller
    /// has the rest meanwhile.
    fn hold(&mut self, mut data: Bytes) -> Option<Bytes> {
        let before = data.len().saturating_sub(WINDOW);
        let released = (before > 0).then(|| data.split_to(before));
        self.held = Some(data);
        released
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        // Looked at here too: of an upstream that always has something nothing is ever waited for.
        if let Some(suspension) = &self.suspension
            && suspension.token.is_cancelled()
        {
            return Poll::Ready(Err(BodyError::Suspended));
        }
        if let Some(data) = self.prefix.next() {
            return Poll::Ready(Ok(Some(data)));
        }
        loop {
            match Pin::new(&mut self.upstream).poll_frame(cx) {
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                // Trailers of a data source mean nothing to the caller.
                Poll::Ready(Some(Ok(frame))) => {
                    self.pace.moved()?;
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Ok(Some(data)));
                    }
                }
                Poll::Pending => {
                    if let Some(suspension) = &mut self.suspension
                        && suspension.waiting.as_mut().poll(cx).is_ready()
                    {
                        return Poll::Ready(Err(BodyError::Suspended));
                    }
                    return self.pace.poll_overdue(cx).map(Err);
                }
            }
        }
    }

    fn check_length(&self) -> Result<(), BodyError> {
        let arrived = self.digester.passed();
        match self.announced {
            Some(announced) if announced != arrived => {
                Err(BodyError::Length { announced, arrived })
            }
            _ => Ok(()),
        }
    }
}

impl<B> Body for TransferBody<B>
where
    B: Body<Data = Bytes, Error = BodyError> + Unpin + Send + 'static,
{
    type Data = Bytes;
    type Error = TransferError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransferError>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Streaming(streaming) => match ready!(streaming.poll_step(cx)) {
                    Ok(Step::Release(data)) => {
                        return Poll::Ready(Some(Ok(release(&mut this.left, data))));
                    }
                    Ok(Step::End) => this.state = streaming.record(),
                    Err(error) => {
                        if let Some(ending) = streaming.ending.take() {
                            ending.fail(&error, streaming.digester.passed());
                        }
                        this.state = State::Done;
                        return Poll::Ready(Some(Err(TransferError::Upstream(error))));
                    }
                },
                State::Recording { held, recorded } => {
                    let outcome = ready!(recorded.as_mut().poll(cx));
                    let held = held.take();
                    this.state = State::Done;
                    match (outcome, held) {
                        (Err(error), _) => {
                            return Poll::Ready(Some(Err(TransferError::Record(error))));
                        }
                        (Ok(()), Some(data)) => {
                            return Poll::Ready(Some(Ok(release(&mut this.left, data))));
                        }
                        (Ok(()), None) => {}
                    }
                }
                State::Done => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Done)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

fn release(left: &mut Option<u64>, data: Bytes) -> Frame<Bytes> {
    if let Some(left) = left {
        *left = left.saturating_sub(data.len() as u64);
    }
    Frame::data(data)
}

impl<B> Streaming<B> {
    fn record(&mut self) -> State<B> {
        let digester = std::mem::replace(&mut self.digester, Digester::new());
        match self.ending.take() {
            Some(ending) => State::Recording {
                held: self.held.take(),
                recorded: ending.complete(digester.finish()),
            },
            None => State::Done,
        }
    }
}

impl<B> Drop for Streaming<B> {
    fn drop(&mut self) {
        if let Some(ending) = self.ending.take() {
            ending.leave(self.digester.passed());
        }
    }
}

/// Watches whether somebody whom the transfer depends on is suspended.
struct Suspension {
    token: CancellationToken,
    waiting: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Suspension {
    fn new(token: CancellationToken) -> Self {
        let waiting = Box::pin(token.clone().cancelled_owned());
        Self { token, waiting }
    }
}

#[cfg(test)]
mod tests;
