//! Where the index lies, and whether what lies there can be used.

use std::{
    fs::{self, File, Permissions, TryLockError},
    io,
    os::unix::fs::PermissionsExt as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use tantivy::{Index, IndexReader, ReloadPolicy, index::SegmentComponent as Part};

use super::schema::{Fields, VERSION};

/// A folder that this process alone writes.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Held as long as the folder is used.
    _lock: File,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be made or written.
    #[error("the folder of the search index {path:?} cannot be used")]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process uses it.
    #[error("another process uses the folder of the search index {0:?}")]
    InUse(PathBuf),
    /// No index can be begun in it.
    #[error("no search index can be begun in {path:?}")]
    Begin {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: tantivy::TantivyError,
    },
}

/// Up to where an index has followed which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    /// The database's own name.
    pub identity: String,
    /// The last change that was taken over.
    pub counter: u64,
}

impl At {
    /// As it is written with a commit.
    pub(super) fn written(&self) -> String {
        format!("{} {}", self.counter, self.identity)
    }

    fn read(written: &str) -> Option<Self> {
        let (counter, identity) = written.split_once(' ')?;
        Some(Self {
            identity: identity.to_owned(),
            counter: counter.parse().ok()?,
        })
    }
}

/// An index that can be read and written.
#[derive(Clone)]
pub(super) struct Opened {
    pub index: Index,
    pub reader: IndexReader,
}

impl Folder {
    /// Takes a folder, and makes it where it is missing.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let cannot = |source| OpenError::Folder {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(path).map_err(cannot)?;
        // What only grants show lies there in plain, in files that the library makes as readable as the process makes any.
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(cannot)?;
        let lock = File::create(path.join("lock")).map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(cannot(source)),
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The index that lies there, with what it has come to; nothing where there is none, or one that cannot be used.
    pub(super) fn existing(&self, fields: &Fields) -> Option<(Opened, At)> {
        let version = fs::read_to_string(self.version()).ok()?;
        if version.trim().parse() != Ok(VERSION) {
            tracing::info!(
                found = version.trim(),
                wanted = VERSION,
                "the search index has another version"
            );
            return None;
        }
        // What tantivy finds in files that are no longer whole may be anything.
        let found = catch_unwind(AssertUnwindSafe(|| self.read(fields)));
        let found = found.unwrap_or_else(|_| Err(Damage::Unreadable));
        found
            .inspect_err(|damage| tracing::warn!(%damage, "the search index cannot be used"))
            .ok()
    }

    /// Whether all files of an index are there and whole.
    pub(super) fn is_whole(&self, opened: &Opened) -> bool {
        let whole = catch_unwind(AssertUnwindSafe(|| self.check(&opened.index)));
        matches!(whole, Ok(Ok(())))
    }

    /// An empty index in place of whatever lies there.
    pub(super) fn begin(&self, fields: &Fields) -> Result<Opened, OpenError> {
        let cannot = |source| OpenError::Folder {
            path: self.path.clone(),
            source,
        };
        let segments = self.segments();
        match fs::remove_dir_all(&segments) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot(error)),
            _ => {}
        }
        fs::create_dir_all(&segments).map_err(cannot)?;
        fs::write(self.version(), format!("{VERSION}\n")).map_err(cannot)?;
        let begun = Index::create_in_dir(&segments, fields.schema.clone());
        begun.and_then(open).map_err(|source| OpenError::Begin {
            path: self.path.clone(),
            source,
        })
    }

    fn version(&self) -> PathBuf {
        self.path.join("version")
    }

    fn segments(&self) -> PathBuf {
        self.path.join("segments")
    }

    fn read(&self, fields: &Fields) -> Result<(Opened, At), Damage> {
        let index = Index::open_in_dir(self.segments())?;
        if index.schema() != fields.schema {
            return Err(Damage::Schema);
        }
        self.check(&index)?;
        let at = index.load_metas()?.payload;
        let at = at.and_then(|at| At::read(&at)).ok_or(Damage::Unfinished)?;
        Ok((open(index)?, at))
    }

    fn check(&self, index: &Index) -> Result<(), Damage> {
        for segment in index.searchable_segment_metas()? {
            for part in [
                Part::Terms,
                Part::Postings,
                Part::Positions,
                Part::FastFields,
                Part::Store,
            ] {
                let file = self.segments().join(segment.relative_path(part));
                if !file.is_file() {
                    return Err(Damage::Missing(file));
                }
            }
        }
        match index.validate_checksum()?.into_iter().next() {
            Some(file) => Err(Damage::Changed(file)),
            None => Ok(()),
        }
    }
}

/// Why an index that is there is not used.
#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error("the file {0:?} is missing")]
    Missing(PathBuf),
    #[error("the file {0:?} is not what was written")]
    Changed(PathBuf),
    #[error("it keeps other fields")]
    Schema,
    #[error("it was never finished")]
    Unfinished,
    #[error("its files cannot be made sense of")]
    Unreadable,
    #[error("{0}")]
    Index(#[from] tantivy::TantivyError),
}

/// Makes an index ready for readers.
fn open(index: Index) -> tantivy::Result<Opened> {
    Fields::register(&index);
    // Whoever writes says when there is something new to read.
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
    Ok(Opened {
        reader: reader.try_into()?,
        index,
    })
}
