//! `[tls]`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{config::Period, ids::ConnectorId, service::Finding};

/// Bounds of `reload_interval`: below, it is a busy loop that fetches the CRL; above, a revocation takes too long.
const RELOAD_INTERVAL: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(1);

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
    /// How often files are looked at and the CRL is fetched. 1 second to 1 hour.
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

fn default_reload() -> Period {
    Period::seconds(30)
}

/// A day: an operator who misses the night still finds a running system in the morning.
fn default_grace() -> Period {
    Period::seconds(86_400)
}

impl TlsConfig {
    /// What is wrong with it beyond its form.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut error = |text: String| findings.push(Finding::Error(format!("[tls] {text}")));
        if self.crl_url.is_some() && self.crl.is_none() {
            error(
                "crl_url needs crl, the file that keeps what was fetched: without it nothing is ever found revoked"
                    .to_owned(),
            );
        }
        if !RELOAD_INTERVAL.contains(&self.reload_interval.get()) {
            error("reload_interval must be 1 second to 1 hour".to_owned());
        }
        for pin in self.pinned.keys().filter(|pin| !is_sha256(pin)) {
            error(format!(
                "pinned: {pin:?} is no SHA-256 of a certificate: 64 hexadecimal digits in lower case, without colons"
            ));
        }
        if self.crl.is_none() {
            findings.push(Finding::Warning(
                "[tls] without crl a revoked certificate stays good".to_owned(),
            ));
        }
        findings
    }
}

fn is_sha256(pin: &str) -> bool {
    pin.len() == 64 && pin.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", None)]
    #[case("crl = \"l\"", Some(""))]
    #[case("crl_url = \"http://ca.example/crl\"", Some("crl_url needs crl"))]
    #[case("crl = \"l\"\nreload_interval = \"0s\"", Some("reload_interval"))]
    #[case("crl = \"l\"\npinned = { \"AB:CD\" = \"old.example\" }", Some("AB:CD"))]
    fn what_would_switch_a_check_off_is_found(#[case] rest: &str, #[case] error: Option<&str>) {
        let text = format!("certificate = \"c\"\nkey = \"k\"\nca = \"a\"\n{rest}");
        let config: TlsConfig = toml::from_str(&text).unwrap();
        let errors: Vec<String> = config
            .findings()
            .into_iter()
            .filter_map(|finding| match finding {
                Finding::Error(text) => Some(text),
                Finding::Warning(_) => None,
            })
            .collect();
        match error.filter(|text| !text.is_empty()) {
            Some(text) => assert!(errors.len() == 1 && errors[0].contains(text), "{errors:?}"),
            None => assert!(errors.is_empty(), "{errors:?}"),
        }
        let warned = config
            .findings()
            .iter()
            .any(|finding| matches!(finding, Finding::Warning(_)));
        assert_eq!(warned, config.crl.is_none());
    }
}
