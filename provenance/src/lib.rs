//! Provenance (来歴管理): what was exchanged, by whom, when, and with which digest.
//!
//! | module | holds | used by |
//! |---|---|---|
//! | [`model`] | events, canonical JSON, cores, commitments, batch items; no input or output | everybody |
//! | [`outbox`] | durable record of each exchange on the connector's side, and its delivery to the ledger | connectors |
//! | [`domain`], [`store`], [`api`] | the ledger: its rules, its databases, its paths | the provenance server |

pub mod api;
mod authority;
pub mod config;
pub mod disk;
pub mod domain;
pub mod model;
pub mod outbox;
mod server;
pub mod store;

pub use api::{endpoints, peer_router, public_router};
pub use server::ProvenanceServer;
