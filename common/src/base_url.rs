//! The one spelling of an address under which others call somebody, so that duplicates are found and lists match.

use url::{Host, Url};

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Neither `http` nor `https`.
    #[error("an address begins with http:// or https://")]
    Scheme,
    /// It carries user information, a query or a fragment.
    #[error("an address has no user information, query or fragment")]
    Extra,
    /// Its host is none.
    #[error("an address has a host name or an IP address")]
    Host,
    /// A percent sign in its path begins no escape.
    #[error("a percent sign in the path of an address is followed by two hexadecimal digits")]
    Escape,
}

/// Scheme and host in lower case, host as A-label or as an address in its usual form, no default port, no dot segments, no
/// escapes that need not be, no dot at the end of the host and no slash at the end of the path.
///
/// Most is done by [`Url`] itself (WHATWG URL): it reads `0x7f.1`, `2130706433`, `0177.0.0.1`, `%6c` and full-width letters in a
/// host as resolvers do. The result without a path still prints one slash, which is how [`Url`] spells it; [`text`] leaves it out.
///
/// # Errors
/// [`BaseUrlError`].
pub fn normalise(url: &Url) -> Result<Url, BaseUrlError> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(BaseUrlError::Scheme);
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(BaseUrlError::Extra);
    }
    let mut normal = url.clone();
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            if name.is_empty() || name.split('.').any(str::is_empty) {
                return Err(BaseUrlError::Host);
            }
            // An address that a dot kept from being read as one is read now.
            normal
                .set_host(Some(name))
                .map_err(|_| BaseUrlError::Host)?;
        }
        Some(Host::Ipv6(address)) => {
            if let Some(mapped) = address.to_ipv4_mapped() {
                normal
                    .set_ip_host(mapped.into())
                    .map_err(|()| BaseUrlError::Host)?;
            }
        }
        Some(Host::Ipv4(_)) => {}
        None => return Err(BaseUrlError::Host),
    }
    let path = plain_escapes(url.path()).ok_or(BaseUrlError::Escape)?;
    normal.set_path(path.trim_end_matches('/'));
    Ok(normal)
}

/// `path` with the escapes of letters, digits, `-`, `.`, `_` and `~` resolved, and the others in capitals (RFC 3986 §6.2.2);
/// `None` where one is broken, which would make another with what follows.
fn plain_escapes(path: &str) -> Option<String> {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, escape)) = rest.split_once('%') {
        plain.push_str(before);
        let digits = escape.get(..2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            plain.push(char::from(byte));
        } else {
            plain.push('%');
            plain.push_str(&digits.to_ascii_uppercase());
        }
        rest = &escape[2..];
    }
    plain.push_str(rest);
    Some(plain)
}

/// The spelling under which an address is unique.
pub fn text(normal: &Url) -> &str {
    normal.as_str().trim_end_matches('/')
}

/// Whether two texts are spellings of one address. What is no address equals nothing.
pub fn is_same(one: &str, other: &str) -> bool {
    let normal = |text: &str| {
        let url = Url::parse(text).ok()?;
        normalise(&url).ok()
    };
    normal(one).is_some_and(|one| normal(other) == Some(one))
}

/// Whether `url` leads to this machine alone.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
        Some(Host::Domain(name)) => name == "localhost" || name == "localhost.",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("HTTPS://Provider.A.Example:443/", "https://provider.a.example")]
    #[case("https://provider.a.example", "https://provider.a.example")]
    #[case("https://provider.a.example./x", "https://provider.a.example/x")]
    #[case("https://a.example/x/../cadde//", "https://a.example/cadde")]
    #[case("http://127.0.0.1:20110", "http://127.0.0.1:20110")]
    #[case("https://日本.example/", "https://xn--wgv71a.example")]
    #[case("https://XN--WGV71A.example", "https://xn--wgv71a.example")]
    #[case("https://%70rovider.example", "https://provider.example")]
    #[case("https://ｐrovider.example", "https://provider.example")]
    #[case("https://a.example/%7Euser/%63adde", "https://a.example/~user/cadde")]
    #[case("https://a.example/%2e%2E/x", "https://a.example/x")]
    #[case("https://a.example/a%2fb%e3", "https://a.example/a%2Fb%E3")]
    #[case("https://0177.0.0.1:8443", "https://127.0.0.1:8443")]
    #[case("https://0x7f.0.0.1:8443", "https://127.0.0.1:8443")]
    #[case("https://0x7f000001:8443", "https://127.0.0.1:8443")]
    #[case("https://2130706433:8443", "https://127.0.0.1:8443")]
    #[case("https://127.1:8443/", "https://127.0.0.1:8443")]
    #[case("https://127.0.0.1.:8443/", "https://127.0.0.1:8443")]
    #[case("https://[::ffff:127.0.0.1]:8443", "https://127.0.0.1:8443")]
    #[case("https://[::FFFF:7f00:1]:8443", "https://127.0.0.1:8443")]
    #[case("https://[0:0:0:0:0:0:0:1]", "https://[::1]")]
    #[case("https://[2001:DB8::0:1]/", "https://[2001:db8::1]")]
    fn spellings_of_one_address_become_one(#[case] given: &str, #[case] normal: &str) {
        assert_eq!(text(&normalise(&given.parse().unwrap()).unwrap()), normal);
    }

    #[rstest]
    #[case("ftp://a.example/", BaseUrlError::Scheme)]
    #[case("data:text/plain,x", BaseUrlError::Scheme)]
    #[case("https://u@a.example/", BaseUrlError::Extra)]
    #[case("https://a.example/?q", BaseUrlError::Extra)]
    #[case("https://a.example/#f", BaseUrlError::Extra)]
    #[case("https://a.example../", BaseUrlError::Host)]
    #[case("https://a..example/", BaseUrlError::Host)]
    #[case("https://a.example/100%", BaseUrlError::Escape)]
    #[case("https://a.example/%%341", BaseUrlError::Escape)]
    #[case("https://./", BaseUrlError::Host)]
    fn other_addresses_are_refused(#[case] given: &str, #[case] error: BaseUrlError) {
        assert_eq!(normalise(&given.parse().unwrap()), Err(error));
    }

    #[test]
    fn a_spelling_of_an_address_is_the_address() {
        assert!(is_same("https://A.example/x/", "https://a.example:443/%78"));
        for other in [
            "http://a.example/x",
            "https://a.example/X",
            "https://a.example:444/x",
            "x",
        ] {
            assert!(!is_same("https://a.example/x", other), "{other}");
        }
        assert!(!is_same("x", "x"));
    }

    #[rstest]
    #[case("http://127.0.0.1:1/", true)]
    #[case("http://127.9.9.9/", true)]
    #[case("http://2130706433/", true)]
    #[case("http://[::1]/", true)]
    #[case("http://[::ffff:127.0.0.1]/", true)]
    #[case("http://localhost:1/", true)]
    #[case("http://localhost.evil.example/", false)]
    #[case("http://10.0.0.1/", false)]
    #[case("http://0.0.0.0/", false)]
    #[case("http://auth.example/", false)]
    fn this_machine_alone_is_loopback(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_loopback(&url.parse().unwrap()), expected);
    }

    proptest::proptest! {
        #[test]
        fn a_spelling_is_reached_at_once(path in "[a-zA-Z0-9%/._~-]{0,20}") {
            let url: Url = format!("https://a.example/{path}").parse().unwrap();
            let Ok(normal) = normalise(&url) else { return Ok(()) };
            let again = normalise(&text(&normal).parse().unwrap()).unwrap();
            proptest::prop_assert_eq!(text(&again), text(&normal));
        }
    }
}
