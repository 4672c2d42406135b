//! Log lines on their way to standard error, many in one write.
//!
//! A line an exchange is what operators and auditors need, and at thousands of exchanges a second a system call each is
//! what it must not cost. So lines are collected for some milliseconds and written by a thread of their own; warnings and
//! errors are written at once, with everything before them. A process that is killed loses the lines of those milliseconds;
//! its records are in its outbox.

use std::{
    io::{self, Write as _},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// 5 ms: how long a line waits for others.
const LINGER: Duration = Duration::from_millis(5);

/// 1 MiB: with so much waiting, whoever logs waits until it is written.
const LIMIT: usize = 1 << 20;

/// Where log lines are written to. Clones write to the same place, in one order.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    written: Condvar,
    /// Held from taking lines until they are written. Taken before `waiting`.
    output: Mutex<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    text: Vec<u8>,
    is_closed: bool,
}

/// Writes until it is dropped, and then the rest.
#[derive(Debug)]
pub struct LogThread {
    lines: Lines,
    thread: Option<JoinHandle<()>>,
}

/// One line being written.
#[derive(Debug)]
pub(super) struct Line<'l> {
    lines: &'l Lines,
    is_urgent: bool,
}

impl Lines {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// [`io::Error`] where there is no thread to be had.
    pub(super) fn start(&self) -> io::Result<LogThread> {
        let lines = self.clone();
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || lines.run())?;
        Ok(LogThread {
            lines: self.clone(),
            thread: Some(thread),
        })
    }

    fn run(&self) {
        loop {
            let waiting = self
                .0
                .arrived
                .wait_while(self.waiting(), |w| w.text.is_empty() && !w.is_closed)
                .unwrap_or_else(PoisonError::into_inner);
            let (waiting, _) = self
                .0
                .arrived
                .wait_timeout_while(waiting, LINGER, |w| !w.is_closed)
                .unwrap_or_else(PoisonError::into_inner);
            let is_closed = waiting.is_closed;
            drop(waiting);
            self.write_out(&[]);
            if is_closed {
                return;
            }
        }
    }

    fn push(&self, line: &[u8]) {
        let mut waiting = self
            .0
            .written
            .wait_while(self.waiting(), |w| w.text.len() >= LIMIT && !w.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        let is_first = waiting.text.is_empty();
        waiting.text.extend_from_slice(line);
        drop(waiting);
        if is_first {
            self.0.arrived.notify_one();
        }
    }

    /// Writes what waits, and `last` behind it.
    fn write_out(&self, last: &[u8]) {
        let _output = self.0.output.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = std::mem::take(&mut self.waiting().text);
        self.0.written.notify_all();
        text.extend_from_slice(last);
        // There is nobody left to tell that standard error is gone.
        let _ = io::stderr().write_all(&text);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Lines are only ever appended whole or taken whole.
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LogThread {
    fn drop(&mut self) {
        self.lines.waiting().is_closed = true;
        self.lines.0.arrived.notify_all();
        self.lines.0.written.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does nothing that panics.
            let _ = thread.join();
        }
    }
}

impl io::Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // Without its thread, and for what somebody may be waiting for, lines go out at once.
        if self.is_urgent || self.lines.waiting().is_closed {
            self.lines.write_out(line);
        } else {
            self.lines.push(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'l> MakeWriter<'l> for Lines {
    type Writer = Line<'l>;

    fn make_writer(&'l self) -> Line<'l> {
        Line {
            lines: self,
            is_urgent: true,
        }
    }

    fn make_writer_for(&'l self, of: &Metadata<'_>) -> Line<'l> {
        Line {
            lines: self,
            is_urgent: *of.level() <= Level::WARN,
        }
    }
}
