//! The section `[location]` of a service that resolves providers.

use std::{collections::BTreeMap, path::PathBuf};

use common::{
    config::Period,
    ids::{ConnectorId, UserId},
    process::{Findings, Section},
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::record::{Profile, connector_url};

/// How a service finds providers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocationConfig {
    /// The location server's `peer` address, for example `https://location.example`.
    pub url: Url,
    /// How long an answer is used without asking again.
    /// Allowed: at most 1h.
    #[serde(default = "default_cache")]
    pub cache: Period,
    /// Where the last known records and the server's public keys are kept for the time when the
    /// server cannot be reached. Written by the service itself.
    pub state_file: PathBuf,
    /// Providers that are known to the operator of this service. They count where the server does
    /// not know a provider, or cannot be asked and no valid record of it is on disk.
    #[serde(default, rename = "static", skip_serializing_if = "BTreeMap::is_empty")]
    pub static_entries: BTreeMap<UserId, StaticLocation>,
}

/// A provider's location as the configuration states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticLocation {
    /// Base address of the provider connector, `https` alone.
    pub url: Url,
    /// The connector ID that its certificate has to name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<ConnectorId>,
    /// What the connector speaks.
    #[serde(default)]
    pub profile: Profile,
}

impl Section for LocationConfig {
    fn check(&self, findings: &mut Findings) {
        if self.url.scheme() != "https" {
            findings.error("url", &self.url, "must be an https address");
        }
        if self.cache > LONGEST_CACHE {
            findings.error(
                "cache",
                &self.cache,
                format_args!(
                    "must be {LONGEST_CACHE} at most: more hides a moved connector too long"
                ),
            );
        }
        for (provider, entry) in &self.static_entries {
            if let Err(error) = connector_url(entry.url.as_str()) {
                findings.error(&format!("static.{provider}.url"), &entry.url, error);
            }
        }
    }
}

/// The longest time for which an answer counts.
const LONGEST_CACHE: Period = Period::seconds(3600);

fn default_cache() -> Period {
    Period::seconds(60)
}
