//! The log of a process, to its last line.

use std::process::Command;

use common::telemetry::{self, TelemetryConfig};

/// Tells the test that it is the process whose log is looked at.
const WRITER: &str = "LOG_TEST_WRITES";
/// More than may wait for standard error at a time.
const LINES: usize = 20_000;

#[test]
fn a_process_that_ends_has_written_every_line_in_order() {
    if std::env::var_os(WRITER).is_some() {
        let _telemetry = telemetry::init(&TelemetryConfig::default()).unwrap();
        (0..LINES).for_each(|line| tracing::info!(line, "written"));
        return;
    }
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .env(WRITER, "1")
        .args(["--nocapture", "--test-threads", "1"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    let numbers = log.lines().filter_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        line["line"].as_u64()
    });
    assert!(numbers.eq(0..LINES as u64), "{} bytes of log", log.len());
}
