//! `[tls]`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::{config::Period, ids::ConnectorId};

/// This process's certificate and whom it trusts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file of this process's certificate, followed by its intermediates.
    pub certificate: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
    /// File of the trust anchors of the data space's own authority. Whatever it certified is known by its name: an anchor of
    /// scope `registered`.
    pub ca: PathBuf,
    /// File of the CRLs of every authority in the chain. Revocation is not checked where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crl: Option<PathBuf>,
    /// Where the lists in the file of `crl` are fetched from, again and again: an address, or several where each authority of
    /// the chain publishes its own.
    #[serde(
        default,
        deserialize_with = "one_or_many",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub crl_url: Vec<Url>,
    /// Other authorities, each with what it may vouch for and with its own revocation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anchors: Vec<AnchorConfig>,
    /// How often files are looked at and the CRL is fetched.
    /// Allowed: 1s to 1h.
    #[serde(default = "default_reload")]
    pub reload_interval: Period,
    /// How long after its `nextUpdate` a CRL that can't be refreshed still counts. Afterwards handshakes fail.
    #[serde(default = "default_grace")]
    pub crl_grace: Period,
    /// Whether the listeners also speak TLS 1.2, for peers whose proxies have no 1.3.
    #[serde(default)]
    pub allow_tls12: bool,
    /// Connector IDs of existing peers whose certificate has no DNS SAN of its own, by SHA-256 of the certificate: 64
    /// hexadecimal digits in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pinned: BTreeMap<String, ConnectorId>,
}

impl TlsConfig {
    /// With these files, and everything else as it is by default.
    pub fn new(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
        ca: impl Into<PathBuf>,
    ) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            ca: ca.into(),
            crl: None,
            crl_url: Vec::new(),
            anchors: Vec::new(),
            reload_interval: default_reload(),
            crl_grace: default_grace(),
            allow_tls12: false,
            pinned: BTreeMap::new(),
        }
    }
}

/// An authority beside that of `tls.ca`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorConfig {
    /// File of its root, and of its intermediates where they have revocation lists: a list counts only where its issuer's
    /// certificate is at hand. Of a file without any root each certificate is an anchor.
    pub ca: PathBuf,
    /// What it may vouch for.
    pub scope: Scope,
    /// How one learns what it has revoked.
    pub revocation: Revocation,
}

/// What an authority may vouch for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Scope {
    /// Any connector or service, by the name in the certificate.
    Registered,
    /// Connectors for which the authentication server has recorded exactly this certificate, whatever names it holds.
    Recorded,
    /// Servers that are called, by the host of their address: providers and data sources. Never a caller.
    Servers,
    /// These connectors, by the name in the certificate.
    Connectors(BTreeSet<ConnectorId>),
}

/// How one learns what an authority has revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Revocation {
    /// Not at all: a certificate stays good until it ends.
    None,
    /// From its lists. One is needed of each authority in a chain.
    Lists(Vec<ListConfig>),
}

/// A file of revocation lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListConfig {
    /// The file. What is fetched is kept in it.
    pub file: PathBuf,
    /// Where lists are fetched from, again and again.
    #[serde(
        default,
        deserialize_with = "one_or_many",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub url: Vec<Url>,
}

/// One address as a text, or several as a list.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Url>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        One(Url),
        Many(Vec<Url>),
    }
    Given::deserialize(deserializer).map(|given| match given {
        Given::One(url) => vec![url],
        Given::Many(urls) => urls,
    })
}

impl AnchorConfig {
    /// The files of its revocation lists.
    pub(super) fn lists(&self) -> &[ListConfig] {
        match &self.revocation {
            Revocation::None => &[],
            Revocation::Lists(lists) => lists,
        }
    }
}

fn default_reload() -> Period {
    Period::seconds(30)
}

/// A day: an operator who misses the night still finds a running system in the morning.
fn default_grace() -> Period {
    Period::seconds(86_400)
}

impl TlsConfig {
    /// All anchors, that of `ca` first.
    pub(super) fn all_anchors(&self) -> Vec<AnchorConfig> {
        let revocation = match &self.crl {
            None => Revocation::None,
            Some(file) => Revocation::Lists(vec![ListConfig {
                file: file.clone(),
                url: self.crl_url.clone(),
            }]),
        };
        let main = AnchorConfig {
            ca: self.ca.clone(),
            scope: Scope::Registered,
            revocation,
        };
        std::iter::once(main)
            .chain(self.anchors.iter().cloned())
            .collect()
    }
}
