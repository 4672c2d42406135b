//! Places: how many of something may be under way at a time, in all and for one client.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use metrics::Gauge;

/// Hands out places to clients of the kind `C`.
#[derive(Debug)]
pub struct ConcurrencyLimit<C: Client> {
    total: usize,
    per_client: usize,
    taken: Mutex<Taken<C>>,
    gauge: Gauge,
}

/// What clients are told apart by.
pub trait Client: Eq + Hash + Clone {}

impl<C: Eq + Hash + Clone> Client for C {}

#[derive(Debug)]
struct Taken<C> {
    total: usize,
    clients: HashMap<C, usize>,
}

/// One place, given back when it is dropped.
#[derive(Debug)]
pub struct Permit<C: Client> {
    places: Arc<ConcurrencyLimit<C>>,
    client: Option<C>,
}

impl<C: Client> ConcurrencyLimit<C> {
    /// All places are free; `gauge` shows how many are taken.
    pub fn new(total: usize, per_client: usize, gauge: Gauge) -> Arc<Self> {
        Arc::new(Self {
            total,
            per_client,
            taken: Mutex::new(Taken {
                total: 0,
                clients: HashMap::new(),
            }),
            gauge,
        })
    }

    /// A place for a client that is not known yet, if there is one. Waiting for one would only hide that there is none.
    pub fn enter(self: &Arc<Self>) -> Option<Permit<C>> {
        let mut taken = self.taken();
        if taken.total >= self.total {
            return None;
        }
        taken.total += 1;
        self.gauge.increment(1.0);
        Some(Permit {
            places: Arc::clone(self),
            client: None,
        })
    }

    /// A place for `client`, if there is one and it has not its share already.
    pub fn enter_as(self: &Arc<Self>, client: C) -> Option<Permit<C>> {
        let mut place = self.enter()?;
        place.belongs_to(client).then_some(place)
    }

    fn taken(&self) -> MutexGuard<'_, Taken<C>> {
        // Nothing between two changes can panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Client> Permit<C> {
    /// How many places are taken in all, this one included.
    pub fn taken(&self) -> usize {
        self.places.taken().total
    }

    /// Counts the place for `client`, and for nobody it counted for before. `false` if that one has its share already.
    pub fn belongs_to(&mut self, client: C) -> bool {
        let mut taken = self.places.taken();
        if let Some(former) = self.client.take() {
            taken.leave(&former);
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

impl<C: Client> Taken<C> {
    fn leave(&mut self, client: &C) {
        if let Some(count) = self.clients.get_mut(client) {
            *count -= 1;
            if *count == 0 {
                self.clients.remove(client);
            }
        }
    }
}

impl<C: Client> Drop for Permit<C> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.total -= 1;
        self.places.gauge.decrement(1.0);
        if let Some(client) = &self.client {
            taken.leave(client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(total: usize, per_client: usize) -> Arc<ConcurrencyLimit<&'static str>> {
        ConcurrencyLimit::new(total, per_client, Gauge::noop())
    }

    #[test]
    fn a_client_gets_its_share_and_places_come_back() {
        let places = places(3, 2);
        let first = places.enter_as("a").unwrap();
        let second = places.enter_as("a").unwrap();
        assert!(places.enter_as("a").is_none());
        let mut third = places.enter().unwrap();
        assert!(!third.belongs_to("a"));
        assert!(third.belongs_to("b"));
        assert!(places.enter().is_none());
        drop(first);
        let again = places.enter_as("a").unwrap();
        drop((second, third, again));
        let taken = places.taken();
        assert_eq!((taken.total, taken.clients.len()), (0, 0));
    }

    #[test]
    fn a_place_counts_for_whom_it_belongs_to_last() {
        let places = places(9, 1);
        let mut first = places.enter_as("an address").unwrap();
        assert!(first.belongs_to("a connector"));
        // The address is free again: connectors of one network do not take each other's places.
        let mut second = places.enter_as("an address").unwrap();
        assert!(!second.belongs_to("a connector") && second.belongs_to("another connector"));
    }
}
