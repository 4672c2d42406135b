//! Ports for listeners that a test configures before they start.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Trials choose their places from here on, so far apart (`trial/src/ports.rs`). All lie below the ports that the system gives
/// to outgoing connections: one of those stays taken for a minute after its connection has ended.
const LOWEST: u32 = 10_000;
const STEP: u32 = 400;
const PLACES: u32 = 54;
/// What no trial takes of a place, and how much of it is used here.
const GAP: u32 = 330;
const USED: u32 = 60;

/// An address on loopback where nobody listens. No trial takes it, and no other call in this process gets it.
pub fn free_address() -> SocketAddr {
    // Processes at the same time begin at different places.
    static NEXT: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new(std::process::id() % PLACES * USED));
    (0..PLACES * USED)
        .map(|_| {
            let (place, within) = {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                (number / USED % PLACES, number % USED)
            };
            let port = u16::try_from(LOWEST + place * STEP + GAP + within);
            SocketAddr::from((Ipv4Addr::LOCALHOST, port.expect("the last is 31,589")))
        })
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("loopback has a free port")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn addresses_differ_and_can_be_listened_at() {
        let addresses: HashSet<_> = (0..100).map(|_| free_address()).collect();
        assert_eq!(addresses.len(), 100);
        for address in addresses {
            TcpListener::bind(address).unwrap();
        }
    }
}
