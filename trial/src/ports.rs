//! Choosing ports and saying which one is taken.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, bail};

use crate::layout::{Layout, Port, Service};

/// Where free ports are looked for: below those that systems hand out to outgoing connections, so that
/// a second start finds its ports free.
const LOWEST: u16 = 10_000;
/// Trials with chosen ports lie so far apart, one reservation a place.
const STEP: u16 = 400;
/// Places to look at.
const PLACES: u16 = 54;

/// A trial's ports, held against other trials for as long as this value lives.
#[derive(Debug)]
pub struct Ports {
    /// The lowest one.
    pub base: u16,
    _own: TcpListener,
}

impl Ports {
    /// Takes the ports from `base` on.
    ///
    /// # Errors
    /// Names the port that is taken and the service that needs it.
    pub fn take(base: u16) -> anyhow::Result<Self> {
        if base.checked_add(Layout::SPAN).is_none() {
            bail!(
                "the ports from {base} on are too few: a trial needs {} of them",
                Layout::SPAN
            );
        }
        let layout = Layout::new(std::path::PathBuf::new(), base);
        for service in Service::all() {
            for port in service.ports() {
                free(&layout, service, *port)?;
            }
        }
        let number = base + Layout::OWN_PORT;
        let own = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).with_context(|| {
            format!("port {number}, which `trial up` keeps for itself, is taken")
        })?;
        Ok(Self { base, _own: own })
    }

    /// Takes ports that are free now. `start` spreads trials that begin at the same time.
    pub fn choose(start: u32) -> anyhow::Result<Self> {
        let start = u16::try_from(start % u32::from(PLACES)).unwrap_or(0);
        (0..PLACES)
            .map(|place| LOWEST + STEP * ((start + place) % PLACES))
            .find_map(|base| Self::take(base).ok())
            .context("no free ports: each of the places from port 10000 to 32000 is partly taken")
    }
}

fn free(layout: &Layout, service: Service, port: Port) -> anyhow::Result<()> {
    let address = layout.address(service, port);
    // Bound and let go at once: the service itself binds it in a moment. A port in TIME_WAIT is free,
    // as the standard library sets SO_REUSEADDR.
    TcpListener::bind(address).map(drop).with_context(|| {
        format!(
            "port {} is taken, and the {service} needs it (listener {}); \
             stop what listens there, or take other ports with --port-base",
            address.port(),
            port.name()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_port_is_named_with_its_service() {
        let ports = Ports::choose(7).unwrap();
        let base = ports.base;
        drop(ports);
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, base + 10)).unwrap();
        let error = Ports::take(base).unwrap_err().to_string();
        assert!(
            error.contains(&(base + 10).to_string()) && error.contains("location-server"),
            "{error}"
        );
    }

    #[test]
    fn two_trials_get_different_ports() {
        let one = Ports::choose(3).unwrap();
        let two = Ports::choose(3).unwrap();
        assert_ne!(one.base, two.base);
        assert!(one.base.abs_diff(two.base) >= STEP);
    }

    #[test]
    fn base_too_high_is_refused() {
        assert!(Ports::take(65_400).is_err());
    }
}
