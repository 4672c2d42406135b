//! Files and folders that are their owner's alone: passwords, secrets and what people fetched lie in a trial's folder.

use std::{
    fs::{DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

/// Opens a file for writing at its end, making it where it is missing.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

/// Makes a folder where it is missing. One that is there stays as it is: others may be meant to see it.
pub(crate) fn folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
