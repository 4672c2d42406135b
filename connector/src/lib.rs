//! The connectors of a domain.

pub mod data_server;
pub mod exchange;
pub mod upstream;
