//! HTTP by hand: what a client sees byte by byte, and how the connection ends.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Orderly: FIN, with TLS after `close_notify`.
    Closed,
    /// TCP RST.
    Reset,
    /// TLS without `close_notify`, or another failure.
    Failed,
}

/// An answer read until the connection ended.
#[derive(Debug)]
pub struct RawAnswer {
    /// Status line and header fields as received, without the blank line.
    pub head: String,
    /// Everything after the blank line, chunking and all.
    pub body: Vec<u8>,
    /// How the connection ended.
    pub end: End,
}

impl RawAnswer {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status line came")
    }

    /// A header field's value, exactly as it was written; the name is compared letter by letter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    }
}

/// Sends `request` as it is on a new TCP connection and reads until the connection ends.
///
/// # Errors
/// If the connection can't be made. How it ends is part of the answer.
pub async fn over_tcp(address: SocketAddr, request: &str) -> io::Result<RawAnswer> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    Ok(read_to_end(&mut stream).await)
}

/// Sends `request` on `stream` and reads until the connection ends.
///
/// # Errors
/// If the request can't be written.
pub async fn over<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    request: &str,
) -> io::Result<RawAnswer> {
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    Ok(read_to_end(stream).await)
}

/// 60 s: longer than the services let an idle transfer stand.
const PATIENCE: Duration = Duration::from_mins(1);

/// Like [`over_tcp`], counting all bytes that have arrived in `progress`.
///
/// # Errors
/// If the connection can't be made.
pub async fn over_tcp_counted(
    address: SocketAddr,
    request: &str,
    progress: &AtomicUsize,
) -> io::Result<RawAnswer> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    Ok(read_counted(&mut stream, progress).await)
}

async fn read_to_end<S: AsyncRead + Unpin>(stream: &mut S) -> RawAnswer {
    read_counted(stream, &AtomicUsize::new(0)).await
}

async fn read_counted<S: AsyncRead + Unpin>(stream: &mut S, progress: &AtomicUsize) -> RawAnswer {
    let mut all = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    let end = loop {
        match tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await {
            Ok(Ok(0)) => break End::Closed,
            Ok(Ok(length)) => {
                all.extend_from_slice(&piece[..length]);
                progress.store(all.len(), Ordering::Relaxed);
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => break End::Reset,
            Ok(Err(_)) | Err(_) => break End::Failed,
        }
    };
    let split = all.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = match split {
        Some(at) => (
            String::from_utf8_lossy(&all[..at]).into_owned(),
            all[at + 4..].to_vec(),
        ),
        None => (String::from_utf8_lossy(&all).into_owned(), Vec::new()),
    };
    RawAnswer { head, body, end }
}

/// The content of a whole chunked body; `None` where it is not whole.
pub fn dechunked(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let line = body.windows(2).position(|end| end == b"\r\n")?;
        let size = std::str::from_utf8(&body[..line]).ok()?;
        let size = usize::from_str_radix(size, 16).ok()?;
        body = body.get(line + 2..)?;
        content.extend_from_slice(body.get(..size)?);
        body = body.get(size..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            return body.is_empty().then_some(content);
        }
    }
}

/// Whether `body` is a whole chunked body, its last chunk included.
pub fn is_whole_chunked(body: &[u8]) -> bool {
    dechunked(body).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_chunked_body_is_whole_with_its_last_byte_and_not_before(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..5),
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend(format!("{:x}\r\n", chunk.len()).bytes());
                body.extend_from_slice(chunk);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(dechunked(&body), Some(chunks.concat()));
            for length in 0..body.len() {
                prop_assert!(!is_whole_chunked(&body[..length]), "cut off after {}", length);
            }
        }
    }
}
