//! Media types of files.

use std::path::Path;

use http::HeaderValue;

/// The media type by the extension of `path`; of text also the character set, as far as its `start` shows one.
///
/// A wrong `charset` is worse than none, and Japanese CSV is found in UTF-8 and in `Shift_JIS` alike, so the bytes
/// decide.
pub(super) fn media_type(path: &Path, start: &[u8], len: u64) -> HeaderValue {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let essence = match extension.as_str() {
        "geojson" => "application/geo+json".to_owned(),
        "jsonld" => "application/ld+json".to_owned(),
        "ndjson" | "jsonl" => "application/x-ndjson".to_owned(),
        "parquet" => "application/vnd.apache.parquet".to_owned(),
        "gpkg" => "application/geopackage+sqlite3".to_owned(),
        "tsv" => "text/tab-separated-values".to_owned(),
        _ => mime_guess::from_path(path)
            .first_or_octet_stream()
            .essence_str()
            .to_owned(),
    };
    let is_whole = start.len() as u64 == len;
    let text = match charset(start, is_whole) {
        Some(charset) if essence.starts_with("text/") => format!("{essence}; charset={charset}"),
        _ => essence,
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// The character set of `start`, whose last character is cut unless it `is_whole`.
fn charset(start: &[u8], is_whole: bool) -> Option<&'static str> {
    match std::str::from_utf8(start) {
        Ok(_) => Some("utf-8"),
        Err(error) if !is_whole && error.error_len().is_none() => Some("utf-8"),
        Err(_) => is_shift_jis(start, is_whole).then_some("shift_jis"),
    }
}

/// Source: JIS X 0208:1997, annex 1, with the extensions of code page 932.
fn is_shift_jis(bytes: &[u8], is_whole: bool) -> bool {
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            0x00..=0x7e | 0xa1..=0xdf => {}
            0x81..=0x9f | 0xe0..=0xfc => match rest.next() {
                Some(0x40..=0x7e | 0x80..=0xfc) => {}
                Some(_) => return false,
                None => return !is_whole,
            },
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a.csv", "地点".as_bytes(), "text/csv; charset=utf-8")]
    #[case("A.CSV", b"a,b", "text/csv; charset=utf-8")]
    #[case("a.csv", b"\x92n\x93_,1", "text/csv; charset=shift_jis")]
    #[case("a.csv", b"\xff\xfe", "text/csv")]
    #[case("a.geojson", b"{}", "application/geo+json")]
    #[case("a.json", b"{}", "application/json")]
    #[case("a.zip", b"PK", "application/zip")]
    #[case("a", b"", "application/octet-stream")]
    fn a_file_has_its_media_type(#[case] path: &str, #[case] start: &[u8], #[case] expected: &str) {
        assert_eq!(
            media_type(Path::new(path), start, start.len() as u64),
            expected
        );
    }

    #[test]
    fn a_character_cut_at_the_end_of_the_window_is_none_the_worse() {
        let text = "あ".as_bytes();
        assert_eq!(
            media_type(Path::new("a.txt"), &text[..2], 3),
            "text/plain; charset=utf-8"
        );
        assert_eq!(
            media_type(Path::new("a.txt"), b"\x92n\x93", 4),
            "text/plain; charset=shift_jis"
        );
    }
}
