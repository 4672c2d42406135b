//! Asking a process, or a part of it, to stop.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A request to stop that all holders see.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Waits for the request. Cancel safe.
    pub async fn cancelled(&self) {
        self.0.cancelled().await;
    }

    /// Whether it was made.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Makes it.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// A request that this one implies, but not the reverse.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }
}

/// Cancels `shutdown` on SIGINT and SIGTERM.
pub(crate) fn on_signals(shutdown: &Shutdown) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = shutdown.cancelled() => {}
        }
        shutdown.cancel();
    });
    Ok(())
}
