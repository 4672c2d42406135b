//! URLs as callers send them, refused unless every reader would understand them alike.
//!
//! Whether a resource needs a grant is decided by comparing its URL with the configured data sources. A URL that the
//! comparison reads one way and the data source another way would be a way around the grants, so anything ambiguous
//! is refused instead of repaired: dot segments, encoded separators, empty segments, path parameters, user info.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use url::{Host, Url};

/// Longest URL that is looked at, in bytes. The documents name 255 characters without enforcing them; existing
/// catalogues carry longer ones with queries.
pub const MAX_URL_BYTES: usize = 4096;

/// Why a URL was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The text is empty.
    #[error("the URL is empty")]
    Empty,
    /// The text is longer than [`MAX_URL_BYTES`].
    #[error("the URL is longer than {MAX_URL_BYTES} bytes")]
    TooLong,
    /// Blanks, control characters, backslashes or anything outside ASCII; such URLs have to be percent-encoded.
    #[error("the URL has a character that must be percent-encoded")]
    Character,
    /// Neither `http` nor `https`.
    #[error("the URL's scheme is neither http nor https")]
    Scheme,
    /// No host, or one that cannot be read.
    #[error("the URL has no usable host")]
    Host,
    /// User name or password before the host.
    #[error("the URL carries a user name or password")]
    UserInfo,
    /// A part behind `#`, which is never sent and so never means anything here.
    #[error("the URL has a fragment")]
    Fragment,
    /// A path that readers understand differently: `.`, `..`, encoded separators or control characters, an empty
    /// segment, a path parameter, a broken escape.
    #[error("the URL's path is ambiguous")]
    Path,
    /// A prefix of the configuration has a query.
    #[error("the URL has a query")]
    Query,
}

/// Origin of a URL: what has to be equal before paths are compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// `true` for `https`.
    pub tls: bool,
    /// Host in the normal form of the URL standard (lower case, IDNA, canonical addresses).
    pub host: Host<String>,
    /// Port, the scheme's default where none is written.
    pub port: u16,
}

impl Origin {
    /// The origin of a parsed URL.
    ///
    /// # Errors
    /// [`UrlError::Host`] where there is no host.
    pub fn of(url: &Url) -> Result<Self, UrlError> {
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => Host::Domain(name.to_owned()),
            Some(Host::Ipv4(address)) => Host::Ipv4(address),
            Some(Host::Ipv6(address)) => Host::Ipv6(address),
            _ => return Err(UrlError::Host),
        };
        let port = url.port_or_known_default().ok_or(UrlError::Host)?;
        Ok(Self {
            tls: url.scheme() == "https",
            host,
            port,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}:{}",
            if self.tls { "https" } else { "http" },
            self.host,
            self.port
        )
    }
}

/// A checked `http` or `https` URL of one resource.
#[derive(Debug, Clone)]
pub struct ResourceUrl {
    text: String,
    url: Url,
    origin: Origin,
    segments: Vec<Vec<u8>>,
}

impl ResourceUrl {
    /// Reads `text` as it stood in a header or a redirect.
    ///
    /// # Errors
    /// The first rule of this module that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let segments = check_text(text)?;
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => UrlError::Scheme,
            _ => UrlError::Host,
        })?;
        let origin = Origin::of(&url)?;
        Ok(Self {
            text: text.to_owned(),
            url,
            origin,
            segments,
        })
    }

    /// The text as it was given: what grants, records and provenance ids are compared with.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What stands behind the last `/` of the path, percent-decoded; empty for a URL that ends in `/`.
    pub fn file_name(&self) -> String {
        let encoded = self.url.path().rsplit('/').next().unwrap_or_default();
        percent_decode_str(encoded).decode_utf8_lossy().into_owned()
    }

    /// Follows a `Location` header that came with an answer for this URL. Servers write what browsers take (RFC 9110 §10.2.2):
    /// a fragment, which is for whoever shows the document, and characters as they are, which count as the bytes that they came as.
    ///
    /// # Errors
    /// As [`ResourceUrl::parse`], once the reference is resolved and encoded; [`UrlError::Character`] for what a parser would turn
    /// into something else.
    pub fn join(&self, location: &[u8]) -> Result<Self, UrlError> {
        let end = location.iter().position(|byte| *byte == b'#');
        let location = &location[..end.unwrap_or(location.len())];
        let is_turned = |byte: &u8| byte.is_ascii_control() || *byte == b'\\';
        if location.iter().any(is_turned) {
            return Err(UrlError::Character);
        }
        let location = percent_encode(location, RAW).to_string();
        let joined = self.url.join(&location).map_err(|_| UrlError::Host)?;
        Self::parse(joined.as_str())
    }
}

