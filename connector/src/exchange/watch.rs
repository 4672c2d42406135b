//! The end of an exchange's time, for a body that nobody asks for its next frame.
//!
//! A body that is not polled cannot look at a clock. A client that takes nothing at all is the listener's business
//! (`write_stall`); one that takes a little now and then keeps its connection, but not beyond the time of its exchange.

use std::time::Duration;

use tokio::{
    task::AbortHandle,
    time::{sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{deadline::Budget, downstream::Downstream};

/// What a body that is asked for its next frame may take to see by itself that its time is over, or who was suspended.
const GRACE: Duration = Duration::from_secs(1);

/// Cuts the caller of one body off when the exchange's time is over, or when somebody in it was suspended, unless it is dropped before.
#[derive(Debug)]
pub(super) struct Watch(AbortHandle);

impl Watch {
    pub(super) fn start(
        caller: &Downstream,
        budget: &Budget,
        suspended: CancellationToken,
    ) -> Self {
        let (caller, end) = (caller.clone(), budget.end_by() + GRACE);
        let watching = tokio::spawn(async move {
            tokio::select! {
                () = sleep_until(end) => {}
                () = suspended.cancelled() => sleep(GRACE).await,
            }
            caller.cut();
        });
        Self(watching.abort_handle())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}
