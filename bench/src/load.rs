//! A load generator that costs little beside what it measures: one thread, prepared request bytes, answers counted by
//! their `Content-Length` and otherwise thrown away. Every connection is kept for the whole run.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rustls::{ClientConfig, pki_types::ServerName};
use serde::Serialize;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::TlsConnector;

use crate::usage;

/// One thing to ask for, again and again.
#[derive(Clone)]
pub struct Target {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    request: Request,
    length: Option<u64>,
}

/// The bytes of requests.
#[derive(Clone)]
enum Request {
    Same(Arc<[u8]>),
    /// Each one another, where a server would notice a repetition.
    Made(Arc<dyn Fn() -> Vec<u8> + Send + Sync>),
}

impl Target {
    /// `GET path` with `headers`, for a body of `length` bytes, or of any length.
    pub fn get(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
        length: Option<u64>,
    ) -> Self {
        Self {
            address,
            tls: None,
            request: Request::Same(message("GET", address, path, headers, None).into()),
            length,
        }
    }

    /// `POST path` with `body`; an answer of any length counts.
    pub fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        Self {
            address,
            tls: None,
            request: Request::Same(message("POST", address, path, headers, Some(body)).into()),
            length: None,
        }
    }

    /// `POST path` with a new body each time.
    pub fn post_new(
        address: SocketAddr,
        path: &'static str,
        headers: &'static [(&'static str, &'static str)],
        body: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        let make = move || message("POST", address, path, headers, Some(&body()));
        Self {
            address,
            tls: None,
            request: Request::Made(Arc::new(make)),
            length: None,
        }
    }

    /// The same over TLS.
    pub fn over(self, tls: &Arc<ClientConfig>) -> Self {
        Self {
            tls: Some(Arc::clone(tls)),
            ..self
        }
    }
}

fn message(
    method: &str,
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n");
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if let Some(body) = body {
        let _ = write!(text, "content-length: {}\r\n", body.len());
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    text.into_bytes()
}

/// How much load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections, each with one request under way at a time.
    pub connections: usize,
    /// How long new requests are begun.
    pub duration: Duration,
    /// Answers that each connection gets at least, however long that takes.
    pub at_least: usize,
    /// Requests a second over all connections, sent by the clock; without it each follows the answer before.
    pub per_second: Option<f64>,
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
    /// Median latency, in milliseconds. Where requests are sent by the clock, counted from when they were due.
    pub p50_ms: f64,
    /// 99th percentile, in milliseconds.
    pub p99_ms: f64,
    /// Processor time that the load generator itself used, as a share of one core. Near 1 it would be what is measured.
    pub generator_share: f64,
}

impl Load {
    /// Loads `target`.
    ///
    /// # Errors
    /// The first answer that is not 200 with the whole body.
    pub async fn run(self, target: &Target) -> anyhow::Result<Seen> {
        let mut workers = JoinSet::new();
        let mut streams = Vec::new();
        for _ in 0..self.connections {
            streams.push(connect(target).await?);
        }
        let cpu_before = usage::own_cpu_us()?;
        let begin = Instant::now();
        for (number, stream) in streams.into_iter().enumerate() {
            let worker = Worker {
                target: target.clone(),
                begin,
                load: self,
                number,
            };
            workers.spawn(worker.work(stream));
        }
        let (mut latencies, mut bytes) = (Vec::new(), 0);
        while let Some(worker) = workers.join_next().await {
            let (seen, read) = worker??;
            latencies.extend(seen);
            bytes += read;
        }
        let elapsed = begin.elapsed();
        let seconds = elapsed.as_secs_f64();
        let used = usage::own_cpu_us()?.saturating_sub(cpu_before);
        latencies.sort_unstable();
        let last = latencies.len().checked_sub(1).context("no answer at all")?;
        let at = |percent: usize| latencies[last * percent / 100].as_secs_f64() * 1000.0;
        Ok(Seen {
            answers: latencies.len() as u64,
            per_second: latencies.len() as f64 / seconds,
            megabytes_per_second: bytes as f64 / seconds / 1e6,
            p50_ms: at(50),
            p99_ms: at(99),
            generator_share: used as f64 / elapsed.as_micros() as f64,
        })
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

async fn connect(target: &Target) -> anyhow::Result<Box<dyn Duplex>> {
    let stream = TcpStream::connect(target.address).await?;
    stream.set_nodelay(true)?;
    let Some(tls) = &target.tls else {
        return Ok(Box::new(stream));
    };
    let name = ServerName::from(target.address.ip());
    let stream = TlsConnector::from(Arc::clone(tls))
        .connect(name, stream)
        .await?;
    Ok(Box::new(stream))
}

struct Worker {
    target: Target,
    begin: Instant,
    load: Load,
    number: usize,
}

impl Worker {
    async fn work(self, mut stream: Box<dyn Duplex>) -> anyhow::Result<(Vec<Duration>, u64)> {
        let until = self.begin + self.load.duration;
        let mut buffer = vec![0; 256 << 10];
        let mut latencies = Vec::new();
        let mut bytes = 0;
        loop {
            let due = self.due(latencies.len());
            if due.unwrap_or_else(Instant::now) >= until && latencies.len() >= self.load.at_least {
                return Ok((latencies, bytes));
            }
            let made = match &self.target.request {
                Request::Same(request) => Arc::clone(request),
                Request::Made(make) => make().into(),
            };
            if let Some(due) = due {
                tokio::time::sleep_until(due.into()).await;
            }
            let begin = due.unwrap_or_else(Instant::now);
            stream.write_all(&made).await?;
            stream.flush().await?;
            bytes += answer(&mut stream, &mut buffer, self.target.length).await?;
            latencies.push(begin.elapsed());
        }
    }

    /// When the next request is to be sent, where the clock decides: the connections take turns.
    fn due(&self, sent: usize) -> Option<Instant> {
        let place = (sent * self.load.connections + self.number) as f64;
        let after = Duration::from_secs_f64(place / self.load.per_second?);
        Some(self.begin + after)
    }
}

/// Reads one answer and returns the length of its body.
async fn answer(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut [u8],
    length: Option<u64>,
) -> anyhow::Result<u64> {
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
        length.is_none_or(|length| length == announced),
        "{announced} bytes announced, {length:?} expected"
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
