//! The one spelling of a connector's address, so that duplicates are found.

use url::Url;

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Neither `http` nor `https`.
    #[error("an address begins with http:// or https://")]
    Scheme,
    /// It carries user information, a query or a fragment.
    #[error("an address has no user information, query or fragment")]
    Extra,
}

/// Scheme and host in lower case, host as A-label, no default port, no dot segments, no dot at the end of the host and no slash
/// at the end of the path.
///
/// The first four are done by [`Url`] itself (WHATWG URL). The result without a path still prints one slash, which is how
/// [`Url`] spells it; [`text`] leaves it out.
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
    if let Some(name) = url.host_str().and_then(|host| host.strip_suffix('.')) {
        normal
            .set_host(Some(name))
            .map_err(|_| BaseUrlError::Scheme)?;
    }
    normal.set_path(url.path().trim_end_matches('/'));
    Ok(normal)
}

/// The spelling under which an address is unique.
pub fn text(normal: &Url) -> &str {
    normal.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("HTTPS://Provider.A.Example:443/", "https://provider.a.example")]
    #[case("https://provider.a.example", "https://provider.a.example")]
    #[case("https://provider.a.example./x", "https://provider.a.example/x")]
    #[case("https://a.example/x/../cadde//", "https://a.example/cadde")]
    #[case("http://127.0.0.1:20110", "http://127.0.0.1:20110")]
    #[case("https://日本.example/", "https://xn--wgv71a.example")]
    fn spellings_of_one_address_become_one(#[case] given: &str, #[case] normal: &str) {
        assert_eq!(text(&normalise(&given.parse().unwrap()).unwrap()), normal);
    }

    #[rstest]
    #[case("ftp://a.example/", BaseUrlError::Scheme)]
    #[case("data:text/plain,x", BaseUrlError::Scheme)]
    #[case("https://u@a.example/", BaseUrlError::Extra)]
    #[case("https://a.example/?q", BaseUrlError::Extra)]
    #[case("https://a.example/#f", BaseUrlError::Extra)]
    fn other_addresses_are_refused(#[case] given: &str, #[case] error: BaseUrlError) {
        assert_eq!(normalise(&given.parse().unwrap()), Err(error));
    }
}
