//! Making secrets, comparing them, and keeping one for whoever shows another.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::random::random;

/// SHA-256 of a secret: what is kept of it. Client secrets, codes and refresh tokens are random, so a slow hash would only
/// slow us down.
pub type SecretHash = [u8; 32];

/// A secret of 192 bits in 32 characters, none of which means anything in a URL, a header or a shell.
pub fn random_secret() -> String {
    URL_SAFE_NO_PAD.encode(random::<24>())
}

/// A refresh token: 256 bits.
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// Letters and digits that are not mistaken for one another.
const READABLE: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";

/// A password for a person to type once: 100 bits in four groups of five characters.
pub fn random_password() -> String {
    let mut password = String::with_capacity(23);
    for (position, byte) in random::<20>().into_iter().enumerate() {
        if position > 0 && position % 5 == 0 {
            password.push('-');
        }
        // 256 is a multiple of 32: every character is equally likely.
        password.push(char::from(READABLE[usize::from(byte % 32)]));
    }
    password
}

/// What is kept of `secret`.
pub fn hash(secret: &str) -> SecretHash {
    Sha256::digest(secret).into()
}

/// Whether `secret` is the one that `kept` was made from, in time that tells nothing about where they differ.
pub fn matches(secret: &str, kept: &SecretHash) -> bool {
    hash(secret).ct_eq(kept).into()
}

/// What the key that a token gives is for, so that it is no key to anything else.
const SUCCESSOR: &[u8] = b"kakehashi: the successor of a refresh token";

/// `successor` so that only `token` gives it back: a nonce, then AES-256-GCM with a key that the token alone gives (HKDF). The
/// token's [`hash`] doesn't help.
///
/// # Panics
/// Never: a token is shorter than the 64 GiB that AES-GCM takes.
pub fn seal(successor: &str, token: &str) -> Vec<u8> {
    // Of two that present the same token at once each seals another successor with the same key.
    let nonce = random::<NONCE_LEN>();
    let mut sealed = successor.as_bytes().to_vec();
    key_of(token)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut sealed,
        )
        .expect("a token is short enough");
    [nonce.as_slice(), &sealed].concat()
}

/// What was sealed for `token`; `None` if it wasn't, or is damaged.
pub fn open(sealed: &[u8], token: &str) -> Option<String> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut rest = rest.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = key_of(token)
        .open_in_place(nonce, Aad::empty(), &mut rest)
        .ok()?;
    String::from_utf8(opened.to_vec()).ok()
}

/// The key that `token` gives. Tokens are random, so nothing has to slow anybody down.
fn key_of(token: &str) -> LessSafeKey {
    let extracted = Salt::none(HKDF_SHA256).extract(token.as_bytes());
    let key = extracted
        .expand(&[SUCCESSOR], &AES_256_GCM)
        .expect("a key of AES-256 is not too long for HKDF");
    LessSafeKey::new(UnboundKey::from(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_token_alone() {
        let (token, other, successor) = (random_token(), random_token(), random_token());
        let sealed = seal(&successor, &token);
        assert_eq!(open(&sealed, &token).as_deref(), Some(successor.as_str()));
        assert_eq!(open(&sealed, &other), None);
        // Neither from what is kept of the two, in whichever form.
        for kept in [hash(&token), hash(&successor)] {
            assert_eq!(open(&sealed, &hex::encode(kept)), None);
            assert_eq!(open(&sealed, &URL_SAFE_NO_PAD.encode(kept)), None);
        }
    }

    #[test]
    fn what_is_sealed_shows_nothing() {
        let (token, successor) = (random_token(), random_token());
        let (sealed, again) = (seal(&successor, &token), seal(&successor, &token));
        assert_ne!(sealed, again);
        assert_ne!(sealed[..NONCE_LEN], again[..NONCE_LEN]);
        let raw = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        for known in [
            token.as_bytes(),
            successor.as_bytes(),
            &raw(&token),
            &raw(&successor),
            &hash(&token),
            &hash(&successor),
        ] {
            // Eight bytes in a row come together by chance once in 10^17 times.
            for part in known.windows(8) {
                assert!(!sealed.windows(8).any(|there| there == part));
            }
        }
    }

    #[test]
    fn what_was_damaged_is_not_opened() {
        let (token, successor) = (random_token(), random_token());
        let sealed = seal(&successor, &token);
        for length in 0..sealed.len() {
            assert_eq!(open(&sealed[..length], &token), None, "{length}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed, &token), None, "{at}");
        }
    }

    #[test]
    fn secrets_differ_and_match_their_own_hash_only() {
        let (a, b) = (random_secret(), random_secret());
        assert_ne!(a, b);
        assert_eq!(a.len(), 32);
        assert!(matches(&a, &hash(&a)));
        assert!(!matches(&b, &hash(&a)));
    }

    #[test]
    fn passwords_are_groups_of_readable_characters() {
        let password = random_password();
        assert_eq!(password.len(), 23);
        assert!(
            password
                .split('-')
                .all(|group| group.bytes().all(|byte| READABLE.contains(&byte)))
        );
    }

    #[test]
    fn no_readable_character_occurs_twice() {
        let mut characters = READABLE.to_vec();
        characters.sort_unstable();
        characters.dedup();
        assert_eq!(characters.len(), 32);
    }
}
