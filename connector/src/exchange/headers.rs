//! Header names of an exchange, and what is taken over from one hop to the next.

use common::ids::ExchangeId;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::upstream::ResourceUrl;

/// URL of the wanted resource.
pub const RESOURCE_URL: HeaderName = HeaderName::from_static("x-cadde-resource-url");
/// How the resource is offered: `file/http`, `file/ftp` or `api/ngsi`.
pub const RESOURCE_API_TYPE: HeaderName = HeaderName::from_static("x-cadde-resource-api-type");
/// The provider's CADDE user ID; absent or empty means direct mode.
pub const PROVIDER: HeaderName = HeaderName::from_static("x-cadde-provider");
/// What is searched: `meta` or `detail`.
pub const SEARCH: HeaderName = HeaderName::from_static("x-cadde-search");
/// Header fields for the data source.
pub const OPTIONS: HeaderName = HeaderName::from_static("x-cadde-options");
/// Event id of the record of this exchange.
pub const PROVENANCE: HeaderName = HeaderName::from_static("x-cadde-provenance");
/// Address of the ledger that holds the record.
pub const PROVENANCE_URL: HeaderName =
    HeaderName::from_static("x-cadde-provenance-management-service-url");
/// Our own: what shows that the event id of an answer belongs to the connector that gave it.
pub const PROVENANCE_NONCE: HeaderName = HeaderName::from_static("x-cadde-provenance-nonce");
/// Trade ID of the contract.
pub const CONTRACT_ID: HeaderName = HeaderName::from_static("x-cadde-contract-id");
/// Form of the contract.
pub const CONTRACT_TYPE: HeaderName = HeaderName::from_static("x-cadde-contract-type");
/// Address of the contract management service.
pub const CONTRACT_URL: HeaderName =
    HeaderName::from_static("x-cadde-contract-management-service-url");
/// Our own: id of the exchange, unique for its sender (`UUIDv7`).
pub const EXCHANGE_ID: HeaderName = HeaderName::from_static("x-cadde-exchange-id");

/// The five headers that every answer carries, empty where there is nothing to say: a CADDE reference receiver fails
/// when one is missing.
pub const ANSWER_HEADERS: [HeaderName; 5] = [
    PROVENANCE,
    PROVENANCE_URL,
    CONTRACT_ID,
    CONTRACT_TYPE,
    CONTRACT_URL,
];

/// The headers that every answer begins with: the five of CADDE, empty, and what makes a browser save the file under the name in `disposition` instead of showing
/// it as a page of this origin, take its bytes for nothing else than they are labelled, and keep no copy.
pub fn of_answer(disposition: HeaderValue) -> HeaderMap {
    let mut answer = HeaderMap::with_capacity(12);
    for name in ANSWER_HEADERS {
        answer.insert(name, HeaderValue::from_static(""));
    }
    answer.insert(header::CONTENT_DISPOSITION, disposition);
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    answer
}

/// The media type of what a data source sent.
pub fn media_type(source: &HeaderMap) -> HeaderValue {
    let media_type = source.get(header::CONTENT_TYPE).cloned();
    media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// A value that was sent and is not empty; an empty header counts as absent, as in the CADDE reference.
pub fn present<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    headers
        .get(name)
        .filter(|value| !value.as_bytes().trim_ascii().is_empty())
}

/// Longest header in a log line, in characters, unless it is a URL that could be read.
const MAX_LOGGED: usize = 255;

/// A header as it came, for the log alone. What cannot be read as a resource URL may hold a password before its host, and
/// anything else.
pub fn for_log(headers: &HeaderMap, name: &HeaderName) -> String {
    let text = headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .unwrap_or_default();
    text_for_log(&text)
}

/// Such a header's text, for others to read: a log, or a record that leaves this process.
pub fn text_for_log(text: &str) -> String {
    let is_plain = text.len() <= MAX_LOGGED && !text.contains('@');
    if is_plain || ResourceUrl::parse(text).is_ok() {
        return text.to_owned();
    }
    let host = text.rfind('@').unwrap_or_default();
    text[host..].chars().take(MAX_LOGGED).collect()
}

