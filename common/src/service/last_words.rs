//! What a process says outside of its log, in the form of its log: why it did not start, and that a thread panicked.
//!
//! Both go to standard error by themselves, a whole line at a time. Before there is a log there is no other way, and a panic may
//! come out of the log itself, or be the last thing that the process does.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{Write as _, stderr},
    panic::{self, PanicHookInfo},
    path::Path,
    process::ExitCode,
    thread,
};

use serde::Serialize;

use crate::{
    http::context,
    telemetry::{Chain, LogFormat, timestamp},
};

/// One line. Its fields are called as those of the log.
#[derive(Debug, Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(rename = "request.id", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backtrace: Option<String>,
    target: &'static str,
}

impl<'a> Line<'a> {
    fn error(message: &'a str, target: &'static str) -> Self {
        Self {
            timestamp: timestamp(),
            level: "ERROR",
            message,
            error: None,
            thread: None,
            place: None,
            request_id: None,
            backtrace: None,
            target,
        }
    }

    fn of_panic(info: &PanicHookInfo<'_>, message: &'a str) -> Self {
        let thread = thread::current();
        let request_id = context::request_id();
        let backtrace = Backtrace::capture();
        let has_backtrace = backtrace.status() == BacktraceStatus::Captured;
        Self {
            thread: Some(thread.name().unwrap_or("without a name").to_owned()),
            place: info.location().map(ToString::to_string),
            request_id: (!request_id.0.is_nil()).then(|| request_id.to_string()),
            backtrace: has_backtrace.then(|| backtrace.to_string()),
            ..Self::error(message, "panic")
        }
    }

    fn write(&self) {
        if let Ok(mut line) = serde_json::to_vec(self) {
            line.push(b'\n');
            // There is nobody left to tell.
            let _ = stderr().lock().write_all(&line);
        }
    }
}

/// Says why the service `name` did not start.
pub(super) fn unstarted(name: &'static str, format: LogFormat, error: &anyhow::Error) -> ExitCode {
    match format {
        LogFormat::Text => eprintln!("{name}: {error:#}"),
        LogFormat::Json => Line {
            error: Some(Chain(error.as_ref()).to_string()),
            ..Line::error("the service cannot start", name)
        }
        .write(),
    }
    ExitCode::FAILURE
}

/// The form of the log that the file at `path` asks for, as far as it can be told of one that does not fit.
pub(super) fn format_at(path: &Path) -> LogFormat {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let telemetry = table.get("telemetry").and_then(toml::Value::as_table);
    let format = telemetry.and_then(|telemetry| telemetry.get("format")?.as_str());
    match format {
        Some("text") => LogFormat::Text,
        _ => LogFormat::Json,
    }
}

/// Has panics said in one line from now on where the log is JSON.
pub(super) fn of_panics(format: LogFormat) {
    if format == LogFormat::Json {
        panic::set_hook(Box::new(|info| {
            let message = info.payload_as_str().unwrap_or("something that is no text");
            Line::of_panic(info, message).write();
        }));
    }
}
