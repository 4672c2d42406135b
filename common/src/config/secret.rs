//! Secrets, which the configuration only points to.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The path of a file that holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretFile(pub PathBuf);

impl SecretFile {
    /// Reads the secret; one line feed at its end is not part of it.
    ///
    /// # Errors
    /// [`ConfigError::Read`].
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        let mut text = std::fs::read_to_string(&self.0).map_err(|source| ConfigError::Read {
            path: self.0.clone(),
            source,
        })?;
        if text.ends_with('\n') {
            text.pop();
        }
        Ok(SecretString::from(text))
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}
