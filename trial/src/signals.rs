//! The signals by which a trial is ended.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a person, a supervisor or a terminal sends.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Takes them over from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for Ctrl-C, `SIGTERM`, or the `SIGHUP` of a terminal that is closed.
    pub(crate) async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }

    /// Waits for Ctrl-C or `SIGTERM` from somebody who does not want to wait any longer. A closed terminal may well hang
    /// up twice, once by itself and once through its shell, and wants nothing by that.
    pub(crate) async fn hurry(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
