//! Ports for trials that are down for a while: nobody else gets them meanwhile.
//!
//! Whoever starts a trial lets it choose its ports among those that are free. The ports of a trial that has ended, or whose
//! services the harness stops and starts itself, look free, and another one would choose them.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Places begin here, so far apart, below those where trials choose (`trial/src/ports.rs`).
const LOWEST: u16 = 3_600;
const STEP: u16 = 400;
const PLACES: u16 = 16;

/// No trial uses the last port of a place: whoever listens there has the place, in whichever process.
const OWN_PORT: u16 = STEP - 1;

struct Taken {
    directory: PathBuf,
    _own: TcpListener,
    base: u16,
}

static TAKEN: Mutex<Vec<Taken>> = Mutex::new(Vec::new());

/// The lowest port of a place for the trial in `directory`, and for no other trial until that directory is removed; `None` if
/// there is no place left.
pub fn of(directory: &Path) -> Option<u16> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    taken.retain(|place| place.directory.exists());
    if let Some(known) = taken.iter().find(|place| place.directory == directory) {
        return Some(known.base);
    }
    (0..PLACES).find_map(|place| {
        let base = LOWEST + place * STEP;
        let own = bind(base + OWN_PORT)?;
        // Other programs of this machine may listen anywhere.
        (base..base + OWN_PORT)
            .all(|port| bind(port).is_some())
            .then(|| {
                taken.push(Taken {
                    directory: directory.to_owned(),
                    _own: own,
                    base,
                });
                base
            })
    })
}

fn bind(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_place_is_kept_for_its_directory_and_comes_back_with_its_end() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = of(one.path()).unwrap();
        let second = of(other.path()).unwrap();
        assert_ne!(first, second);
        assert_eq!(of(one.path()), Some(first));
        drop(one);
        // A process that is started by another test has this one's sockets until it runs its own program.
        let begin = Instant::now();
        let third = loop {
            let third = tempfile::tempdir().unwrap();
            if of(third.path()) == Some(first) {
                break third;
            }
            assert!(begin.elapsed() < Duration::from_secs(10));
            std::thread::yield_now();
        };
        // A program that listens within a place keeps it from being taken.
        drop(third);
        let _listener = bind(first + 7).unwrap();
        let fourth = tempfile::tempdir().unwrap();
        assert_ne!(of(fourth.path()), Some(first));
    }
}
