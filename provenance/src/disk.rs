//! How full a disk is. A database on a full disk may be damaged beyond repair, so writes stop before that.

use std::{io, path::Path};

/// Share of the file system of `path` that is in use, in percent, as `df` counts it: blocks that only the
/// superuser may take count as taken.
///
/// # Errors
/// What statvfs(2) reports, for example for a path that does not exist.
pub fn used_percent(path: &Path) -> io::Result<u8> {
    let stat = rustix::fs::statvfs(path)?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    let usable = used.saturating_add(stat.f_bavail);
    // File systems without blocks of their own (proc, some overlays) report zeros.
    let percent = used.saturating_mul(100).div_ceil(usable.max(1));
    Ok(u8::try_from(percent).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_a_percentage() {
        assert!(used_percent(&std::env::temp_dir()).unwrap() <= 100);
    }

    #[test]
    fn a_missing_path_is_an_error() {
        used_percent(Path::new("/no/such/folder")).unwrap_err();
    }
}
