//! Where somebody goes on once they are signed in.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// 2,048 bytes: a search with all its filters. Sealed into a cookie it stays below the 4,096 that browsers keep of one.
const MAX_BYTES: usize = 2048;

/// A path of this server, with what may stand behind it: never a URL, and nothing that a browser makes one of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ReturnTo(String);

/// Why a text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReturnToError {
    /// It is too long.
    #[error("return_to has more than {MAX_BYTES} bytes")]
    TooLong,
    /// It is something else.
    #[error(
        "return_to must be a path of this server: it begins with one slash and has no backslash and no control character"
    )]
    Foreign,
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ReturnTo {
    type Error = ReturnToError;

    fn try_from(text: String) -> Result<Self, ReturnToError> {
        Self::parse(&text)
    }
}

impl From<ReturnTo> for String {
    fn from(path: ReturnTo) -> Self {
        path.0
    }
}

impl ReturnTo {
    /// Reads what a query says, as a browser would go there.
    pub(crate) fn parse(text: &str) -> Result<Self, ReturnToError> {
        if text.len() > MAX_BYTES {
            return Err(ReturnToError::TooLong);
        }
        // Browsers drop tabs and line ends from what they are sent to, and take a backslash for a slash.
        let is_odd = |c: char| c == '\\' || c.is_control();
        if !text.starts_with('/') || text.starts_with("//") || text.contains(is_odd) {
            return Err(ReturnToError::Foreign);
        }
        let base = Url::parse("https://own.invalid").map_err(|_| ReturnToError::Foreign)?;
        let read = base.join(text).map_err(|_| ReturnToError::Foreign)?;
        // Dots that are resolved may leave two slashes at the beginning.
        if read.origin() != base.origin() || read.path().starts_with("//") {
            return Err(ReturnToError::Foreign);
        }
        let path = &read[url::Position::BeforePath..];
        if path.len() > MAX_BYTES {
            return Err(ReturnToError::TooLong);
        }
        Ok(Self(path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/", "/")]
    #[case("/datasets/1?tab=form#title", "/datasets/1?tab=form#title")]
    #[case("/search?q=避難所", "/search?q=%E9%81%BF%E9%9B%A3%E6%89%80")]
    #[case(
        "/search?next=https://evil.example//",
        "/search?next=https://evil.example//"
    )]
    #[case("/a/../b", "/b")]
    #[case("/a//b", "/a//b")]
    #[case("/%2F%2Fevil.example", "/%2F%2Fevil.example")]
    #[case("/%5Cevil.example", "/%5Cevil.example")]
    #[case("/@evil.example", "/@evil.example")]
    #[case("/:80", "/:80")]
    fn a_path_is_gone_to(#[case] text: &str, #[case] path: &str) {
        assert_eq!(ReturnTo::parse(text).unwrap().to_string(), path);
    }

    #[rstest]
    #[case("")]
    #[case("datasets")]
    #[case("?q")]
    #[case("#x")]
    #[case(" /")]
    #[case("https://evil.example/")]
    #[case("//evil.example")]
    #[case("///evil.example")]
    #[case("/\\evil.example")]
    #[case("\\\\evil.example")]
    #[case("/a\\b")]
    #[case("/\t/evil.example")]
    #[case("/\n/evil.example")]
    #[case("/a\r\nset-cookie: x=y")]
    #[case("/a\0")]
    #[case("/a\u{7f}")]
    #[case("/a\u{85}")]
    #[case("/.//evil.example")]
    #[case("/..//evil.example")]
    #[case("/a/..//evil.example")]
    #[case("/%2e//evil.example")]
    #[case("/%2E%2e//evil.example")]
    #[case("javascript:alert(1)")]
    #[case("data:text/html,x")]
    fn everything_else_is_foreign(#[case] text: &str) {
        assert_eq!(ReturnTo::parse(text), Err(ReturnToError::Foreign));
    }

    #[test]
    fn a_path_is_not_longer_than_a_cookie_holds() {
        let of = |length: usize| ReturnTo::parse(&("/".to_owned() + &"a".repeat(length - 1)));
        assert!(of(MAX_BYTES).is_ok());
        assert_eq!(of(MAX_BYTES + 1), Err(ReturnToError::TooLong));
        // Nor once it is spelled out.
        let spelled = ReturnTo::parse(&format!("/{}", "川".repeat(400)));
        assert_eq!(spelled, Err(ReturnToError::TooLong));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_leads_to_this_server(text in "[/\\\\.%2fFeE5cC:@?#a\t\n ]{0,12}") {
            let Ok(path) = ReturnTo::parse(&text) else { return Ok(()) };
            let own = Url::parse("https://catalog.example:8443").unwrap();
            // Behind the address, as the answer has it, and by itself, as a page may take it.
            for reached in [own.join(&format!("https://catalog.example:8443{path}")), own.join(&path.to_string())] {
                prop_assert_eq!(reached.unwrap().origin(), own.origin());
            }
            prop_assert_eq!(ReturnTo::parse(&path.to_string()).unwrap(), path);
        }
    }
}
