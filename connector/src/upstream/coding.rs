//! How content is coded where it lies: a `.csv.gz` that is served as a coded CSV comes so whatever was asked for.

use http::{HeaderMap, HeaderValue, header};

/// Codings that leave the bytes as they are: none, and the one that stays with objects that were uploaded in signed pieces.
const PLAIN: [&[u8]; 2] = [b"identity", b"aws-chunked"];

/// Longest list of codings, in bytes: nothing is coded more than twice or thrice.
const MAX_BYTES: usize = 64;

/// A coding that the next hop could not be told of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the content is coded as {0:?}")]
pub struct CodingError(pub String);

/// What is said of the content's coding, if it is coded: all lines of `Content-Encoding` together, each a list whose elements may
/// be empty (RFC 9110 §5.3, §5.6.1.2, §8.4). The bytes mean nothing without it, so it goes where they go.
///
/// # Errors
/// [`CodingError`] for what is no list of codings.
pub fn content_coding(headers: &HeaderMap) -> Result<Option<HeaderValue>, CodingError> {
    let mut codings = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|coding| {
            let is_plain = |plain: &[u8]| coding.eq_ignore_ascii_case(plain);
            !coding.is_empty() && !PLAIN.into_iter().any(is_plain)
        });
    let Some(first) = codings.next() else {
        return Ok(None);
    };
    let mut is_list = is_token(first);
    let mut all = first.to_vec();
    for coding in codings {
        is_list &= is_token(coding);
        all.extend(b", ");
        all.extend(coding);
    }
    is_list &= all.len() <= MAX_BYTES;
    match HeaderValue::from_bytes(&all) {
        Ok(value) if is_list => Ok(Some(value)),
        _ => {
            all.truncate(MAX_BYTES);
            Err(CodingError(String::from_utf8_lossy(&all).into_owned()))
        }
    }
}

/// RFC 9110 §5.6.2.
fn is_token(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(lines: &[&str]) -> Result<Option<HeaderValue>, CodingError> {
        let latin1 = |line: &&str| line.chars().map(|c| c as u8).collect::<Vec<u8>>();
        let lines = lines.iter().map(|line| {
            let value = HeaderValue::from_bytes(&latin1(line)).expect("a header");
            (header::CONTENT_ENCODING, value)
        });
        content_coding(&lines.collect())
    }

    #[rstest]
    #[case(&[], None)]
    #[case(&[""], None)]
    #[case(&["identity"], None)]
    #[case(&["Identity, , identity", ","], None)]
    #[case(&["aws-chunked"], None)]
    #[case(&["gzip"], Some("gzip"))]
    #[case(&["identity", "gzip"], Some("gzip"))]
    #[case(&["identity,gzip"], Some("gzip"))]
    #[case(&["", "identity", " ,\tbr ,"], Some("br"))]
    #[case(&["aws-chunked,gzip"], Some("gzip"))]
    #[case(&["gzip", "identity", "br"], Some("gzip, br"))]
    #[case(&["x-of-our-own"], Some("x-of-our-own"))]
    fn all_lines_and_elements_count(#[case] lines: &[&str], #[case] expected: Option<&str>) {
        let expected = expected.map(HeaderValue::from_str).transpose().unwrap();
        assert_eq!(read(lines), Ok(expected));
    }

    #[rstest]
    #[case(&["identity;q=1"], "identity;q=1")]
    #[case(&["gzip", "b r"], "gzip, b r")]
    #[case(&["x-\u{e9}"], "x-\u{fffd}")]
    #[case(&["\"gzip\""], "\"gzip\"")]
    fn what_is_no_coding_is_named(#[case] lines: &[&str], #[case] expected: &str) {
        assert_eq!(read(lines), Err(CodingError(expected.to_owned())));
    }

    #[test]
    fn a_long_list_is_none_and_its_name_is_cut() {
        let many = vec!["gzip"; 1000];
        for lines in [&many, &vec![&"x".repeat(5000)[..]]] {
            assert_eq!(read(lines).unwrap_err().0.len(), MAX_BYTES);
        }
    }
}
