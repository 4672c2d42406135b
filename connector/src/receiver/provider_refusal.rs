//! What a provider connector says when it refuses.

use std::{fmt, future::poll_fn, pin::Pin};

use common::http::Refused;
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use tokio::time::{Instant, timeout_at};

use crate::{
    exchange::refusals::{BEARER, PROVIDER_REFUSED},
    upstream::PooledBody,
};

/// How much of an error's body is read, in bytes. Reference connectors nest the errors of each hop.
const MAX_BODY: usize = 16 << 10;
/// How much of its text is passed on, in characters.
const MAX_DETAIL: usize = 1000;
/// How much of another text is logged, in characters.
const MAX_LOGGED: usize = 300;

/// Refusals of a server in front of a connector that the caller's own request is the reason of, or that say when to come back.
const OF_THE_REQUEST: [StatusCode; 4] = [
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::URI_TOO_LONG,
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    StatusCode::TOO_MANY_REQUESTS,
];

/// A provider's refusal as it is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRefusal {
    /// The status for the caller: the provider's; 500 for one that is no refusal, 502 for one that is between the two connectors.
    pub status: StatusCode,
    /// What the connector said, on one line, for the caller.
    pub detail: String,
    /// The status that came.
    said: StatusCode,
    /// What came in place of a connector's words, for the log alone: the page of a proxy for example.
    page: String,
    /// Whether it asks for a token, or for another one.
    pub wants_token: bool,
    /// When it wants to be asked again, in seconds.
    pub retry_after: Option<u64>,
}

impl fmt::Display for ProviderRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.said.as_u16(), self.detail, self.page)
    }
}

impl std::error::Error for ProviderRefusal {}

impl From<ProviderRefusal> for Refused {
    fn from(refusal: ProviderRefusal) -> Self {
        let mut refused = PROVIDER_REFUSED.naming(&refusal.detail);
        refused.status = refusal.status;
        refused.retry_after = refusal.retry_after;
        refused.challenge = refusal.wants_token.then_some(BEARER);
        refused.because(refusal)
    }
}

impl ProviderRefusal {
    /// Reads the body of a provider's answer that is no success.
    pub(super) async fn read(
        status: StatusCode,
        fields: &HeaderMap,
        body: PooledBody,
        by: Instant,
    ) -> Self {
        // What arrives in time is enough: the status is what counts.
        let text = timeout_at(by, read(body)).await.unwrap_or_default();
        let retry_after = fields
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let asks = fields.contains_key(header::WWW_AUTHENTICATE);
        Self::of(status, &text, asks, retry_after)
    }

