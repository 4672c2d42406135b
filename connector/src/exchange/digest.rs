//! SHA-256 and length of a body, computed while it passes.

use aws_lc_rs::digest::{Context, SHA256};

/// Digest and length of a body that passed whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyDigest {
    /// SHA-256 over the bytes as delivered.
    pub sha256: [u8; 32],
    /// Number of bytes.
    pub len: u64,
}

impl BodyDigest {
    /// The digest of bytes that are all there.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digester = Digester::new();
        digester.update(bytes);
        digester.finish()
    }

    /// The SHA-256 in lower-case hexadecimal, written to `digits`: into a new string, `hex` puts them one at a time.
    pub(super) fn hex<'d>(&self, digits: &'d mut [u8; 64]) -> Option<&'d str> {
        hex::encode_to_slice(self.sha256, digits).ok()?;
        std::str::from_utf8(digits).ok()
    }
}

/// Computes a [`BodyDigest`] frame by frame.
#[derive(Clone)]
pub struct Digester {
    sha256: Context,
    len: u64,
}

impl Digester {
    /// Starts with no bytes.
    #[expect(
        clippy::new_without_default,
        reason = "a digest of nothing is not a default that anybody wants"
    )]
    pub fn new() -> Self {
        Self {
            sha256: Context::new(&SHA256),
            len: 0,
        }
    }

    /// Takes the next bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.len += bytes.len() as u64;
    }

    /// Bytes so far.
    pub fn passed(&self) -> u64 {
        self.len
    }

    /// Digest and length of all bytes.
    pub fn finish(self) -> BodyDigest {
        let digest = self.sha256.finish();
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest.as_ref());
        BodyDigest {
            sha256,
            len: self.len,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_give_the_digest_of_the_whole() {
        let mut digester = Digester::new();
        digester.update(b"a");
        digester.update(b"bc");
        let digest = digester.finish();
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            digest.hex(&mut [0; 64]),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        assert_eq!(digest.len, 3);
        assert_eq!(digest, BodyDigest::of(b"abc"));
    }
}
