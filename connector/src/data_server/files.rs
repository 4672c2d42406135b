//! From the path of a request to an open file, never to one outside the served folders.

use std::{
    collections::BTreeMap,
    fs::{File, Metadata, OpenOptions},
    io::{self, IoSliceMut, Read as _},
    os::{
        fd::AsRawFd as _,
        unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
    time::SystemTime,
};

use bytes::Bytes;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use rustix::{
    fs::{Mode, OFlags, ResolveFlags, openat2},
    io::{ReadWriteFlags, preadv2},
};

use super::media::media_type;

/// How much of a file is read when it is opened: a small one whole, in one visit to the blocking threads.
const FIRST_READ: u64 = 64 << 10;

/// `O_NONBLOCK` of Linux: opening a named pipe must not wait for its writer.
const O_NONBLOCK: i32 = 0o4000;

/// `ELOOP` of Linux: symbolic links that lead in a circle.
const ELOOP: i32 = 40;

/// The served folders, by the first segment of the path.
#[derive(Debug)]
pub(super) struct Folders(BTreeMap<String, PathBuf>);

/// A file that may be served.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub file: File,
    /// Length in bytes when it was opened.
    pub len: u64,
    /// What it has to be still once the last byte is read.
    pub state: FileState,
    pub modified: SystemTime,
    pub etag: String,
    pub media_type: HeaderValue,
    /// The first bytes, up to 64 KiB.
    pub start: Bytes,
}

/// One state of a file: inode, length and time of change in nanoseconds. A file that was replaced or rewritten has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileState {
    inode: u64,
    len: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl FileState {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            len: metadata.len(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        }
    }

    /// A strong entity tag: it names bytes that were all read in this state.
    fn etag(&self) -> String {
        let Self {
            inode,
            len,
            seconds,
            nanoseconds,
        } = self;
        format!("\"{inode:x}-{len:x}-{seconds:x}.{nanoseconds:x}\"")
    }

    /// Whether `file` is in this state still: whoever overwrites it in place changes what is being read.
    pub(super) fn check(&self, file: &File) -> io::Result<()> {
        if Self::of(&file.metadata()?) == *self {
            Ok(())
        } else {
            Err(io::Error::other("the file changed while it was read"))
        }
    }
}

/// A served folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve {}", folder.display())]
pub(super) struct FolderError {
    folder: PathBuf,
    #[source]
    source: io::Error,
}

impl Folders {
    /// Resolves the folders once: files are compared with where they really are.
    pub(super) fn open(folders: &BTreeMap<String, PathBuf>) -> Result<Self, FolderError> {
        folders
            .iter()
            .map(|(name, folder)| {
                let real = folder.canonicalize().map_err(|source| FolderError {
                    folder: folder.clone(),
                    source,
                })?;
                Ok((name.clone(), real))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The file that `path`, percent-encoded as it came, names; `None` if there is none that may be served. Blocks.
    pub(super) fn find(&self, path: &str) -> io::Result<Option<OpenFile>> {
        let Some((folder, relative)) = self.locate(path) else {
            return Ok(None);
        };
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(O_NONBLOCK)
            .open(folder.join(&relative));
        let file = match opened {
            Ok(file) => file,
            Err(error) if means_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        Self::check(file, folder, &relative, Read::Waits)
    }

    /// The same without waiting for a disk, as far as the kernel can tell: `None` also where only [`find`](Self::find)
    /// knows. A visit to the blocking threads costs more than opening and reading a small file that is in memory.
    pub(super) fn find_in_memory(&self, path: &str) -> Option<OpenFile> {
        let (folder, relative) = self.locate(path)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat2(
            rustix::fs::CWD,
            folder.join(&relative),
            flags,
            Mode::empty(),
            ResolveFlags::CACHED,
        )
        .ok()?;
        Self::check(file.into(), folder, &relative, Read::IsInMemory).ok()?
    }

    fn check(
        file: File,
        folder: &Path,
        relative: &Path,
        read: Read,
    ) -> io::Result<Option<OpenFile>> {
        let metadata = file.metadata()?;
        // Where the open file really is, after every symbolic link: asking before opening would leave a moment in
        // which a link could be changed.
        if !metadata.is_file() || !real_path(&file)?.starts_with(folder) {
            return Ok(None);
        }
        OpenFile::new(file, &metadata, relative, read).map(Some)
    }

    /// The served folder and the path below it. Hidden files, and paths that are not what they seem, do not exist.
    fn locate(&self, path: &str) -> Option<(&Path, PathBuf)> {
        let decoded: Vec<String> = path
            .strip_prefix('/')?
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8().map(String::from))
            .collect::<Result<_, _>>()
            .ok()?;
        let is_plain = |segment: &String| {
            !segment.is_empty() && !segment.starts_with('.') && !segment.contains(['/', '\\', '\0'])
        };
        let (name, relative) = decoded.split_first()?;
        if relative.is_empty() || !decoded.iter().all(is_plain) {
            return None;
        }
        Some((self.0.get(name)?, relative.iter().collect()))
    }
}

/// Whether reading may wait for a disk.
#[derive(Debug, Clone, Copy)]
enum Read {
    Waits,
    IsInMemory,
}

fn read_start(mut file: &File, wanted: u64) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
    io::Read::by_ref(&mut file)
        .take(wanted)
        .read_to_end(&mut start)?;
    Ok(start)
}

/// The error is `WouldBlock` unless all of it is in memory.
fn start_in_memory(file: &File, wanted: u64) -> io::Result<Vec<u8>> {
    let mut start = vec![0; usize::try_from(wanted).unwrap_or_default()];
    let mut parts = [IoSliceMut::new(&mut start)];
    let read = preadv2(file, &mut parts, 0, ReadWriteFlags::NOWAIT)?;
    if read == start.len() {
        Ok(start)
    } else {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// Whether opening failed because there is no such file, rather than because it cannot be read.
fn means_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, IsADirectory, NotADirectory, NotFound};
    matches!(
        error.kind(),
        NotFound | NotADirectory | IsADirectory | InvalidFilename
    ) || error.raw_os_error() == Some(ELOOP)
}

fn real_path(file: &File) -> io::Result<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

impl OpenFile {
    fn new(file: File, metadata: &Metadata, path: &Path, read: Read) -> io::Result<Self> {
        let len = metadata.len();
        let wanted = len.min(FIRST_READ);
        let start = match read {
            Read::Waits => read_start(&file, wanted)?,
            Read::IsInMemory => start_in_memory(&file, wanted)?,
        };
        let state = FileState::of(metadata);
        state.check(&file)?;
        Ok(Self {
            len,
            state,
            modified: metadata.modified()?,
            etag: state.etag(),
            media_type: media_type(path, &start, len),
            start: Bytes::from(start),
            file,
        })
    }
}
