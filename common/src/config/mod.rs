//! Configuration: a TOML file, overridden by the environment, read into one typed structure a service.
//!
//! A key `a.b` is overridden by `KAKEHASHI_A__B`; its value is read as TOML where it is TOML (`true`, `5`, `["x"]`) and fits,
//! and as text otherwise. Unknown keys of the file are refused, variables that name none are [named](Loaded::unused). Secrets are
//! never values, always paths: [`SecretFile`].

mod environment;
mod error;
mod loaded;
mod secret;
mod units;

use std::{ffi::OsString, net::SocketAddr, path::Path};

use figment::{
    Figment,
    providers::{Format, Toml},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use self::{
    environment::{CLOCK_SKEW, is_override},
    error::ConfigError,
    loaded::Loaded,
    secret::SecretFile,
    units::{ByteSize, Period, UnitError},
};

/// Reads the configuration at `path` with the overrides of the process environment.
///
/// # Errors
/// [`ConfigError`], naming file or variable, and key.
pub fn load<C: DeserializeOwned>(path: &Path) -> Result<Loaded<C>, ConfigError> {
    load_with(path, std::env::vars_os())
}

/// Like [`load`], with the environment as a parameter.
///
/// # Errors
/// [`ConfigError`], naming file or variable, and key.
pub fn load_with<C: DeserializeOwned>(
    path: &Path,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Loaded<C>, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.into(),
        source,
    })?;
    environment::read(path, &Figment::from(Toml::string(&text)), environment)
}

/// Health, readiness and metrics, on loopback only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address of the listener; must be loopback.
    pub listen: SocketAddr,
    /// Address of a second listener that answers `/healthz` and `/readyz` with a status alone, for load balancers. It takes a PROXY
    /// header, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<SocketAddr>,
}

/// Writes `content` to `path` so that a reader, or a restart after a crash, finds the old file or the new one, whole.
/// A `private` file is readable by its owner only, from its first byte on. Missing folders are made.
///
/// # Errors
/// [`std::io::Error`].
pub fn write_file(path: &Path, content: &[u8], private: bool) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let name = path
        .file_name()
        .ok_or_else(|| std::io::Error::other("a file needs a name"))?;
    let temporary = folder.join(format!(
        ".{}.{}",
        name.to_string_lossy(),
        uuid::Uuid::new_v4().simple()
    ));
    let mode = if private { 0o600 } else { 0o644 };
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&temporary)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&temporary, path))
        .and_then(|()| std::fs::File::open(folder)?.sync_all());
    if written.is_err() {
        // The error that matters is the first one; a left-over file is harmless.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "that it can be read is what is tested")]
    struct Config {
        admin: AdminConfig,
        limit: ByteSize,
        wait: Period,
    }

    fn load_text(text: &str) -> Result<Loaded<Config>, ConfigError> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("a writable temporary file");
        load_with(file.path(), std::iter::empty())
    }

    const FILE: &str = "limit = '16MiB'\nwait = '5s'\n[admin]\nlisten = '127.0.0.1:1'\n";

    #[test]
    fn a_misspelt_key_is_named() {
        let error = load_text(&FILE.replace("listen", "listne")).unwrap_err();
        let ConfigError::Content { source, .. } = error else {
            panic!("{error:?}")
        };
        assert!(source.to_string().contains("listne"), "{source}");
    }

    #[test]
    fn a_value_without_unit_is_refused() {
        let error = load_text(&FILE.replace("5s", "5")).unwrap_err();
        let ConfigError::Content { source, .. } = error else {
            panic!("{error:?}")
        };
        assert!(source.to_string().contains("wait"), "{source}");
    }
}
