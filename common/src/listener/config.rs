//! A listener's section of the configuration.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use url::Url;

use super::ListenerLimits;
use crate::{
    address_block::AddressBlock,
    process::{Findings, Section},
};

/// Which of a service's two listeners for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerKind {
    /// For callers with a client certificate.
    Peer,
    /// For callers without one.
    Public,
}

/// Where a listener's TLS ends and whether it asks for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// TLS ends here, a client certificate is required.
    Mutual,
    /// TLS ends here, no client certificate is asked for.
    Server,
    /// Plain HTTP. Only on loopback.
    None,
    /// Plain HTTP behind a load balancer that ends TLS.
    TerminatedUpstream,
}

/// How the client's address reaches us through a load balancer that passes TCP on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyProtocol {
    /// PROXY protocol version 2, one header, required.
    V2,
}

/// One listener.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerConfig {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// URL under which others reach it, without a slash at its end. Links and issuers come from it, never from `Host`.
    pub external_url: Url,
    /// Where TLS ends, and whether a client certificate is asked for.
    pub tls: TlsMode,
    /// What every connection begins with, sent by one of `trusted_proxies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_protocol: Option<ProxyProtocol>,
    /// Addresses and networks (`10.20.0.0/24`) whose PROXY header or `X-Forwarded-For` counts. The header counts where TLS ends here
    /// without a client certificate, or in front of us.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<AddressBlock>,
    /// Limits against slow and greedy clients.
    #[serde(default)]
    pub limits: ListenerLimits,
}

impl ListenerConfig {
    /// A listener with default limits.
    pub fn new(listen: SocketAddr, external_url: Url, tls: TlsMode) -> Self {
        Self {
            listen,
            external_url,
            tls,
            proxy_protocol: None,
            trusted_proxies: Vec::new(),
            limits: ListenerLimits::default(),
        }
    }

    /// The external URL as text, without a slash at its end.
    pub fn external(&self) -> &str {
        self.external_url.as_str().trim_end_matches('/')
    }

    /// Checks that the listener `name` asks for the certificates by which its callers are known.
    pub fn check_is_mutual(&self, name: &str, findings: &mut Findings) {
        if self.tls != TlsMode::Mutual {
            findings.error(
                &format!("{name}.tls"),
                &self.tls,
                "must be \"mutual\": its callers are known by their certificates",
            );
        }
    }

    /// Checks that the listener `name` asks for no certificates, which its callers don't have.
    pub fn check_is_not_mutual(&self, name: &str, findings: &mut Findings) {
        if self.tls == TlsMode::Mutual {
            findings.error(
                &format!("{name}.tls"),
                &self.tls,
                "must be \"server\", \"terminated-upstream\" or \"none\": its callers have no certificates",
            );
        }
    }

    /// Whether a connection from `address` may carry the requests of many: a proxy of ours does, and whatever ends TLS in front of
    /// us where no proxy is named.
    pub(super) fn is_shared(&self, address: IpAddr) -> bool {
        let is_unnamed = self.tls == TlsMode::TerminatedUpstream
            && self.proxy_protocol.is_none()
            && self.trusted_proxies.is_empty();
        is_unnamed || self.trusts(address)
    }

    /// Whether `address` is that of a proxy of ours.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let blocks = &self.trusted_proxies;
        blocks.iter().any(|block| block.contains(address))
    }

    /// Whether proxies of ours tell in `X-Forwarded-For` who calls: they end TLS, whether it begins anew behind them or not.
    pub(crate) fn reads_forwarded_for(&self) -> bool {
        matches!(self.tls, TlsMode::TerminatedUpstream | TlsMode::Server)
    }
}

impl Section for ListenerConfig {
    fn check(&self, findings: &mut Findings) {
        if self.tls == TlsMode::None && !self.listen.ip().is_loopback() {
            findings.error(
                "listen",
                &self.listen,
                "plain HTTP is served on loopback only; use tls = \"terminated-upstream\" behind a load balancer",
            );
        }
        if self.proxy_protocol.is_some() && self.trusted_proxies.is_empty() {
            findings.error(
                "proxy_protocol",
                &self.proxy_protocol,
                "needs trusted_proxies: a header from anybody could claim any address",
            );
        }
        if self.trusted_proxies.iter().any(AddressBlock::is_everybody) {
            findings.error(
                "trusted_proxies",
                &self.trusted_proxies,
                "must not be everybody, who could claim any address; name the networks of the load balancers",
            );
        }
        findings.section("limits", &self.limits);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_stranger(TlsMode::Server, None, &[], false)]
    #[case::on_this_machine(TlsMode::None, None, &[], false)]
    #[case::an_upstream_without_a_name(TlsMode::TerminatedUpstream, None, &[], true)]
    #[case::beside_the_upstream(TlsMode::TerminatedUpstream, None, &["192.0.2.1"], false)]
    #[case::the_upstream(TlsMode::TerminatedUpstream, None, &["192.0.2.7"], true)]
    #[case::in_its_network(TlsMode::Server, None, &["192.0.2.0/29"], true)]
    #[case::beside_its_network(TlsMode::Server, None, &["192.0.2.8/29"], false)]
    #[case::told_by_the_proxy(TlsMode::Mutual, Some(ProxyProtocol::V2), &["192.0.2.1"], false)]
    fn proxies_speak_for_many(
        #[case] tls: TlsMode,
        #[case] proxy_protocol: Option<ProxyProtocol>,
        #[case] proxies: &[&str],
        #[case] is_shared: bool,
    ) {
        let url = "http://x.example".parse().unwrap();
        let mut config = ListenerConfig::new(([127, 0, 0, 1], 0).into(), url, tls);
        config.proxy_protocol = proxy_protocol;
        config.trusted_proxies = proxies.iter().map(|ip| ip.parse().unwrap()).collect();
        assert_eq!(config.is_shared("192.0.2.7".parse().unwrap()), is_shared);
    }

    #[rstest]
    #[case("0.0.0.0/0", true)]
    #[case("::/0", true)]
    #[case("10.20.0.0/24", false)]
    #[case("0.0.0.0/1", false)]
    fn everybody_is_no_proxy_of_ours(#[case] block: &str, #[case] is_wrong: bool) {
        let url = "https://x.example".parse().unwrap();
        let mut config = ListenerConfig::new(([127, 0, 0, 1], 0).into(), url, TlsMode::Server);
        config.trusted_proxies = vec![block.parse().unwrap()];
        assert_eq!(Findings::of(&config).errors().len(), usize::from(is_wrong));
    }
}
