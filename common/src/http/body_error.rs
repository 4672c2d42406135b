//! Bodies that were not read.

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is longer than allowed.
    #[error("the body is longer than {max} bytes")]
    TooLarge {
        /// The limit in bytes.
        max: usize,
    },
    /// It ended early.
    #[error("the body did not arrive whole")]
    Broken(#[source] axum::Error),
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    Slow,
    /// Too many bodies of strangers are being read.
    #[error("too many bodies are being read of callers who are not known")]
    Busy,
}
