//! Why a file with certificates or keys is of no use.

use std::{io, path::PathBuf};

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// The file is not readable.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file holds nothing of the kind wanted.
    #[error("{} holds no {wanted}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// The file holds what cannot be used.
    #[error("{} {fault}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: ContentError,
    },
}

/// Why a content cannot be used. Its text follows the name of what it was read from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// There is no block, and it is not DER.
    #[error("is neither PEM nor DER")]
    Neither,
    /// It is text in two bytes a character.
    #[error("is UTF-16 text; save it as UTF-8")]
    Utf16,
    /// A block cannot be used.
    #[error("has a block that cannot be used: number {number}, {label}, {fault}")]
    Block {
        /// Which, from 1.
        number: usize,
        /// What it says it is.
        label: String,
        /// What is wrong with it.
        fault: BlockFault,
    },
    /// The only key is encrypted.
    #[error("holds an encrypted key; give it without a passphrase")]
    Encrypted,
}

/// What is wrong with one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// The line that begins it has no end.
    #[error("its first line is damaged")]
    Begin,
    /// Its last line is missing, damaged or names something else.
    #[error("its last line is missing or names something else")]
    End,
    /// Its content is not Base64.
    #[error("its content is not Base64")]
    Base64,
    /// Its content is not one DER value.
    #[error("its content is not DER")]
    Der,
    /// It is a certificate with settings of OpenSSL's own.
    #[error(
        "it carries trust settings of OpenSSL's own; write it without them (openssl x509 -in FILE -out FILE)"
    )]
    Trusted,
    /// A second key, where one is wanted.
    #[error("it is a second private key")]
    SecondKey,
    /// It is nothing that such a file may hold.
    #[error("such a file holds nothing of that kind")]
    Kind,
}
