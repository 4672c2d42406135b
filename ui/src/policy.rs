//! What a browser may do on behalf of a page.

use std::fmt;

use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};

/// A random word, new in every answer, by which a page's own script may add styles.
///
/// 128 bits in base64url: it needs no escaping, in a header as in an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// A new one.
    #[expect(
        clippy::new_without_default,
        reason = "each is another; a default would be always the same"
    )]
    pub fn new() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Answers the page `html`, which names `nonce` in a `meta` element if it has a script that adds styles.
///
/// `forms` are the origins (`https://host:port`) to which a form on it leads beside our own: Chromium applies the rule to the
/// redirect that answers the form, too. One that is no origin is left out.
pub fn page(nonce: &Nonce, html: String, forms: &[&str]) -> Response {
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    // It has a nonce, and a nonce counts once.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, policy(nonce, forms));
    common(headers);
    response
}

fn policy(nonce: &Nonce, forms: &[&str]) -> HeaderValue {
    let forms: String = forms
        .iter()
        .filter(|origin| is_origin(origin))
        .flat_map(|origin| [" ", origin])
        .collect();
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self'{forms}; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&text).expect("made of letters that a header may have")
}

/// Nothing that could end the directive, or begin another source.
fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
    })
}

/// What holds for all that we serve to browsers.
pub(crate) fn common(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn each_nonce_is_another_of_128_bits() {
        let (one, other) = (Nonce::new(), Nonce::new());
        assert_ne!(one, other);
        assert_eq!(one.to_string().len(), 22);
    }

    #[test]
    fn the_policy_is_that_of_the_design() {
        let nonce = Nonce::new();
        let response = page(&nonce, String::new(), &[]);
        let expected = format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], expected);
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.headers()[REFERRER_POLICY], "same-origin");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    }

    #[rstest]
    #[case("https://app.example", true)]
    #[case("http://127.0.0.1:8080", true)]
    #[case("http://[::1]:8080", true)]
    #[case("https://", false)]
    #[case("https://app.example; script-src *", false)]
    #[case("https://app.example https://evil.example", false)]
    #[case("https://app.example/path", false)]
    #[case("https://*", false)]
    #[case("javascript:alert(1)", false)]
    #[case("data:", false)]
    fn a_form_may_lead_to_a_further_origin_and_to_nothing_else(
        #[case] origin: &str,
        #[case] is_taken: bool,
    ) {
        let policy = policy(&Nonce::new(), &[origin]);
        let directive = policy.to_str().unwrap().split("; ").nth(6).unwrap();
        let expected = if is_taken {
            format!("form-action 'self' {origin}")
        } else {
            "form-action 'self'".to_owned()
        };
        assert_eq!(directive, expected);
    }
}