    fn of(said: StatusCode, body: &[u8], asks: bool, retry_after: Option<u64>) -> Self {
        let detail = detail(body);
        let page = if detail.is_none() {
            page(body)
        } else {
            String::new()
        };
        // A connector says in JSON why it refuses. A page of something else is about the connection between the two, a
        // certificate that a proxy does not take for example, and the caller can do nothing about it.
        let is_between = !page.is_empty() && said.is_client_error();
        let status = if is_between && !OF_THE_REQUEST.contains(&said) {
            StatusCode::BAD_GATEWAY
        } else if said.is_client_error() || said.is_server_error() {
            said
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        };
        Self {
            status,
            detail: detail.unwrap_or_default(),
            said,
            page,
            wants_token: status == StatusCode::UNAUTHORIZED && asks,
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

/// The member `detail` of a JSON object, or what a site of CKAN says in its place, also of one that a message id in brackets follows, as the CADDE reference sends
/// it; the id then stays with the text. `None` for what is no JSON (an HTML page of a proxy) and says nothing that is passed on.
fn detail(body: &[u8]) -> Option<String> {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<serde_json::Value>();
    let value = values.next()?.ok()?;
    let trailing = String::from_utf8_lossy(&body[values.byte_offset()..])
        .trim()
        .to_owned();
    let text = ["/detail", "/message", "/error/message"]
        .iter()
        .find_map(|member| value.pointer(member)?.as_str())
        .unwrap_or_default();
    let is_id = trailing.len() > 2 && trailing.starts_with('(') && trailing.ends_with(')');
    let text = format!("{text}{}", if is_id { trailing.as_str() } else { "" });
    Some(line(text.chars(), MAX_DETAIL))
}

/// The text of a page, without its tags, its styles and its white space.
fn page(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    // As long as the text, and for finding names alone.
    let lower = text.to_ascii_lowercase();
    let mut words = String::new();
    let mut at = 0;
    while let Some(length) = lower[at..].find('<') {
        words.push_str(&text[at..at + length]);
        words.push(' ');
        at += length + 1;
        let unread = ["style", "script"]
            .into_iter()
            .find(|name| lower[at..].starts_with(name));
        let end = match unread {
            None => Some(at),
            Some(name) => lower[at..]
                .find(&format!("</{name}"))
                .map(|length| at + length),
        };
        let end = end.and_then(|end| Some(end + lower[end..].find('>')? + 1));
        at = end.unwrap_or(lower.len());
    }
    words.push_str(&text[at..]);
    let words: Vec<_> = words.split_whitespace().collect();
    line(words.join(" ").chars(), MAX_LOGGED)
}

/// At most `max` characters, none of which moves a cursor or turns the direction of what follows.
fn line(text: impl Iterator<Item = char>, max: usize) -> String {
    let is_unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.map(|c| if is_unseen(c) { ' ' } else { c })
        .take(max)
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
    #[case(r#"{"success":false,"error":{"message":"z"}}"#, "z")]
    #[case(r#"{"detail":"a\nb"}"#, "a b")]
    #[case(r#"{"detail":"x"}<script>"#, "x")]
    #[case("{}", "")]
    fn what_a_provider_says_is_found(#[case] body: &str, #[case] expected: &str) {
        assert_eq!(detail(body.as_bytes()).as_deref(), Some(expected));
    }

    const NGINX: &str = "<html>\r\n<head><title>400 The SSL certificate error</title></head>\r\n<body>\r\n\
        <center><h1>400 Bad Request</h1></center>\r\n<center>The SSL certificate error</center>\r\n\
        <hr><center>nginx/1.23.1</center>\r\n</body>\r\n</html>\r\n";

    #[rstest]
    #[case(
        400,
        NGINX,
        502,
        "400 400 The SSL certificate error 400 Bad Request The SSL certificate error nginx/1.23.1"
    )]
    #[case(403, "Forbidden", 502, "403 Forbidden")]
    #[case(404, "<h1>Not Found</h1>", 502, "404 Not Found")]
    #[case(
        401,
        "<h1>Authorization Required</h1>",
        502,
        "401 Authorization Required"
    )]
    #[case(413, "<h1>Too Large</h1>", 413, "413 Too Large")]
    #[case(429, "slow down", 429, "429 slow down")]
    #[case(503, "<h1>Unavailable</h1>", 503, "503 Unavailable")]
    #[case(502, "<h1>Bad Gateway</h1>", 502, "502 Bad Gateway")]
    // A connector's own words, and one that has none.
    #[case(403, r#"{"detail":"x(010002006E)"}"#, 403, "403 x(010002006E)")]
    #[case(400, r#"{"other":1}"#, 400, "400 ")]
    #[case(401, "", 401, "401 ")]
    #[case(302, "<a href=/>moved</a>", 500, "302 moved")]
    fn a_page_of_something_else_is_logged_and_is_not_the_callers_fault(
        #[case] said: u16,
        #[case] body: &str,
        #[case] status: u16,
        #[case] logged: &str,
    ) {
        let said = StatusCode::from_u16(said).unwrap();
        let refusal = ProviderRefusal::of(said, body.as_bytes(), true, None);
        assert_eq!(refusal.status.as_u16(), status);
        assert_eq!(refusal.to_string(), logged);
        assert_eq!(refusal.wants_token, status == 401);
        assert!(!refusal.detail.contains("SSL"));
    }

    #[rstest]
    #[case("<style>p { x }</style><p>a</p>", "a")]
    #[case("<SCRIPT>if (a < b) {}</script >b", "b")]
    #[case("a\x1b[31m\r\nb\u{202e}c", "a [31m b c")]
    #[case("<script>", "")]
    #[case("a<b", "a")]
    #[case("\u{0}", " ")]
    fn a_logged_page_is_one_line_of_text(#[case] body: &str, #[case] expected: &str) {
        assert_eq!(page(body.as_bytes()).trim_end(), expected.trim_end());
    }

    #[test]
    fn a_long_text_is_cut() {
        let body = format!(r#"{{"detail":"{}"}}"#, "あ".repeat(5000));
        assert_eq!(detail(body.as_bytes()).unwrap().chars().count(), MAX_DETAIL);
        assert_eq!(
            page("あ ".repeat(8000).as_bytes()).chars().count(),
            MAX_LOGGED
        );
        assert_eq!(page("<あ>".repeat(5000).as_bytes()), "");
        let bytes: Vec<u8> = (0..=255).cycle().take(MAX_BODY).collect();
        assert!(page(&bytes).chars().count() <= MAX_LOGGED);
    }
}
