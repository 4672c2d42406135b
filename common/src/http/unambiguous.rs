//! Requests that say once whom they are for and who sends them.
//!
//! A request that says it twice, or not at all, is read differently by each program on its way, and a proxy's decision is
//! then not ours (RFC 9112 §3.2, RFC 9113 §8.3.1, RFC 9110 §11.6.2).

use http::{
    HeaderMap, HeaderValue, Request, Version,
    header::{AUTHORIZATION, HOST},
    uri::Authority,
};

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguity {
    /// It does not say whom it is for.
    #[error("the request has no Host header")]
    NoHost,
    /// It says so twice.
    #[error("the request has more than one Host header")]
    Hosts,
    /// What it says is no host and port.
    #[error("the Host header is no host with or without a port")]
    BadHost,
    /// Its pseudo-header and its header say different things.
    #[error("the Host header differs from :authority")]
    OtherAuthority,
    /// It has two sets of credentials.
    #[error("the request has more than one Authorization header")]
    Authorizations,
}

/// Refuses a request whose meaning depends on its reader.
pub fn check<B>(request: &Request<B>) -> Result<(), Ambiguity> {
    let headers = request.headers();
    let is_http2 = request.version() == Version::HTTP_2;
    let target = request.uri().authority();
    match (sole(headers)?, target) {
        (Some(host), target) => {
            let host = host_and_port(host).ok_or(Ambiguity::BadHost)?;
            // On HTTP/1.1 an absolute target counts, whatever Host says (RFC 9112 §3.2.2).
            if is_http2 && target.is_some_and(|target| !is_same(target, host)) {
                return Err(Ambiguity::OtherAuthority);
            }
        }
        (None, Some(_)) if is_http2 => {}
        // HTTP/1.0 has no Host.
        (None, _) if request.version() < Version::HTTP_11 => {}
        (None, _) => return Err(Ambiguity::NoHost),
    }
    if headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(Ambiguity::Authorizations);
    }
    Ok(())
}

fn sole(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Ambiguity> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (host, None) => Ok(host),
        _ => Err(Ambiguity::Hosts),
    }
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2), where the host is not empty. A comma would be how a proxy joins two.
fn host_and_port(value: &HeaderValue) -> Option<(&str, Option<u16>)> {
    let text = value.to_str().ok()?;
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let end = rest.find(']')?;
        rest[..end].parse::<std::net::Ipv6Addr>().ok()?;
        text.split_at(end + 2)
    } else {
        let end = text.find(':').unwrap_or(text.len());
        let (host, port) = text.split_at(end);
        if host.is_empty() || !host.bytes().all(is_of_name) {
            return None;
        }
        (host, port)
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        _ => return None,
    };
    Some((host, port))
}

/// `reg-name` (RFC 3986 §3.2.2) without the comma.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=".contains(&byte)
}

fn is_same(target: &Authority, (host, port): (&str, Option<u16>)) -> bool {
    target.host().eq_ignore_ascii_case(host) && target.port_u16() == port
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn request(version: Version, uri: &str, fields: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().version(version).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request")
    }

    #[rstest]
    #[case(&[("host", "a.example")], Ok(()))]
    #[case(&[("host", "a.example:8443")], Ok(()))]
    #[case(&[("host", "a.example:")], Ok(()))]
    #[case(&[("host", "127.0.0.1:1")], Ok(()))]
    #[case(&[("host", "[::1]:1")], Ok(()))]
    #[case(&[("host", "[::1]"), ("authorization", "Bearer a")], Ok(()))]
    #[case(&[], Err(Ambiguity::NoHost))]
    #[case(&[("host", "a.example"), ("host", "a.example")], Err(Ambiguity::Hosts))]
    #[case(&[("host", "a.example"), ("host", "")], Err(Ambiguity::Hosts))]
    #[case(&[("host", "")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "a b")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "a,b")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "a/b")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "u@a")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "a:b")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "a:99999")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "a:1:2")], Err(Ambiguity::BadHost))]
    #[case(&[("host", ":80")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "[::1")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "[a]")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "http://a")], Err(Ambiguity::BadHost))]
    #[case(&[("host", "a"), ("authorization", "Bearer a"), ("authorization", "Bearer a")],
        Err(Ambiguity::Authorizations))]
    #[case(&[("host", "a"), ("authorization", "Basic a"), ("authorization", "Bearer a")],
        Err(Ambiguity::Authorizations))]
    fn on_http_1_1_host_stands_there_once(
        #[case] fields: &[(&str, &str)],
        #[case] expected: Result<(), Ambiguity>,
    ) {
        assert_eq!(check(&request(Version::HTTP_11, "/", fields)), expected);
    }

    #[rstest]
    #[case("https://a.example/", &[], Ok(()))]
    #[case("https://a.example/", &[("host", "A.example")], Ok(()))]
    #[case("https://a.example:1/", &[("host", "a.example:1")], Ok(()))]
    #[case("/", &[("host", "a.example")], Ok(()))]
    #[case("/", &[], Err(Ambiguity::NoHost))]
    #[case("https://a.example/", &[("host", "b.example")], Err(Ambiguity::OtherAuthority))]
    #[case("https://a.example:1/", &[("host", "a.example:2")], Err(Ambiguity::OtherAuthority))]
    #[case("https://a.example/", &[("host", "")], Err(Ambiguity::BadHost))]
    #[case("https://a.example/", &[("host", "a.example"), ("host", "b.example")], Err(Ambiguity::Hosts))]
    #[case("https://a.example/", &[("authorization", "a"), ("authorization", "b")],
        Err(Ambiguity::Authorizations))]
    fn on_http_2_host_repeats_the_authority(
        #[case] uri: &str,
        #[case] fields: &[(&str, &str)],
        #[case] expected: Result<(), Ambiguity>,
    ) {
        assert_eq!(check(&request(Version::HTTP_2, uri, fields)), expected);
    }

    #[test]
    fn on_http_1_0_host_may_be_missing_but_not_be_there_twice() {
        let old = |fields| check(&request(Version::HTTP_10, "/", fields));
        assert_eq!(old(&[]), Ok(()));
        let twice = [("host", "a"), ("host", "a")];
        assert_eq!(old(&twice), Err(Ambiguity::Hosts));
    }

    proptest! {
        #[test]
        fn reading_never_panics(value in proptest::collection::vec(0x20u8..=0xff, 0..20)) {
            let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
            let _ = host_and_port(&value);
        }
    }
}