/// What a server may write as it is and a request line has encoded: blanks, and everything outside ASCII.
const RAW: &AsciiSet = &CONTROLS.add(b' ');

/// A prefix of URLs as the configuration names it: same scheme, host and port, and a path by whole segments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UrlPrefix {
    origin: Origin,
    segments: Vec<Vec<u8>>,
}

impl UrlPrefix {
    /// Reads a prefix; a trailing `/` makes no difference.
    ///
    /// # Errors
    /// As [`ResourceUrl::parse`], and [`UrlError::Query`] for a prefix with a query, which would compare nothing.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let resource = ResourceUrl::parse(text)?;
        if resource.url.query().is_some() {
            return Err(UrlError::Query);
        }
        Ok(Self {
            origin: resource.origin,
            segments: resource.segments,
        })
    }

    /// Whether `resource` lies below this prefix. The query of `resource` plays no part.
    pub fn covers(&self, resource: &ResourceUrl) -> bool {
        self.origin == resource.origin && resource.segments.starts_with(&self.segments)
    }

    /// How many path segments have to agree; the most specific prefix decides.
    pub fn depth(&self) -> usize {
        self.segments.len()
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// A resource URL without one trailing slash, as the CADDE reference compares it.
pub fn strip_slash(url: &str) -> &str {
    url.strip_suffix('/').unwrap_or(url)
}

/// Checks the raw text, before a parser that repairs things sees it, and returns the decoded path segments.
fn check_text(text: &str) -> Result<Vec<Vec<u8>>, UrlError> {
    if text.is_empty() {
        return Err(UrlError::Empty);
    }
    if text.len() > MAX_URL_BYTES {
        return Err(UrlError::TooLong);
    }
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    {
        return Err(UrlError::Character);
    }
    let rest = strip_scheme(text).ok_or(UrlError::Scheme)?;
    if rest.contains('#') {
        return Err(UrlError::Fragment);
    }
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(authority_end);
    if authority.is_empty() {
        return Err(UrlError::Host);
    }
    if authority.contains('@') {
        return Err(UrlError::UserInfo);
    }
    let path = rest.split('?').next().unwrap_or_default();
    path_segments(path)
}

fn strip_scheme(text: &str) -> Option<&str> {
    ["http://", "https://"].iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme)
            .then(|| &text[scheme.len()..])
    })
}

/// Splits a path and decodes its segments, so that `/clos%65d` and `/closed` compare equal, as they do for a server.
fn path_segments(path: &str) -> Result<Vec<Vec<u8>>, UrlError> {
    let Some(path) = path.strip_prefix('/') else {
        return Ok(Vec::new());
    };
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    path.split('/').map(decode_segment).collect()
}

