//! What a person sees while a trial works.

use std::{fmt::Display, io::Write as _, sync::Arc, time::Instant};

/// Lines on standard output, progress with the time since the start. Clones share the start.
#[derive(Clone, Debug)]
pub struct Console(Arc<Instant>);

impl Console {
    /// Starts counting.
    pub fn start() -> Self {
        Self(Arc::new(Instant::now()))
    }

    /// One step of the work, with the time.
    pub fn step(&self, text: impl Display) {
        let seconds = self.0.elapsed().as_secs_f64();
        self.line(format_args!("{seconds:7.2} s  {text}"));
    }

    /// A line without the time.
    pub fn line(&self, text: impl Display) {
        // Nobody may be reading any more (`trial up | head`): the trial goes on all the same.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }
}
