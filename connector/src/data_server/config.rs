//! Configuration of the data server.

use std::{collections::BTreeMap, path::PathBuf};

use common::{
    config::AdminConfig,
    listener::{ListenerConfig, TlsMode},
    process::Finding,
    telemetry::TelemetryConfig,
};
use serde::{Deserialize, Serialize};

/// The whole configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Health, readiness, metrics.
    pub admin: AdminConfig,
    /// Logs.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The listener that serves the files: plain HTTP.
    pub data: ListenerConfig,
    /// Allows an address that is not loopback. Everybody who reaches it reads everything, so it has to be one that only the
    /// domain's provider connector reaches.
    #[serde(default)]
    pub domain_internal: bool,
    /// Folders that are served: the key is the first segment of the path, the value a folder of the file system.
    /// `{ shelters = "/srv/shelters" }` answers `/shelters/2024/list.csv` with `/srv/shelters/2024/list.csv`.
    pub folders: BTreeMap<String, PathBuf>,
}

impl Config {
    /// What is wrong with it beyond its form.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut error = |text: String| findings.push(Finding::Error(text));
        if let Some(problem) = self.data.problem() {
            error(format!("data: {problem}"));
        }
        if matches!(self.data.tls, TlsMode::Mutual | TlsMode::Server) {
            error("data.tls: the data server speaks plain HTTP; use none, or terminated-upstream off loopback".into());
        }
        if !self.data.listen.ip().is_loopback() && !self.domain_internal {
            error(
                "data.listen is not loopback: whoever reaches it reads every file; say domain_internal = true if only \
                 the domain's provider connector can reach it"
                    .into(),
            );
        }
        if self.folders.is_empty() {
            error("folders: nothing is served".into());
        }
        for (name, folder) in &self.folders {
            if !is_folder_name(name) {
                error(format!(
                    "folders: {name:?} cannot be the first segment of a path"
                ));
            }
            if !folder.is_dir() {
                error(format!("folders.{name}: {} is no folder", folder.display()));
            }
        }
        findings
    }
}

/// Whether a served folder may be called so: the first segment of a path that is written as it is read.
pub fn is_folder_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(['/', '\\', '%', ';', '?', '#'])
        && !name.contains(char::is_control)
}
