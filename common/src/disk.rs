//! Files that are their owner's alone; how full a disk is, and from where on too full. A database on a full disk may be damaged beyond repair, so writes stop before
//! that.

use std::{io, os::unix::fs::OpenOptionsExt as _, path::Path};

use crate::{config::ByteSize, process::Findings};

/// 90: the default of every watermark. Beyond it a database may run into the end of its disk and be damaged.
pub const WATERMARK_PERCENT: u8 = 90;

/// 5 GiB: the default of every headroom, a tenth of 50 GiB. On larger disks a tenth is far more than a database needs to stop in
/// time, and others may fill a disk that far without any harm.
pub const HEADROOM: ByteSize = ByteSize(5 << 30);

/// Checks the keys `disk_watermark_percent` and `disk_headroom` of a section.
pub fn check_watermark(percent: u8, headroom: ByteSize, findings: &mut Findings) {
    findings.within("disk_watermark_percent", percent, &(1..=100));
    if headroom.bytes() == 0 {
        findings.warning(
            "disk_headroom",
            &headroom,
            "no disk counts as too full, and a database on a full disk may be damaged",
        );
    }
}

/// What a file system has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Share in use, in percent, rounded up.
    pub used_percent: u8,
    /// Bytes that may still be written.
    pub free_bytes: u64,
}

impl Usage {
    /// Nothing in use.
    const NONE: Self = Self {
        used_percent: 0,
        free_bytes: u64::MAX,
    };

    /// The file system of `path` now. One that cannot be asked is not held against anybody: it counts as empty, with a warning.
    pub fn now(path: &Path) -> Self {
        Self::of(path).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %path.display(), "this disk does not tell how full it is");
            Self::NONE
        })
    }

    /// As `df` counts it: blocks that only the superuser may take count as taken.
    ///
    /// # Errors
    /// What statvfs(2) reports, for example for a path that does not exist.
    fn of(path: &Path) -> io::Result<Self> {
        let stat = rustix::fs::statvfs(path)?;
        let used = stat.f_blocks.saturating_sub(stat.f_bfree);
        let usable = used.saturating_add(stat.f_bavail);
        if usable == 0 {
            // File systems without blocks of their own (proc, some overlays) report zeros.
            return Ok(Self::NONE);
        }
        let percent = used.saturating_mul(100).div_ceil(usable);
        Ok(Self {
            used_percent: u8::try_from(percent).unwrap_or(100),
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        })
    }
}

/// Whether a disk is too full: so many percent of it are in use, *and* fewer bytes than the headroom are free. A share alone
/// would give up a large disk with a hundred gigabytes to spare.
///
/// It remembers what it said: a disk that was too full stays so until there is a margin. Without one a ledger would record one
/// group, refuse the next, and so on.
#[derive(Debug, Clone)]
pub struct Watermark {
    percent: u8,
    headroom: u64,
    is_reached: bool,
}

impl Watermark {
    /// Reached from `percent` in use on, unless `headroom` is free.
    pub fn new(percent: u8, headroom: ByteSize) -> Self {
        Self {
            percent,
            headroom: headroom.bytes(),
            is_reached: false,
        }
    }

    /// Whether it was reached when a disk was looked at last.
    pub fn is_reached(&self) -> bool {
        self.is_reached
    }

    /// Whether it is reached with `usage`. Left again a point of a hundred below the share, or a tenth above the headroom.
    pub fn judge(&mut self, usage: Usage) -> bool {
        let (percent, headroom) = if self.is_reached {
            let headroom = self.headroom.saturating_add(self.headroom / 10);
            (self.percent.saturating_sub(1), headroom)
        } else {
            (self.percent, self.headroom)
        };
        self.is_reached = usage.used_percent >= percent && usage.free_bytes < headroom;
        self.is_reached
    }
}

/// Makes the file at `path`, and its folder, where they are missing; the file readable by its owner alone: whom it names, and
/// digests of what they know, are nobody else's business. The files that `SQLite` puts beside it get the same mode. A file that
/// is there keeps its own: an operator may want a group to read it.
///
/// # Errors
/// [`io::Error`].
pub fn private_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_a_usage() {
        let usage = Usage::of(&std::env::temp_dir()).unwrap();
        assert!(usage.used_percent <= 100);
        assert!(usage.free_bytes > 0);
    }

    #[test]
    fn a_missing_path_is_an_error_and_not_full() {
        let missing = Path::new("/no/such/folder");
        Usage::of(missing).unwrap_err();
        assert_eq!(Usage::now(missing), Usage::NONE);
    }

    #[test]
    fn a_file_system_without_blocks_is_never_full() {
        assert_eq!(Usage::of(Path::new("/proc")).unwrap(), Usage::NONE);
    }

    /// What a watermark of 90 % and 1,000 bytes says of one usage after the other: percent, free bytes, expected.
    fn judges(steps: &[(u8, u64, bool)]) {
        let mut watermark = Watermark::new(90, ByteSize(1000));
        for &(used_percent, free_bytes, expected) in steps {
            let usage = Usage {
                used_percent,
                free_bytes,
            };
            assert_eq!(watermark.judge(usage), expected, "{usage:?}");
            assert_eq!(watermark.is_reached(), expected);
        }
    }

    #[test]
    fn a_disk_that_was_full_has_to_have_more_than_a_little_room() {
        judges(&[
            (89, 0, false),
            (90, 0, true),
            (89, 0, true),
            (88, 0, false),
            (89, 0, false),
            (100, 0, true),
        ]);
    }

    #[test]
    fn a_large_disk_is_full_when_little_is_free() {
        judges(&[
            (99, 1000, false),
            (99, 999, true),
            (99, 1099, true),
            (99, 1100, false),
            (99, 1000, false),
        ]);
    }
}
