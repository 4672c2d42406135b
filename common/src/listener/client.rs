//! Whom a connection counts for.

use std::net::{IpAddr, Ipv6Addr};

use crate::{ids::ConnectorId, tls::PeerCertificate};

/// Whom a connection counts for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Client {
    /// An address: what is known before a certificate.
    Address(IpAddr),
    /// The connector that a certificate names.
    Connector(ConnectorId),
    /// A certificate that names none.
    Certificate([u8; 32]),
}

/// What an address counts as where clients are told apart: whoever has an IPv6 address has its whole /64, and an IPv4 address
/// is the same when an IPv6 socket shows it.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

impl Client {
    pub(super) fn at(address: IpAddr) -> Self {
        Self::Address(network(address))
    }

    pub(super) fn with(certificate: &PeerCertificate) -> Self {
        match &certificate.connector_id {
            Some(id) => Self::Connector(id.clone()),
            None => Self::Certificate(certificate.sha256),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Client {
        Client::at(address.parse().unwrap())
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_a_mapped_address_is_its_own() {
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
    }
}
