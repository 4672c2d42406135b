//! Receipts as the file keeps them.
//!
//! A ledger tells salt and core as strings of JSON. Without quotes and escapes they are an eighth shorter, and that eighth decides:
//! a row of these tables that has more than some 1,000 bytes takes a page of its own for the rest, and writing that page costs
//! more than writing the row.

use provenance_model::commitment::Salt;
use serde_json::value::RawValue;

/// The first byte of a receipt that is salt and core; JSON begins with a brace.
const PLAIN: u8 = 1;

/// What stands before the core.
const PREFIX: usize = 1 + 32;

/// A receipt as it is kept: salt and core alone where it says nothing else, otherwise as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed(Vec<u8>);

impl Packed {
    pub(super) fn new(receipt: &RawValue) -> Self {
        Self(plain(receipt).unwrap_or_else(|| receipt.get().as_bytes().to_vec()))
    }

    /// One that says nothing.
    pub(super) fn empty() -> Self {
        Self(b"{}".to_vec())
    }

    /// The core, where there is a salt and nothing else.
    pub(super) fn core(&self) -> Option<&str> {
        let core = self.0.strip_prefix(&[PLAIN])?.get(PREFIX - 1..)?;
        std::str::from_utf8(core).ok()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The JSON of a receipt that was kept.
pub(super) fn unpack(kept: Vec<u8>) -> Vec<u8> {
    let read = |kept: &[u8]| {
        let (salt, core) = kept.strip_prefix(&[PLAIN])?.split_first_chunk::<32>()?;
        let core = serde_json::to_string(std::str::from_utf8(core).ok()?).ok()?;
        let salt = Salt(*salt).to_base64();
        Some(format!(r#"{{"salt":"{salt}","core":{core}}}"#).into_bytes())
    };
    read(&kept).unwrap_or(kept)
}

/// Salt and core of a receipt that is nothing else, in the form in which our ledgers write it.
fn plain(receipt: &RawValue) -> Option<Vec<u8>> {
    let (salt, core) = receipt
        .get()
        .strip_prefix(r#"{"salt":""#)?
        .split_once(r#"","core":"#)?;
    let core = core.strip_suffix('}')?;
    let mut kept = Vec::with_capacity(PREFIX + core.len());
    kept.push(PLAIN);
    kept.extend(Salt::from_base64(salt)?.0);
    if !unescape(core, &mut kept) {
        // One string and no more: another member would end it.
        let core: String = serde_json::from_str(core).ok()?;
        kept.truncate(PREFIX);
        kept.extend(core.as_bytes());
    }
    Some(kept)
}

/// Appends what the string `json` says; `false` if it is more than one string, or has other escapes than those of quotes and
/// backslashes. A core has hardly any others, and some hundred of these: read by `serde_json` it costs three times as much.
fn unescape(json: &str, into: &mut Vec<u8>) -> bool {
    let Some(text) = json.strip_prefix('"') else {
        return false;
    };
    let text = text.as_bytes();
    let (mut begin, mut searched) = (0, 0);
    while let Some(found) = text[searched..]
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\'))
    {
        let at = searched + found;
        into.extend_from_slice(&text[begin..at]);
        match text[at..] {
            [b'"'] => return true,
            [b'\\', b'"' | b'\\', ..] => (begin, searched) = (at + 1, at + 2),
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use provenance_model::batch::Receipt;
    use rstest::rstest;

    use super::*;

    fn packed(receipt: &str) -> Packed {
        Packed::new(serde_json::from_str(receipt).expect("it is JSON"))
    }

    proptest! {
        #[test]
        fn what_our_ledgers_write_comes_back_and_is_shorter(salt: [u8; 32], core in "\\{\"a\":\"[\\PC\\\\\"\n\u{1}]*\"\\}") {
            let receipt = Receipt {
                salt: Some(Salt(salt).to_base64()),
                core: Some(core),
                ..Receipt::default()
            };
            let text = serde_json::to_string(&receipt).unwrap();
            let kept = packed(&text);
            prop_assert!(kept.as_bytes().len() < text.len());
            prop_assert_eq!(kept.core(), receipt.core.as_deref());
            prop_assert_eq!(unpack(kept.0), text.into_bytes());
        }
    }

    const SALT: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

    #[rstest]
    #[case::none("{}")]
    #[case::another_order(&format!(r#"{{"core":"c","salt":"{SALT}"}}"#))]
    #[case::a_member_more(&format!(r#"{{"salt":"{SALT}","core":"c","index":3}}"#))]
    #[case::a_member_before(&format!(r#"{{"index":3,"salt":"{SALT}","core":"c"}}"#))]
    #[case::no_core(&format!(r#"{{"salt":"{SALT}"}}"#))]
    #[case::core_is_null(&format!(r#"{{"salt":"{SALT}","core":null}}"#))]
    #[case::no_salt(r#"{"salt":"","core":"c"}"#)]
    #[case::a_string_more(&format!(r#"{{"salt":"{SALT}","core":"c","c":"d"}}"#))]
    #[case::core_is_a_list(&format!(r#"{{"salt":"{SALT}","core":["c"]}}"#))]
    fn what_says_something_else_is_kept_as_it_is(#[case] text: &str) {
        let kept = packed(text);
        assert_eq!(kept.core(), None);
        assert_eq!(kept.as_bytes(), text.as_bytes());
        assert_eq!(unpack(kept.0), text.as_bytes());
    }

    #[rstest]
    #[case("")]
    #[case(r#"\"\\\""#)]
    #[case(r"\\")]
    #[case(r#"\/\"\u0041\n"#)]
    #[case("\u{1f600}架")]
    fn a_core_is_what_its_string_says(#[case] json: &str) {
        let core: String = serde_json::from_str(&format!("\"{json}\"")).unwrap();
        let kept = packed(&format!(r#"{{"salt":"{SALT}","core":"{json}"}}"#));
        assert_eq!(kept.core(), Some(&*core));
    }

    #[test]
    fn what_is_kept_and_cannot_be_read_stays_what_it_is() {
        let kept = [&[PLAIN][..], &[7; 32], b"\xff"].concat();
        assert_eq!(unpack(kept.clone()), kept);
    }
}
