//! Requests that come from the server's own pages.

use http::{HeaderMap, HeaderName, Method, header::ORIGIN};
use url::Url;

/// Header that the server's own pages send with every change. A page from elsewhere cannot: for a header of its own a browser
/// asks first, and is not answered.
pub const REQUEST_HEADER: HeaderName = HeaderName::from_static("x-kakehashi-request");

/// Where the server's pages come from.
#[derive(Debug)]
pub(super) struct OwnOrigin(String);

impl OwnOrigin {
    /// Of the server that browsers reach at `external_url`.
    pub(super) fn new(external_url: &Url) -> Self {
        Self(external_url.origin().ascii_serialization())
    }

    /// Whether a page of the server itself has sent a request with these headers.
    pub(super) fn sent(&self, headers: &HeaderMap) -> bool {
        let only = |name: &HeaderName| {
            let mut values = headers.get_all(name).iter();
            let first = values.next()?;
            values.next().is_none().then_some(first.as_bytes())
        };
        only(&ORIGIN) == Some(self.0.as_bytes()) && only(&REQUEST_HEADER) == Some(b"1")
    }
}

/// Whether a request with this method changes something. What only reads needs no proof of where it comes from: other pages cannot
/// see the answer.
pub(super) fn is_change(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[("origin", "https://own.example"), ("x-kakehashi-request", "1")], true)]
    #[case(&[("x-kakehashi-request", "1")], false)]
    #[case(&[("origin", "https://own.example")], false)]
    #[case(&[("origin", "https://own.example"), ("x-kakehashi-request", "")], false)]
    #[case(&[("origin", "https://own.example"), ("x-kakehashi-request", "2")], false)]
    #[case(&[("origin", "null"), ("x-kakehashi-request", "1")], false)]
    #[case(&[("origin", "http://own.example"), ("x-kakehashi-request", "1")], false)]
    #[case(&[("origin", "https://own.example:8443"), ("x-kakehashi-request", "1")], false)]
    #[case(&[("origin", "https://own.example.evil.example"), ("x-kakehashi-request", "1")], false)]
    #[case(&[("origin", "https://evil.example"), ("x-kakehashi-request", "1")], false)]
    #[case(&[("origin", "https://own.example/"), ("x-kakehashi-request", "1")], false)]
    #[case(&[("origin", "https://own.example"), ("origin", "https://evil.example"), ("x-kakehashi-request", "1")], false)]
    #[case(&[("referer", "https://own.example/"), ("x-kakehashi-request", "1")], false)]
    fn own_pages_show_where_they_come_from(
        #[case] sent: &[(&'static str, &'static str)],
        #[case] is_own: bool,
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let own = OwnOrigin::new(&"https://own.example:443/".parse().unwrap());
        assert_eq!(own.sent(&headers), is_own);
    }

    #[test]
    fn an_origin_on_loopback_has_its_port() {
        let own = OwnOrigin::new(&"http://127.0.0.1:20031".parse().unwrap());
        assert_eq!(own.0, "http://127.0.0.1:20031");
    }

    #[rstest]
    #[case("GET", false)]
    #[case("HEAD", false)]
    #[case("OPTIONS", false)]
    #[case("POST", true)]
    #[case("PUT", true)]
    #[case("PATCH", true)]
    #[case("DELETE", true)]
    #[case("get", true)]
    #[case("PROPFIND", true)]
    fn what_only_reads_changes_nothing(#[case] method: &str, #[case] changes: bool) {
        assert_eq!(is_change(&method.parse().unwrap()), changes);
    }
}
