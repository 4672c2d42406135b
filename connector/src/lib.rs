//! The connectors of a domain: what offers data to other domains, what fetches theirs, and a server for files.
//!
//! | module | holds |
//! |---|---|
//! | [`provider`] | the provider connector: identifies the caller, decides, fetches, records `Sent` |
//! | [`authorization`] | the provider's grants: store, API, decisions |
//! | [`receiver`] | the receiver connector: checks the user's token, finds the provider, records `Received`; direct mode |
//! | [`data_server`] | a small file server for a domain's data |
//! | [`exchange`] | what both roles do with a body on its way: hash, time limits, record, break |
//! | [`upstream`] | calls to the next hop: URL rules, addresses, TLS, pooled HTTP/1.1 connections |
//!
//! One exchange passes `receiver::file` → `provider::file` → a data source, and back through [`exchange::TransferBody`]
//! on both sides, which releases the last byte only when the record is durable.

pub mod authorization;
pub mod data_server;
pub mod exchange;
mod identity;
mod ledger;
mod outbox_command;
pub mod provider;
pub mod receiver;
pub mod search;
mod start;
#[cfg(test)]
mod tests;
pub mod upstream;
