//! Making secrets and comparing them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// SHA-256 of a secret: what is kept of it. Client secrets, codes and refresh tokens are random, so a slow hash would only
/// slow us down.
pub type SecretHash = [u8; 32];

/// `N` random bytes.
///
/// # Panics
/// If the operating system has no randomness, which leaves nothing sensible to do.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system provides randomness");
    bytes
}

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

#[cfg(test)]
mod tests {
    use super::*;

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
