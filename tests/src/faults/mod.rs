//! Faults: real processes under load, killed, stalled and cut off, and a judge of what was recorded.
//!
//! | module | what it does |
//! |---|---|
//! | [`fleet`] | a trial's services as processes of the harness: killed, kept down, stalled, reconfigured, with other clocks |
//! | [`wire`] | TCP between the services: cut, stalled, answers kept back |
//! | [`world`], [`goods`], [`load`] | users, grants and files, and callers in all six directions that never stop |
//! | [`journal`] | what the callers saw, kept apart from everything that the services record |
//! | [`chaos`] | rounds of faults: at random moments, and at named points of an exchange |
//! | [`squat`] | parties of the trial that try to take the ids of others' records |
//! | [`books`], [`judge`] | what was recorded, and whether the invariants hold |
//!
//! ```no_run
//! # use tests::faults::{FaultFixture, Plan, Random, chaos};
//! # async fn scenario() {
//! let mut random = Random::seeded();
//! let world = FaultFixture::start(Plan::default(), &mut random).await;
//! let load = world.load(&mut random);
//! for _ in 0..tests::faults::rounds() {
//!     chaos::round(&world, &mut random).await;
//! }
//! world.end(load).await;
//! let (verdict, _) = world.judge().await;
//! assert!(verdict.holds(), "{verdict}");
//! # }
//! ```

pub mod books;
mod callers;
pub mod chaos;
pub mod fleet;
pub mod goods;
pub mod journal;
pub mod judge;
pub mod load;
mod random;
mod rumours;
pub mod squat;
pub mod wire;
pub mod world;

use std::time::Duration;

pub use callers::LoadClient;
pub use random::Random;
pub use world::{FaultFixture, Plan};

/// `KAKEHASHI_ROUNDS`: how many rounds of faults; 50 unless it is set.
pub fn rounds() -> usize {
    number("KAKEHASHI_ROUNDS").unwrap_or(50)
}

/// `KAKEHASHI_OUTAGE_SECONDS`: how long an outage lasts; 10 s unless it is set.
pub fn outage() -> Duration {
    Duration::from_secs(number("KAKEHASHI_OUTAGE_SECONDS").unwrap_or(10) as u64)
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}
