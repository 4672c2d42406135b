//! Reading the headers of a request, which is refused where they do not say what they have to.

use common::http::Refused;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    headers::{OPTIONS, PROVIDER, RESOURCE_API_TYPE, RESOURCE_URL, SEARCH, present},
    options::Options,
    refusals::{HEADER_MISSING, HEADER_NOT_TEXT, HEADER_REPEATED},
};

/// The first header of a request that decides something and is there twice. Which of the two counts would depend on the
/// reader, so such a request is refused.
fn repeated(headers: &HeaderMap) -> Option<HeaderName> {
    const DECIDING: [HeaderName; 6] = [
        RESOURCE_URL,
        RESOURCE_API_TYPE,
        PROVIDER,
        OPTIONS,
        SEARCH,
        header::AUTHORIZATION,
    ];
    DECIDING
        .into_iter()
        .find(|name| headers.get_all(name).iter().nth(1).is_some())
}

/// Refuses a request whose meaning would depend on its reader.
///
/// # Errors
/// [`HEADER_REPEATED`].
pub fn check_unambiguous(headers: &HeaderMap) -> Result<(), Refused> {
    repeated(headers).map_or(Ok(()), |name| Err(HEADER_REPEATED.naming(name)))
}

/// A header that has to be there, without surrounding blanks. One that is there and empty gets as far as what reads it.
///
/// # Errors
/// [`HEADER_MISSING`], [`HEADER_NOT_TEXT`].
pub fn required<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Refused> {
    let value = headers
        .get(name)
        .ok_or_else(|| HEADER_MISSING.naming(name))?;
    text(value, name).map(str::trim)
}

/// A header's value as text.
///
/// # Errors
/// [`HEADER_NOT_TEXT`].
pub fn text<'a>(value: &'a HeaderValue, name: &HeaderName) -> Result<&'a str, Refused> {
    value.to_str().map_err(|_| HEADER_NOT_TEXT.naming(name))
}

/// The options of a request; none where the header is absent or empty.
///
/// # Errors
/// [`HEADER_NOT_TEXT`], or what is wrong with them.
pub fn options(headers: &HeaderMap) -> Result<Options, Refused> {
    let Some(value) = present(headers, &OPTIONS) else {
        return Ok(Options::default());
    };
    Ok(Options::parse(text(value, &OPTIONS)?)?)
}
