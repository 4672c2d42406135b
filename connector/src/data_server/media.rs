//! Media types of files.

use std::path::Path;

use http::HeaderValue;

/// The media type by the extension of `path`; of text also the character set, where its `start` can be read in one alone.
///
/// A wrong `charset` is worse than none, and Japanese CSV is found in UTF-8, `Shift_JIS`, EUC-JP and others, so the bytes decide.
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
    let charset = essence
        .starts_with("text/")
        .then(|| charset(start, is_whole))
        .flatten();
    let text = match charset {
        Some(charset) => format!("{essence}; charset={charset}"),
        None => essence,
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// The only character set that `start` can be in, whose last character is cut unless it `is_whole`.
fn charset(start: &[u8], is_whole: bool) -> Option<&'static str> {
    // UTF-16 and UTF-32 have NUL in every line, the escapes of ISO-2022-JP are ASCII.
    if has_controls(start) {
        return None;
    }
    if start.is_ascii() {
        // What comes behind may be in anything.
        return is_whole.then_some("utf-8");
    }
    let is_utf8 = match std::str::from_utf8(start) {
        Ok(_) => true,
        Err(error) => !is_whole && error.error_len().is_none(),
    };
    let shift_jis = shift_jis(start, is_whole);
    if is_euc_jp(start, is_whole) {
        return None;
    }
    if is_utf8 {
        // Pairs of bytes may be half-width katakana as well. That a longer text in Shift_JIS makes UTF-8 of three bytes by chance
        // is out of the question.
        let is_only = shift_jis == Reading::No || start.iter().any(|byte| *byte >= 0xe0);
        return is_only.then_some("utf-8");
    }
    (shift_jis == Reading::Only).then_some("shift_jis")
}

/// Whether there are characters that text in an ASCII-compatible character set has no use for.
fn has_controls(bytes: &[u8]) -> bool {
    let is_control =
        |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c);
    // A branch for each piece, not for each byte.
    bytes
        .chunks(1024)
        .any(|piece| piece.iter().fold(false, |any, byte| any | is_control(byte)))
}

/// How well a text fits a character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    No,
    Possible,
    /// Among those that use the same bytes.
    Only,
}

/// A single-byte set of Latin letters has every pair of bytes too, an apostrophe and a letter for example. Two characters of two
/// bytes in a row, one of them of those that begin where Latin letters don't, it has not.
///
/// Source: JIS X 0208:1997, annex 1, with the extensions of code page 932.
fn shift_jis(bytes: &[u8], is_whole: bool) -> Reading {
    let mut rest = bytes.iter();
    let mut reading = Reading::Possible;
    let mut row = 0;
    let mut is_usual = false;
    while let Some(byte) = rest.next() {
        match byte {
            0x00..=0x7e | 0xa1..=0xdf => {
                (row, is_usual) = (0, false);
                continue;
            }
            0x81..=0x9f | 0xe0..=0xfc => {}
            _ => return Reading::No,
        }
        match rest.next() {
            Some(0x40..=0x7e | 0x80..=0xfc) => {}
            None if !is_whole => {}
            _ => return Reading::No,
        }
        row += 1;
        is_usual |= *byte <= 0x9f;
        if row >= 2 && is_usual {
            reading = Reading::Only;
        }
    }
    reading
}

