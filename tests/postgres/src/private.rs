//! Files that are their owner's alone.

use std::path::Path;

/// Writes a file and gives it to nobody but its owner.
pub(crate) fn write(path: &Path, content: &str) {
    common::config::write_file(path, content.as_bytes(), true).expect("the directory is ours");
}
