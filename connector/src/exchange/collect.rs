//! Bodies that fit the window are read whole before the headers are answered.

use std::{collections::VecDeque, future::poll_fn, pin::Pin, task::Poll};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use tokio::time::timeout_at;

use super::{deadline::Budget, pace::Pace};
use crate::upstream::BodyError;

/// Most bytes of a body that are held: one write to the outbox and one to the caller pay for them.
pub const WINDOW: usize = 64 << 10;

/// Frames that were read before it was clear that the body does not fit.
#[derive(Debug, Default)]
pub struct Prefix(VecDeque<Bytes>);

impl Prefix {
    /// The next frame.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        self.0.pop_front()
    }
}

/// What reading ahead found.
#[derive(Debug)]
pub enum Collected<B> {
    /// All of it.
    Whole(Bytes),
    /// More than the window, or not all of it at once: the rest comes as a stream.
    Rest {
        /// The body, some of whose frames have been read.
        body: B,
        /// Those frames.
        prefix: Prefix,
    },
}

/// Reads `body` whole if it fits the [`WINDOW`].
///
/// A body that announced a length is waited for, for as long as its headers may wait; of one that did not, only what is
/// there already is taken, since its next bytes may be a long time away and its headers should not be.
///
/// # Errors
/// [`BodyError`] if a body that was waited for breaks, stalls or has another length than `announced`.
pub async fn collect<B>(
    mut body: B,
    announced: Option<u64>,
    budget: &Budget,
) -> Result<Collected<B>, BodyError>
where
    B: Body<Data = Bytes, Error = BodyError> + Unpin,
{
    if announced.is_some_and(|announced| announced > WINDOW as u64) {
        return Ok(Collected::Rest {
            body,
            prefix: Prefix::default(),
        });
    }
    let mut pace = announced.map(|_| Pace::new(budget));
    let mut frames = VecDeque::new();
    let mut arrived = 0;
    let reading = poll_fn(|cx| {
        loop {
            match Pin::new(&mut body).poll_frame(cx) {
                Poll::Ready(None) => return Poll::Ready(Ok(true)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(pace) = &mut pace
                        && let Err(error) = pace.moved()
                    {
                        return Poll::Ready(Err(error));
                    }
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    arrived += data.len();
                    frames.push_back(data);
                    if arrived > WINDOW {
                        return Poll::Ready(Ok(false));
                    }
                }
                Poll::Pending => match &mut pace {
                    Some(pace) => return pace.poll_overdue(cx).map(Err),
                    None => return Poll::Ready(Ok(false)),
                },
            }
        }
    });
    let ended = match timeout_at(budget.headers_by(), reading).await {
        Ok(ended) => ended?,
        Err(_) => false,
    };
    if !ended {
        return Ok(Collected::Rest {
            body,
            prefix: Prefix(frames),
        });
    }
    match announced {
        Some(announced) if announced != arrived as u64 => Err(BodyError::Length {
            announced,
            arrived: arrived as u64,
        }),
        _ => Ok(Collected::Whole(join(frames, arrived))),
    }
}

/// One frame, the usual case, is not copied.
fn join(mut frames: VecDeque<Bytes>, len: usize) -> Bytes {
    if frames.len() <= 1 {
        return frames.pop_front().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(len);
    for frame in frames {
        whole.extend_from_slice(&frame);
    }
    whole.freeze()
}
