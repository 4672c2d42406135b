//! X.509 and keys out of files: PEM, or DER where the content is that.
//!
//! Reading is lax about everything around the content, as RFC 7468 §2 and §3 ask for: text before and between the blocks, a
//! byte order mark, indentation, line ends of any kind or none. It is strict about the blocks: each `-----BEGIN` of a file is
//! read, passed over because `Wanted` says so, or refused by its number and its label. A file that is used in part would let
//! a trust anchor vanish in silence.

mod block;
mod error;
#[cfg(test)]
mod tests;

use std::path::Path;

use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs1KeyDer,
    PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};
use zeroize::Zeroizing;

use self::block::{Kind, Wanted, blocks, is_der};
pub use self::error::{BlockFault, ContentError, PemError};

/// The contents of the blocks that are `wanted`, or the one that is DER as it stands.
fn contents(content: &[u8], wanted: Wanted) -> Result<Vec<Vec<u8>>, ContentError> {
    if is_der(content) {
        return Ok(vec![content.to_vec()]);
    }
    let blocks = blocks(content, wanted)?;
    Ok(blocks.into_iter().map(|block| block.der.to_vec()).collect())
}

/// All certificates of `content`, PEM or one in DER, in order.
///
/// # Errors
/// [`ContentError`].
pub fn parse_certificates(content: &[u8]) -> Result<Vec<CertificateDer<'static>>, ContentError> {
    let found = contents(content, Wanted::Certificates)?;
    Ok(found.into_iter().map(CertificateDer::from).collect())
}

/// All revocation lists of `content`, PEM or one in DER, in order.
///
/// # Errors
/// [`ContentError`].
pub fn parse_crls(
    content: &[u8],
) -> Result<Vec<CertificateRevocationListDer<'static>>, ContentError> {
    let found = contents(content, Wanted::Crls)?;
    let list = CertificateRevocationListDer::from;
    Ok(found.into_iter().map(list).collect())
}

/// The private key of `content`; `None` where there is none.
fn parse_private_key(content: &[u8]) -> Result<Option<PrivateKeyDer<'static>>, ContentError> {
    if is_der(content) {
        // Its kind stands nowhere but in it.
        return PrivateKeyDer::try_from(content)
            .map(|key| Some(key.clone_key()))
            .map_err(|_| ContentError::Neither);
    }
    let blocks = blocks(content, Wanted::Key)?;
    if let Some(second) = blocks.get(1) {
        return Err(second.refuse(BlockFault::SecondKey));
    }
    let Some(block) = blocks.first() else {
        return Ok(None);
    };
    let der = block.der.to_vec();
    Ok(Some(match block.kind {
        Kind::Pkcs1Key => PrivatePkcs1KeyDer::from(der).into(),
        Kind::Sec1Key => PrivateSec1KeyDer::from(der).into(),
        Kind::Pkcs8Key => PrivatePkcs8KeyDer::from(der).into(),
        _ => return Err(ContentError::Encrypted),
    }))
}

fn read<T>(
    path: &Path,
    parse: impl FnOnce(&[u8]) -> Result<T, ContentError>,
) -> Result<T, PemError> {
    let content = std::fs::read(path)
        .map(Zeroizing::new)
        .map_err(|source| PemError::Read {
            path: path.into(),
            source,
        })?;
    parse(&content).map_err(|fault| PemError::Content {
        path: path.into(),
        fault,
    })
}

fn some<T>(path: &Path, wanted: Wanted, found: Vec<T>) -> Result<Vec<T>, PemError> {
    if found.is_empty() {
        return Err(missing(path, wanted));
    }
    Ok(found)
}

fn missing(path: &Path, wanted: Wanted) -> PemError {
    PemError::Missing {
        path: path.into(),
        wanted: wanted.name(),
    }
}

/// All certificates of the file at `path`, at least one.
///
/// # Errors
/// [`PemError`].
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    some(path, Wanted::Certificates, read(path, parse_certificates)?)
}

/// All revocation lists of the file at `path`, at least one.
///
/// # Errors
/// [`PemError`].
pub fn crls(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, PemError> {
    some(path, Wanted::Crls, read(path, parse_crls)?)
}

/// The private key of the file at `path`.
///
/// # Errors
/// [`PemError`].
pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    read(path, parse_private_key)?.ok_or_else(|| missing(path, Wanted::Key))
}
