//! Addresses that may be connected to, where others have a say in whom a process asks.
//!
//! A host name may resolve to the machine itself, to a neighbour or to a cloud provider's metadata service, so the resolved
//! address is judged, and the connection is made to exactly the address that was judged: resolving again would let the answer
//! change in between (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::address_block::AddressBlock;

/// Whether `address` is one that anybody on the internet could reach: no loopback, private, link-local, metadata,
/// documentation, multicast or reserved one, also when it hides in an IPv6 transition address.
///
/// Source: IANA special-purpose address registries (RFC 6890 and successors).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(embedded) = embedded_v4(address) {
        return is_public_v4(embedded);
    }
    let [a, b, ..] = address.segments();
    // Only 2000::/3 is global unicast; inside it Teredo, ORCHID, benchmarking and documentation are not.
    (a & 0xe000) == 0x2000
        && !(a == 0x2001 && b < 0x0200)
        && !(a == 0x2001 && b == 0x0db8)
        && a != 0x3fff
}

/// The IPv4 address that a mapped, translated (NAT64) or 6to4 address stands for.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(v4(high, low))
        }
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// Which resolved addresses a connection may be made to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AddressPolicy {
    /// Any: the host itself stands in the configuration.
    #[default]
    Any,
    /// Public addresses, and those blocks that the configuration names.
    PublicAnd(Vec<AddressBlock>),
}

impl AddressPolicy {
    /// Whether a connection to `address` may be made.
    pub fn allows(&self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::PublicAnd(blocks) => {
                is_public(address) || blocks.iter().any(|block| block.contains(address))
            }
        }
    }

    /// Whether the host of `url` may be asked, as far as that shows before its name is resolved: an address stands for itself.
    pub fn may_allow(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(address)) => self.allows(address.into()),
            Some(Host::Ipv6(address)) => self.allows(address.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("127.0.0.1")]
    #[case("127.8.8.8")]
    #[case("0.0.0.0")]
    #[case("10.0.0.1")]
    #[case("172.16.0.1")]
    #[case("192.168.1.1")]
    #[case("100.64.0.1")]
    #[case("169.254.169.254")]
    #[case("192.0.0.192")]
    #[case("198.18.0.1")]
    #[case("224.0.0.1")]
    #[case("255.255.255.255")]
    #[case("::")]
    #[case("::1")]
    #[case("::ffff:127.0.0.1")]
    #[case("::ffff:169.254.169.254")]
    #[case("64:ff9b::a00:1")]
    #[case("2002:7f00:1::")]
    #[case("fe80::1")]
    #[case("fc00::1")]
    #[case("fd00:ec2::254")]
    #[case("ff02::1")]
    #[case("2001::1")]
    #[case("2001:db8::1")]
    fn addresses_that_are_not_everybodys_are_refused(#[case] address: &str) {
        assert!(!is_public(address.parse().unwrap()));
        assert!(!AddressPolicy::PublicAnd(Vec::new()).allows(address.parse().unwrap()));
        assert!(AddressPolicy::Any.allows(address.parse().unwrap()));
    }

    #[rstest]
    #[case("http://127.0.0.1/", false)]
    #[case("http://2130706433/", false)]
    #[case("http://0x7f.1/", false)]
    #[case("http://[::1]:8080/", false)]
    #[case("http://169.254.169.254/latest", false)]
    #[case("https://8.8.8.8/", true)]
    #[case("https://catalog.example/", true)]
    #[case("data:text/plain,x", false)]
    fn an_address_in_a_url_is_judged_however_it_is_spelt(#[case] url: &str, #[case] may: bool) {
        let policy = AddressPolicy::PublicAnd(Vec::new());
        assert_eq!(policy.may_allow(&url.parse().unwrap()), may);
    }

    #[rstest]
    #[case("8.8.8.8")]
    #[case("172.32.0.1")]
    #[case("2606:4700::1111")]
    #[case("::ffff:8.8.8.8")]
    #[case("2001:200::1")]
    fn public_addresses_pass(#[case] address: &str) {
        assert!(is_public(address.parse().unwrap()));
    }
}
