//! Randomness.

/// `N` random bytes.
///
/// # Panics
/// If the operating system has no randomness, which leaves nothing sensible to do.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system provides randomness");
    bytes
}
