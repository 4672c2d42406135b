//! Files that a trial offers.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate lies in the workspace")
}

/// The real open data that may lie beside the repository; tests that want it take the trial's own samples where it does not exist.
pub fn published() -> Option<PathBuf> {
    let path = workspace().parent()?.join("shared").join("data");
    path.is_dir().then_some(path)
}

/// A folder for `trial up --data`, made by a scenario.
#[derive(Debug)]
pub struct DataFolder(TempDir);

impl Default for DataFolder {
    fn default() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory can be made"))
    }
}

impl DataFolder {
    /// What every scenario's trial offers unless it says otherwise: for each domain a closed
    /// `readings.csv` (about 4 KB), a closed `archive.bin` (1 MB, larger than any window of the
    /// connectors) and an open `open/notice.txt`.
    pub fn usual() -> Self {
        Self::default().filled()
    }

    /// The same in a folder below `root`, which goes away with it.
    pub fn usual_below(root: &Path) -> Self {
        Self(tempfile::tempdir_in(root).expect("the directory is ours")).filled()
    }

    fn filled(self) -> Self {
        let mut folder = self;
        for domain in ["a", "b", "c"] {
            folder = folder
                .with_file(
                    &format!("domain-{domain}-tests/readings.csv"),
                    readings(domain).as_bytes(),
                )
                .with_file(
                    &format!("domain-{domain}-tests/archive.bin"),
                    &crate::source::content(1_000_003),
                )
                .with_file(
                    &format!("domain-{domain}-tests/open/notice.txt"),
                    format!("an open notice of domain {domain}\n").as_bytes(),
                );
        }
        folder
    }

    /// Adds a file.
    #[must_use]
    pub fn with_file(self, path: &str, content: &[u8]) -> Self {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder"))
            .expect("the folder is ours");
        std::fs::write(path, content).expect("the folder is ours");
        self
    }

    /// Adds a file of `length` zero bytes that takes no room on disk.
    #[must_use]
    pub fn with_sparse_file(self, path: &str, length: u64) -> Self {
        let folder = self.with_file(path, b"");
        std::fs::File::options()
            .write(true)
            .open(folder.0.path().join(path))
            .and_then(|file| file.set_len(length))
            .expect("the file system has sparse files");
        folder
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

fn readings(domain: &str) -> String {
    let mut text = String::from("station,time,level_m\n");
    for hour in 0..100 {
        let (of_day, metres) = (hour % 24, hour % 7);
        let _ = writeln!(
            text,
            "{domain}-{hour:03},2026-01-01T{of_day:02}:00:00Z,{metres}.{hour:02}"
        );
    }
    text
}
