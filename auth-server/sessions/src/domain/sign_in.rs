//! A sign-in under way: everything that its answer is checked by lies, sealed, in the browser that began it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use zeroize::{Zeroize as _, Zeroizing};

use super::return_to::ReturnTo;
use crate::{key::Sealer, random::random_text};

/// A sign-in that was begun.
#[derive(Serialize, Deserialize)]
pub(crate) struct BegunSignIn {
    /// Comes back with the answer (RFC 6749 §10.12).
    pub(crate) state: String,
    /// Stands in the `id_token` (`OpenID` Connect Core 1.0 §3.1.2.1).
    pub(crate) nonce: String,
    /// Redeems the code together with it (RFC 7636 §4.1).
    pub(crate) verifier: String,
    /// Where to go on.
    pub(crate) return_to: ReturnTo,
    /// When it was begun.
    #[serde(with = "time::serde::timestamp")]
    at: OffsetDateTime,
}

impl Drop for BegunSignIn {
    fn drop(&mut self) {
        self.verifier.zeroize();
    }
}

impl BegunSignIn {
    /// One that begins now.
    pub(crate) fn new(return_to: ReturnTo, now: OffsetDateTime) -> Self {
        Self {
            state: random_text(),
            nonce: random_text(),
            verifier: random_text(),
            return_to,
            at: now,
        }
    }

    /// What is shown of the verifier before the code is redeemed: its SHA-256 (RFC 7636 §4.2).
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }

    /// As a cookie's value.
    ///
    /// # Panics
    /// Never: it is plain data.
    pub(crate) fn seal(&self, by: &Sealer) -> String {
        let json = serde_json::to_vec(self).expect("texts and a time are JSON");
        URL_SAFE_NO_PAD.encode(by.seal(&Zeroizing::new(json), b""))
    }

    /// What a cookie's value holds, unless it is none of ours or older than `lasts`.
    pub(crate) fn open(
        value: &str,
        by: &Sealer,
        (now, lasts): (OffsetDateTime, std::time::Duration),
    ) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let json = by.open(&sealed, b"")?;
        let begun: Self = serde_json::from_slice(&json).ok()?;
        (now < begun.at + lasts).then_some(begun)
    }

    /// Whether an answer with this `state` is the one to it.
    pub(crate) fn is_answered_by(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;
    use crate::key::KeyFile;

    const NOW: OffsetDateTime = datetime!(2026-04-01 9:00 UTC);
    const LASTS: Duration = Duration::from_mins(10);

    fn sealer() -> Sealer {
        let folder = tempfile::tempdir().expect("a folder");
        let key = KeyFile::open(&folder.path().join("key")).expect("a key");
        key.sealer("sign-in")
    }

    #[test]
    fn it_is_what_was_begun_until_its_time_is_over() {
        let sealer = sealer();
        let begun = BegunSignIn::new(ReturnTo::parse("/x").unwrap(), NOW);
        let value = begun.seal(&sealer);
        let open = |at| BegunSignIn::open(&value, &sealer, (at, LASTS));
        let again = open(NOW + LASTS - Duration::from_secs(1)).unwrap();
        assert_eq!(again.verifier, begun.verifier);
        assert_eq!(again.return_to, begun.return_to);
        assert!(again.is_answered_by(&begun.state));
        assert!(!again.is_answered_by(&begun.nonce) && !again.is_answered_by(""));
        assert!(open(NOW + LASTS).is_none());
    }

    #[test]
    fn nobody_else_makes_one_and_nobody_reads_it() {
        let (own, other) = (sealer(), sealer());
        let begun = BegunSignIn::new(ReturnTo::default(), NOW);
        let value = begun.seal(&own);
        assert!(BegunSignIn::open(&value, &other, (NOW, LASTS)).is_none());
        for garbage in ["", "A", "!!!", &value[1..]] {
            assert!(BegunSignIn::open(garbage, &own, (NOW, LASTS)).is_none());
        }
        let raw = URL_SAFE_NO_PAD.decode(&value).unwrap();
        for secret in [&begun.state, &begun.nonce, &begun.verifier] {
            let shown = |bytes: &[u8]| bytes.windows(8).any(|w| w == &secret.as_bytes()[..8]);
            assert!(!shown(&raw) && !shown(value.as_bytes()));
        }
    }

    #[test]
    fn the_longest_fits_into_a_cookie() {
        let path = ReturnTo::parse(&format!("/{}", "\"".repeat(600))).unwrap();
        let long = ReturnTo::parse(&format!("/{}", "a".repeat(2047))).unwrap();
        for return_to in [path, long] {
            let value = BegunSignIn::new(return_to, NOW).seal(&sealer());
            // A name of a DNS name besides.
            assert!(value.len() + 300 < 4096, "{}", value.len());
        }
    }

    #[test]
    fn each_is_another_and_the_challenge_is_that_of_the_standard() {
        let begun = || BegunSignIn::new(ReturnTo::default(), NOW);
        let (one, two) = (begun(), begun());
        for (a, b) in [
            (&one.state, &two.state),
            (&one.nonce, &two.nonce),
            (&one.verifier, &two.verifier),
            (&one.state, &one.nonce),
            (&one.nonce, &one.verifier),
        ] {
            assert_ne!(a, b);
            assert_eq!(a.len(), 43);
        }
        // RFC 7636, appendix B.
        let mut known = begun();
        known.verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        assert_eq!(
            known.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