/// A present value as text without surrounding blanks; `None` also for one that is not visible ASCII.
pub fn present_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    present(headers, name)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
}

/// What a caller sent as the id of its exchange.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SentExchangeId {
    /// The id, where it is one that a ledger takes.
    pub id: Option<ExchangeId>,
    /// What was sent instead, for the log alone.
    pub other: Option<String>,
}

/// Reads the id of an exchange. Anything but one canonical id counts as absent: a caller must not be able to make a record that no
/// ledger takes.
pub fn exchange_id(headers: &HeaderMap) -> SentExchangeId {
    let Some(value) = present(headers, &EXCHANGE_ID) else {
        return SentExchangeId::default();
    };
    let is_one = headers.get_all(&EXCHANGE_ID).iter().nth(1).is_none();
    let text = value.to_str().ok().filter(|_| is_one).map(str::trim);
    match text.and_then(|text| text.parse().ok()) {
        Some(id) => SentExchangeId {
            id: Some(id),
            other: None,
        },
        None => SentExchangeId {
            id: None,
            other: Some(printable(value.as_bytes())),
        },
    }
}

/// Longest text of a peer that is logged where it should have sent an id, in characters.
const MAX_PEER_TEXT: usize = 64;

/// Visible ASCII as it is, of the rest a question mark for each byte, and no more of it than a line of a log can do with.
fn printable(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(MAX_PEER_TEXT).map(|byte| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '?',
    });
    let more = (bytes.len() > MAX_PEER_TEXT).then_some('…');
    shown.chain(more).collect()
}

/// What of a provider's headers reaches the application: what describes the data but its name, the five of CADDE, and what context brokers
/// say about a list. Everything else would speak for the receiver: about its connection, its origin and its caches, or in a header
/// that one of our own programs reads.
const PASSED_ON: [HeaderName; 11] = [
    header::CONTENT_TYPE,
    header::CONTENT_LANGUAGE,
    header::LAST_MODIFIED,
    header::ETAG,
    PROVENANCE,
    PROVENANCE_URL,
    CONTRACT_ID,
    CONTRACT_TYPE,
    CONTRACT_URL,
    HeaderName::from_static("fiware-total-count"),
    HeaderName::from_static("fiware-correlator"),
];

