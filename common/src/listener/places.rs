//! How many connections are open, in all and of one client.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::tls::PeerCertificate;

/// Whom a connection counts for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Client {
    /// An address: what is known before a certificate.
    Address(IpAddr),
    /// The connector that a certificate names.
    Connector(String),
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
            Some(id) => Self::Connector(id.to_string()),
            None => Self::Certificate(certificate.sha256),
        }
    }
}

/// The places of one listener.
pub(super) struct Places {
    total: usize,
    per_client: usize,
    taken: Mutex<Taken>,
    open: metrics::Gauge,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    clients: HashMap<Client, usize>,
}

/// One connection's place, given back when it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    client: Option<Client>,
}

impl Places {
    pub(super) fn new(total: usize, per_client: usize) -> Arc<Self> {
        Arc::new(Self {
            total,
            per_client,
            taken: Mutex::default(),
            open: metrics::gauge!("listener_connections"),
        })
    }

    /// A place for a client that is not known yet, if there is one.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.total >= self.total {
            return None;
        }
        taken.total += 1;
        self.open.increment(1.0);
        Some(Place {
            places: Arc::clone(self),
            client: None,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing between two changes can panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Counts the place for `client`, and for nobody it counted for before. `false` if that one has its share already.
    pub(super) fn belongs_to(&mut self, client: Client) -> bool {
        let mut taken = self.places.taken();
        if let Some(former) = self.client.take() {
            leave(&mut taken, &former);
        }
        let count = taken.clients.get(&client).copied().unwrap_or(0);
        if count >= self.places.per_client {
            return false;
        }
        taken.clients.insert(client.clone(), count + 1);
        self.client = Some(client);
        true
    }
}

fn leave(taken: &mut Taken, client: &Client) {
    if let Some(count) = taken.clients.get_mut(client) {
        *count -= 1;
        if *count == 0 {
            taken.clients.remove(client);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.total -= 1;
        self.places.open.decrement(1.0);
        if let Some(client) = &self.client {
            leave(&mut taken, client);
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
    fn a_client_gets_its_share_and_places_come_back() {
        let places = Places::new(3, 2);
        let mut first = places.enter().unwrap();
        assert!(first.belongs_to(at("192.0.2.1")));
        let mut second = places.enter().unwrap();
        assert!(second.belongs_to(at("192.0.2.1")));
        let mut third = places.enter().unwrap();
        assert!(!third.belongs_to(at("192.0.2.1")));
        assert!(third.belongs_to(at("192.0.2.2")));
        assert!(places.enter().is_none());
        drop(first);
        let mut again = places.enter().unwrap();
        assert!(again.belongs_to(at("192.0.2.1")));
        drop((second, third, again));
        let taken = places.taken();
        assert_eq!((taken.total, taken.clients.len()), (0, 0));
    }

    #[test]
    fn a_place_counts_for_the_certificate_once_it_is_known() {
        let places = Places::new(9, 1);
        let connector = |id: &str| Client::Connector(id.to_owned());
        let mut first = places.enter().unwrap();
        assert!(first.belongs_to(at("192.0.2.1")) && first.belongs_to(connector("a")));
        // The address is free again: connectors of one network do not take each other's places.
        let mut second = places.enter().unwrap();
        assert!(second.belongs_to(at("192.0.2.1")));
        assert!(!second.belongs_to(connector("a")) && second.belongs_to(connector("b")));
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_a_mapped_address_is_its_own() {
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
    }
}
