//! Reading the `Authorization` header.

use std::borrow::Cow;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, header::AUTHORIZATION};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

/// Client credentials of HTTP Basic (RFC 7617).
#[derive(Debug, Clone)]
pub struct Basic {
    /// Client ID.
    pub id: String,
    /// Client secret.
    pub secret: SecretString,
}

/// Why the header cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// There is none.
    #[error("the Authorization header is missing")]
    Missing,
    /// It is of another scheme.
    #[error("the Authorization header is of another scheme")]
    Scheme,
    /// It cannot be decoded.
    #[error("the Authorization header cannot be decoded")]
    Malformed,
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::RequireNone)
    .with_decode_allow_trailing_bits(true);

fn value(headers: &HeaderMap) -> Result<&str, AuthorizationError> {
    let value = headers
        .get(AUTHORIZATION)
        .ok_or(AuthorizationError::Missing)?;
    let text = value
        .to_str()
        .map_err(|_| AuthorizationError::Malformed)?
        .trim();
    if text.is_empty() {
        Err(AuthorizationError::Missing)
    } else {
        Ok(text)
    }
}

fn credentials<'h>(text: &'h str, scheme: &str) -> Option<&'h str> {
    let (found, rest) = text.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// The client credentials. Both Base64 alphabets are read and any padding: an existing ledger front end encodes in the
/// URL-safe one and always appends `==`. The ID ends at the first colon.
///
/// OAuth clients escape ID and secret like a form before they put them into the header (RFC 6749 §2.3.1), existing ones do not. No
/// ID and no secret of ours has a character that is escaped, so both are read alike.
///
/// # Errors
/// [`AuthorizationError`].
pub fn basic(headers: &HeaderMap) -> Result<Basic, AuthorizationError> {
    let text = credentials(value(headers)?, "Basic")
        .ok_or(AuthorizationError::Scheme)?
        .trim_end_matches('=');
    let alphabet = if text.contains(['-', '_']) {
        &alphabet::URL_SAFE
    } else {
        &alphabet::STANDARD
    };
    let bytes = GeneralPurpose::new(alphabet, LENIENT)
        .decode(text)
        .map_err(|_| AuthorizationError::Malformed)?;
    let text = String::from_utf8(bytes).map_err(|_| AuthorizationError::Malformed)?;
    let (id, secret) = text.split_once(':').ok_or(AuthorizationError::Malformed)?;
    Ok(Basic {
        id: unescaped(id)?,
        secret: SecretString::from(unescaped(secret)?),
    })
}

/// A plus sign stays one: a blank, for which a form has it, is in no ID and in no secret.
fn unescaped(text: &str) -> Result<String, AuthorizationError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(Cow::into_owned)
        .map_err(|_| AuthorizationError::Malformed)
}

/// The bearer token (RFC 6750 §2.1).
///
/// # Errors
/// [`AuthorizationError`].
pub fn bearer(headers: &HeaderMap) -> Result<&str, AuthorizationError> {
    let token = credentials(value(headers)?, "Bearer").ok_or(AuthorizationError::Scheme)?;
    if token.is_empty() {
        Err(AuthorizationError::Malformed)
    } else {
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use rstest::rstest;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn with(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(text).unwrap())])
    }

    #[rstest]
    #[case("Basic YTpi")]
    #[case("basic YTpi==")]
    fn id_and_secret_are_read(#[case] header: &str) {
        let basic = basic(&with(header)).unwrap();
        assert_eq!(
            (basic.id.as_str(), basic.secret.expose_secret()),
            ("a", "b")
        );
    }

    #[test]
    fn the_url_safe_alphabet_is_read() {
        // "a:???>>>" in the URL-safe alphabet, with padding that does not belong there.
        let basic = basic(&with("Basic YTo_Pz8-Pj4==")).unwrap();
        assert_eq!(basic.secret.expose_secret(), "???>>>");
    }

    #[rstest]
    #[case("app~1@example.jp:a-b_c", "app~1@example.jp", "a-b_c")]
    #[case("app%7E1%40example.jp:a%2Db%5Fc", "app~1@example.jp", "a-b_c")]
    #[case("app%7e1%40example.jp:a%2db_c", "app~1@example.jp", "a-b_c")]
    #[case("a:%61%3A%62", "a", "a:b")]
    #[case("%61%3A:%2561", "a:", "%61")]
    #[case("a:100%", "a", "100%")]
    #[case("a:b+c", "a", "b+c")]
    fn id_and_secret_may_be_escaped(#[case] text: &str, #[case] id: &str, #[case] secret: &str) {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let basic = basic(&with(&format!("Basic {}", STANDARD.encode(text)))).unwrap();
        assert_eq!(
            (basic.id.as_str(), basic.secret.expose_secret()),
            (id, secret)
        );
    }

    #[rstest]
    #[case("Basic YTolRkY=", AuthorizationError::Malformed)]
    #[case("Bearer x", AuthorizationError::Scheme)]
    #[case("Basic !!!", AuthorizationError::Malformed)]
    #[case("Basic YWI=", AuthorizationError::Malformed)]
    #[case("", AuthorizationError::Missing)]
    fn other_headers_are_refused(#[case] header: &str, #[case] error: AuthorizationError) {
        assert_eq!(basic(&with(header)).unwrap_err(), error);
    }

    #[test]
    fn the_scheme_of_a_token_may_be_of_any_case() {
        assert_eq!(bearer(&with("bearer abc")), Ok("abc"));
        assert_eq!(bearer(&with("Bearer ")), Err(AuthorizationError::Scheme));
    }
}
