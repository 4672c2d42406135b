//! Choosing ports and saying which one is taken.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

use anyhow::Context as _;

use crate::layout::{Layout, Service};

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
    /// Names the port that can't be had and who needs it.
    pub fn take(base: u16) -> Result<Self, PortError> {
        if base.checked_add(Layout::SPAN).is_none() {
            return Err(PortError::TooHigh(base));
        }
        // First, so that a place which another trial has is left before a port of its services is touched: one of them may be
        // starting again at this moment.
        let own = bind(base + Layout::OWN_PORT, || {
            "`trial up` keeps it for itself".to_owned()
        })?;
        let layout = Layout::new(std::path::PathBuf::new(), base);
        for service in Service::all() {
            for port in service.ports() {
                let needs = || format!("the {service} needs it (listener {})", port.name());
                // Let go at once: the service itself binds it in a moment. A port in TIME_WAIT is free, as the standard
                // library sets SO_REUSEADDR.
                bind(layout.address(service, *port).port(), needs)?;
            }
        }
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

/// Why a trial can't have its ports.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// There are fewer ports than a trial needs.
    #[error("the ports from {0} on are too few: a trial needs {span} of them", span = Layout::SPAN)]
    TooHigh(u16),
    /// Somebody listens there.
    #[error("port {port} is taken, and {needs}")]
    Taken {
        /// The port.
        port: u16,
        /// Who needs it.
        needs: String,
    },
    /// The operating system does not give it away.
    #[error("port {port} can't be had, and {needs}")]
    Refused {
        /// The port.
        port: u16,
        /// Who needs it.
        needs: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

fn bind(port: u16, needs: impl FnOnce() -> String) -> Result<TcpListener, PortError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => PortError::Taken {
            port,
            needs: needs(),
        },
        _ => PortError::Refused {
            port,
            needs: needs(),
            source,
        },
    })
}

/// For tests that let ports go and want them again: only one at a time, or another would have taken them meanwhile.
#[cfg(test)]
pub(crate) fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_port_is_named_with_its_service() {
        let _alone = alone();
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
        let _alone = alone();
        let one = Ports::choose(3).unwrap();
        let two = Ports::choose(3).unwrap();
        assert_ne!(one.base, two.base);
        assert!(one.base.abs_diff(two.base) >= STEP);
    }

    #[test]
    fn base_too_high_is_refused() {
        assert!(Ports::take(65_400).is_err());
    }

    #[test]
    fn the_place_of_a_running_trial_is_left_at_once() {
        let _alone = alone();
        let ports = Ports::choose(5).unwrap();
        let _service = TcpListener::bind((Ipv4Addr::LOCALHOST, ports.base)).unwrap();
        let error = Ports::take(ports.base).unwrap_err().to_string();
        assert!(error.contains("for itself"), "{error}");
    }
}
