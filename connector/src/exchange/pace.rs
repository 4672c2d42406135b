//! How long an upstream may pause.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::time::{Instant, Sleep};

use super::deadline::Budget;
use crate::upstream::BodyError;

/// Watches the pauses of an upstream and the end of the exchange's time.
///
/// The pause is measured only while the upstream is being waited for: a slow caller is not the upstream's fault.
pub(super) struct Pace {
    budget: Budget,
    waiting_since: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl Pace {
    pub(super) fn new(budget: &Budget) -> Self {
        let first = (Instant::now() + budget.idle()).min(budget.end_by());
        Self {
            budget: *budget,
            waiting_since: None,
            alarm: Box::pin(tokio::time::sleep_until(first)),
        }
    }

    /// Something came. Asked for the time here too: of a caller that takes a little now and then the upstream is never
    /// waited for.
    pub(super) fn moved(&mut self) -> Result<(), BodyError> {
        self.waiting_since = None;
        if Instant::now() >= self.budget.end_by() {
            return Err(BodyError::TooLong);
        }
        Ok(())
    }

    /// To be asked when nothing came: ready when that has lasted too long.
    pub(super) fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        let now = Instant::now();
        let since = *self.waiting_since.get_or_insert(now);
        loop {
            ready!(self.alarm.as_mut().poll(cx));
            let now = Instant::now();
            if now >= self.budget.end_by() {
                return Poll::Ready(BodyError::TooLong);
            }
            let overdue = since + self.budget.idle();
            if now >= overdue {
                return Poll::Ready(BodyError::Idle);
            }
            // The alarm is moved only when it rings, not with every frame.
            self.alarm.as_mut().reset(overdue.min(self.budget.end_by()));
        }
    }
}
