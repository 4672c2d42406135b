//! Delivery over mutual TLS.

use bytes::Bytes;
use common::http::client::{PeerClient, read_limited};
use http::{
    StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use url::Url;

use super::{DeliveryError, Transport};

/// 16 MiB: an answer repeats each item inside its core, escaped, with a salt.
const MAX_ANSWER: usize = 16 << 20;

/// How much of a refusal goes to the log, in bytes.
const MAX_DETAIL: usize = 512;

/// The batch call of a ledger, over this process's certificate.
#[derive(Debug, Clone)]
pub struct HttpLedger {
    client: PeerClient,
    url: String,
}

impl HttpLedger {
    /// The ledger whose `peer` listener has the address `origin`, for example `https://ledger.example:8443`.
    pub fn new(client: PeerClient, origin: &Url) -> Self {
        let url = format!("{}/v2/events:batch", origin.as_str().trim_end_matches('/'));
        Self { client, url }
    }
}

impl Transport for HttpLedger {
    async fn send(&self, body: Bytes) -> Result<Bytes, DeliveryError> {
        let request = self
            .client
            .get()
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        if status == StatusCode::OK {
            return read_limited(answer, MAX_ANSWER)
                .await
                .map_err(|e| DeliveryError::BadReply(e.to_string()));
        }
        let retry_after_s = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|v| v.to_str().ok()?.parse().ok());
        let detail = read_limited(answer, MAX_ANSWER).await.unwrap_or_default();
        let detail = String::from_utf8_lossy(&detail[..detail.len().min(MAX_DETAIL)]).into_owned();
        let status = status.as_u16();
        Err(match status {
            400 | 413 => DeliveryError::TooMuch { status, detail },
            429 | 503 => DeliveryError::Unavailable { retry_after_s },
            _ => DeliveryError::Refused { status, detail },
        })
    }
}

fn unreachable(error: reqwest::Error) -> DeliveryError {
    if error.is_timeout() {
        return DeliveryError::Timeout;
    }
    // The chain has the cause: refused, reset, a certificate.
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(one) = cause {
        text.push_str(": ");
        text.push_str(&one.to_string());
        cause = one.source();
    }
    DeliveryError::Unreachable(text)
}
