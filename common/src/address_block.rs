//! Blocks of addresses, as configurations name them.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

/// A block of addresses that a configuration names: `10.1.2.3` or `10.1.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressBlock {
    network: IpAddr,
    prefix: u8,
}

impl AddressBlock {
    /// The block that holds `address` alone.
    pub fn single(address: IpAddr) -> Self {
        Self {
            network: address,
            prefix: if address.is_ipv4() { 32 } else { 128 },
        }
    }

    /// Whether every address of its family lies in the block.
    pub fn is_everybody(&self) -> bool {
        self.prefix == 0
    }

    /// Whether `address` lies in the block. An IPv4 address does so also as an IPv6 socket shows it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                u128::from(network) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }
}

/// Text that is no address block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an IP address nor a block like 10.1.0.0/16")]
pub struct AddressBlockError(String);

impl FromStr for AddressBlock {
    type Err = AddressBlockError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || AddressBlockError(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| error())?;
        let longest = Self::single(network).prefix;
        let prefix = match prefix {
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|prefix| *prefix <= longest)
                .ok_or_else(error)?,
            None => longest,
        };
        // As an IPv6 socket shows IPv4 addresses.
        let mapped = prefix.checked_sub(96).zip(mapped_v4(network));
        if let Some((prefix, network)) = mapped {
            return Ok(Self { network, prefix });
        }
        Ok(Self { network, prefix })
    }
}

/// The IPv4 address that an IPv6 socket shows as `address`.
fn mapped_v4(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => address.to_ipv4_mapped().map(IpAddr::V4),
    }
}

impl TryFrom<String> for AddressBlock {
    type Error = AddressBlockError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::single(self.network) {
            return self.network.fmt(f);
        }
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl From<AddressBlock> for String {
    fn from(block: AddressBlock) -> Self {
        block.to_string()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10.1.0.0/16", "10.1.200.3", true)]
    #[case("10.1.0.0/16", "10.2.0.1", false)]
    #[case("10.1.2.3", "10.1.2.3", true)]
    #[case("10.1.2.3", "10.1.2.4", false)]
    #[case("0.0.0.0/0", "10.1.2.4", true)]
    #[case("fd00::/8", "fd12::1", true)]
    #[case("::/0", "fd12::1", true)]
    #[case("10.0.0.0/8", "::1", false)]
    #[case("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    #[case("::ffff:10.0.0.0/104", "10.1.2.3", true)]
    #[case("::ffff:10.1.2.3", "10.1.2.3", true)]
    #[case("192.0.2.0/25", "192.0.2.127", true)]
    #[case("192.0.2.0/25", "192.0.2.128", false)]
    fn a_block_contains_its_addresses(
        #[case] block: &str,
        #[case] address: &str,
        #[case] inside: bool,
    ) {
        let block: AddressBlock = block.parse().unwrap();
        assert_eq!(block.contains(address.parse().unwrap()), inside);
        assert_eq!(block.to_string().parse::<AddressBlock>().unwrap(), block);
    }

    #[rstest]
    #[case("10.0.0.0/33")]
    #[case("host")]
    #[case("10.0.0.0/")]
    #[case("10.0.0.0/-1")]
    #[case("10.0.0.0/8/8")]
    #[case("::/129")]
    #[case("")]
    fn text_that_is_no_block_is_refused(#[case] text: &str) {
        assert!(text.parse::<AddressBlock>().is_err());
    }

    #[test]
    fn a_single_address_is_written_as_one() {
        for text in ["10.1.2.3", "fd00::1", "10.1.0.0/16"] {
            assert_eq!(text.parse::<AddressBlock>().unwrap().to_string(), text);
        }
    }
}
