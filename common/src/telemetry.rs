//! Logs and metrics.

mod json;

use std::{
    error::Error,
    fmt,
    io::{self, BufWriter, Stderr, Write, stderr},
    time::Duration,
};

pub(crate) use json::timestamp;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::process::{Findings, Section};

/// Lines that may wait for standard error, about 2 MB; with more, whoever logs waits. None is dropped while the process
/// runs; at its end a standard error that takes nothing is given up after about a second.
const WAITING_LINES: usize = 4_096;

/// 5 ms: how long lines wait for others before they are written together. Waking a thread for each line, and a system call each,
/// costs more than making the line.
const LINGER: Duration = Duration::from_millis(5);

/// 64 KiB: what is written at once at most, about a hundred lines.
const AT_ONCE: usize = 64 << 10;

/// The log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// What is logged, as a filter of `tracing` (`info`, `warn,connector=debug`).
    pub level: String,
    /// Form of the log on standard error.
    pub format: LogFormat,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: LogFormat::Json,
        }
    }
}

impl Section for TelemetryConfig {
    fn check(&self, findings: &mut Findings) {
        if let Err(error) = EnvFilter::try_new(&self.level) {
            findings.error("level", &self.level, format_args!("is no filter: {error}"));
        }
    }
}

/// Form of the log on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, for collectors.
    Json,
    /// Lines for people.
    Text,
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `level` is no filter.
    #[error("telemetry.level is not a filter")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// Something else already took over.
    #[error("telemetry was set up twice")]
    Twice,
}

/// What runs from [`init`] on.
#[derive(Debug)]
pub struct Telemetry {
    /// What was counted, to be shown.
    pub metrics: PrometheusHandle,
    /// Ends the thread that writes the log; dropped last, so that the last lines are written too.
    pub log: WorkerGuard,
}

/// Starts logging to standard error and collecting metrics. Once a process.
///
/// A line an exchange is what operators and auditors need, and a system call for each is what it must not cost: a thread
/// of its own writes what has come together in some milliseconds. A process that is killed loses the lines that wait; its
/// records are in its outbox.
///
/// # Errors
/// [`TelemetryError`].
pub fn init(config: &TelemetryConfig) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&config.level)?;
    let (lines, log) = NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("log")
        .finish(Lingering(BufWriter::with_capacity(AT_ONCE, stderr())));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match config.format {
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .event_format(json::JsonLines)
                    .with_writer(lines),
            )
            .try_init(),
        LogFormat::Text => registry
            .with(tracing_subscriber::fmt::layer().with_writer(lines))
            .try_init(),
    };
    started.map_err(|_| TelemetryError::Twice)?;
    let metrics = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|_| TelemetryError::Twice)?;
    Ok(Telemetry { metrics, log })
}

/// Standard error, written to when lines have come together: the log's thread flushes whenever none waits for it.
struct Lingering(BufWriter<Stderr>);

impl Write for Lingering {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0.write(lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        // Lines that come now find the thread busy, and wait in its channel without having to wake it.
        std::thread::sleep(LINGER);
        Ok(())
    }
}

/// Prints an error with all its causes, for a log line.
pub struct Chain<'e>(pub &'e (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
