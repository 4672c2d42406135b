//! The authentication server.
pub mod ca;
pub mod config;
pub mod domain;
pub mod store;
