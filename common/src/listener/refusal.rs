//! Telling a client that there is no place for it.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

/// The answer, whatever was asked.
const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/problem+json\r\n\
    content-length: 128\r\n\
    retry-after: 5\r\n\
    connection: close\r\n\
    \r\n\
    {\"type\":\"urn:kakehashi:problem:too-many-connections\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"too many connections\"}";

/// How long the client gets to ask, and again to take the answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers the first request on `io` with 503 and closes. The request is read first: a client that is answered before it has
/// asked, or closed while it still sends, reports a broken connection and not the reason.
pub(super) async fn refuse<I: AsyncRead + AsyncWrite + Unpin>(mut io: I) {
    if timeout(PATIENCE, read_head(&mut io)).await != Ok(true) {
        return;
    }
    let _ = timeout(PATIENCE, async {
        io.write_all(ANSWER).await?;
        io.shutdown().await?;
        // Unread bytes would turn the close into a reset, which discards the answer.
        let mut rest = [0; 512];
        while io.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    })
    .await;
}

/// Reads to the blank line behind the headers; `false` if there is none.
async fn read_head(io: &mut (impl AsyncRead + Unpin)) -> bool {
    let (mut piece, mut end) = ([0; 512], [0; 4]);
    while let Ok(read @ 1..) = io.read(&mut piece).await {
        for byte in &piece[..read] {
            end.rotate_left(1);
            end[3] = *byte;
            if &end == b"\r\n\r\n" {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_reason_is_told_once_something_was_asked() {
        let (mut client, server) = tokio::io::duplex(4096);
        let refused = tokio::spawn(refuse(server));
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        client.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        refused.await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        assert!(
            head.contains(&format!("content-length: {}\r\n", body.len())),
            "{head}"
        );
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["status"], 503);
    }

    #[tokio::test]
    async fn whoever_asks_nothing_whole_is_closed() {
        let (mut client, server) = tokio::io::duplex(4096);
        tokio::spawn(refuse(server));
        client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let mut answer = String::new();
        assert_eq!(client.read_to_string(&mut answer).await.unwrap(), 0);
    }
}
