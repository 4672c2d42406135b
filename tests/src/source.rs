//! A data source played by the harness: it can break, stall and redirect on demand, and remembers who asked.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::oneshot,
};
use url::Url;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

/// One request that arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Path and query as sent.
    pub target: String,
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub version: String,
    /// Header lines as sent.
    pub headers: Vec<String>,
}

/// An HTTP server on loopback that misbehaves by path. It runs apart from the runtimes of the tests, which end
/// with each test, so that scenarios of one file can share it.
///
/// | path | behaviour |
/// |---|---|
/// | `/whole/N` | N bytes with Content-Length |
/// | `/chunked/N` | N bytes in chunks |
/// | `/short/N/M` | Content-Length N, closes after M bytes |
/// | `/broken-chunks/M` | chunks, closes after M bytes without an end |
/// | `/held/N/M` | Content-Length N, M bytes, the rest after [`Source::release`] |
/// | `/held-chunks/N/M` | the same in chunks |
/// | `/late/N` | N bytes with Content-Length, headers and all after [`Source::release`] |
/// | `/status/S` | status S, empty |
/// | `/redirect/P/…` | 302 to what follows at port P of 127.0.0.1 |
#[derive(Debug, Clone)]
pub struct Source {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    gate: Arc<Mutex<Gate>>,
}

/// Answers that are held, the longest waiting first, and releases that nobody has used yet. A release and the count of who waits
/// change together: whoever sees nothing waiting may rely on it that no release is under way to somebody.
#[derive(Debug, Default)]
struct Gate {
    held: VecDeque<oneshot::Sender<()>>,
    ahead: usize,
}

const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

/// What the source sends comes again after so many bytes, which no size of a buffer is a multiple of.
const PERIOD: u8 = 251;

/// The `length` bytes that the source sends.
pub fn content(length: usize) -> Vec<u8> {
    let period: Vec<u8> = (0..PERIOD).collect();
    let mut content = period.repeat(length.div_ceil(period.len()));
    content.truncate(length);
    content
}

/// Sends [`content`] without holding it.
async fn write_content<S: AsyncWriteExt + Unpin>(
    stream: &mut S,
    length: usize,
) -> std::io::Result<()> {
    let piece = content(usize::from(PERIOD) * 256);
    let mut left = length;
    while left > 0 {
        let now = left.min(piece.len());
        stream.write_all(&piece[..now]).await?;
        left -= now;
    }
    Ok(())
}

