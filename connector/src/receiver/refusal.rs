//! What a provider connector says when it refuses.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;

use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use tokio::time::{Instant, timeout_at};

use crate::upstream::PooledBody;

/// How much of an error's body is read, in bytes. Reference connectors nest the errors of each hop.
const MAX_BODY: usize = 16 << 10;
/// How much of its text is passed on, in characters.
const MAX_DETAIL: usize = 1000;

/// A provider's refusal as it is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its status; 500 for one that is no refusal.
    pub status: StatusCode,
    /// What it said, on one line.
    pub detail: String,
    /// Whether it asks for a token, or for another one.
    pub wants_token: bool,
    /// When it wants to be asked again, in seconds.
    pub retry_after: Option<u64>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.detail)
    }
}

impl Refusal {
    /// Reads the body of a provider's answer that is no success.
    pub(super) async fn read(
        status: StatusCode,
        fields: &HeaderMap,
        body: PooledBody,
        by: Instant,
    ) -> Self {
        // What arrives in time is enough: the status is what counts.
        let text = timeout_at(by, read(body)).await.unwrap_or_default();
        let is_refusal = status.is_client_error() || status.is_server_error();
        let retry_after = fields
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        Self {
            status: if is_refusal {
                status
            } else {
                StatusCode::INTERNAL_SERVER_ERROR
            },
            detail: detail(&text),
            wants_token: status == StatusCode::UNAUTHORIZED
                && fields.contains_key(header::WWW_AUTHENTICATE),
            retry_after,
        }
    }
}

async fn read(mut body: PooledBody) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame.into_data() {
            text.extend_from_slice(&data[..data.len().min(MAX_BODY - text.len())]);
        }
        if text.len() == MAX_BODY {
            break;
        }
    }
    text
}

/// The member `detail` of a JSON object, also of one that a message id in brackets follows, as the CADDE reference sends
/// it; the id then stays with the text. Anything else (an HTML page of a proxy) says nothing that is passed on.
fn detail(body: &[u8]) -> String {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<serde_json::Value>();
    let Some(Ok(value)) = values.next() else {
        return String::new();
    };
    let trailing = String::from_utf8_lossy(&body[values.byte_offset()..])
        .trim()
        .to_owned();
    let text = ["detail", "message"]
        .iter()
        .find_map(|name| value.get(name)?.as_str())
        .unwrap_or_default();
    let is_id = trailing.len() > 2 && trailing.starts_with('(') && trailing.ends_with(')');
    format!("{text}{}", if is_id { trailing.as_str() } else { "" })
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(MAX_DETAIL)
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"detail":"x(010002006E)","status":403}"#, "x(010002006E)")]
    #[case(
        r#"{"detail":"x(010403002E)","status":403}(010002006E)"#,
        "x(010403002E)(010002006E)"
    )]
    #[case(
        r#"{"detail":"x"} (010403002E)(010002006E)"#,
        "x(010403002E)(010002006E)"
    )]
    #[case(r#"{"message":"y"}"#, "y")]
    #[case(r#"{"detail":"a\nb"}"#, "a b")]
    #[case(r#"{"detail":"x"}<script>"#, "x")]
    #[case("<html>", "")]
    #[case("", "")]
    fn what_a_provider_says_is_found(#[case] body: &str, #[case] expected: &str) {
        assert_eq!(detail(body.as_bytes()), expected);
    }

    #[test]
    fn a_long_text_is_cut() {
        let body = format!(r#"{{"detail":"{}"}}"#, "あ".repeat(5000));
        assert_eq!(detail(body.as_bytes()).chars().count(), MAX_DETAIL);
    }
}
