//! The harness of the end-to-end tests.
//!
//! A scenario starts the *real* programs: [`Trial::start`] runs `trial up` on free ports in a
//! directory of its own, waits for the ready file and hands out clients for what it finds there.
//! Nothing in the services is replaced. What stands outside of them is played by the harness, and
//! is called by what it plays: a data source that misbehaves ([`source`]), a certificate that must
//! be refused ([`certs`]), an issuer nobody knows ([`tokens`]), nginx in front ([`nginx`]),
//! squid on the way out ([`squid`]).
//!
//! ```no_run
//! # async fn scenario() {
//! let trial = tests::Trial::shared();
//! let token = trial.domain("b").token().await;
//! let resource = trial.domain("a").granted_resource("b");
//! let answer = trial.domain("b").fetch(&resource.url).from_provider_of("a").token(&token).send().await;
//! assert_eq!(answer.status, 200);
//! # }
//! ```
//!
//! To add a scenario: one file below `tests/tests/`, named after what it shows. All are one program and share one trial
//! ([`Trial::shared`]); those that stop, reconfigure or count something start one of their own, in turn ([`room`]).

#![allow(
    clippy::missing_panics_doc,
    reason = "a harness panics to fail the test; every function here may"
)]

pub mod browser;
pub mod certs;
pub mod client;
pub mod crowd;
pub mod data;
pub mod disk;
pub mod domain;
pub mod extra;
pub mod faults;
pub mod impostor;
pub mod ledger;
pub mod metrics;
pub mod nginx;
pub mod operator;
pub mod places;
pub mod process;
pub mod raw;
pub mod ready;
pub mod room;
pub mod source;
pub mod squid;
pub mod tls;
pub mod tokens;
pub mod trial;
pub mod wait;

pub use domain::Domain;
pub use test_postgres::ports;
pub use trial::Trial;
