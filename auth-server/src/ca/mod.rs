//! The certificate authority: a root that may be kept offline, an intermediate that does the work, and their revocation
//! lists.
//!
//! Files in `ca.directory`: `root.pem`, `root.key`, `root.crl.pem`, `intermediate.pem`, `intermediate.key`. Keys are readable
//! by their owner only. A running server never reads `root.key`.

mod authority;
mod csr;
pub mod external;
mod files;
mod leaf;
mod record;
mod source;

pub use authority::{Authority, RevokedEntry};
pub use csr::{CsrError, RequestedKey};
pub use files::{CaFiles, create, remake_unbegun};
pub use record::CertificateRecord;
pub use source::Source;

/// Why the authority cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// A file could not be read or written.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file holds something else than it should.
    #[error("{} is unusable: {reason}", path.display())]
    Content {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Making a key or a signature failed.
    #[error("the certificate authority cannot sign")]
    Sign(#[from] rcgen::Error),
    /// The authority's own certificate has ended, or ends too soon to issue anything.
    #[error("the intermediate certificate ends at {0}")]
    Ended(time::OffsetDateTime),
}
