//! `[tls]`.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{config::Period, ids::ConnectorId};

/// `[tls]`: this process's certificate and whom it trusts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file of this process's certificate, followed by its intermediates.
    pub certificate: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
    /// PEM file of the trust anchors for peers: the root of the trial's certificate authority.
    pub ca: PathBuf,
    /// PEM file of the CRLs of every authority in the chain. Revocation is not checked where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crl: Option<PathBuf>,
    /// Where the file of `crl` is fetched from, again and again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crl_url: Option<Url>,
    /// How often files are looked at and the CRL is fetched.
    #[serde(default = "default_reload")]
    pub reload_interval: Period,
    /// How long after its `nextUpdate` a CRL that can't be refreshed still counts. Afterwards handshakes fail.
    #[serde(default = "default_grace")]
    pub crl_grace: Period,
    /// Whether the listeners also speak TLS 1.2, for peers whose proxies have no 1.3.
    #[serde(default)]
    pub allow_tls12: bool,
    /// Connector IDs of existing peers whose certificate has no DNS SAN of its own, by SHA-256 (hexadecimal) of the
    /// certificate.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pinned: BTreeMap<String, ConnectorId>,
}

fn default_reload() -> Period {
    Period::seconds(30)
}

/// A day: an operator who misses the night still finds a running system in the morning.
fn default_grace() -> Period {
    Period::seconds(86_400)
}