/// Source: JIS X 0208 and 0212 in code sets 1 to 3 of EUC.
fn is_euc_jp(bytes: &[u8], is_whole: bool) -> bool {
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        let more = match byte {
            0x00..=0x7f => 0,
            0x8e | 0xa1..=0xfe => 1,
            0x8f => 2,
            _ => return false,
        };
        for _ in 0..more {
            match rest.next() {
                Some(0xa1..=0xfe) => {}
                None if !is_whole => return true,
                _ => return false,
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// `日付,水位` and a line of numbers.
    const UTF_8: &[u8] = "日付,水位\n2024-01-09,1.2\n".as_bytes();
    const CP932: &[u8] = b"\x93\xfa\x95t,\x90\x85\x88\xca\n2024-01-09,1.2\n";
    const EUC_JP: &[u8] = b"\xc6\xfc\xc9\xd5,\xbf\xe5\xb0\xcc\n2024-01-09,1.2\n";
    const ISO_2022_JP: &[u8] = b"\x1b$BF|IU\x1b(B,\x1b$B?e0L\x1b(B\n2024-01-09,1.2\n";

    fn utf_16(big: bool) -> Vec<u8> {
        let order = if big {
            u16::to_be_bytes
        } else {
            u16::to_le_bytes
        };
        let text = std::str::from_utf8(UTF_8).unwrap();
        text.encode_utf16().flat_map(order).collect()
    }

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

    #[rstest]
    #[case::utf_8(UTF_8, Some("utf-8"))]
    #[case::utf_8_with_a_mark("\u{feff}a,b\n".as_bytes(), Some("utf-8"))]
    #[case::utf_8_hiragana("ああ".as_bytes(), Some("utf-8"))]
    #[case::utf_8_of_four_bytes("a,𠮷\n".as_bytes(), Some("utf-8"))]
    #[case::utf_8_latin("À,1\n".as_bytes(), Some("utf-8"))]
    #[case::utf_8_latin_or_katakana_or_kanji("µg/m³\n".as_bytes(), None)]
    #[case::utf_8_katakana_or_kanji("ｱｱ".as_bytes(), None)]
    #[case::code_page_932(CP932, Some("shift_jis"))]
    #[case::shift_jis_hiragana(b"\x82\xa0\x82\xa2,1\n", Some("shift_jis"))]
    #[case::shift_jis_kanji_of_the_second_level(b"\xe0\x9f\x96~\n", Some("shift_jis"))]
    #[case::shift_jis_with_half_width_katakana(b"\xb6\xc5,\x93\xfa\x95t\n", Some("shift_jis"))]
    #[case::half_width_katakana_alone(b"\xb6\xc5\xb1\n", None)]
    #[case::euc_jp(EUC_JP, None)]
    #[case::euc_jp_with_half_width_katakana(b"\x8e\xb1\x8e\xb2,1\n", None)]
    #[case::euc_jp_of_three_bytes(b"\x8f\xb0\xa1\xc6\xfc\n", None)]
    #[case::iso_2022_jp(ISO_2022_JP, None)]
    #[case::utf_16_little(&utf_16(false), None)]
    #[case::utf_16_big(&utf_16(true), None)]
    #[case::utf_16_of_ascii(b"a\0,\x001\0\n\0", None)]
    #[case::utf_32_of_ascii(b"a\0\0\0\n\0\0\0", None)]
    #[case::latin_1(b"Universit\xe4t\n", None)]
    #[case::latin_1_s(b"Stra\xdfe\n", None)]
    #[case::windows_1252(b"it isn\x92t\n", None)]
    #[case::windows_1251(b"\xcf\xf0\xe8\xe2\xe5\xf2\n", None)]
    #[case::gbk(b"\xc8\xd5\xc6\xda,1\n", None)]
    #[case::big5(b"\xa4\xe9\xb4\xc1,1\n", None)]
    #[case::binary(b"\x00\x01\x02", None)]
    #[case::ascii(b"a,b\r\n1\t2\x0c\n", Some("utf-8"))]
    #[case::empty(b"", Some("utf-8"))]
    fn a_character_set_is_said_where_it_is_the_only_reading(
        #[case] text: &[u8],
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(charset(text, true), expected);
    }

    #[rstest]
    #[case::cut_utf_8(&"あ".as_bytes()[..2], Some("utf-8"))]
    #[case::cut_shift_jis(b"\x92n\x93", Some("shift_jis"))]
    #[case::cut_euc_jp(b"\xc6\xfc\xc9", None)]
    #[case::ascii_so_far(b"date,level\n", None)]
    fn of_a_window_the_last_character_may_be_cut_and_the_rest_be_anything(
        #[case] start: &[u8],
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(charset(start, false), expected);
    }
}
