//! Replacing key and certificate together.
//!
//! Two files cannot be renamed at once. So both new ones are complete beside the old ones, with `.next` at the end of their
//! names, before either is renamed, and a start after a crash in between finishes the job.

use std::path::{Path, PathBuf};

use common::{config::write_file, tls::TlsConfig};

use super::EnrolError;

/// Puts a new key and its certificate chain in place of the old ones, durably.
pub fn install(tls: &TlsConfig, key_pem: &str, chain_pem: &str) -> Result<(), EnrolError> {
    let next_key = next(&tls.key);
    let next_certificate = next(&tls.certificate);
    write(&next_key, key_pem, true)?;
    // From here on the installation will be finished, now or at the next start.
    write(&next_certificate, chain_pem, false)?;
    finish_installation(tls)
}

/// Finishes an installation that a crash interrupted; does nothing where there is none.
pub fn finish_installation(tls: &TlsConfig) -> Result<(), EnrolError> {
    let next_key = next(&tls.key);
    let next_certificate = next(&tls.certificate);
    if !next_certificate.exists() {
        return Ok(());
    }
    if next_key.exists() {
        rename(&next_key, &tls.key)?;
    }
    rename(&next_certificate, &tls.certificate)
}

fn next(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".next");
    PathBuf::from(name)
}

pub(super) fn write(path: &Path, content: &str, private: bool) -> Result<(), EnrolError> {
    write_file(path, content.as_bytes(), private).map_err(|source| EnrolError::File {
        path: path.into(),
        source,
    })
}

fn rename(from: &Path, to: &Path) -> Result<(), EnrolError> {
    std::fs::rename(from, to).map_err(|source| EnrolError::File {
        path: to.into(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path) -> TlsConfig {
        TlsConfig::new(
            folder.join("own.pem"),
            folder.join("own.key"),
            folder.join("ca.pem"),
        )
    }

    #[test]
    fn key_and_certificate_are_replaced_together() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let tls = config(folder.path());
        install(&tls, "old key", "old certificate").unwrap();
        install(&tls, "new key", "new certificate").unwrap();
        assert_eq!(std::fs::read_to_string(&tls.key).unwrap(), "new key");
        assert_eq!(
            std::fs::read_to_string(&tls.certificate).unwrap(),
            "new certificate"
        );
        let mode = std::fs::metadata(&tls.key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_interrupted_replacement_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let tls = config(folder.path());
        install(&tls, "old key", "old certificate").unwrap();
        // As left behind by a crash between the two renames.
        std::fs::write(next(&tls.certificate), "new certificate").unwrap();
        std::fs::write(&tls.key, "new key").unwrap();
        finish_installation(&tls).unwrap();
        assert_eq!(
            std::fs::read_to_string(&tls.certificate).unwrap(),
            "new certificate"
        );
        assert_eq!(std::fs::read_to_string(&tls.key).unwrap(), "new key");
    }

    #[test]
    fn a_key_without_its_certificate_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let tls = config(folder.path());
        install(&tls, "old key", "old certificate").unwrap();
        std::fs::write(next(&tls.key), "new key").unwrap();
        finish_installation(&tls).unwrap();
        assert_eq!(std::fs::read_to_string(&tls.key).unwrap(), "old key");
    }
}
