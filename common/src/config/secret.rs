//! Secrets, which the configuration only points to.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::ConfigError;

/// The path of a file that holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretFile(pub PathBuf);

impl SecretFile {
    /// Reads the secret. One line end and a byte order mark are what editors add, and no part of it; a control character is none
    /// that anybody typed, and would go on as part of a password that nobody knows.
    ///
    /// # Errors
    /// [`ConfigError::Read`], [`ConfigError::Secret`].
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        let text = std::fs::read_to_string(&self.0).map_err(|source| ConfigError::Read {
            path: self.0.clone(),
            source,
        })?;
        let text = Zeroizing::new(text);
        let secret = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let secret = secret.strip_suffix('\n').unwrap_or(secret);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        if secret.contains(char::is_control) {
            return Err(ConfigError::Secret {
                path: self.0.clone(),
                reason: "it has a control character or more than one line",
            });
        }
        Ok(SecretString::from(secret))
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(bytes: &[u8]) -> Result<SecretString, ConfigError> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), bytes).expect("a writable temporary file");
        SecretFile(file.path().to_owned()).read()
    }

    #[rstest]
    #[case(b"secret")]
    #[case(b"secret\n")]
    #[case(b"secret\r\n")]
    #[case(b"secret\r")]
    #[case(b"\xef\xbb\xbfsecret")]
    #[case(b"\xef\xbb\xbfsecret\r\n")]
    fn what_an_editor_adds_is_no_part_of_a_secret(#[case] bytes: &[u8]) {
        assert_eq!(read(bytes).unwrap().expose_secret(), "secret");
    }

    #[rstest]
    #[case(" secret ", " secret ")]
    #[case("秘密\n", "秘密")]
    #[case("", "")]
    fn everything_else_is(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(read(text.as_bytes()).unwrap().expose_secret(), expected);
    }

    #[rstest]
    #[case(b"secret\n\n")]
    #[case(b"secret\r\r\n")]
    #[case(b"secret\n\r\n")]
    #[case(b"se\tcret")]
    #[case(b"se\0cret")]
    #[case(b"se\x1bcret")]
    #[case(b"one\ntwo\n")]
    #[case(b"s\0e\0c\0")]
    #[case(b"\xff\xfes\0e\0")]
    #[case(b"secret\x7f")]
    #[case(b"secret\xc2\x85")]
    fn what_nobody_typed_is_refused_with_the_name_of_the_file(#[case] bytes: &[u8]) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let error = SecretFile(file.path().to_owned()).read().unwrap_err();
        let words = error.to_string();
        assert!(words.contains(file.path().to_str().unwrap()), "{words}");
        assert!(!words.contains("secret\u{7f}"), "{words}");
    }
}
