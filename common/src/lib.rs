//! What every Kakehashi process shares, and nothing that only one of them needs.
//!
//! | module | holds |
//! |---|---|
//! | [`ids`] | user IDs, connector IDs, event and exchange ids |
//! | [`address_block`] | blocks of addresses, as configurations name them |
//! | [`base_url`] | one spelling of an address, for comparisons |
//! | [`clock`] | time as a parameter |
//! | [`config`] | TOML + environment, units, secrets from files |
//! | [`tls`] | the one place that builds TLS configurations; hot reload of certificates and CRLs |
//! | [`listener`] | PROXY protocol → TLS → HTTP, with deadlines and limits |
//! | [`http`] | problem documents, CADDE error bodies, request context, clients |
//! | [`disk`] | how full a disk is, and from where on too full |
//! | [`profile`] | what a connector speaks |
//! | [`concurrency`] | how many of something at a time, in all and for one client |
//! | [`telemetry`] | logs and metrics |
//! | [`process`] | what every part of a process may have to know of it: readiness, shutdown, findings |
//! | [`service`] | the life of a process: arguments, start, readiness, shutdown |
//!
//! A service is a type that implements [`service::Service`]; its library has a [`service::Program`], its `main` is one call of that.

pub mod address_block;
pub mod addresses;
pub mod background;
pub mod base_url;
pub mod clock;
pub mod concurrency;
pub mod config;
pub mod disk;
pub mod http;
pub mod listener;
pub mod pem;
pub mod process;
pub mod profile;
pub mod service;
pub mod telemetry;
pub mod tls;

pub use common_ids as ids;