fn decode_segment(segment: &str) -> Result<Vec<u8>, UrlError> {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let (Some(high), Some(low)) = (hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) else {
                return Err(UrlError::Path);
            };
            decoded.push(high * 16 + low);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    // Empty segments are merged by some servers, `;` starts a parameter that others cut off: both would let a URL
    // miss the rule of a closed folder and still reach it.
    let ambiguous = decoded.is_empty()
        || decoded == b"."
        || decoded == b".."
        || decoded
            .iter()
            .any(|byte| matches!(byte, b'/' | b'\\' | b';' | 0..=0x1f | 0x7f));
    if ambiguous {
        Err(UrlError::Path)
    } else {
        Ok(decoded)
    }
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    byte.and_then(|byte| char::from(*byte).to_digit(16))
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", UrlError::Empty)]
    #[case("ftp://data.example/a", UrlError::Scheme)]
    #[case("//data.example/a", UrlError::Scheme)]
    #[case("file:///etc/passwd", UrlError::Scheme)]
    #[case("http:/data.example/a", UrlError::Scheme)]
    #[case("http:///a", UrlError::Host)]
    #[case("http://?x", UrlError::Host)]
    #[case("http://data.example:99999/a", UrlError::Host)]
    #[case("http://user@data.example/a", UrlError::UserInfo)]
    #[case("http://data.example:80@evil.example/a", UrlError::UserInfo)]
    #[case("http://data.example/a#b", UrlError::Fragment)]
    #[case("http://data.example/a\\..\\b", UrlError::Character)]
    #[case("http://data.example/a b", UrlError::Character)]
    #[case("http://data.example/a\tb", UrlError::Character)]
    #[case(" http://data.example/a", UrlError::Character)]
    #[case("http://data.example/データ", UrlError::Character)]
    #[case("http://data.example/open/../closed/a", UrlError::Path)]
    #[case("http://data.example/open/./a", UrlError::Path)]
    #[case("http://data.example/open/%2e%2e/closed/a", UrlError::Path)]
    #[case("http://data.example/open/.%2E/closed/a", UrlError::Path)]
    #[case("http://data.example/open%2f..%2fclosed", UrlError::Path)]
    #[case("http://data.example/open%5c..%5cclosed", UrlError::Path)]
    #[case("http://data.example//closed/a", UrlError::Path)]
    #[case("http://data.example/closed;x=1/a", UrlError::Path)]
    #[case("http://data.example/a%00", UrlError::Path)]
    #[case("http://data.example/a%0d%0ab", UrlError::Path)]
    #[case("http://data.example/a%zz", UrlError::Path)]
    #[case("http://data.example/a%2", UrlError::Path)]
    fn what_readers_could_understand_differently_is_refused(
        #[case] text: &str,
        #[case] expected: UrlError,
    ) {
        assert_eq!(ResourceUrl::parse(text).unwrap_err(), expected);
    }

    #[test]
    fn a_url_longer_than_the_limit_is_refused() {
        let text = format!("http://data.example/{}", "a".repeat(MAX_URL_BYTES));
        assert_eq!(ResourceUrl::parse(&text).unwrap_err(), UrlError::TooLong);
    }

    #[rstest]
    #[case("http://data.example/open", "http://data.example/open/a.csv", true)]
    #[case("http://data.example/open/", "http://data.example/open/a.csv", true)]
    #[case("http://data.example/open", "http://data.example/open", true)]
    #[case("http://data.example/open", "http://data.example/open?x=1", true)]
    #[case("http://data.example/open", "HTTP://DATA.example:80/op%65n/a", true)]
    #[case("http://data.example/", "http://data.example/any/thing", true)]
    #[case("http://data.example/open", "http://data.example/opened/a", false)]
    #[case(
        "http://data.example/open",
        "http://data.example/closed?x=http://data.example/open/a",
        false
    )]
    #[case("http://data.example/open", "http://data.example/Open/a", false)]
    #[case("http://data.example/open", "https://data.example/open/a", false)]
    #[case("http://data.example/open", "http://data.example:8080/open/a", false)]
    #[case(
        "http://data.example/open",
        "http://data.example.evil.example/open/a",
        false
    )]
    #[case(
        "http://data.example/open",
        "http://evil.example/http://data.example/open/a",
        false
    )]
    #[case("http://127.0.0.1:8080/open", "http://2130706433:8080/open/a", true)]
    #[case("http://127.0.0.1:8080/open", "http://0x7f.1:8080/open/a", true)]
    fn a_prefix_covers_by_origin_and_whole_segments(
        #[case] prefix: &str,
        #[case] url: &str,
        #[case] covered: bool,
    ) {
        let prefix = UrlPrefix::parse(prefix).unwrap();
        let parsed = ResourceUrl::parse(url);
        assert_eq!(
            parsed.is_ok_and(|resource| prefix.covers(&resource)),
            covered
        );
    }

    #[rstest]
    #[case("b.csv", Ok("http://data.example/open/b.csv"))]
    #[case("../open/b.csv", Ok("http://data.example/open/b.csv"))]
    #[case("http://127.0.0.1/x", Ok("http://127.0.0.1/x"))]
    #[case("//evil.example/x", Ok("http://evil.example/x"))]
    #[case("/b.csv#top", Ok("http://data.example/b.csv"))]
    #[case("/b.csv?x=1#a?b/../c\\;d#e f", Ok("http://data.example/b.csv?x=1"))]
    #[case("http://data.example#/x", Ok("http://data.example/"))]
    #[case("#top", Ok("http://data.example/open/a.csv"))]
    #[case("/b.csv%23top", Ok("http://data.example/b.csv%23top"))]
    #[case("/a b.csv", Ok("http://data.example/a%20b.csv"))]
    #[case("/a%20b.csv", Ok("http://data.example/a%20b.csv"))]
    #[case("/デ.csv", Ok("http://data.example/%E3%83%87.csv"))]
    #[case(
        "デ.csv?観=測 所",
        Ok("http://data.example/open/%E3%83%87.csv?%E8%A6%B3=%E6%B8%AC%20%E6%89%80")
    )]
    #[case("//デ.example/x", Ok("http://xn--edk.example/x"))]
    #[case("/open/%2e%2e%2fclosed", Err(UrlError::Path))]
    #[case("/a;v=1/b.csv", Err(UrlError::Path))]
    #[case("/a%3Bb.csv", Err(UrlError::Path))]
    #[case("/a%zz.csv", Err(UrlError::Path))]
    #[case("/デ//b.csv", Err(UrlError::Path))]
    #[case("/a\\b.csv", Err(UrlError::Character))]
    #[case("\\\\evil.example\\x", Err(UrlError::Character))]
    #[case("/a\tb.csv", Err(UrlError::Character))]
    #[case("file:///etc/passwd", Err(UrlError::Scheme))]
    #[case("http://user@data.example/x", Err(UrlError::UserInfo))]
    fn a_redirect_is_resolved_and_encoded_and_then_read_with_the_same_care(
        #[case] location: &str,
        #[case] expected: Result<&str, UrlError>,
    ) {
        let base = ResourceUrl::parse("http://data.example/open/a.csv").unwrap();
        assert_eq!(
            base.join(location.as_bytes())
                .map(|url| url.as_str().to_owned()),
            expected.map(str::to_owned)
        );
    }

    #[test]
    fn a_reference_in_another_encoding_means_the_bytes_that_it_came_as() {
        let base = ResourceUrl::parse("http://data.example/open/a.csv").unwrap();
        let joined = base.join(b"/\x83f.csv").unwrap();
        assert_eq!(joined.as_str(), "http://data.example/%83f.csv");
    }

    #[rstest]
    #[case("http://data.example/open/a.csv?x=/b", "a.csv")]
    #[case("http://data.example/%E3%81%82.csv", "あ.csv")]
    #[case("http://data.example/", "")]
    fn the_file_name_is_the_last_segment_of_the_path(#[case] url: &str, #[case] name: &str) {
        assert_eq!(ResourceUrl::parse(url).unwrap().file_name(), name);
    }

    proptest! {
        /// Whatever passes, the parser's own idea of the path has the same segments: nothing was repaired.
        #[test]
        fn nothing_is_repaired_behind_the_comparison(path in "[a-c./%2eE5f;?-]{0,24}") {
            let text = format!("http://data.example/{path}");
            if let Ok(resource) = ResourceUrl::parse(&text) {
                let again = path_segments(resource.url.path()).unwrap();
                prop_assert_eq!(&again, &resource.segments);
            }
        }

        /// No URL is below a prefix unless its decoded path says so.
        #[test]
        fn covered_urls_begin_with_the_prefix(path in "(/[a-z%2e.]{1,6}){1,4}") {
            let prefix = UrlPrefix::parse("http://data.example/open").unwrap();
            if let Ok(resource) = ResourceUrl::parse(&format!("http://data.example{path}")) {
                let decoded = percent_decode_str(resource.url.path()).decode_utf8_lossy().into_owned();
                let below = decoded == "/open" || decoded == "/open/" || decoded.starts_with("/open/");
                prop_assert_eq!(prefix.covers(&resource), below);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,64}") {
            let _ = ResourceUrl::parse(&text);
        }
    }
}
