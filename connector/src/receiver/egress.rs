//! What direct mode may fetch.

use common::{address_block::AddressBlock, addresses::AddressPolicy};
use url::{Host, Url};

use super::config::EgressConfig;
use crate::upstream::{Ends, PrefixSet, ResourceUrl, UrlError, UrlPrefix};

/// Why the egress list of a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// Nothing can be compared with an entry.
    #[error("{url}")]
    Url {
        /// The entry.
        url: Url,
        /// Why not.
        #[source]
        source: UrlError,
    },
    /// Two entries for the same place: which addresses it may have would depend on their order.
    #[error("{0} is there twice")]
    Twice(Url),
}

/// One entry of the egress list.
#[derive(Debug)]
pub(super) struct EgressEntry {
    number: usize,
    /// Which addresses its host may have.
    pub policy: AddressPolicy,
    /// Which of its bodies are taken for whole.
    pub ends: Ends,
}

/// The egress list.
#[derive(Debug)]
pub struct Egress(PrefixSet<EgressEntry>);

impl Egress {
    /// Reads the list of a configuration.
    ///
    /// # Errors
    /// [`EgressError`], the first.
    pub fn new(configured: &[EgressConfig]) -> Result<Self, EgressError> {
        let (egress, errors) = Self::read(configured);
        errors.into_iter().next().map_or(Ok(egress), Err)
    }

    /// Reads what can be read of it, with all errors.
    pub(super) fn read(configured: &[EgressConfig]) -> (Self, Vec<EgressError>) {
        let mut errors = Vec::new();
        let mut entries: Vec<(UrlPrefix, EgressEntry)> = Vec::new();
        for (number, entry) in configured.iter().enumerate() {
            let url = entry.url.clone();
            let prefix = match UrlPrefix::parse(url.as_str()) {
                Ok(prefix) => prefix,
                Err(source) => {
                    errors.push(EgressError::Url { url, source });
                    continue;
                }
            };
            if entries.iter().any(|(other, _)| *other == prefix) {
                errors.push(EgressError::Twice(url));
                continue;
            }
            let mut addresses = entry.addresses.clone();
            // An address that is written out is on the list by being written out.
            match prefix.origin().host {
                Host::Ipv4(address) => addresses.push(AddressBlock::single(address.into())),
                Host::Ipv6(address) => addresses.push(AddressBlock::single(address.into())),
                Host::Domain(_) => {}
            }
            entries.push((
                prefix,
                EgressEntry {
                    number,
                    policy: AddressPolicy::PublicAnd(addresses),
                    ends: Ends::configured(entry.ends_by_close),
                },
            ));
        }
        (Self(PrefixSet::new(entries)), errors)
    }

    /// The entry that `resource` belongs to.
    pub(super) fn find(&self, resource: &ResourceUrl) -> Option<&EgressEntry> {
        self.0.find(resource)
    }

    /// Whether a redirect to `url` stays inside `exit`.
    pub(super) fn stays_inside(&self, exit: &EgressEntry, url: &ResourceUrl) -> bool {
        self.find(url)
            .is_some_and(|found| found.number == exit.number)
    }

    /// Whether any entry is reached by TLS.
    pub(super) fn needs_tls(&self) -> bool {
        self.0.prefixes().any(|prefix| prefix.origin().tls)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(entries: &[(&str, &[&str])]) -> Result<Egress, EgressError> {
        let entries: Vec<_> = entries
            .iter()
            .map(|(url, addresses)| EgressConfig {
                url: url.parse().expect("a URL"),
                addresses: addresses
                    .iter()
                    .map(|text| text.parse().expect("a block"))
                    .collect(),
                ends_by_close: false,
            })
            .collect();
        Egress::new(&entries)
    }

    fn egress(entries: &[(&str, &[&str])]) -> Egress {
        read(entries).expect("a good list")
    }

    #[test]
    fn a_place_is_listed_once() {
        let twice = read(&[
            ("http://a.example/open", &["10.0.0.0/8"]),
            ("http://A.example:80/open/", &[]),
        ]);
        assert!(matches!(twice, Err(EgressError::Twice(_))));
    }

    #[rstest]
    #[case("http://127.0.0.1:8080/open/a", Some(true))]
    #[case("http://127.0.0.1:8080/closed/a", None)]
    #[case("http://127.0.0.1:8080/open/a?x=/closed", Some(true))]
    #[case("http://127.0.0.1:8081/open/a", None)]
    #[case("http://127.1:8080/open/a", Some(true))]
    #[case("http://host.example/a", Some(false))]
    #[case("http://inner.example/a", Some(true))]
    #[case("http://169.254.169.254/latest/meta-data", None)]
    fn only_listed_places_are_found_and_only_listed_addresses_allowed(
        #[case] url: &str,
        #[case] loopback_allowed: Option<bool>,
    ) {
        let egress = egress(&[
            ("http://127.0.0.1:8080/open", &[]),
            ("http://host.example", &[]),
            ("http://inner.example", &["127.0.0.0/8"]),
        ]);
        let found = egress.find(&ResourceUrl::parse(url).unwrap());
        assert_eq!(
            found.map(|exit| exit.policy.allows([127, 0, 0, 1].into())),
            loopback_allowed
        );
    }

    #[test]
    fn a_redirect_into_another_entry_has_left() {
        let egress = egress(&[("http://a.example/open", &[]), ("http://b.example", &[])]);
        let url = |text| ResourceUrl::parse(text).unwrap();
        let exit = egress.find(&url("http://a.example/open/x")).unwrap();
        assert!(egress.stays_inside(exit, &url("http://a.example/open/y")));
        assert!(!egress.stays_inside(exit, &url("http://b.example/y")));
        assert!(!egress.stays_inside(exit, &url("http://127.0.0.1/y")));
    }
}
