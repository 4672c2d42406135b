//! PEM in and out. The only place that uses `rustls-pemfile`, which its maintainers have retired in favour of
//! `rustls-pki-types`; the project's set of crates names it, so it stays behind this one door.

use std::{
    io,
    path::{Path, PathBuf},
};

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

/// Why a PEM file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// The file is not readable or not PEM.
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
}

fn read(path: &Path) -> Result<Vec<u8>, PemError> {
    std::fs::read(path).map_err(|source| PemError::Read {
        path: path.into(),
        source,
    })
}

/// All certificates of a PEM text, in order.
///
/// # Errors
/// [`io::Error`] where the text is no PEM.
pub fn parse_certificates(text: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    rustls_pemfile::certs(&mut &*text).collect()
}

/// All CRLs of a PEM text, in order.
///
/// # Errors
/// [`io::Error`] where the text is no PEM.
pub fn parse_crls(text: &[u8]) -> io::Result<Vec<CertificateRevocationListDer<'static>>> {
    rustls_pemfile::crls(&mut &*text).collect()
}

/// All certificates of the file at `path`, at least one.
///
/// # Errors
/// [`PemError`].
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let found = parse_certificates(&read(path)?).map_err(|source| PemError::Read {
        path: path.into(),
        source,
    })?;
    if found.is_empty() {
        return Err(PemError::Missing {
            path: path.into(),
            wanted: "certificate",
        });
    }
    Ok(found)
}

/// All CRLs of the file at `path`, at least one.
///
/// # Errors
/// [`PemError`].
pub fn crls(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, PemError> {
    let found = parse_crls(&read(path)?).map_err(|source| PemError::Read {
        path: path.into(),
        source,
    })?;
    if found.is_empty() {
        return Err(PemError::Missing {
            path: path.into(),
            wanted: "certificate revocation list",
        });
    }
    Ok(found)
}

/// The first private key of the file at `path`.
///
/// # Errors
/// [`PemError`].
pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    rustls_pemfile::private_key(&mut &*read(path)?)
        .map_err(|source| PemError::Read {
            path: path.into(),
            source,
        })?
        .ok_or_else(|| PemError::Missing {
            path: path.into(),
            wanted: "private key",
        })
}