impl Source {
    /// Starts the server on a free port. It ends with the test process.
    pub async fn start() -> Self {
        let listener = RUNTIME
            .spawn(TcpListener::bind("127.0.0.1:0"))
            .await
            .expect("binding doesn't panic");
        let listener = listener.expect("loopback has a free port");
        let source = Self {
            address: listener
                .local_addr()
                .expect("a bound socket has an address"),
            asked: Arc::default(),
            gate: Arc::default(),
        };
        let serving = source.clone();
        RUNTIME.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Head and body are two writes; without this the second waits for the first to be acknowledged.
                let _ = stream.set_nodelay(true);
                let source = serving.clone();
                // A client that leaves ends its own task alone.
                tokio::spawn(async move { drop(source.serve(stream).await) });
            }
        });
        source
    }

    /// The URL of `path`, which begins with `/`.
    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).expect("the path makes a URL")
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no serving task panics").clone()
    }

    /// Lets one held answer go on.
    pub fn release(&self) {
        let mut gate = self.gate();
        match gate.held.pop_front() {
            Some(next) => let_go(next),
            None => gate.ahead += 1,
        }
    }

    /// How many answers are held, also those that their clients no longer wait for.
    pub fn waiting(&self) -> usize {
        self.gate().held.len()
    }

    /// Lets every answer go on that is held now.
    pub fn release_all(&self) {
        self.gate().held.drain(..).for_each(let_go);
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().expect("no serving task panics")
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await? == 0 {
                    return Ok(());
                }
                if line.trim_end().is_empty() {
                    break;
                }
                lines.push(line.trim_end().to_owned());
            }
            let of_first = |part| lines[0].split(' ').nth(part).unwrap_or_default().to_owned();
            let (target, version) = (of_first(1), of_first(2));
            self.asked
                .lock()
                .expect("no serving task panics")
                .push(Asked {
                    target: target.clone(),
                    version,
                    headers: lines[1..].to_vec(),
                });
            if !self.answer(&mut stream, &target).await? {
                return Ok(());
            }
        }
    }

    /// Answers one request; `false` when the connection is to be closed.
    async fn answer<S: AsyncWriteExt + Unpin>(
        &self,
        stream: &mut S,
        target: &str,
    ) -> std::io::Result<bool> {
        let parts: Vec<&str> = target.trim_start_matches('/').splitn(3, '/').collect();
        let number = |at: usize| {
            parts
                .get(at)
                .and_then(|part| part.parse::<usize>().ok())
                .unwrap_or(0)
        };
        let plain = "content-type: text/csv\r\n";
        let with_length = |length: usize| {
            format!("HTTP/1.1 200 OK\r\n{plain}content-length: {length}\r\n\r\n").into_bytes()
        };
        let chunked =
            format!("HTTP/1.1 200 OK\r\n{plain}transfer-encoding: chunked\r\n\r\n").into_bytes();
        match parts[0] {
            "whole" => {
                stream.write_all(&with_length(number(1))).await?;
                write_content(stream, number(1)).await?;
            }
            "chunked" => {
                stream.write_all(&chunked).await?;
                write_chunks(stream, &content(number(1))).await?;
                stream.write_all(b"0\r\n\r\n").await?;
            }
            "short" => {
                stream.write_all(&with_length(number(1))).await?;
                write_content(stream, number(2)).await?;
                return Ok(false);
            }
            "broken-chunks" => {
                stream.write_all(&chunked).await?;
                write_chunks(stream, &content(number(1))).await?;
                return Ok(false);
            }
            "late" => {
                self.held().await;
                stream.write_all(&with_length(number(1))).await?;
                stream.write_all(&content(number(1))).await?;
            }
            "held" => {
                let all = content(number(1));
                stream.write_all(&with_length(all.len())).await?;
                stream.write_all(&all[..number(2)]).await?;
                stream.flush().await?;
                self.held().await;
                stream.write_all(&all[number(2)..]).await?;
            }
            "held-chunks" => {
                let all = content(number(1));
                stream.write_all(&chunked).await?;
                write_chunks(stream, &all[..number(2)]).await?;
                stream.flush().await?;
                self.held().await;
                write_chunks(stream, &all[number(2)..]).await?;
                stream.write_all(b"0\r\n\r\n").await?;
            }
            "status" => {
                let line = format!(
                    "HTTP/1.1 {} Answered\r\ncontent-length: 0\r\n\r\n",
                    number(1)
                );
                stream.write_all(line.as_bytes()).await?;
            }
            "redirect" => {
                let to = format!(
                    "http://127.0.0.1:{}/{}",
                    number(1),
                    parts.get(2).unwrap_or(&"")
                );
                let line =
                    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(line.as_bytes()).await?;
            }
            _ => stream.write_all(NOT_FOUND).await?,
        }
        stream.flush().await?;
        Ok(true)
    }

    async fn held(&self) {
        let released = {
            let mut gate = self.gate();
            if gate.ahead > 0 {
                gate.ahead -= 1;
                return;
            }
            let (sender, released) = oneshot::channel();
            gate.held.push_back(sender);
            released
        };
        released.await.expect("held answers are released");
    }
}

fn let_go(held: oneshot::Sender<()>) {
    held.send(()).expect("a held answer waits");
}

/// Chunks of 16 KiB, as many servers send them.
async fn write_chunks<S: AsyncWriteExt + Unpin>(
    stream: &mut S,
    bytes: &[u8],
) -> std::io::Result<()> {
    for chunk in bytes.chunks(16 * 1024) {
        stream
            .write_all(format!("{:x}\r\n", chunk.len()).as_bytes())
            .await?;
        stream.write_all(chunk).await?;
        stream.write_all(b"\r\n").await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw;

    #[tokio::test]
    async fn a_short_answer_ends_before_its_length_and_is_remembered() {
        let source = Source::start().await;
        let address = source.address;
        let answer = raw::over_tcp(address, "GET /short/100/40 HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(
            (answer.status(), answer.header("content-length")),
            (200, Some("100"))
        );
        assert_eq!(answer.body, content(40));
        assert_eq!(source.asked()[0].target, "/short/100/40");
    }

    #[tokio::test]
    async fn broken_chunks_have_no_end() {
        let source = Source::start().await;
        let request = "GET /broken-chunks/20000 HTTP/1.1\r\nhost: x\r\n\r\n";
        let answer = raw::over_tcp(source.address, request).await.unwrap();
        assert!(answer.body.len() > 20_000 && !raw::is_whole_chunked(&answer.body));
    }

    #[tokio::test]
    async fn a_redirect_names_its_target() {
        let source = Source::start().await;
        let request = "GET /redirect/1/x/y HTTP/1.0\r\n\r\n";
        let mut stream = TcpStream::connect(source.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = raw::over(&mut stream, "").await.unwrap();
        assert_eq!(answer.header("location"), Some("http://127.0.0.1:1/x/y"));
    }
}
