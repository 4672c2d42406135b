//! The log of a process, to its last line.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

use std::{path::Path, process::Command};

use axum::{Router, body::Body, routing::get};
use common::{
    config::AdminConfig,
    http::layers::Front,
    listener::{ListenerConfig, TlsMode},
    process::{Context, Findings, Section, Shutdown},
    service::Service,
    telemetry::{self, TelemetryConfig},
};
use http::Request;
use serde_json::Value;

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
        .args([
            "--exact",
            "a_process_that_ends_has_written_every_line_in_order",
        ])
        .args(["--nocapture", "--test-threads", "1"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    let numbers = log.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["line"].as_u64()
    });
    assert!(numbers.eq(0..LINES as u64), "{} bytes of log", log.len());
}

/// A service that panics in many ways and then fails.
struct Noisy;

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Settings {
    admin: AdminConfig,
    telemetry: TelemetryConfig,
}

impl Section for Settings {
    fn check(&self, _: &mut Findings) {}
}

common::configuration!(Settings:);

impl Service for Noisy {
    const NAME: &'static str = "noisy";
    const ABOUT: &'static str = "Panics";
    type Config = Settings;

    async fn run(_: Settings, _: Context) -> anyhow::Result<()> {
        let worker = std::thread::Builder::new().name("worker".into());
        let _ = worker.spawn(|| panic!("one\n\"two\"")).unwrap().join();
        let _ = tokio::spawn(async { std::panic::panic_any(5) }).await;
        let url = "http://x.example".parse().unwrap();
        let config = ListenerConfig::new(([127, 0, 0, 1], 0).into(), url, TlsMode::None);
        let broken = get(async || -> &'static str { panic!("in a handler") });
        let front = Front::new(Router::new().route("/broken", broken), &config);
        let request = Request::get("/broken").header("host", "x.example");
        let answer = front.answer(request.body(Body::empty()).unwrap()).await;
        tracing::info!(id = ?answer.headers()["x-request-id"], "answered");
        anyhow::bail!("enough")
    }
}

/// What a process writes to standard error that runs [`Noisy`] with the configuration `text`.
fn noise_of(text: &str) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .env(WRITER, file.path())
        .env("RUST_BACKTRACE", "1")
        .args(["--exact", "a_service_whose_log_is_json_says_nothing_else"])
        .args(["--nocapture", "--test-threads", "1"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    log.lines().map(str::to_owned).collect()
}

#[test]
fn a_service_whose_log_is_json_says_nothing_else() {
    if let Some(config) = std::env::var_os(WRITER) {
        let _ = common::service::serve::<Noisy>(Path::new(&config), &Shutdown::default());
        return;
    }
    let config = "[admin]\nlisten = '127.0.0.1:0'\n[telemetry]\nformat = 'json'\n";
    let read = |lines: Vec<String>| -> Vec<Value> {
        let read = lines.iter().map(|line| {
            serde_json::from_str(line).unwrap_or_else(|_| panic!("{line} is not JSON"))
        });
        read.collect()
    };
    let lines = read(noise_of(config));
    let panics: Vec<_> = lines
        .iter()
        .filter(|line| line["target"] == "panic")
        .collect();
    let said: Vec<_> = panics
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        said,
        ["one\n\"two\"", "something that is no text", "in a handler"]
    );
    assert_eq!(panics[0]["thread"], "worker");
    for panic in &panics {
        assert_eq!(panic["level"], "ERROR");
        assert!(panic["place"].as_str().unwrap().contains("tests/log.rs:"));
        assert!(panic["backtrace"].as_str().unwrap().contains('\n'));
        assert!(panic["timestamp"].as_str().unwrap().starts_with("20"));
    }
    assert!(panics[0].get("request.id").is_none());
    let answered = lines.iter().find(|line| line["message"] == "answered");
    let id = panics[2]["request.id"].as_str().unwrap();
    assert_eq!(answered.unwrap()["id"], format!("{id:?}"));
    let failed = lines
        .iter()
        .filter(|line| line.to_string().contains("enough"));
    assert_eq!(failed.count(), 1);

    // It does not get as far as a log.
    let unread = format!("{config}nosuch = 1\n");
    let unknown = config.replace("'json'", "'xml'");
    let filter = format!("{config}level = 'x=nolevel'\n");
    for config in ["", "[", &unread, &unknown, &filter] {
        let lines = read(noise_of(config));
        assert_eq!(lines.len(), 1, "{config}");
        assert_eq!(lines[0]["message"], "the service cannot start");
        assert!(!lines[0]["error"].as_str().unwrap().is_empty());
    }
    let lines = read(noise_of(&filter.replace("127.0.0.1", "192.0.2.1")));
    let error = lines[0]["error"].as_str().unwrap();
    for key in ["admin.listen = ", "telemetry.level = "] {
        assert!(error.contains(key), "all is said at once: {error}");
    }

    let text = noise_of(&config.replace("'json'", "'text'"));
    let read =
        |line: &String| serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object());
    assert!(text.len() > 3 && !text.iter().any(read), "{text:?}");
    let unstarted = noise_of(&unread.replace("'json'", "'text'"));
    assert!(unstarted[0].starts_with("noisy: "), "{unstarted:?}");
}
