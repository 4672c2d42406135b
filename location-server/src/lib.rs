//! The location server (コネクタロケーション管理サーバ): where is the connector of a provider?
//!
//! It keeps one record a provider: the base address of its connector, the connector ID that the
//! connector's certificate names, and the profile it speaks. Records leave signed (ES256) and with an
//! expiry, so that a receiver can go on with what it knows while this server is away. The types of
//! the API and the checking of records are in the crate `location-client`.
//!
//! * [`domain`]: entries, rights, signatures and the [`domain::Directory`] that joins them;
//! * [`store`]: the database; each change and its line of history are one transaction;
//! * [`api`]: the wire paths of CADDE 4.0 and our own below `/v1/`.
//!
//! Only callers with a registered certificate are answered. Writing takes an operator's token *and*
//! an operator's certificate; a provider's own connector may change the address of its own record.

pub mod api;
pub mod config;
pub mod domain;
mod server;
pub mod store;

pub use api::{REFUSALS, endpoints, router};
pub use server::{LocationServer, PROGRAM};
