//! Single byte ranges. Source: RFC 9110 §14.

use http::{HeaderMap, header};

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteRange {
    /// Position of the first one.
    pub first: u64,
    /// How many.
    pub len: u64,
}

impl ByteRange {
    /// The value of `Content-Range` for a file of `total` bytes.
    pub(super) fn content_range(self, total: u64) -> String {
        format!("bytes {}-{}/{total}", self.first, self.first + self.len - 1)
    }
}

/// What a request wants of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Requested {
    /// All of it: no range, one that is not understood, or several.
    Whole,
    /// A part of it.
    Part(ByteRange),
    /// A part that it does not have.
    Unsatisfiable,
}

/// Reads `Range` for a file of `total` bytes.
pub(super) fn requested(headers: &HeaderMap, total: u64) -> Requested {
    let text = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let Some((unit, set)) = text.and_then(|text| text.split_once('=')) else {
        return Requested::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return Requested::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else {
        return Requested::Whole;
    };
    match (position(first), position(last)) {
        (Some(first), Some(last)) if first <= last => part(first, last.saturating_add(1), total),
        (Some(first), None) if last.is_empty() => part(first, total, total),
        (None, Some(0)) if first.is_empty() => Requested::Unsatisfiable,
        (None, Some(suffix)) if first.is_empty() => {
            part(total.saturating_sub(suffix), total, total)
        }
        _ => Requested::Whole,
    }
}

fn position(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn part(first: u64, end: u64, total: u64) -> Requested {
    let end = end.min(total);
    if first >= end {
        return Requested::Unsatisfiable;
    }
    Requested::Part(ByteRange {
        first,
        len: end - first,
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn read(text: &str) -> Requested {
        let value = HeaderValue::from_str(text).expect("header text");
        requested(&HeaderMap::from_iter([(header::RANGE, value)]), 10)
    }

    fn bytes(first: u64, len: u64) -> Requested {
        Requested::Part(ByteRange { first, len })
    }

    #[rstest]
    #[case("bytes=0-3", bytes(0, 4))]
    #[case("bytes=5-", bytes(5, 5))]
    #[case("bytes=-3", bytes(7, 3))]
    #[case("bytes=-99", bytes(0, 10))]
    #[case("bytes=8-99", bytes(8, 2))]
    #[case("bytes=0-18446744073709551615", bytes(0, 10))]
    #[case("bytes=10-", Requested::Unsatisfiable)]
    #[case("bytes=-0", Requested::Unsatisfiable)]
    #[case("bytes=3-1", Requested::Whole)]
    #[case("bytes=0-1,3-4", Requested::Whole)]
    #[case("items=0-1", Requested::Whole)]
    #[case("bytes=+1-2", Requested::Whole)]
    #[case("bytes=-", Requested::Whole)]
    #[case("bytes=99999999999999999999-", Requested::Whole)]
    fn ranges_are_read(#[case] text: &str, #[case] expected: Requested) {
        assert_eq!(read(text), expected);
    }

    #[test]
    fn an_empty_file_has_no_part() {
        let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static("bytes=0-"))]);
        assert_eq!(requested(&headers, 0), Requested::Unsatisfiable);
    }

    proptest! {
        #[test]
        fn a_part_lies_inside_the_file(text in "bytes=[0-9]{0,3}-[0-9]{0,3}") {
            if let Requested::Part(range) = read(&text) {
                prop_assert!(range.len > 0 && range.first + range.len <= 10);
            }
        }
    }
}
