//! Addresses that stand in items.

use url::Url;

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressError {
    /// It is none.
    Form,
    /// Browsers and connectors would do something else with it than to go there.
    Scheme,
    /// It holds a password, which everybody would read.
    Password,
    /// Longer than connectors take.
    Length,
}

/// Longest address in bytes: the longest that connectors take.
pub(crate) const LONGEST: usize = 4096;

/// Schemes that lead somewhere, or name something.
const SCHEMES: [&str; 8] = [
    "http", "https", "ftp", "ftps", "mailto", "tel", "urn", "doi",
];

/// `text` as address.
pub(crate) fn read(text: &str) -> Result<Url, AddressError> {
    if text.len() > LONGEST {
        return Err(AddressError::Length);
    }
    // The parser passes over tabs and line ends, and so would turn this into another address.
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(AddressError::Form);
    }
    let url = Url::parse(text).map_err(|_| AddressError::Form)?;
    if !SCHEMES.contains(&url.scheme()) {
        return Err(AddressError::Scheme);
    }
    let is_place = matches!(url.scheme(), "http" | "https" | "ftp" | "ftps");
    if is_place && !text[url.scheme().len()..].starts_with("://") {
        return Err(AddressError::Form);
    }
    if url.password().is_some() {
        return Err(AddressError::Password);
    }
    Ok(url)
}

/// Whether `text` begins like an address, or like something that a browser would run.
pub(crate) fn looks_like_one(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let scheme = scheme.trim().to_ascii_lowercase();
    let is_known = SCHEMES.contains(&scheme.as_str());
    let is_run = matches!(
        scheme.as_str(),
        "javascript" | "vbscript" | "data" | "file" | "blob"
    );
    is_known || is_run || rest.starts_with("//")
}

/// Whether `text` may be made a link: it leads to a page.
pub fn is_link(text: &str) -> bool {
    read(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