/// Copies what is passed on, of each header the first: one that is there twice means what the first says, here and in the
/// record.
pub fn pass_on(from: &HeaderMap, into: &mut HeaderMap) {
    for name in PASSED_ON {
        if let Some(value) = from.get(&name) {
            into.insert(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn an_empty_header_counts_as_absent() {
        let headers = map(&[("x-cadde-provider", " "), ("x-cadde-options", " a:b ")]);
        assert_eq!(present_text(&headers, &PROVIDER), None);
        assert_eq!(present_text(&headers, &OPTIONS), Some("a:b"));
        assert_eq!(present_text(&headers, &RESOURCE_URL), None);
    }

    fn sent(values: &[&[u8]]) -> SentExchangeId {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(EXCHANGE_ID, HeaderValue::from_bytes(value).unwrap());
        }
        exchange_id(&headers)
    }

    #[test]
    fn a_canonical_exchange_id_is_taken() {
        let text = "01941f29-7c00-7000-8000-000000000001";
        for value in [text.to_owned(), format!(" {text} ")] {
            let read = sent(&[value.as_bytes()]);
            assert_eq!(read.id.map(|id| id.to_string()).as_deref(), Some(text));
            assert_eq!(read.other, None);
        }
        assert_eq!(sent(&[]), SentExchangeId::default());
        assert_eq!(sent(&[b" "]), SentExchangeId::default());
    }

    #[test]
    fn any_other_exchange_id_counts_as_absent_and_is_safe_to_log() {
        let long = [b'7'; 8000];
        let texts: [&[u8]; 9] = [
            b"5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b",
            b"c232ab00-9414-11ec-b3c8-9f6bdeced846",
            b"00000000-0000-0000-0000-000000000000",
            b"{01941f29-7c00-7000-8000-000000000001}",
            b"01941F29-7C00-7000-8000-00000000000A",
            b"urn:uuid:01941f29-7c00-7000-8000-000000000001",
            b"01941f29-7c00-7000-8000-00000000000\xef\xbc\x91",
            b"\xff\tx\x80",
            &long,
        ];
        for text in texts {
            let read = sent(&[text]);
            assert_eq!(read.id, None, "{text:?}");
            let kept = read.other.expect("it is kept for the log");
            assert!(kept.chars().count() <= MAX_PEER_TEXT + 1, "{kept}");
            assert!(
                kept.chars()
                    .all(|c| c == '…' || c == ' ' || c.is_ascii_graphic()),
                "{kept}"
            );
        }
    }

    #[test]
    fn of_two_exchange_ids_none_counts() {
        let read = sent(&[
            b"01941f29-7c00-7000-8000-000000000001",
            b"01941f29-7c00-7000-8000-000000000002",
        ]);
        assert_eq!(read.id, None);
        assert_eq!(
            read.other.as_deref(),
            Some("01941f29-7c00-7000-8000-000000000001")
        );
    }

    #[test]
    fn no_password_and_no_more_than_a_line_is_logged() {
        let logged = |text: &str| {
            let fields = [(RESOURCE_URL, HeaderValue::from_str(text).unwrap())];
            for_log(&HeaderMap::from_iter(fields), &RESOURCE_URL)
        };
        assert_eq!(logged("http://u:secret@d.example/a"), "@d.example/a");
        assert_eq!(logged("http:/\\u:sec@ret@d.example/a"), "@d.example/a");
        let long = format!("http://d.example/{}", "a".repeat(1000));
        assert_eq!(logged(&long), long);
        assert_eq!(logged(&"a".repeat(1000)).len(), 255);
        let mail = "http://d.example/a?mail=a@b.example";
        assert_eq!(logged(mail), mail);
        assert_eq!(for_log(&HeaderMap::new(), &RESOURCE_URL), "");
    }

    #[test]
    fn what_describes_the_data_is_passed_on_once_and_nothing_else() {
        let from = map(&[
            ("content-type", "text/csv"),
            ("content-type", "text/html"),
            ("etag", "\"1\""),
            ("x-cadde-provenance", "id"),
            ("x-cadde-provenance", "another"),
            ("fiware-total-count", "3"),
            // Of the connection.
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("content-length", "9"),
            ("upgrade", "h2c"),
            ("alt-svc", "h3=\":443\""),
            // Of the origin.
            ("set-cookie", "a=b"),
            ("server", "nginx"),
            ("date", "today"),
            ("access-control-allow-origin", "*"),
            ("content-security-policy", "default-src *"),
            ("strict-transport-security", "max-age=1"),
            ("clear-site-data", "\"*\""),
            ("link", "</x.css>; rel=stylesheet"),
            ("refresh", "0; url=https://evil.example"),
            ("location", "https://evil.example"),
            ("www-authenticate", "Basic"),
            ("nel", "{}"),
            ("report-to", "{}"),
            ("service-worker-allowed", "/"),
            ("sourcemap", "/x"),
            // Of caches and of the part of a whole.
            ("cache-control", "public"),
            ("expires", "never"),
            ("age", "1"),
            ("vary", "*"),
            ("content-encoding", "identity"),
            ("content-range", "bytes 0-1/2"),
            // Of our own programs and of proxies behind which they stand.
            ("x-request-id", "1"),
            ("x-cadde-exchange-id", "1"),
            ("x-cadde-provenance-nonce", "1"),
            ("x-cadde-deadline-ms", "1"),
            ("x-cadde-consumer-id", "1"),
            ("x-accel-redirect", "/secret"),
            ("x-sendfile", "/secret"),
            ("authorization", "Bearer x"),
            ("x-anything-new", "1"),
        ]);
        let mut passed = HeaderMap::new();
        pass_on(&from, &mut passed);
        let mut names: Vec<_> = passed.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "content-type",
                "etag",
                "fiware-total-count",
                "x-cadde-provenance"
            ]
        );
        assert_eq!(passed.len(), 4);
        assert_eq!(passed["content-type"], "text/csv");
        assert_eq!(passed["x-cadde-provenance"], "id");
    }
}
