//! Logs and metrics.

use std::{
    error::Error,
    fmt,
    io::{BufWriter, stderr},
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Lines that may wait for standard error, about 2 MB; with more, whoever logs waits. None is dropped while the process
/// runs; at its end a standard error that takes nothing is given up after about a second.
const WAITING_LINES: usize = 4_096;

/// `[telemetry]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// What is logged, as a filter of `tracing` (`info`, `warn,connector=debug`).
    pub level: String,
    /// `json` (one object a line, for collectors) or `text` (for people).
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

/// Form of the log on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
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
/// of its own writes what has come together. A process that is killed loses the lines that wait; its records are in its
/// outbox.
///
/// # Errors
/// [`TelemetryError`].
pub fn init(config: &TelemetryConfig) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&config.level)?;
    // What has come together since the last write goes out in one: the thread flushes when nothing waits any more.
    let (lines, log) = NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("log")
        .finish(BufWriter::new(stderr()));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match config.format {
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(false)
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
