//! The authentication server (認証サーバ): who takes part in the data space, and how that is proven.
//!
//! It runs the certificate authority, registers participants, users, connectors, services and applications, and issues and
//! checks tokens. It has two listeners: `peer` for callers with a certificate, `public` for everybody else
//! (see [`api::endpoints`] for the paths of both).
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | its configuration |
//! | [`domain`] | what it knows and decides; no HTTP, no SQL |
//! | [`ca`] | the certificate authority |
//! | [`store`] | databases |
//! | [`api`] | HTTP |
//! | [`mod@init`], [`cli`] | making a new installation |
//! | [`service`] | the process |
//!
//! To add a call to the operator API: bodies in `auth_client::api`, the change in [`domain::registrar`], the query in
//! [`domain::store`] and `store`, the handler in `api::operator` with its line in `api::routes`, the method of
//! `auth_client::OperatorClient`.

pub mod api;
pub mod assemble;
pub mod ca;
pub mod cli;
pub mod config;
pub mod domain;
pub mod init;
mod random;
pub mod service;
pub mod store;

pub use api::{REFUSALS, endpoints, peer_router, public_router};
pub use config::Config;
pub use init::{InitError, InitOptions, InitOutcome, Organisation, init, remake_unbegun};
pub use service::{AuthServer, PROGRAM};
