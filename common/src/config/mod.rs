//! Configuration: a TOML file, overridden by the environment, read into one typed structure a service.
//!
//! A key `a.b` is overridden by `KAKEHASHI_A__B`; its value is read as TOML where it is TOML (`true`, `5`, `["x"]`)
//! and as text otherwise. Unknown keys are refused. Secrets are never values, always paths: [`SecretFile`].

mod secret;
mod units;

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    providers::{Format, Serialized, Toml},
    value::{Dict, Value},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use self::{
    secret::SecretFile,
    units::{ByteSize, Period, UnitError},
};

/// Prefix of environment variables that override keys.
const PREFIX: &str = "KAKEHASHI_";

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The content does not fit; the message names the key.
    #[error("{} does not fit", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The cause, with the key.
        #[source]
        source: Box<figment::Error>,
    },
}

/// Reads the configuration at `path` with the overrides of the process environment.
///
/// # Errors
/// [`ConfigError`], naming file and key.
pub fn load<C: DeserializeOwned>(path: &Path) -> Result<C, ConfigError> {
    load_with(path, text_variables(std::env::vars_os()))
}

/// The variables that are Unicode. Others, of whatever a process was started from, cannot be meant for a configuration
/// that is; only those that carry our prefix deserve a word.
fn text_variables(
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (String, String)> {
    environment.filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let value = value.into_string();
        if value.is_err() && name.starts_with(PREFIX) {
            tracing::warn!(name, "environment variable ignored: its value is not UTF-8");
        }
        Some((name, value.ok()?))
    })
}

/// Like [`load`], with the environment as a parameter.
///
/// # Errors
/// [`ConfigError`], naming file and key.
pub fn load_with<C: DeserializeOwned>(
    path: &Path,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<C, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.into(),
        source,
    })?;
    Figment::from(Toml::string(&text))
        .merge(Serialized::defaults(overrides(environment)))
        .extract()
        .map_err(|source| ConfigError::Content {
            path: path.into(),
            source: Box::new(source),
        })
}

fn overrides(environment: impl Iterator<Item = (String, String)>) -> Dict {
    let mut root = Dict::new();
    for (name, text) in environment {
        let Some(key) = name.strip_prefix(PREFIX).filter(|key| key.contains("__")) else {
            continue;
        };
        let path: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
        let value = toml::from_str::<Dict>(&format!("v = {text}"))
            .ok()
            .and_then(|mut parsed| parsed.remove("v"))
            .unwrap_or_else(|| Value::from(text));
        insert(&mut root, &path, value);
    }
    root
}

fn insert(dict: &mut Dict, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            dict.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let entry = dict
                .entry(first.clone())
                .or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}

/// `[admin]`: health, readiness and metrics, on loopback only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address of the listener; must be loopback.
    pub listen: SocketAddr,
    /// Address of a second listener that answers `/healthz` and `/readyz` with a status alone, for load balancers.
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
    struct Config {
        admin: AdminConfig,
        limit: ByteSize,
        wait: Period,
    }

    fn load_text(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("a writable temporary file");
        load_with(
            file.path(),
            environment
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        )
    }

    const FILE: &str = "limit = '16MiB'\nwait = '5s'\n[admin]\nlisten = '127.0.0.1:1'\n";

    #[test]
    fn what_is_no_text_in_the_environment_is_passed_over() {
        use std::os::unix::ffi::OsStringExt as _;
        let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        let variables = [
            (bytes(b"\x8e\xa9"), bytes(b"1")),
            (bytes(b"LANG_NAME"), bytes(b"\x93\xfa\x96\x7b")),
            (bytes(b"KAKEHASHI_WAIT"), bytes(b"\xff")),
            (bytes(b"HOME"), bytes(b"/root")),
        ];
        let text: Vec<_> = text_variables(variables.into_iter()).collect();
        assert_eq!(text, [("HOME".to_owned(), "/root".to_owned())]);
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let config = load_text(
            FILE,
            &[
                ("KAKEHASHI_ADMIN__LISTEN", "127.0.0.1:2"),
                ("OTHER__X", "1"),
            ],
        )
        .unwrap();
        assert_eq!(config.admin.listen.port(), 2);
        assert_eq!(config.limit.bytes(), 16 << 20);
        assert_eq!(config.wait.get().as_secs(), 5);
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = load_text(&FILE.replace("listen", "listne"), &[]).unwrap_err();
        let ConfigError::Content { source, .. } = error else {
            panic!("{error:?}")
        };
        assert!(source.to_string().contains("listne"), "{source}");
    }

    #[test]
    fn a_value_without_unit_is_refused() {
        let error = load_text(&FILE.replace("5s", "5"), &[]).unwrap_err();
        let ConfigError::Content { source, .. } = error else {
            panic!("{error:?}")
        };
        assert!(source.to_string().contains("wait"), "{source}");
    }
}
