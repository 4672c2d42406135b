//! Why a configuration cannot be used.

use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The content does not fit; the message names the key.
    #[error("{} does not fit", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The cause, with the key.
        #[source]
        source: Box<figment::Error>,
    },
    /// A variable that overrides a key has a value that does not fit.
    #[error("the environment variable {name} does not fit")]
    Variable {
        /// The variable.
        name: String,
        /// The cause, with the key.
        #[source]
        source: Box<figment::Error>,
    },
    /// A variable that overrides a key is no text.
    #[error("the environment variable {name} is not UTF-8")]
    VariableNotText {
        /// The variable.
        name: String,
    },
    /// A secret with characters that are none of one.
    #[error("{} does not hold a secret: {reason}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// What it holds instead.
        reason: &'static str,
    },
}
