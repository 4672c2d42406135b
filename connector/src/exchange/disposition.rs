//! `Content-Disposition` of a delivered file.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Bytes that `ext-value` may carry unencoded. Source: RFC 8187 §3.2.1, `attr-char`.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// `attachment` with `file_name`; a name that ASCII cannot carry is given twice, plain for old readers and encoded.
///
/// Plain names stay unquoted, as the CADDE reference sends them and its callers cut them out.
///
/// Source: RFC 6266 §4.1 and §4.3.
pub fn attachment(file_name: &str) -> HeaderValue {
    let text = if file_name.is_empty() {
        "attachment".to_owned()
    } else if file_name.bytes().all(is_token) {
        format!("attachment; filename={file_name}")
    } else {
        let quoted: String = file_name.chars().map(plain).collect();
        format!(
            "attachment; filename=\"{quoted}\"; filename*=UTF-8''{}",
            utf8_percent_encode(file_name, ATTR_CHAR)
        )
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// What stands in the quoted form: no quotes, escapes or separators that a file system would take as a path.
fn plain(character: char) -> char {
    match character {
        '"' | '\\' | '/' | '%' => '_',
        ' '..='~' => character,
        _ => '_',
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a.csv", "attachment; filename=a.csv")]
    #[case("", "attachment")]
    #[case(
        "a b.csv",
        "attachment; filename=\"a b.csv\"; filename*=UTF-8''a%20b.csv"
    )]
    #[case(
        "表.csv",
        "attachment; filename=\"_.csv\"; filename*=UTF-8''%E8%A1%A8.csv"
    )]
    #[case(
        "x\"; y=1",
        "attachment; filename=\"x_; y=1\"; filename*=UTF-8''x%22%3B%20y%3D1"
    )]
    fn names_are_given_as_rfc_6266_says(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(attachment(name), expected);
    }

    proptest! {
        #[test]
        fn every_name_gives_a_header(name in "\\PC{0,24}") {
            let value = attachment(&name);
            prop_assert!(value.to_str().unwrap().starts_with("attachment"));
        }
    }
}
