//! The trial's own samples, carried in the program so that it works wherever it is run.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

macro_rules! samples {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_bytes!(concat!("../samples/", $path)))),+]
    };
}

const SAMPLES: &[(&str, &[u8])] = samples![
    "domain-a-shelters/shelters.csv",
    "domain-a-shelters/supplies.json",
    "domain-a-shelters/open/notice.json",
    "domain-b-rivers/levels.csv",
    "domain-b-rivers/gauges.json",
    "domain-b-rivers/open/alert-levels.csv",
    "domain-c-roads/closures.csv",
    "domain-c-roads/traffic.json",
    "domain-c-roads/open/detours.csv",
];

/// Writes the samples below `dir`, leaving what is there already, and returns the folder to offer.
pub fn unpack(dir: &Path) -> anyhow::Result<PathBuf> {
    let folder = dir.join("samples");
    for (path, content) in SAMPLES {
        let path = folder.join(path);
        if !path.exists() {
            common::config::write_file(&path, content, false)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(folder)
}
