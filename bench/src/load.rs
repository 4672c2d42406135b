//! A load generator that costs little beside what it measures: one thread, prepared request bytes, answers counted by
//! their `Content-Length` and otherwise thrown away.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

/// One thing to ask for, again and again.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where to connect.
    pub address: SocketAddr,
    /// The whole request.
    pub request: Vec<u8>,
    /// Length of the body that must come back, in bytes.
    pub length: u64,
}

impl Target {
    /// `GET path` with `headers`, for a body of `length` bytes.
    pub fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)], length: u64) -> Self {
        let mut request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n");
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        request.push_str("\r\n");
        Self {
            address,
            request: request.into_bytes(),
            length,
        }
    }

    /// `POST path` with `body`; an answer of any length counts.
    pub fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let mut request = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\n");
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        let _ = write!(request, "content-length: {}\r\n\r\n{body}", body.len());
        Self {
            address,
            request: request.into_bytes(),
            length: u64::MAX,
        }
    }
}

/// What one run of load saw.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Seen {
    /// Answers in all.
    pub answers: u64,
    /// Answers a second.
    pub per_second: f64,
    /// Body bytes a second, in 10⁶.
    pub megabytes_per_second: f64,
    /// Median latency, in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile, in milliseconds.
    pub p99_ms: f64,
}

/// Keeps `connections` connections busy for `duration`, or for `at_least` answers each where that takes longer.
///
/// # Errors
/// The first answer that is not 200 with the whole body.
pub async fn run(
    target: &Target,
    connections: usize,
    duration: Duration,
    at_least: usize,
) -> anyhow::Result<Seen> {
    let begin = Instant::now();
    let until = begin + duration;
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let target = target.clone();
        workers.spawn(async move { worker(&target, until, at_least).await });
    }
    let mut latencies = Vec::new();
    let mut bytes = 0;
    while let Some(worker) = workers.join_next().await {
        let (seen, read) = worker??;
        latencies.extend(seen);
        bytes += read;
    }
    let seconds = begin.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at =
        |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    Ok(Seen {
        answers: latencies.len() as u64,
        per_second: latencies.len() as f64 / seconds,
        megabytes_per_second: bytes as f64 / seconds / 1e6,
        p50_ms: at(50),
        p99_ms: at(99),
    })
}

async fn worker(
    target: &Target,
    until: Instant,
    at_least: usize,
) -> anyhow::Result<(Vec<Duration>, u64)> {
    let mut stream = TcpStream::connect(target.address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 256 << 10];
    let mut latencies = Vec::new();
    let mut bytes = 0;
    while Instant::now() < until || latencies.len() < at_least {
        let begin = Instant::now();
        stream.write_all(&target.request).await?;
        bytes += answer(&mut stream, &mut buffer, target.length).await?;
        latencies.push(begin.elapsed());
    }
    Ok((latencies, bytes))
}

/// Reads one answer and returns the length of its body.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8], length: u64) -> anyhow::Result<u64> {
    let mut filled = 0;
    let head = loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        anyhow::ensure!(read > 0, "the connection ended before the answer");
        filled += read;
        if let Some(at) = buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        anyhow::ensure!(filled < buffer.len(), "the head of the answer is too long");
    };
    let text = std::str::from_utf8(&buffer[..head])?;
    anyhow::ensure!(
        text.starts_with("HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&buffer[..filled])
    );
    let announced = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.trim().parse::<u64>())
        .transpose()?
        .context("the answer has no Content-Length")?;
    anyhow::ensure!(
        length == u64::MAX || announced == length,
        "{announced} bytes announced, {length} expected"
    );
    let mut left = announced.saturating_sub((filled - head) as u64);
    while left > 0 {
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = stream.read(&mut buffer[..most]).await?;
        anyhow::ensure!(read > 0, "the connection ended within the body");
        left -= read as u64;
    }
    Ok(announced)
}
