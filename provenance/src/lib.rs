//! Provenance (来歴管理): what was exchanged, by whom, when, and with which digest.
//!
//! | module | holds | used by |
//! |---|---|---|
//! | [`model`] | events, canonical JSON, cores, commitments, batch items; no input or output | everybody |
//! | [`outbox`] | durable record of each exchange on the connector's side, and its delivery to the ledger | connectors |

pub mod disk;
pub mod model;
pub mod outbox;
