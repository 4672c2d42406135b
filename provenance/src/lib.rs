//! Provenance (来歴管理): what was exchanged, by whom, when, and with which digest. The ledger's own part: its rules ([`domain`]), its
//! databases ([`store`]), its paths ([`api`]).
//!
//! Events, cores and batch items are [`provenance_model`], which whoever verifies uses alone; the durable record on a connector's side
//! is `provenance-outbox`.

pub mod api;
mod authority;
pub mod config;
pub mod domain;
mod server;
pub mod store;

pub use api::{REFUSALS, endpoints, peer_router, public_router};
pub use server::{PROGRAM, ProvenanceServer};
