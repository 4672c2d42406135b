//! Configuration of the data server.

use std::{collections::BTreeMap, path::PathBuf};

use common::{
    config::AdminConfig,
    listener::{ListenerConfig, TlsMode},
    process::{Findings, Section},
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

common::configuration!(Config: data);

impl Section for Config {
    fn check(&self, findings: &mut Findings) {
        if matches!(self.data.tls, TlsMode::Mutual | TlsMode::Server) {
            findings.error(
                "data.tls",
                &self.data.tls,
                "must be \"none\", or \"terminated-upstream\" off loopback: the data server speaks plain HTTP",
            );
        }
        if !self.data.listen.ip().is_loopback() && !self.domain_internal {
            findings.error(
                "data.listen",
                &self.data.listen,
                "is not loopback: whoever reaches it reads every file; say domain_internal = true if only the domain's provider \
                 connector can reach it",
            );
        }
        if self.folders.is_empty() {
            findings.error_about("folders", "there is none: nothing is served");
        }
        for (name, folder) in &self.folders {
            let key = format!("folders.{name:?}");
            if !is_folder_name(name) {
                findings.error(
                    &key,
                    folder,
                    "its name cannot be the first segment of a path",
                );
            }
            if !folder.is_dir() {
                findings.error(&key, folder, "is no folder");
            }
        }
    }
}

/// Whether a served folder may be called so: the first segment of a path that is written as it is read.
pub fn is_folder_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(['/', '\\', '%', ';', '?', '#'])
        && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use test_kit::wrong::{Wrong, assert_all_is_said};

    use super::*;

    const OWN: Wrong = (
        r#"
[admin]
listen = "192.0.2.1:1"
[telemetry]
level = "a=b=c"
[data]
listen = "192.0.2.1:1"
external_url = "http://a.example"
tls = "server"
proxy_protocol = "v2"
[data.limits]
connections = 0
connections_per_client = 0
new_connections = 0
new_connections_burst = 0
handshake = "0s"
headers = "0s"
idle = "0s"
write_stall = "0s"
write_rate = "0B"
write_rate_over = "0s"
header_count = 0
header_size = "1B"
streams = 0
[folders]
".hidden" = "/none"
"#,
        &[
            "admin.listen = \"192.0.2.1:1\": must be a loopback address: whoever reaches it reads everything",
            "telemetry.level = \"a=b=c\": is no filter: error parsing level filter: expected one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5",
            "data.proxy_protocol = \"v2\": needs trusted_proxies: a header from anybody could claim any address",
            "data.tls = \"server\": must be \"none\", or \"terminated-upstream\" off loopback: the data server speaks plain HTTP",
            "data.listen = \"192.0.2.1:1\": is not loopback: whoever reaches it reads every file; say domain_internal = true if only the domain's provider connector can reach it",
            "folders.\".hidden\" = \"/none\": its name cannot be the first segment of a path",
            "folders.\".hidden\" = \"/none\": is no folder",
            "data.limits.connections = 0: must be 1 to 2305843009213693951",
            "data.limits.connections_per_client = 0: must be at least 1",
            "data.limits.new_connections = 0: must be at least 1",
            "data.limits.new_connections_burst = 0: must be at least 1",
            "data.limits.write_rate = \"0B\": must be at least 1B",
            "data.limits.header_count = 0: must be at least 1",
            "data.limits.streams = 0: must be at least 1",
            "data.limits.header_size = \"1B\": must be 1KiB to 1MiB",
            "data.limits.write_rate_over = \"0ms\": must be at least 1ms",
            "data.limits.handshake = \"0ms\": must be at least 1ms",
            "data.limits.headers = \"0ms\": must be at least 1ms",
            "data.limits.idle = \"0ms\": must be at least 1ms",
            "data.limits.write_stall = \"0ms\": must be at least 1ms",
        ],
    );

    #[test]
    fn every_wrong_key_is_named_at_once_with_its_value_and_what_is_allowed() {
        let parts = [OWN];
        assert_all_is_said::<Config>(
            &parts,
            &[
                "data.limits.idle = \"0ms\": load balancers keep a connection for 60 s, and answer 502 when it is closed before",
            ],
        );
    }
}
