//! Receipts as the file keeps them.
//!
//! A ledger tells salt and core as strings of JSON. Without quotes and escapes they are an eighth shorter, and that eighth decides:
//! a row of these tables that has more than some 1,000 bytes takes a page of its own for the rest, and writing that page costs
//! more than writing the row.

use std::borrow::Cow;

use provenance_model::commitment::Salt;

/// The first byte of a receipt that is salt and core; JSON begins with a brace.
const PLAIN: u8 = 1;

/// `receipt` as it is kept: salt and core alone where it says nothing else, otherwise as it is.
pub(super) fn pack(receipt: &[u8]) -> Cow<'_, [u8]> {
    match plain(receipt) {
        Some((salt, core)) => {
            let kept = [&[PLAIN], &salt.0[..], core.as_bytes()];
            kept.concat().into()
        }
        None => receipt.into(),
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
fn plain(receipt: &[u8]) -> Option<(Salt, String)> {
    let text = std::str::from_utf8(receipt).ok()?;
    let (salt, rest) = text
        .strip_prefix(r#"{"salt":""#)?
        .split_once(r#"","core":"#)?;
    // One string and no more: another member would end it.
    let core = serde_json::from_str(rest.strip_suffix('}')?).ok()?;
    Some((Salt::from_base64(salt)?, core))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use provenance_model::batch::Receipt;
    use rstest::rstest;

    use super::*;

    proptest! {
        #[test]
        fn what_our_ledgers_write_comes_back_and_is_shorter(salt: [u8; 32], core in "\\{\"a\":\"\\PC*\"\\}") {
            let receipt = Receipt {
                salt: Some(Salt(salt).to_base64()),
                core: Some(core),
                ..Receipt::default()
            };
            let text = serde_json::to_vec(&receipt).unwrap();
            let kept = pack(&text);
            prop_assert!(kept.len() < text.len());
            prop_assert_eq!(unpack(kept.into_owned()), text);
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
    #[case::not_json("\u{1}")]
    #[case::of_plain_form_but_short("\u{1}short")]
    fn what_says_something_else_is_kept_as_it_is(#[case] text: &str) {
        assert_eq!(&*pack(text.as_bytes()), text.as_bytes());
        assert_eq!(unpack(text.as_bytes().to_vec()), text.as_bytes());
    }

    #[test]
    fn what_is_kept_and_cannot_be_read_stays_what_it_is() {
        let kept = [&[PLAIN][..], &[7; 32], b"\xff"].concat();
        assert_eq!(unpack(kept.clone()), kept);
    }
}
