//! Delivery over mutual TLS.

use bytes::Bytes;
use common::{http::client::read_limited, tls::PeerClient};
use http::{
    StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use url::Url;

use super::{DeliveryError, Transport};

/// 16 MiB: an answer repeats each item inside its core, escaped, with a salt.
const MAX_ANSWER: usize = 16 << 20;

/// The media type in which the ledger refuses a request (RFC 9457).
const PROBLEM: &[u8] = b"application/problem+json";

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
        // A proxy answers in its own words: nginx says 400 where it misses a client certificate. That is about no record.
        let is_ledger = answer
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|v| v.as_bytes().starts_with(PROBLEM));
        let detail = read_limited(answer, MAX_ANSWER).await.unwrap_or_default();
        let detail = String::from_utf8_lossy(&detail[..detail.len().min(MAX_DETAIL)]).into_owned();
        Err(refusal(status.as_u16(), is_ledger, retry_after_s, detail))
    }
}

/// What a status other than 200 means for what was sent.
fn refusal(
    status: u16,
    is_ledger: bool,
    retry_after_s: Option<u64>,
    detail: String,
) -> DeliveryError {
    match status {
        400 | 413 if is_ledger => DeliveryError::TooMuch { status, detail },
        408 | 413 => DeliveryError::TooLong { status, detail },
        429 | 503 => DeliveryError::Unavailable { retry_after_s },
        _ => DeliveryError::Refused { status, detail },
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(400, true, "too-much")]
    #[case(413, true, "too-much")]
    #[case(400, false, "refused")]
    #[case(413, false, "too-long")]
    #[case(408, true, "too-long")]
    #[case(503, true, "unavailable")]
    #[case(503, false, "unavailable")]
    #[case(403, true, "refused")]
    #[case(500, true, "refused")]
    fn only_the_ledger_itself_can_blame_a_record(
        #[case] status: u16,
        #[case] is_ledger: bool,
        #[case] expected: &str,
    ) {
        let error = refusal(status, is_ledger, Some(1), String::new());
        assert_eq!(error.label(), expected);
    }
}
