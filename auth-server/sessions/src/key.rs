//! The key that seals what is kept of sessions: a file, and what is made with it.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Prk, Salt},
};
use common::config::write_file;
use zeroize::Zeroizing;

use crate::random::random;

/// Bytes of the secret in the file.
const SECRET: usize = 32;

/// Bytes that make the key of one sealing.
const SALT: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read, or not be made.
    #[error("{} cannot be read or made", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} is no key of sessions: it has to hold 64 hexadecimal digits", .0.display())]
    Content(PathBuf),
}

/// The secret of a file.
pub(crate) struct KeyFile(Zeroizing<[u8; SECRET]>);

impl KeyFile {
    /// Reads the file at `path`, which is made where it is missing. One that is there is never written to: what it has sealed would
    /// be lost.
    pub(crate) fn open(path: &Path) -> Result<Self, KeyError> {
        let error = |source| KeyError::File {
            path: path.into(),
            source,
        };
        match read(path) {
            Err(KeyError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
                make(path).map_err(error)?;
                // What is there now may be another process's, which was quicker.
                read(path)
            }
            outcome => outcome,
        }
    }

    /// What seals for one `purpose`, and opens nothing that was sealed for another.
    pub(crate) fn sealer(&self, purpose: &'static str) -> Sealer {
        Sealer {
            secret: Salt::new(HKDF_SHA256, purpose.as_bytes()).extract(&*self.0),
        }
    }
}

fn read(path: &Path) -> Result<KeyFile, KeyError> {
    let text = std::fs::read_to_string(path).map_err(|source| KeyError::File {
        path: path.into(),
        source,
    })?;
    let text = Zeroizing::new(text);
    let mut secret = Zeroizing::new([0; SECRET]);
    hex::decode_to_slice(text.trim_end(), &mut *secret)
        .map_err(|_| KeyError::Content(path.into()))?;
    Ok(KeyFile(secret))
}

/// Makes the file, whole and readable by its owner alone, unless there is one by now.
fn make(path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", hex::encode(random::<8>())));
    let text = Zeroizing::new(hex::encode(random::<SECRET>()) + "\n");
    write_file(&beside, text.as_bytes(), true)?;
    // Unlike a renamed file, a link takes the place of nothing.
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        }
    }
}

/// Seals for one purpose: a salt, a nonce, and AES-256-GCM with a key that secret and salt give (HKDF).
///
/// Each sealing has a key of its own, so that there is no number of them after which a nonce of 96 random bits is used twice:
/// strangers may have as many made as they like.
pub(crate) struct Sealer {
    secret: Prk,
}

impl Sealer {
    /// `content`, which only opens together with `about`: what the sealed content belongs to.
    ///
    /// # Panics
    /// Never: what is sealed here is shorter than the 64 GiB that AES-GCM takes.
    pub(crate) fn seal(&self, content: &[u8], about: &[u8]) -> Vec<u8> {
        let (salt, nonce) = (random::<SALT>(), random::<NONCE_LEN>());
        let mut sealed = content.to_vec();
        self.key(&salt)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(about),
                &mut sealed,
            )
            .expect("it is short enough");
        [&salt[..], &nonce, &sealed].concat()
    }

    /// What was sealed about `about`; `None` if it was sealed by somebody else, about something else, or is damaged.
    pub(crate) fn open(&self, sealed: &[u8], about: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (salt, rest) = sealed.split_first_chunk::<SALT>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut rest = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self
            .key(salt)
            .open_in_place(nonce, Aad::from(about), &mut rest)
            .ok()?;
        let length = opened.len();
        rest.truncate(length);
        Some(rest)
    }

    fn key(&self, salt: &[u8; SALT]) -> LessSafeKey {
        let info = [salt.as_slice()];
        let key = self
            .secret
            .expand(&info, &AES_256_GCM)
            .expect("a key of AES-256 is not too long for HKDF");
        LessSafeKey::new(UnboundKey::from(key))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn sealer(folder: &tempfile::TempDir, purpose: &'static str) -> Sealer {
        let key = KeyFile::open(&folder.path().join("sub/key")).expect("a key");
        key.sealer(purpose)
    }

    #[test]
    fn the_first_start_makes_the_file_and_no_other_touches_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/key");
        KeyFile::open(&path).unwrap();
        let before = std::fs::read(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!((before.len(), mode & 0o777), (65, 0o600));
        KeyFile::open(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), before);
        // Nothing is left beside it.
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1
        );
    }

    #[test]
    fn of_several_that_start_at_once_all_have_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || *KeyFile::open(&path).unwrap().0)
            })
            .collect();
        let keys: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_file_of_something_else_is_refused_by_name_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for text in [
            "",
            "\n",
            "00",
            &"0".repeat(63),
            &"0".repeat(66),
            &"g".repeat(64),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = KeyFile::open(&path).err().expect("no key").to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let path = folder.path().join("file/key");
        let error = KeyFile::open(&path).err().expect("no key").to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_about_its_subject_with_its_key_alone() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealed = sealer(&folder, "one").seal(b"content", b"about");
        let opened = sealer(&folder, "one").open(&sealed, b"about");
        assert_eq!(opened.as_deref().map(Vec::as_slice), Some(&b"content"[..]));
        for (sealer, about) in [
            (sealer(&folder, "two"), &b"about"[..]),
            (sealer(&folder, "one"), b"abouu"),
            (sealer(&folder, "one"), b""),
            (sealer(&other, "one"), b"about"),
        ] {
            assert!(sealer.open(&sealed, about).is_none());
        }
    }

    #[test]
    fn what_is_sealed_twice_has_nothing_in_common() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = sealer(&folder, "one");
        let (one, two) = (sealer.seal(b"content", b""), sealer.seal(b"content", b""));
        assert_ne!(one[..SALT], two[..SALT]);
        assert_ne!(one[SALT..SALT + NONCE_LEN], two[SALT..SALT + NONCE_LEN]);
        assert_ne!(one[SALT + NONCE_LEN..], two[SALT + NONCE_LEN..]);
        assert!(!one.windows(7).any(|part| part == b"content"));
    }

    #[test]
    fn what_was_damaged_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let own = sealer(&folder, "one");
        let sealed = own.seal(b"content", b"");
        for length in 0..sealed.len() {
            assert!(own.open(&sealed[..length], b"").is_none(), "{length}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(own.open(&changed, b"").is_none(), "{at}");
        }
    }
}
